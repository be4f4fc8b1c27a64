"""Follower pressure: the work it does, its tangent, an inflated thick pipe."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from distorted_mesh import distorted
from scipy.integrate import solve_bvp

from froude.physics import (
    Axisymmetric,
    Box,
    Dirichlet,
    FollowerPressure,
    IsotropicElastic,
    NeoHookean,
    NormalFlux,
    PlaneStrain,
    PlaneStress,
    Problem,
    Region,
    Solid,
    lame_parameters,
)
from froude.solvers import (
    CartesianGrid,
    FiniteElement,
    Mesh,
    box_mesh,
    discretize,
    morph,
    rectangle_mesh,
    solve,
)

SOLIDS = {
    "Q2": (PlaneStrain, rectangle_mesh(2, 2, element="Q2")),
    "P2": (PlaneStrain, rectangle_mesh(1, 2, element="P2")),
    "hexahedra": (Solid, box_mesh(1, 1, 2)),
    "tetrahedra": (Solid, box_mesh(1, 1, 1, element="P1")),
}


def pressed(name):
    """A body without supports, pressed from all sides, and a state far from rest."""
    law, mesh = SOLIDS[name]
    mesh = distorted(mesh, 0.05)
    conditions = dict.fromkeys(mesh.boundary_names, FollowerPressure(0.7))
    domain = Region(mesh.dimension, mesh.boundary_names)
    # so soft that the pressure is all that counts
    problem = Problem(law(IsotropicElastic(1e-12, 0.3)), domain, conditions)
    noise = np.random.default_rng(3).normal(size=mesh.points.shape).T
    return FiniteElement(problem, mesh), jnp.asarray(0.1 * noise)


def volume(scheme, state):
    """Volume of the deformed body [m^3 or m^2]."""
    mesh = Mesh(scheme.mesh.points + state.T, scheme.mesh.topology)
    moved = eqx.tree_at(lambda s: s.mesh, scheme, mesh)
    return moved.integrate(jnp.ones_like(state))[0]


@pytest.mark.parametrize("name", ["Q2", "hexahedra", "tetrahedra"])
def test_a_uniform_pressure_works_on_the_volume(name):
    """Its nodal forces are -p dV/dU, V being the deformed volume."""
    scheme, state = pressed(name)
    force = jax.jit(lambda u: scheme.inflow(0.0, u))(state)
    wanted = -0.7 * jax.jit(jax.grad(lambda u: volume(scheme, u)))(state)
    assert np.max(np.abs(wanted)) > 0.01
    assert np.allclose(force, wanted, atol=1e-11)


@pytest.mark.parametrize("name", ["P2", "hexahedra"])
def test_the_tangent_of_a_follower_pressure_is_its_derivative(name):
    scheme, state = pressed(name)
    way = jnp.asarray(np.random.default_rng(4).normal(size=state.shape))

    @jax.jit
    def both(state):
        _, change = jax.jvp(lambda u: scheme.inflow(0.0, u), (state,), (way,))
        product = scheme.jacobian(0.0, state, 0.0, 1.0).mv(way.ravel())
        return change, product.reshape(state.shape)

    change, product = both(state)
    assert np.max(np.abs(change)) > 0.01
    assert np.allclose(product, -change, atol=1e-12)


INNER, OUTER, YOUNG, RATIO, PRESSURE = 1.0, 2.0, 2.5, 0.25, 0.4


def inflated():
    """Radii R and r of the pipe, from the exact equilibrium along its radius."""
    first, shear = (float(value) for value in lame_parameters(YOUNG, RATIO))

    def stresses(radius, r, slope):
        """Nominal stresses along the radius and the hoop, and the hoop stretch."""
        hoop = r / radius
        log = first * np.log(slope * hoop)
        along = shear * (slope - 1 / slope) + log / slope
        return along, shear * (hoop - 1 / hoop) + log / hoop, hoop

    def rate(radius, y):
        r, slope = y
        along, around, hoop = stresses(radius, r, slope)
        log = np.log(slope * hoop)
        stiff = shear * (1 + slope**-2) + first * (1 - log) / slope**2
        turned = first / (slope * hoop) * (slope - hoop) / radius
        return np.stack([slope, (-(along - around) / radius - turned) / stiff])

    def ends(left, right):
        inside, _, hoop = stresses(INNER, *left)
        outside, _, _ = stresses(OUTER, *right)
        return np.array([inside + PRESSURE * hoop, outside])

    radius = np.linspace(INNER, OUTER, 41)
    guess = np.stack([1.1 * radius, np.ones_like(radius)])
    found = solve_bvp(rate, ends, radius, guess, tol=1e-10, max_nodes=20_000)
    assert found.success
    return found.sol


@pytest.mark.slow
def test_a_pipe_under_follower_pressure_has_its_exact_radii():
    """A dead pressure would widen its bore much less than a third."""
    mesh = morph(
        rectangle_mesh(4, 4, (INNER, 0.0), (OUTER, np.pi / 2), element="Q2"),
        lambda x: x[0] * jnp.stack([jnp.cos(x[1]), jnp.sin(x[1])]),
    )
    slides = lambda held, free: (
        Dirichlet(0.0, (f"displacement_{held}",)),
        NormalFlux(0.0, (f"displacement_{free}",)),
    )
    growing = eqx.Partial(lambda p, t, x: p * t, jnp.asarray(PRESSURE))
    conditions = {
        "x_min": FollowerPressure(growing),
        "x_max": NormalFlux(0.0),
        "y_min": slides("y", "x"),
        "y_max": slides("x", "y"),
    }
    law = PlaneStrain(NeoHookean(YOUNG, RATIO))
    domain = Region(2, mesh.boundary_names)
    problem = Problem(law, domain, conditions, interval=(0.0, 1.0))
    solution = solve(FiniteElement(problem, mesh), steps=4)
    assert solution.ok
    exact = inflated()
    assert exact(INNER)[0] > 1.3
    for part, radius in (("x_min", INNER), ("x_max", OUTER)):
        nodes = mesh.topology.boundary(part).unique_nodes
        moved = np.asarray(mesh.points[nodes].T + solution.final[:, nodes])
        radii = np.linalg.norm(moved, axis=0)
        assert np.allclose(radii, exact(radius)[0], rtol=2e-4)


def test_follower_loads_where_they_cannot_act_are_refused():
    box = Box((0.0, 0.0), (1.0, 1.0))
    around = dict.fromkeys(box.boundary_names, FollowerPressure(1.0))
    steel = IsotropicElastic(1.0, 0.3)
    for law in (PlaneStress(steel), Axisymmetric(steel)):
        with pytest.raises(ValueError, match=r"FollowerPressure.*use Solid"):
            Problem(law, box, around)
    problem = Problem(PlaneStrain(steel), box, around)
    with pytest.raises(TypeError, match="FollowerPressure"):
        discretize(problem, CartesianGrid((4, 4)))
