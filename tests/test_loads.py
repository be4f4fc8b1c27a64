"""Loads on solids, measures of stress and the library of materials."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from froude import physics
from froude.physics import (
    PA12_SINTERED,
    STEEL_S235,
    Axisymmetric,
    Box,
    Dirichlet,
    Elastodynamics,
    IsotropicElastic,
    MaterialData,
    NearlyIncompressibleNeoHookean,
    NormalFlux,
    PerRadian,
    PlaneStrain,
    PlaneStress,
    Pressure,
    Problem,
    Solid,
    Spring,
    Traction,
    cauchy_stress,
    green_lagrange,
    hydrostatic,
    principal,
    small_strain,
    von_mises,
)

METAL = IsotropicElastic(200e9, 0.3)
NORMAL = jnp.array([0.6, -0.8])
X, U = jnp.array([2.0, 1.0]), jnp.array([1e-3, 3e-3])
LOADS = {
    "traction": (Traction((3.0, 4.0)), [-3.0, -4.0]),
    "traction of place": (Traction(lambda t, x: t * x), [-1.0, -0.5]),
    "pressure": (Pressure(5.0), [3.0, -4.0]),
    "spring": (Spring(1e6), [1e3, 3e3]),
    "spring by axis": (Spring((1e6, 0.0)), [1e3, 0.0]),
}


@pytest.mark.parametrize("name", LOADS)
def test_a_load_is_minus_the_flux_of_momentum(name):
    load, wanted = LOADS[name]
    flux = load.normal_flux(0.5, X, NORMAL, U)
    assert np.allclose(flux, wanted)
    assert np.allclose(load.residual(0.5, X, NORMAL, U, None, flux), 0)
    moving = jnp.concatenate([U, jnp.array([7.0, 8.0])])
    assert np.allclose(load.normal_flux(0.5, X, NORMAL, moving), [0, 0, *wanted])
    ring = PerRadian(load)
    assert np.allclose(ring.normal_flux(0.5, X, NORMAL, U), X[0] * np.array(wanted))
    assert np.allclose(ring.residual(0.5, X, NORMAL, U, None, X[0] * flux), 0)


# Equal strain e in the plane of the law makes the stress E e / factor there.
EVEN = {
    Solid: (3, 1 - 2 * 0.3),
    PlaneStrain: (2, (1 + 0.3) * (1 - 2 * 0.3)),
    PlaneStress: (2, 1 - 0.3),
    Axisymmetric: (2, 1 - 2 * 0.3),
}


@pytest.mark.parametrize("kind", EVEN)
@pytest.mark.parametrize("pressure", [2e6, -1e6])
def test_a_body_under_pressure_all_around_is_compressed_evenly(kind, pressure):
    """Stress -p 1 fulfils the load whatever the normal."""
    dimension, factor = EVEN[kind]
    strain = -pressure * factor / 200e9
    x, normal = jnp.ones(dimension) * 2.0, jnp.array([0.48, 0.6, 0.64])[:dimension]
    flux = kind(METAL).flux(0.0, x, strain * x, strain * jnp.eye(dimension))
    load = Pressure(pressure)
    if kind is Axisymmetric:
        load = PerRadian(load)
    given = load.normal_flux(0.0, x, normal, x)
    assert np.allclose(flux @ normal, given, rtol=1e-12)


def test_a_roller_a_spring_and_a_load_make_a_problem():
    box = Box((0.0, 0.0), (1.0, 1.0))
    free = NormalFlux(0.0)
    roller = (
        Dirichlet(0.0, ("displacement_x",)),
        NormalFlux(0.0, ("displacement_y",)),
    )
    conditions = {
        "x_min": roller,
        "x_max": (Traction((1e6, 0.0)), Spring(1e9)),
        "y_min": free,
        "y_max": Pressure(1e5),
    }
    assert Problem(PlaneStrain(METAL), box, conditions) is not None
    held = ("displacement_x", "velocity_x")
    conditions["x_min"] = (
        Dirichlet(0.0, held),
        NormalFlux(0.0, ("displacement_y", "velocity_y")),
    )
    assert Problem(Elastodynamics(PlaneStrain(METAL), 7850.0), box, conditions)
    with pytest.raises(ValueError, match=r"a Traction, .* write PerRadian\(Traction"):
        Problem(Axisymmetric(METAL), box, conditions | {"x_min": Dirichlet(0.0)})


BAD = {
    "traction has the shape () in 2 dim": lambda: Traction(1e6).normal_flux(
        0.0, X, NORMAL, U
    ),
    "traction has the shape (3,) in 2 dim": lambda: Traction(
        (1.0, 0.0, 0.0)
    ).normal_flux(0.0, X, NORMAL, U),
    "stiffness has the shape (3,) in 2 d": lambda: Spring((1.0,) * 3).normal_flux(
        0.0, X, NORMAL, U
    ),
    "stiffness = -1.0 is below 0; give": lambda: Spring(-1.0),
    "pressure has the shape (2,); give one": lambda: Pressure((1.0, 2.0)),
    "pressure = nan is not finite": lambda: Pressure(np.nan),
    "pressure is called with (t, x)": lambda: Pressure(lambda x: x[0]),
}


@pytest.mark.parametrize("message", BAD)
def test_loads_that_cannot_be_are_refused(message):
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        BAD[message]()


STRESS = jnp.array([[120.0, 40.0, -10.0], [40.0, -30.0, 25.0], [-10.0, 25.0, 60.0]])


def test_measures_of_stress_are_their_textbook_values():
    uniaxial = jnp.diag(jnp.array([-250.0, 0.0, 0.0]))
    assert np.isclose(von_mises(uniaxial), 250.0)
    shear = 100.0 * (jnp.eye(3, k=1) + jnp.eye(3, k=-1)).at[1:, 1:].set(0.0)
    assert np.isclose(von_mises(shear), 100.0 * np.sqrt(3))
    assert np.allclose(principal(shear), [100.0, 0.0, -100.0], atol=1e-12)
    a, b, c = principal(STRESS)
    assert a > b > c and np.isclose(a + b + c, 3 * hydrostatic(STRESS))
    wanted = np.sqrt(0.5 * ((a - b) ** 2 + (b - c) ** 2 + (c - a) ** 2))
    assert np.isclose(von_mises(STRESS), wanted)


@pytest.mark.parametrize("measure", [von_mises, lambda s: principal(s)[0], hydrostatic])
@pytest.mark.parametrize("stress", [jnp.zeros((3, 3)), 5 * jnp.eye(3), STRESS])
def test_measures_have_finite_and_true_derivatives(measure, stress):
    for derivative in (jax.grad(measure), jax.jacfwd(measure)):
        slope = derivative(stress)
        assert np.all(np.isfinite(slope)) and np.allclose(slope, slope.T)
    if stress is STRESS:
        turned = jnp.array([[1.0, 2.0, 0.5], [2.0, -3.0, 1.0], [0.5, 1.0, 2.0]])
        step = lambda s: measure(stress + s * turned)
        difference = (step(1e-4) - step(-1e-4)) / 2e-4
        assert np.isclose(jnp.sum(slope * turned), difference, rtol=1e-8)


def test_principal_stresses_have_a_second_derivative_where_they_differ():
    """That of the largest is positive: it is a convex function."""
    curvature = jax.hessian(lambda s: principal(STRESS + s * jnp.eye(3, k=1))[0])
    step = lambda s: principal(STRESS + s * jnp.eye(3, k=1))[0]
    difference = (step(1e-2) - 2 * step(0.0) + step(-1e-2)) / 1e-4
    assert np.isclose(curvature(0.0), difference, rtol=1e-5) and curvature(0.0) > 0


def test_strains_and_cauchy_stress_see_through_a_rotation():
    angle = 0.7
    turn = jnp.eye(3).at[:2, :2].set(
        jnp.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    )
    stretch = jnp.diag(jnp.array([1.2, 0.9, 1.0]))
    grad_u = turn @ stretch - jnp.eye(3)
    assert np.allclose(green_lagrange(turn - jnp.eye(3)), 0, atol=1e-15)
    assert np.allclose(green_lagrange(grad_u), 0.5 * (stretch**2 - jnp.eye(3)))
    assert np.allclose(small_strain(grad_u), small_strain(grad_u).T)
    rubber = NearlyIncompressibleNeoHookean(1e6, 1e8)
    unturned = cauchy_stress(rubber.stress(stretch - jnp.eye(3)), stretch - jnp.eye(3))
    cauchy = cauchy_stress(rubber.stress(grad_u), grad_u)
    assert np.allclose(cauchy, turn @ unturned @ turn.T, rtol=1e-12)
    # Area of the x face is 0.9, so the force on it is divided by that.
    force = rubber.stress(stretch - jnp.eye(3))[0, 0]
    assert np.isclose(unturned[0, 0], force / 0.9)


LIBRARY = [value for value in vars(physics).values() if isinstance(value, MaterialData)]


@pytest.mark.parametrize("data", LIBRARY, ids=lambda data: data.name)
def test_a_library_material_is_complete_in_si_units_or_says_what_it_lacks(data):
    assert len(data.source) > 20
    assert 1e9 < data.young_modulus < 3e11 and 500 < data.density < 1e4
    for value, low, high in (
        (data.expansion, 5e-6, 1e-4),
        (data.conductivity, 0.1, 500.0),
        (data.specific_heat, 300.0, 2000.0),
        (data.yield_strength, 1e7, 2e9),
    ):
        assert value is None or low < value < high
    if data.poisson_ratio is None:
        with pytest.raises(ValueError, match=f"poisson_ratio of {data.name}"):
            data.elastic()
    else:
        assert data.elastic().poisson_ratio(0.0) == data.poisson_ratio


def test_the_library_gives_a_material_for_a_law():
    steel = STEEL_S235.elastic()
    stress = steel.stress(jnp.zeros((3, 3)), steel.reference_temperature + 10)
    assert np.isclose(stress[0, 0], -210e9 * 12e-5 / 0.4)
    assert len(LIBRARY) == 9 and PA12_SINTERED in LIBRARY
