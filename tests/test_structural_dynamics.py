"""Structures in motion: order, energy and damping of the implicit time methods."""

import jax.numpy as jnp
import numpy as np
import pytest

from froude.physics import (
    Dirichlet,
    Elastodynamics,
    IsotropicElastic,
    NormalFlux,
    PlaneStrain,
    Problem,
    Region,
    longitudinal_standing_wave,
)
from froude.solvers import (
    FiniteElement,
    GeneralizedAlpha,
    ReducedIntegration,
    ThetaMethod,
    budget,
    gradient_check,
    morph,
    rectangle_mesh,
    solve,
)
from froude.solvers.finite_element import structure_matrices

SPEED = 2.0
"""Of the wave, E = ρ c² with ρ = 3 and no contraction; its period is 1 s."""
MESH = rectangle_mesh(8, 1, (0.0, 0.0), (1.0, 0.1), element="Q2")


def wave(t, x):
    return longitudinal_standing_wave(t, x, SPEED)


def rod(interval, young_modulus=12.0):
    held = (
        Dirichlet(0.0, ("displacement_x", "velocity_x")),
        NormalFlux(0.0, ("displacement_y", "velocity_y")),
    )
    slides = (
        Dirichlet(0.0, ("displacement_y", "velocity_y")),
        NormalFlux(0.0, ("displacement_x", "velocity_x")),
    )
    ends = {"x_min": held, "x_max": held, "y_min": slides, "y_max": slides}
    law = Elastodynamics(PlaneStrain(IsotropicElastic(young_modulus, 0.0)), 3.0)
    region = Region(2, MESH.boundary_names)
    initial = lambda x: wave(jnp.zeros(()), x)
    return FiniteElement(Problem(law, region, ends, initial, interval), MESH)


def energy(scheme, state):
    displacement, velocity = jnp.split(state, 2)
    matrices = structure_matrices(scheme, 0.0, displacement)
    square = lambda matrix, x: x.ravel() @ (matrix @ x.ravel())
    kinetic = square(matrices.mass, velocity)
    return 0.5 * (kinetic + square(matrices.stiffness, displacement))


def test_stiffness_and_forces_are_of_the_same_formulation():
    skewed = lambda x: jnp.stack([x[0] + 0.2 * x[1] ** 2, x[1] + 0.1 * x[0]])
    mesh = morph(rectangle_mesh(2, 1, element="S2"), skewed)
    law = Elastodynamics(PlaneStrain(IsotropicElastic(12.0, 0.3)), 3.0)
    free = dict.fromkeys(mesh.boundary_names, NormalFlux(0.0))
    problem = Problem(law, Region(2, mesh.boundary_names), free)
    draws = np.random.default_rng(0).normal(size=mesh.points.T.shape)
    moved = jnp.asarray(draws)
    forces = []
    for formulation in (None, ReducedIntegration()):
        scheme = FiniteElement(problem, mesh, formulation=formulation)
        at_rest = jnp.concatenate([moved, jnp.zeros_like(moved)])
        forces.append(-scheme.inflow(0.0, at_rest)[2:])
        stiffness = structure_matrices(scheme, 0.0, moved).stiffness
        product = (stiffness @ moved.ravel()).reshape(moved.shape)
        assert jnp.allclose(product, forces[-1], rtol=1e-11, atol=1e-11)
    assert jnp.abs(forces[0] - forces[1]).max() > 0.1


@pytest.mark.slow
@pytest.mark.parametrize("radius", [0.0, 0.8])
def test_generalised_alpha_is_of_second_order_and_keeps_its_books(radius):
    scheme = rod((0.0, 0.7))
    errors = []
    for steps in (40, 80):
        solution = solve(scheme, steps=steps, method=GeneralizedAlpha(radius))
        along = budget(solution).relative[:, ::2]  # nothing is there across
        assert solution.ok and jnp.abs(along).max() < 1e-10
        exact = scheme.project(lambda x: wave(0.7, x))
        errors.append(float(jnp.linalg.norm(solution.final - exact)))
    assert abs(np.log2(errors[0] / errors[1]) - 2) < 0.15


@pytest.mark.slow
@pytest.mark.parametrize("method", [ThetaMethod(0.5), GeneralizedAlpha(1.0)])
def test_newmark_and_the_midpoint_rule_keep_the_energy(method):
    scheme = rod((0.0, 5.0))
    states = solve(scheme, steps=50, saves=10, method=method, tolerance=1e-13).states
    energies = jnp.stack([energy(scheme, state) for state in states])
    assert jnp.ptp(energies) < 1e-10 * energies[0]


@pytest.mark.slow
def test_generalised_alpha_damps_what_is_too_fast_and_keeps_what_is_slow():
    """A double root ρ: after n steps n ρ^n but for a factor."""
    method, radius = GeneralizedAlpha(0.5), 0.5
    fast, slow = rod((0.0, 2e4)), rod((0.0, 0.4))
    energies = [
        jnp.stack([energy(scheme, state) for state in found.states])
        for scheme in (fast, slow)
        for found in [solve(scheme, steps=20, saves=20, method=method)]
    ]
    sizes = jnp.sqrt(energies[0])
    assert abs(sizes[-1] / sizes[-2] - radius) < 0.05 and sizes[-1] < 1e-3 * sizes[0]
    assert 0.99 < energies[1][-1] / energies[1][0] < 1.0


@pytest.mark.slow
def test_a_march_of_a_structure_is_differentiable():
    def energy_left(young_modulus):
        scheme = rod((0.0, 0.3), young_modulus)
        end = solve(scheme, steps=6, method=GeneralizedAlpha(0.8), tolerance=1e-13)
        return jnp.sum(end.final**2)

    check = gradient_check(energy_left, jnp.array(12.0))
    assert check.best < 1e-6 and check.dot_product < 1e-11


def test_a_radius_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="spectral_radius = 1.2 must lie"):
        GeneralizedAlpha(1.2)
