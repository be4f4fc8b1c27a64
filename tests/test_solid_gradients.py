"""Solids as designs: derivatives by material and shape, materials of each cell."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from distorted_mesh import distorted

from froude.physics import (
    CellField,
    Dirichlet,
    IsotropicElastic,
    NormalFlux,
    PlaneStrain,
    Problem,
    Region,
    Solid,
    Traction,
    von_mises,
)
from froude.solvers import (
    DirectSolver,
    FiniteElement,
    IncompatibleModes,
    MeanDilatation,
    Mesh,
    ReducedIntegration,
    box_mesh,
    gradient_check,
    nodal_measure,
    quadrature_stress,
    rectangle_mesh,
    solve_steady,
    strain_energy,
)
from froude.solvers.sparse import FactorCache

FORMULATIONS = {
    "displacement": ("S2", None),
    "mean dilatation": ("Q1", MeanDilatation()),
    "incompatible modes": ("Q1", IncompatibleModes()),
    "reduced": ("S2", ReducedIntegration()),
}


def cantilever(material, mesh, formulation):
    conditions = {name: NormalFlux(0.0) for name in mesh.boundary_names}
    conditions |= {"x_min": Dirichlet(0.0), "x_max": Traction((0.2, 1.0))}
    problem = Problem(PlaneStrain(material), Region(2, tuple(conditions)), conditions)
    return FiniteElement(problem, mesh, formulation=formulation)


@pytest.mark.parametrize("name", FORMULATIONS)
def test_compliance_and_stress_have_derivatives_by_material_and_vertices(name):
    element, formulation = FORMULATIONS[name]
    mesh = distorted(rectangle_mesh(4, 2, upper=(2.0, 1.0), element=element), 0.04)

    def judged(design):
        material = IsotropicElastic(design["modulus"], design["ratio"])
        moved = Mesh(design["points"], mesh.topology)
        scheme = cantilever(material, moved, formulation)
        state = solve_steady(scheme).final
        stress = nodal_measure(scheme, state, von_mises)
        # both of order one
        peak = jnp.sum((stress / 8.0) ** 6) ** (1 / 6)
        return 2 * strain_energy(scheme, state) + peak

    design = {
        "modulus": jnp.array(120.0),
        "ratio": jnp.array(0.36),
        "points": mesh.points,
    }
    noise = np.random.default_rng(2).normal(size=mesh.points.shape)
    direction = {
        "modulus": jnp.array(30.0),
        "ratio": jnp.array(0.1),
        "points": jnp.asarray(0.1 * noise),
    }
    check = gradient_check(
        judged, design, direction=direction, steps=(1e-3, 1e-4, 1e-5)
    )
    assert check.best < 1e-6 and check.dot_product < 1e-10


@pytest.mark.parametrize("name", FORMULATIONS)
def test_every_cell_has_its_own_material(name):
    element, formulation = FORMULATIONS[name]
    mesh = distorted(rectangle_mesh(3, 2, element=element), 0.05)
    cells = len(mesh.topology.cells)
    draws = np.random.default_rng(4)
    state = jnp.asarray(draws.normal(size=mesh.points.T.shape))

    @eqx.filter_jit
    def evaluated(modulus):
        scheme = cantilever(IsotropicElastic(modulus, 0.3), mesh, formulation)
        zero = jnp.zeros(())
        matrix = scheme.prepared(zero).jacobian(zero, state, 0.0, 1.0)
        return (
            scheme.inflow(zero, state),
            matrix.values,
            quadrature_stress(scheme, state)[1],
            strain_energy(scheme, state),
        )

    number = evaluated(jnp.array(2.0))
    field = evaluated(CellField(jnp.full(cells, 2.0)))
    for one, other in zip(number, field, strict=True):
        assert jnp.allclose(one, other, rtol=1e-12, atol=1e-12)
    stiffer = evaluated(CellField(jnp.full(cells, 2.0).at[1].set(3.0)))
    change = jnp.abs(stiffer[0] - field[0]).max(axis=0)
    touched = np.isin(np.arange(len(mesh.points)), mesh.topology.cells[1])
    assert jnp.all(change[~touched] < 1e-12) and jnp.all(change[touched] > 1e-3)
    assert jnp.allclose(stiffer[2][1], 1.5 * field[2][1], rtol=1e-12)


def test_a_value_and_its_gradient_share_one_factorisation():
    """Of P2 tetrahedra: another order of sums gave a matrix that differed in its last
    bits, whose factors were not found again."""
    mesh = box_mesh(4, 2, 2, upper=(2.0, 1.0, 1.0), element="P2")
    conditions = {name: NormalFlux(0.0) for name in mesh.boundary_names}
    conditions |= {"x_min": Dirichlet(0.0), "x_max": Traction((0.0, 0.2, 1.0))}
    solver = DirectSolver(FactorCache())

    def tip(points):
        law = Solid(IsotropicElastic(70.0, 0.3))
        problem = Problem(law, Region(3, tuple(conditions)), conditions)
        scheme = FiniteElement(problem, Mesh(points, mesh.topology))
        return solve_steady(scheme, linear_solver=solver).final[2].max()

    judge = jax.jit(jax.value_and_grad(tip))
    for k in range(3):
        jax.block_until_ready(judge(mesh.points * (1.0 + 1e-3 * k)))
        assert solver.cache.factorizations == k + 1
