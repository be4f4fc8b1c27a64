"""Numbers that physics can use, and those that it must refuse."""

import re
from functools import partial

import jax
import numpy as np
import pytest

from froude.physics import (
    AdvectionDiffusion,
    Box,
    Burgers,
    Dirichlet,
    HeatConduction,
    NormalFlux,
    Polynomial,
    Problem,
    Radiation,
    Robin,
    Tabulated,
)
from froude.solvers import CartesianGrid, discretize


def test_a_turned_anisotropic_tensor_is_a_conductivity():
    turned = np.array([[2.0, -0.5], [-0.5, 1.0]])
    law = HeatConduction(conductivity=turned)
    assert np.array_equal(law.conductivity(300.0), turned)
    layered = np.array([[1.0, -1.0], [-1.0, 1.0]])
    assert AdvectionDiffusion((0.0, 0.0), diffusivity=layered) is not None


@pytest.mark.parametrize(
    "tensor", [[[1.0, 2.0], [2.0, 1.0]], [[-1.0, 0.0], [0.0, 1.0]]]
)
def test_a_tensor_that_lets_heat_flow_uphill_is_refused(tensor):
    with pytest.raises(ValueError, match="conductivity.*eigenvalue"):
        HeatConduction(conductivity=np.array(tensor))


def test_a_traced_tensor_is_taken_as_it_is():
    flux = jax.jit(lambda k: HeatConduction(k).conductivity(300.0))
    assert np.array_equal(flux(-np.eye(2)), -np.eye(2))


@pytest.mark.parametrize("capacity", [0.0, -1.0, [1.0, 0.0]])
def test_a_solid_without_heat_capacity_is_refused(capacity):
    with pytest.raises(ValueError, match=r"heat_capacity.* not above 0; give .* > 0"):
        HeatConduction(1.0, heat_capacity=capacity)


def test_a_table_increases():
    assert Tabulated([0.0, 1.0, 3.0], [1.0, 2.0, 4.0])(2.0) == 3.0
    for points in ([0.0, 2.0, 1.0], [0.0, 1.0, 1.0]):
        with pytest.raises(ValueError, match="points: 1 follows [12], .* increase"):
            Tabulated(points, [1.0, 2.0, 4.0])
    traced = jax.jit(lambda p: Tabulated(p, p)(0.5))
    assert np.isfinite(traced(np.array([0.0, 1.0])))


WRONG = lambda t: 3.0 * t
MAKERS = {
    "boundary_value is called with (t, x)": lambda: Dirichlet(WRONG),
    "takes (x, t); put its arguments in": lambda: Dirichlet(lambda x, t: x[0] * t),
    "outward_flux is called with (t, x)": lambda: NormalFlux(WRONG),
    "coefficient is called with (u)": lambda: Robin(lambda t, x: x, 1.0),
    "ambient is called with (t, x)": lambda: Robin(1.0, WRONG),
    "ambient is called with (t, x), ": lambda: Radiation(1.0, Polynomial((1.0,))),
    "conductivity is called with (T)": lambda: HeatConduction(lambda t, x: x),
    "heat_source is called with (t, x)": lambda: HeatConduction(1.0, heat_source=WRONG),
    "velocity is called with (t, x)": lambda: AdvectionDiffusion(WRONG),
    "initial is called with (x)": lambda: Problem(
        HeatConduction(1.0),
        Box((0.0,), (1.0,), (True,)),
        initial=lambda t, x: x,
    ),
}


@pytest.mark.parametrize("message", MAKERS)
def test_a_function_of_other_arguments_is_refused(message):
    with pytest.raises(TypeError, match=re.escape(message)):
        MAKERS[message]()


def test_a_function_with_optional_arguments_is_taken():
    warm = partial(lambda level, t, x: level + t, 300.0)
    assert Dirichlet(warm).value(1.0, np.zeros(1)) == 301.0
    assert Radiation(1.0, lambda t, x, scale=2.0: scale).ambient(0.0, None) == 2.0
    assert Dirichlet(jax.jit(lambda t, x: t)).value(1.0, np.zeros(1)) == 1.0


@pytest.mark.parametrize(
    ("law", "message"),
    [
        (AdvectionDiffusion(1.0), r"velocity has the shape \(\) in 2 dimensions"),
        (AdvectionDiffusion((1.0,)), r"velocity has the shape \(1,\) in 2"),
        (AdvectionDiffusion(lambda t, x: x[0]), r"velocity has the shape \(\) in 2"),
        (Burgers(0.1), r"direction has the shape \(1,\) in 2 dimensions"),
    ],
)
def test_a_direction_has_one_number_per_axis(law, message):
    with pytest.raises(ValueError, match=message):
        law.flux(0.0, np.zeros(2), np.ones(1), np.zeros((1, 2)))


@pytest.mark.parametrize(
    ("law", "condition", "message"),
    [
        ((np.ones(2),), 0.0, "conductivity has the shape \\(2,\\) in 2 dimensions"),
        ((1.0, 1.0, np.ones(2)), 0.0, "HeatConduction.source must return the shape"),
        ((1.0,), Dirichlet(np.ones(2)), "'x_min'.*Dirichlet.value returns.*\\(2,\\)"),
        ((1.0,), Robin(np.ones(3), 0), "'x_min'.*Robin.normal_flux returns.*\\(3,\\)"),
        ((1.0,), NormalFlux(np.ones(2)), "'x_min'.*NormalFlux.normal_flux must return"),
    ],
)
def test_a_batch_without_vmap_is_refused_by_name(law, condition, message):
    box = Box((0.0, 0.0), (1.0, 1.0))
    conditions = dict.fromkeys(box.boundary_names, NormalFlux(0.0))
    if condition:
        conditions["x_min"] = condition
    problem = Problem(HeatConduction(*law), box, conditions)
    with pytest.raises((TypeError, ValueError), match=message):
        discretize(problem, CartesianGrid((3, 3)))
