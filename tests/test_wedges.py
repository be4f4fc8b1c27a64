"""Wedges: their shape functions, rules and modes; patch tests are in `make verify`."""

import jax.numpy as jnp
import numpy as np
import pytest

from froude.physics import IsotropicElastic, NormalFlux, Problem, Region, Solid
from froude.solvers import (
    Displacement,
    FiniteElement,
    Mesh,
    ReducedIntegration,
    box_mesh,
    nodal_stress,
)
from froude.solvers.cells import CELLS

STEEL = IsotropicElastic(200.0, 0.3)


@pytest.mark.parametrize("name", ["wedge", "wedge15"])
def test_shape_functions_hold_the_polynomials_of_their_order(name):
    cell = CELLS[name]
    assert np.allclose(cell.shape(cell.nodes), np.eye(len(cell.nodes)), atol=1e-14)
    draws = np.random.default_rng(0).uniform(0.1, 0.4, (5, 3))
    shape, slope = cell.shape(draws), cell.shape_gradient(draws)
    for power in np.ndindex(3, 3, 3):
        if sum(power) <= cell.order:
            values = np.prod(cell.nodes**power, axis=1)
            assert np.allclose(shape @ values, np.prod(draws**power, axis=1))
            for axis in range(3):
                lower = np.array(power)
                lower[axis] = max(power[axis] - 1, 0)
                exact = power[axis] * np.prod(draws**lower, axis=1)
                assert np.allclose(slope[:, axis] @ values, exact)


@pytest.mark.parametrize("pair", [(1, 3), (2, 5), (4, 7)])
def test_rules_are_exact_in_the_triangle_and_along_the_axis(pair):
    points, weights = CELLS["wedge"].quadrature(pair)
    triangle, axis = pair
    for a, b, c in np.ndindex(triangle + 1, triangle + 1, axis + 1):
        if a + b <= triangle:
            # ∫ ξ^a η^b over the unit triangle is a! b! / (a + b + 2)!
            flat = np.prod(range(1, a + 1)) * np.prod(range(1, b + 1))
            flat = flat / np.prod(range(1, a + b + 3))
            high = 0 if c % 2 else 2 / (c + 1)
            value = weights @ np.prod(points ** np.array([a, b, c]), axis=1)
            assert value == pytest.approx(flat * high, abs=1e-14)


@pytest.mark.parametrize("element", ["W1", pytest.param("W2", marks=pytest.mark.slow)])
def test_reduced_rules_see_all_strains_but_torsion_of_c3d6(element):
    """Two points on the axis do not see a rotation about it that grows along it."""
    grid = box_mesh(1, 1, 1, element=element)
    nodes = np.unique(grid.topology.cells[0])
    cells = np.searchsorted(nodes, grid.topology.cells[:1])
    mesh = Mesh.from_cells(grid.points[nodes], grid.topology.cell_type, cells)
    noise = 0.05 * np.random.default_rng(1).normal(size=mesh.points.shape)
    mesh = Mesh(mesh.points + noise * (element == "W1"), mesh.topology)
    free = {"remainder": NormalFlux(0.0)}
    problem = Problem(Solid(STEEL), Region(3, ("remainder",)), free)
    for formulation in (ReducedIntegration(), Displacement()):
        scheme = FiniteElement(problem, mesh, formulation=formulation)
        rest = jnp.zeros_like(mesh.points.T)
        matrix = scheme.jacobian(0.0, rest, 0.0, 1.0).to_scipy().toarray()
        values = np.linalg.eigvalsh(matrix)
        torsion = element == "W1" and formulation == ReducedIntegration()
        assert (np.abs(values) < 1e-12 * values[-1]).sum() == 6 + torsion
    slope = jnp.array([[1e-3, 2e-3, 0.0], [0.0, -1e-3, 1e-3], [3e-3, 0.0, 2e-3]])
    scheme = FiniteElement(problem, mesh, formulation=ReducedIntegration())
    stress = nodal_stress(scheme, slope @ mesh.points.T)
    exact = STEEL.stress(slope, None)
    assert jnp.abs(stress - exact).max() < 1e-12 * jnp.abs(exact).max()
