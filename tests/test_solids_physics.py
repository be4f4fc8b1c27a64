"""Solids as balance laws: the contract, closed forms, exact solutions, loads."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from froude.physics import (
    AbstractLinearElasticMaterial,
    Axisymmetric,
    Box,
    Dirichlet,
    Elastodynamics,
    IsotropicElastic,
    NearlyIncompressibleNeoHookean,
    NeoHookean,
    NormalFlux,
    OrthotropicElastic,
    PerRadian,
    PlaneStrain,
    PlaneStress,
    Problem,
    Solid,
    StVenantKirchhoff,
    Traction,
    autodiff_jet,
    check_balance_law,
    lame_cylinder,
    longitudinal_standing_wave,
    longitudinal_wave_speed,
    manufactured,
    strong_residual,
)

E, NU, RHO = 70e9, 0.33, 2700.0
METAL = IsotropicElastic(E, NU, 23e-6)
FOAM = NeoHookean(1e6, 0.3)
RUBBER = NearlyIncompressibleNeoHookean(1e6, 1e8, 1e-4)
TILTED = OrthotropicElastic(
    (140e9, 10e9, 9e9),
    (0.3, 0.28, 0.4),
    (5e9, 5e9, 3e9),
    np.linalg.qr(np.array([[1.0, 0.4, 0.2], [0.1, 1.0, 0.3], [0.2, 0.1, -1.0]]))[0],
    (1e-6, 2e-5, 3e-5),
)
PIPE = {"inner_radius": 0.1, "outer_radius": 1.5, "inner_pressure": 2e6}
WARM = lambda t, x: 300 + 40 * x[0] + t
C = longitudinal_wave_speed(E, NU, RHO)


def _harmonic(t, x):
    """The gradient of x y z has no divergence and no Laplacian."""
    return jnp.array([x[1] * x[2], x[0] * x[2], x[0] * x[1]])


def _bent(t, x):
    """Timoshenko and Goodier (1970), section 103: pure bending with σ_xx = E y."""
    return jnp.array([x[0] * x[1], -0.5 * (x[0] ** 2 + NU * x[1] ** 2)])


def _pipe(t, x):
    return jnp.array([lame_cylinder(x[0], E, NU, **PIPE), 0.0 * x[1]])


def _pipe_across(t, x):
    radius = jnp.sqrt(x @ x)
    return lame_cylinder(radius, E, NU, **PIPE) * x / radius


def _wave(t, x):
    return longitudinal_standing_wave(
        t, x, C, mass_damping=900.0, stiffness_damping=1e-5
    )


CASES = {
    "Solid": (Solid(METAL), _harmonic),
    "Solid, heat and weight": (Solid(METAL, (1e9, 2e9, 3e9), WARM), None),
    "Solid, neo-Hookean": (Solid(FOAM), None),
    "PlaneStrain": (PlaneStrain(METAL), _pipe_across),
    "PlaneStrain, rubber": (PlaneStrain(RUBBER, (1e5, 0.0), WARM), None),
    "PlaneStress": (PlaneStress(METAL), _bent),
    "PlaneStress, tilted ply": (PlaneStress(TILTED, (1e8, 1e8), WARM), None),
    "PlaneStress, rubber": (PlaneStress(RUBBER, temperature=WARM), None),
    "Axisymmetric": (Axisymmetric(METAL), _pipe),
    "Axisymmetric, neo-Hookean": (Axisymmetric(FOAM, (1e5, 1e5), 300.0), None),
    "Elastodynamics": (Elastodynamics(Solid(METAL), RHO, 900.0, 1e-5), _wave),
    "Elastodynamics, axisymmetric": (
        Elastodynamics(Axisymmetric(FOAM, (1e5, 1e5)), RHO, 2.0, 1e-3),
        None,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_laws_keep_the_contract_and_exact_solutions_leave_round_off(name):
    law, exact = CASES[name]
    solid = law.solid if isinstance(law, Elastodynamics) else law
    check = check_balance_law(
        law,
        dimension=3 if isinstance(solid, Solid) else 2,
        exact=exact,
        state=lambda unit: 0.02 * unit,
        gradient=lambda normal: 0.1 * normal,
        points=2,
        time=(0.0, 1e-3),
    )
    assert check.gradient < 1e-7
    assert check.residual is None or check.residual < 1e-13


GRAD = jnp.array([[1e-3, 4e-4], [2e-4, -5e-4]])
AT = (0.0, jnp.array([2.0, 1.0]), jnp.array([3e-3, 0.0]))


def test_plane_stress_is_its_textbook_matrix():
    matrix = E / (1 - NU**2) * np.array([[1, NU, 0], [NU, 1, 0], [0, 0, (1 - NU) / 2]])
    stress = PlaneStress(METAL).stress(*AT, GRAD)
    strains = np.array([GRAD[0, 0], GRAD[1, 1], GRAD[0, 1] + GRAD[1, 0]])
    found = np.array([stress[0, 0], stress[1, 1], stress[0, 1]])
    assert np.allclose(found, matrix @ strains, rtol=1e-13)
    assert jnp.max(jnp.abs(stress[2])) < 1e-13 * jnp.max(jnp.abs(stress))


def test_plane_strain_is_its_textbook_matrix():
    factor = E / ((1 + NU) * (1 - 2 * NU))
    matrix = factor * np.array(
        [[1 - NU, NU, 0], [NU, 1 - NU, 0], [0, 0, 0.5 - NU], [NU, NU, 0]]
    )
    stress = PlaneStrain(METAL).stress(*AT, GRAD)
    strains = np.array([GRAD[0, 0], GRAD[1, 1], GRAD[0, 1] + GRAD[1, 0]])
    found = np.array([stress[0, 0], stress[1, 1], stress[0, 1], stress[2, 2]])
    assert np.allclose(found, matrix @ strains, rtol=1e-13)


@pytest.mark.parametrize(
    "material", [FOAM, RUBBER, StVenantKirchhoff(1e6, 0.1), TILTED]
)
def test_the_faces_of_a_sheet_are_free(material):
    """Also where the thickness falls to a fifth, and under heat."""
    sheet = PlaneStress(material, temperature=320.0)
    pulls = np.array([[[1, 0.3], [0.2, 0.8]], [[-0.4, 0.1], [0, 0.3]]])
    stresses = jax.jit(jax.vmap(lambda grad_u: sheet.stress(*AT, grad_u)))
    for stress in stresses(np.concatenate([1e-3 * pulls, 0.3 * pulls, 1.2 * pulls])):
        assert jnp.all(jnp.isfinite(stress))
        across = stress[2, 2]
        if isinstance(material, AbstractLinearElasticMaterial):
            across = stress[:, 2]
        assert jnp.max(jnp.abs(across)) < 1e-11 * jnp.max(jnp.abs(stress))


def test_a_sheet_that_collapses_is_not_finite():
    sheet = PlaneStress(StVenantKirchhoff(1e6, 0.4))
    assert not jnp.any(jnp.isfinite(sheet.flux(*AT, 1.5 * jnp.eye(2))))


def test_derivatives_of_a_free_thickness_are_exact_at_rest_and_to_second_order():
    """A rubber sheet pulled equally: S = μ (1 - l^-6) in the incompressible limit."""
    sheet = PlaneStress(NearlyIncompressibleNeoHookean(1e6, 1e13))
    pull = lambda s: sheet.stress(*AT, s * jnp.eye(2))[0, 0]
    nominal = lambda s: 1e6 * ((1 + s) - (1 + s) ** -5)
    at = jnp.array([0.0, 0.3])
    for twice in (False, True):
        slope = lambda f, twice=twice: jax.jacfwd(jax.jacfwd(f) if twice else f)
        ours, wanted = (jax.jit(jax.vmap(slope(f)))(at) for f in (pull, nominal))
        assert np.allclose(ours, wanted, rtol=2e-5)
    backward = jax.jit(jax.jacrev(lambda g: sheet.flux(*AT, g)))(0.1 * GRAD)
    forward = jax.jit(jax.jacfwd(lambda g: sheet.flux(*AT, g)))(0.1 * GRAD)
    assert np.allclose(backward, forward, rtol=1e-6)


def test_a_pipe_carries_its_pressures_and_the_axis_is_regular():
    pipe = Axisymmetric(METAL)

    def stress(radius):
        x = jnp.array([radius, 0.7])
        jet = autodiff_jet(_pipe, 0.0, x)
        return pipe.stress(0.0, x, jet.u, jet.grad_u)

    assert np.isclose(stress(0.1)[0, 0], -2e6, rtol=1e-12)
    assert abs(stress(1.5)[0, 0]) < 1e-6
    hoop = 2e6 * (0.1**2 + 1.5**2) / (1.5**2 - 0.1**2)
    assert np.isclose(stress(0.1)[2, 2], hoop, rtol=1e-12)
    swelling = lambda t, x: jnp.array([1e-3 * x[0], 0.0 * x[1]])
    axis = jnp.array([0.0, 0.7])
    jet = autodiff_jet(swelling, 0.0, axis)
    centre = pipe.stress(0.0, axis, jet.u, jet.grad_u)
    assert np.isclose(centre[0, 0], centre[2, 2])
    residual = jax.jacrev(lambda u: pipe.source(0.0, axis, u, jet.grad_u))(jet.u)
    assert jnp.all(jnp.isfinite(residual))


@pytest.mark.parametrize("law", [Solid(FOAM), PlaneStress(FOAM), Axisymmetric(METAL)])
def test_any_displacement_can_be_manufactured(law):
    dimension = len(law.components)
    box = Box((0.5,) * dimension, (1.0,) * dimension)
    load = Traction((0.0,) * dimension)
    if isinstance(law, Axisymmetric):
        load = PerRadian(load)
    conditions = dict.fromkeys(box.boundary_names, Dirichlet(0.0))
    conditions["x_max"] = load
    exact = lambda t, x: 0.1 * jnp.sin(jnp.roll(x, 1) + x)
    problem = manufactured(Problem(law, box, conditions), exact)
    x = jnp.array([1.0, 0.6, 0.7])[:dimension]
    normal = jnp.eye(dimension)[0]

    @jax.jit
    def residuals(x):
        jet = autodiff_jet(exact, 0.0, x)
        flux = law.flux(0.0, x, jet.u, jet.grad_u) @ normal
        (held,) = problem.conditions["x_max"]
        surface = held.residual(0.0, x, normal, jet.u, jet.grad_u, flux)
        return surface, strong_residual(problem.law, 0.0, x, jet), flux

    surface, volume, flux = residuals(x)
    assert jnp.max(jnp.abs(surface)) < 1e-12 * jnp.max(jnp.abs(flux))
    assert jnp.max(jnp.abs(volume)) < 1e-12 * jnp.max(jnp.abs(flux))


def test_components_name_what_moves():
    names = lambda law: [component.name for component in law.components]
    assert names(Solid(METAL)) == [f"displacement_{axis}" for axis in "xyz"]
    moving = Elastodynamics(Axisymmetric(METAL), RHO)
    assert names(moving) == [
        f"{kind}_{axis}" for kind in ("displacement", "velocity") for axis in "rz"
    ]
    assert [component.unit for component in moving.components[1:3]] == ["m", "m s-1"]


def test_a_long_pipe_stores_the_work_of_its_pressure():
    """Energy per radian and length is p a u(a) / 2."""
    radius = np.polynomial.legendre.leggauss(40)
    nodes, weights = 0.7 * radius[0] + 0.8, 0.7 * radius[1]

    def density(r):
        jet = autodiff_jet(_pipe, 0.0, jnp.array([r, 0.0]))
        return r * Axisymmetric(METAL).energy(0.0, jnp.array([r, 0.0]), *jet[::2])

    stored = weights @ np.array([density(r) for r in nodes])
    work = 0.5 * 2e6 * 0.1 * lame_cylinder(0.1, E, NU, **PIPE)
    assert np.isclose(stored, work, rtol=1e-6)


BAD = {
    "is no elastic material; give one": lambda: Solid(210e9),
    "is no solid; give Solid": lambda: Elastodynamics(METAL, RHO),
    "density = 0.0 is not above 0": lambda: Elastodynamics(Solid(METAL), 0.0),
    "mass_damping = -1.0 is below 0": lambda: Elastodynamics(Solid(METAL), RHO, -1.0),
    "stiffness_damping = nan is not finite": lambda: Elastodynamics(
        Solid(METAL), RHO, stiffness_damping=np.nan
    ),
    "grad_u has the shape (2, 2), but Solid has 3": lambda: Solid(METAL).flux(
        *AT, GRAD
    ),
    "body_force has the shape (3,) in 2 dimensions": lambda: PlaneStrain(
        METAL, (0.0, 0.0, -9.81)
    ).source(*AT, GRAD),
    "temperature is called with (t, x)": lambda: Solid(METAL, None, lambda x: x[0]),
    "body_force = [nan] is not finite": lambda: Solid(METAL, (np.nan,)),
    "write PerRadian(NormalFlux(...))": lambda: Problem(
        Elastodynamics(Axisymmetric(METAL), RHO),
        Box((0.0, 0.0), (1.0, 1.0), (False, True)),
        {"x_min": Dirichlet(0.0), "x_max": NormalFlux(0.0)},
    ),
    "prescribes no flux; give a natural": lambda: PerRadian(Dirichlet(0.0)),
}


@pytest.mark.parametrize("message", BAD)
def test_laws_that_cannot_be_are_refused(message):
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        BAD[message]()
