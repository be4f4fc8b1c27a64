"""What makes a steady problem unsolvable is seen in the state found."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from froude.physics import (
    AbstractBalanceLaw,
    AdvectionDiffusion,
    Box,
    Component,
    Dirichlet,
    HeatConduction,
    NormalFlux,
    Polynomial,
    Problem,
    Region,
    Robin,
)
from froude.solvers import (
    CartesianGrid,
    Fourier,
    FourierGrid,
    Status,
    discretize,
    morph,
    rectangle_mesh,
    solve,
    solve_steady,
)
from froude.solvers.well_posed import diffuses_backwards, level_is_free


def backwards(law, dimension, dtype=jnp.float64):
    """Judge a law on a ring, whatever its state."""
    ring = Box(np.zeros(dimension), np.ones(dimension), (True,) * dimension)
    scheme = Fourier(Problem(law, ring), FourierGrid((3,) * dimension))
    state = jnp.full((1,) + (3,) * dimension, 300.0, dtype)
    return bool(diffuses_backwards(scheme, jnp.zeros((), dtype), state))


@pytest.mark.parametrize(
    ("tensor", "expected"),
    [
        ([[1.0, 2.0], [2.0, 1.0]], True),
        ([[2.0, -0.5], [-0.5, 1.0]], False),
        ([[1.0, 3.0], [-3.0, 1.0]], False),
        ([[-1e-3, 0.0], [0.0, 1.0]], True),
        ([[0.0, 0.0], [0.0, 0.0]], False),
    ],
)
def test_a_tensor_is_judged_by_its_eigenvalues(tensor, expected):
    assert backwards(HeatConduction(lambda T: jnp.array(tensor)), 2) == expected


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
@pytest.mark.parametrize("rank", [1, 2])
def test_directions_without_conduction_are_admitted(rank, dtype):
    draws = np.random.default_rng(0)
    for _ in range(4):
        factor = draws.normal(size=(3, rank)) * draws.lognormal()
        layered = jnp.asarray(factor @ factor.T, dtype)
        uphill = layered - 1e-3 * jnp.max(layered) * jnp.eye(3, dtype=dtype)
        assert not backwards(HeatConduction(lambda T, k=layered: k), 3, dtype)
        assert backwards(HeatConduction(lambda T, k=uphill: k), 3, dtype)


def test_conductivity_counts_where_the_state_is():
    assert backwards(HeatConduction(Polynomial((1.0, -0.1))), 1)
    assert not backwards(HeatConduction(Polynomial((1.0, 0.1))), 1)
    assert not backwards(AdvectionDiffusion((1.0,)), 1)


class Trade(AbstractBalanceLaw):
    """Two amounts that turn into each other; one may decay."""

    loss: jax.Array

    @property
    def components(self):
        return (Component("left", "1", "left"), Component("right", "1", "right"))

    def storage(self, t, x, u):
        return u

    def flux(self, t, x, u, grad_u):
        return -grad_u

    def source(self, t, x, u, grad_u):
        traded = u[0] - u[1]
        return jnp.stack([-traded, traded - self.loss * u[1]])


@pytest.mark.parametrize(("loss", "free"), [(0.0, True), (1e-6, False)])
def test_amounts_that_only_change_places_leave_the_level_free(loss, free):
    ring = Box((0.0,), (1.0,), (True,))
    scheme = Fourier(Problem(Trade(jnp.array(loss)), ring), FourierGrid(4))
    state = jnp.arange(8.0).reshape(2, 4)
    assert level_is_free(scheme, jnp.zeros(()), state) == free


SQUARE = Box((0.0, 0.0), (1.0, 1.0))


def heated(conductivity, mesh, **interval):
    held = dict.fromkeys(SQUARE.boundary_names, NormalFlux(0.0))
    held |= {"x_min": Dirichlet(0.0), "x_max": Robin(1.0, 1.0)}
    region = Region(2, mesh.boundary_names)
    law = HeatConduction(conductivity, 1.0, 1.0)
    return discretize(Problem(law, region, held, **interval), mesh)


def test_a_march_that_diffuses_backwards_is_infeasible_and_the_others_go_on():
    mesh = rectangle_mesh(4, 4)

    def status(conductivity):
        scheme = heated(conductivity, mesh, initial=0.0, interval=(0.0, 1.0))
        return solve(scheme, steps=3).status

    found = jax.vmap(status)(jnp.array([1.0, -1.0]))
    assert found.tolist() == [Status.OK, Status.INFEASIBLE]


@pytest.mark.parametrize("bend", [lambda x, a: x.at[1].multiply(a), lambda x, a: a * x])
def test_a_mesh_turned_inside_out_in_a_batch_is_infeasible(bend):
    mesh = rectangle_mesh(3, 3)

    def status(amount):
        return solve_steady(heated(1.0, morph(mesh, lambda x: bend(x, amount)))).status

    found = jax.vmap(status)(jnp.array([1.0, -1.0, 0.0]))
    wanted = [Status.OK, Status.INFEASIBLE, Status.INFEASIBLE]
    if bend(jnp.ones(2), -1.0)[0] < 0:  # turned by 180 degrees, not mirrored
        wanted[1] = Status.OK
    assert found.tolist() == wanted


def test_a_box_with_traced_corners_must_have_an_extent():
    def status(width):
        box = Box((0.0,), jnp.array([width]))
        held = {"x_min": Dirichlet(0.0), "x_max": Dirichlet(1.0)}
        problem = Problem(HeatConduction(1.0), box, held)
        return solve_steady(discretize(problem, CartesianGrid((4,)))).status

    found = jax.vmap(status)(jnp.array([1.0, -1.0]))
    assert found.tolist() == [Status.OK, Status.INFEASIBLE]


def test_a_level_that_nothing_fixes_is_warned_of_by_name():
    ends = {"x_min": NormalFlux(1.0), "x_max": NormalFlux(-1.0)}
    problem = Problem(HeatConduction(2.0), Box((0.0,), (1.0,)), ends)
    scheme = discretize(problem, CartesianGrid((8,)))
    with pytest.warns(UserWarning, match="level of temperature: .* Robin or Radiation"):
        loose = solve_steady(scheme)
    assert loose.status == Status.SINGULAR
    jax.vmap(lambda _: solve_steady(scheme).status)(jnp.zeros(2))
