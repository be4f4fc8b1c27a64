"""Multigrid for elements of second order, with linear functions as coarse space."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from froude.physics import (
    Dirichlet,
    IsotropicElastic,
    NormalFlux,
    Problem,
    Region,
    Solid,
    Traction,
)
from froude.solvers import (
    FiniteElement,
    MultigridCG,
    Status,
    box_mesh,
    rectangle_mesh,
    solve_steady,
)
from froude.solvers.finite_element.linear_part import linear_part
from froude.solvers.finite_element.rigid_motion import near_null_space
from froude.solvers.sparse import LinearPart


@pytest.mark.parametrize("element", ["P2", "Q2", "S2"])
def test_linear_functions_are_taken_from_their_corners(element):
    for mesh in (
        rectangle_mesh(3, 2, element=element),
        box_mesh(2, 3, 2, element=element),
    ):
        part = linear_part(mesh.topology)
        assert part is not None and part == linear_part(mesh.topology)
        linear = np.asarray(mesh.points) @ np.arange(1.0, mesh.dimension + 1) + 3.0
        taken = part.weights * linear[part.corners][part.pattern.indices]
        sums = np.bincount(part.pattern.rows, taken, minlength=len(linear))
        np.testing.assert_allclose(sums, linear, atol=1e-13)


def test_entries_of_a_linear_part_come_in_any_order():
    entries = np.array([(0, 0, 1.0), (2, 4, 1.0), (1, 4, 0.25), (1, 0, 0.75)])
    for order in ([0, 1, 2, 3], [2, 1, 3, 0]):
        rows, corners, weights = entries[order].T
        part = LinearPart(3, rows.astype(int), corners.astype(int), weights)
        assert part.corners.tolist() == [0, 4]
        taken = part.weights * np.array([10.0, 20.0])[part.pattern.indices]
        assert np.bincount(part.pattern.rows, taken).tolist() == [10.0, 12.5, 20.0]


def test_elements_of_first_order_have_none():
    assert linear_part(box_mesh(1, 1, 1).topology) is None


def bent_beam():
    """A clamped beam of P2 tetrahedra, 3,087 unknowns."""
    mesh = box_mesh(10, 3, 3, upper=(3.0, 1.0, 1.0), element="P2")
    conditions = {name: NormalFlux(0.0) for name in mesh.boundary_names}
    conditions |= {"x_min": Dirichlet(0.0), "x_max": Traction((0.0, 0.0, -1.0))}
    law = Solid(IsotropicElastic(200.0, 0.3))
    return FiniteElement(Problem(law, Region(3, mesh.boundary_names), conditions), mesh)


@pytest.mark.slow
def test_it_halves_the_steps_and_keeps_the_answer():
    scheme = bent_beam()
    near_null = near_null_space(scheme.mesh.points)
    found = []
    for part in (None, linear_part(scheme.mesh.topology)):
        solver = MultigridCG(components=3, near_null=near_null, linear_part=part)
        found.append(solve_steady(scheme, linear_solver=solver))
    without, with_part = found
    assert without.status == with_part.status == Status.OK
    np.testing.assert_allclose(with_part.final, without.final, atol=1e-10)
    steps = with_part.statistics.linear_steps
    assert steps <= 25 and 2 * steps <= without.statistics.linear_steps + 10


@pytest.mark.slow
def test_steps_do_not_grow_with_the_mesh_of_quadratic_tetrahedra():
    steps = []
    for cells in (3, 6):
        mesh = box_mesh(cells, cells, cells, element="P2")
        conditions = {name: NormalFlux(0.0) for name in mesh.boundary_names}
        conditions |= {"x_min": Dirichlet(0.0), "x_max": Traction((0.0, 0.0, -1.0))}
        problem = Problem(
            Solid(IsotropicElastic(200.0, 0.3)),
            Region(3, mesh.boundary_names),
            conditions,
        )
        solver = MultigridCG(
            components=3,
            near_null=near_null_space(mesh.points),
            linear_part=linear_part(mesh.topology),
        )
        solution = solve_steady(FiniteElement(problem, mesh), linear_solver=solver)
        steps.append(int(solution.statistics.linear_steps))
    assert steps[1] <= steps[0] + 6


@pytest.mark.slow
def test_a_batch_of_shapes_differentiates():
    scheme = bent_beam()
    points = scheme.mesh.points
    solver = MultigridCG(
        components=3,
        near_null=near_null_space(points),
        linear_part=linear_part(scheme.mesh.topology),
    )

    def tip(height):
        moved = points * jnp.stack([1.0, 1.0, height])
        given = eqx.tree_at(lambda s: s.mesh.points, scheme, moved)
        return solve_steady(given, linear_solver=solver).final[2].min()

    heights = jnp.array([0.9, 1.1])
    slopes = eqx.filter_jit(jax.vmap(jax.grad(tip)))(heights)
    values = eqx.filter_jit(jax.vmap(tip))
    ahead, behind = values(heights + 1e-5), values(heights - 1e-5)
    np.testing.assert_allclose(slopes, (ahead - behind) / 2e-5, rtol=1e-7)
