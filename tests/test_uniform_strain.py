"""One-point hexahedra: what their springs hold, and nothing else."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from distorted_mesh import distorted

from froude.physics import (
    CellField,
    IsotropicElastic,
    NormalFlux,
    Polynomial,
    Problem,
    Region,
    Solid,
)
from froude.solvers import FiniteElement, Mesh, UniformStrain, box_mesh, gradient_check

YOUNG = 200.0


def cube(hourglass, mesh=None):
    mesh = box_mesh(1, 1, 1) if mesh is None else mesh
    free = {name: NormalFlux(0.0) for name in mesh.boundary_names}
    law = Solid(IsotropicElastic(YOUNG, 0.3))
    problem = Problem(law, Region(3, mesh.boundary_names), free)
    return FiniteElement(problem, mesh, formulation=UniformStrain(hourglass))


def test_an_hourglass_of_a_cube_is_held_by_the_force_of_the_paper():
    """K = hourglass E V Σ b·b, b = ±1/4 along each axis: K = 1.5 hourglass E, and every
    node carries 8 K of a unit hourglass. CalculiX prints 0.006 for E = 1."""
    scheme = cube(5e-4)
    x, y, z = 2 * scheme.mesh.points.T - 1
    for pattern in (y * z, z * x, x * y, x * y * z):
        state = jnp.zeros((3, 8)).at[1].set(pattern)
        force = -scheme.inflow(0.0, state)
        assert jnp.allclose(force[1], 0.006 * YOUNG * pattern, rtol=1e-12)
        assert jnp.abs(force[jnp.array([0, 2])]).max() < 1e-14


@pytest.mark.parametrize("hourglass,still", [(0.0, 18), (5e-4, 6)])
def test_springs_hold_the_twelve_hourglasses_and_no_rigid_motion(hourglass, still):
    scheme = cube(hourglass, distorted_cube())
    matrix = scheme.jacobian(0.0, jnp.zeros((3, 8)), 0.0, 1.0).to_scipy().toarray()
    values = np.linalg.eigvalsh(matrix)
    assert (np.abs(values) < 1e-12 * values[-1]).sum() == still
    assert values[0] > -1e-12 * values[-1]
    turned = np.cross([0.3, -0.5, 0.8], np.asarray(scheme.mesh.points)).T.ravel()
    assert np.abs(matrix @ turned).max() < 1e-13 * values[-1]


def test_springs_take_the_stiffness_of_the_time_they_act_at():
    """E(T) = 100 T and T = 1 + 2 t make the springs of t = 3 seven times as stiff."""
    mesh = box_mesh(1, 1, 1)
    x, y, _ = 2 * mesh.points.T - 1
    hourglass = jnp.zeros((3, 8)).at[2].set(x * y)
    law = Solid(
        IsotropicElastic(Polynomial([0.0, 100.0]), 0.3),
        temperature=lambda t, x: 1.0 + 2.0 * t,
    )
    scheme = eqx.tree_at(lambda s: s.problem.law, cube(5e-4), law)
    early, late = (scheme.inflow(t, hourglass) for t in (0.0, 3.0))
    assert jnp.abs(early).max() > 0.1
    assert jnp.allclose(late, 7.0 * early, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("hourglass", [-1.0, np.nan, np.inf, np.ones(2)])
def test_springs_that_push_are_refused(hourglass):
    with pytest.raises(ValueError, match="hourglass = .* must be one number"):
        UniformStrain(hourglass)


def distorted_cube():
    mesh = box_mesh(1, 1, 1)
    noise = np.random.default_rng(2).uniform(-0.1, 0.1, mesh.points.shape)
    return Mesh(mesh.points + noise, mesh.topology)


def test_forces_have_derivatives_by_springs_material_and_shape():
    mesh = distorted(box_mesh(2, 1, 1), 0.1)
    draws = np.random.default_rng(0)
    state = jnp.asarray(draws.normal(size=(3, len(mesh.points))))
    shift = jnp.asarray(0.05 * draws.normal(size=mesh.points.shape))

    def energy(design):
        moved = Mesh(mesh.points + design[2] * shift, mesh.topology)
        scheme = cube(design[0], moved)
        young = CellField(jnp.stack([design[1], 2.0 * design[1]]))
        scheme = eqx.tree_at(
            lambda s: s.problem.law.material, scheme, IsotropicElastic(young, 0.3)
        )
        return -jnp.sum(state * scheme.inflow(0.0, state))

    design = jnp.array([0.05, 100.0, 0.3])
    assert gradient_check(energy, design).best < 1e-7
    batch = jnp.stack([design, 1.1 * design])
    each = jnp.stack([energy(one) for one in batch])
    assert jnp.allclose(jax.vmap(energy)(batch), each, rtol=1e-12)
