"""Stress at nodes, stored energy and reactions of solids."""

import jax
import jax.numpy as jnp
import pytest
from distorted_mesh import distorted

from froude.physics import (
    Dirichlet,
    HeatConduction,
    IsotropicElastic,
    NormalFlux,
    PlaneStrain,
    PlaneStress,
    Problem,
    Region,
    Traction,
    von_mises,
)
from froude.solvers import (
    FiniteElement,
    IncompatibleModes,
    MeanDilatation,
    ReducedIntegration,
    nodal_measure,
    nodal_stress,
    quadrature_stress,
    reaction_forces,
    rectangle_mesh,
    solve_steady,
    strain_energy,
)

STEEL = IsotropicElastic(200.0, 0.3)
SLOPE = jnp.array([[1e-3, 2e-3], [5e-4, -2e-3]])


def scheme_of(law, element, formulation=None, **conditions):
    mesh = distorted(rectangle_mesh(3, 2, element=element), 0.05)
    free = {name: NormalFlux(0.0) for name in mesh.boundary_names}
    region = Region(2, mesh.boundary_names)
    return FiniteElement(
        Problem(law, region, free | conditions), mesh, formulation=formulation
    )


@pytest.mark.parametrize(
    "element,formulation",
    [
        ("P2", None),
        ("S2", ReducedIntegration()),
        ("Q1", MeanDilatation()),
        ("Q1", IncompatibleModes()),
    ],
)
def test_uniform_stress_is_exact_at_nodes_and_its_energy_everywhere(
    element, formulation
):
    law = PlaneStrain(STEEL)
    scheme = scheme_of(law, element, formulation)
    state = scheme.project(lambda x: SLOPE @ x)
    at = scheme.mesh.points[0]
    exact = law.stress(0.0, at, SLOPE @ at, SLOPE)
    size = jnp.abs(exact).max()
    assert jnp.abs(nodal_stress(scheme, state) - exact).max() < 1e-12 * size
    places, stress = quadrature_stress(scheme, state)
    assert places.shape[:2] == stress.shape[:2]
    assert jnp.abs(stress - exact).max() < 1e-12 * size
    measure = nodal_measure(scheme, state, von_mises)
    assert jnp.allclose(measure, von_mises(exact), rtol=1e-12)
    density = law.energy(0.0, at, SLOPE @ at, SLOPE)
    assert jnp.allclose(strain_energy(scheme, state), density, rtol=1e-12)


def test_linear_stress_is_exact_at_the_nodes_of_rectangles():
    scheme = scheme_of(PlaneStress(STEEL), "S2")
    mesh = rectangle_mesh(3, 2, element="S2")
    scheme = FiniteElement(scheme.problem, mesh)
    bend = lambda x: jnp.stack([x[0] * x[1], -0.5 * (x[0] ** 2 + 0.3 * x[1] ** 2)])
    stress = nodal_stress(scheme, scheme.project(bend))
    assert jnp.abs(stress[:, 0, 0] - 200.0 * mesh.points[:, 1]).max() < 1e-11
    assert jnp.abs(stress[:, 1, 1]).max() < 1e-11


@pytest.mark.parametrize("formulation", [None, IncompatibleModes()])
def test_energy_is_half_the_work_and_reactions_balance_the_loads(formulation):
    pull = {"x_min": Dirichlet(0.0), "x_max": Traction((1.0, 0.3))}
    scheme = scheme_of(PlaneStrain(STEEL), "Q1", formulation, **pull)
    state = solve_steady(scheme).final
    forces = reaction_forces(scheme, state)
    assert jnp.allclose(forces["x_max"], jnp.array([1.0, 0.3]), rtol=1e-12)
    assert jnp.abs(sum(forces.values())).max() < 1e-11
    work = jnp.sum(state * (scheme.inflow(0.0, state) - scheme.inflow(0.0, 0 * state)))
    assert jnp.allclose(strain_energy(scheme, state), -0.5 * work, rtol=1e-10)
    load = jnp.sum(state * scheme.inflow(0.0, 0 * state))
    assert jnp.allclose(strain_energy(scheme, state), 0.5 * load, rtol=1e-9)
    slope = jax.grad(lambda s: strain_energy(scheme, s))(state)
    resisted = scheme.inflow(0.0, 0 * state) - scheme.inflow(0.0, state)
    assert jnp.abs(slope - resisted).max() < 1e-11


def test_a_law_without_stress_is_refused():
    mesh = rectangle_mesh(1, 1)
    held = dict.fromkeys(mesh.boundary_names, Dirichlet(0.0))
    region = Region(2, mesh.boundary_names)
    scheme = FiniteElement(Problem(HeatConduction(1.0), region, held), mesh)
    with pytest.raises(TypeError, match="HeatConduction, which has no stress"):
        nodal_stress(scheme, jnp.zeros((1, 4)))
