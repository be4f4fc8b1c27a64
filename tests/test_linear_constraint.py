"""Multi-point constraints against Lagrange multipliers and patch tests."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
from skew_plate import HELD_X, HELD_Y, INSULATED, STEEL, plate, skew

from froude.physics import (
    Box,
    Dirichlet,
    Elastodynamics,
    HeatConduction,
    IsotropicElastic,
    NeoHookean,
    NormalFlux,
    PlaneStrain,
    PlaneStress,
    Problem,
    Region,
    Traction,
)
from froude.solvers import (
    FiniteElement,
    LinearConstraint,
    Mesh,
    MultigridCG,
    budget,
    free_motions,
    gradient_check,
    name_points,
    reaction_forces,
    rectangle_mesh,
    solve,
    solve_modes,
    solve_steady,
)
from froude.solvers.finite_element import structure_matrices
from froude.solvers.finite_element.rigid_motion import has_free_motion, near_null_space


def rows_of(scheme):
    """The equations as a dense matrix and right-hand side, supports first."""
    free = np.asarray(plate({}).free()).ravel()
    rows, right = [np.eye(free.size)[~free]], [np.zeros((~free).sum())]
    for constraint in scheme.constraints.values():
        terms = constraint.terms
        unknowns = terms.components * len(scheme.mesh.points) + terms.nodes
        matrix = np.zeros((len(unknowns), free.size))
        for row, columns in enumerate(unknowns):
            np.add.at(matrix[row], columns, np.asarray(constraint.coefficients)[row])
        rows.append(matrix)
        right.append(np.asarray(constraint.value))
    return np.concatenate(rows), np.concatenate(right)


def by_multipliers(scheme):
    """Displacements from the whole system with Lagrange multipliers."""
    bare = Problem(
        scheme.problem.law,
        scheme.problem.domain,
        scheme.problem.conditions | {"x_min": NormalFlux(0.0)},
    )
    bare = FiniteElement(bare, scheme.mesh)
    still = jnp.zeros((2, len(scheme.mesh.points)))
    stiffness = bare.jacobian(0.0, still, 0.0, 1.0).to_scipy().toarray()
    rows, right = rows_of(scheme)
    none = np.zeros((len(rows), len(rows)))
    load = np.asarray(bare.inflow(jnp.zeros(()), still)).ravel()
    system = np.block([[stiffness, rows.T], [rows, none]])
    found = np.linalg.solve(system, np.concatenate([load, right]))
    return found[: len(load)].reshape(still.shape)


EQUATIONS = {
    "skew roller": {"roller": skew()},
    "chain": {
        # the first is solved for an unknown of the second, that for one of the third
        "a": LinearConstraint([[4, 5, 6]], 1, (1.0, -2.0, 0.5), 0.01),
        "b": LinearConstraint([[5, 9, 10]], (1, 0, 0), (2.0, 1.0, 1.0)),
        "c": LinearConstraint([[9, 1]], (0, 1), (1.0, 3.0), -0.03),
        "first is zero": LinearConstraint([[2, 3, 1]], 1, (0.0, 2.0, 1.0), 0.02),
        "support": LinearConstraint([0], 1, 1.0),
    },
    "cycle": {
        "a": LinearConstraint([[5, 6, 7], [5, 6, 7]], 1, [(1, 1, 1), (1, 1, -1)], 0.1),
        "first is held": LinearConstraint(
            [[0, 11], [0, 3]], (0, 1), (1.0, 2.0), (0.02, 0.05)
        ),
    },
}


@pytest.mark.parametrize("name", EQUATIONS)
def test_elimination_is_the_solution_with_lagrange_multipliers(name):
    scheme = plate(EQUATIONS[name])
    solution = solve_steady(scheme)
    wanted = by_multipliers(scheme)
    assert solution.ok and int(solution.statistics.newton_steps) == 1
    assert np.abs(solution.final - wanted).max() < 1e-13 * np.abs(wanted).max()
    assert np.abs(scheme.steady_residual(0.0, solution.final)).max() < 1e-14
    matrix = scheme.jacobian(0.0, solution.final, 0.0, 1.0).to_scipy().toarray()
    assert np.abs(matrix - matrix.T).max() < 1e-14 * matrix.max()
    assert np.linalg.eigvalsh(matrix)[0] > 1e-4
    # supports, loads and constraints are in equilibrium
    forces = reaction_forces(scheme, solution.final)
    assert set(EQUATIONS[name]) < set(forces)
    assert np.abs(sum(forces.values())).max() < 1e-14
    assert budget(solution).relative.max() < 1e-13


def test_the_force_of_a_roller_is_normal_to_it():
    scheme = plate({"roller": skew()})
    force = reaction_forces(scheme, solve_steady(scheme).final)["roller"]
    # it carries all of the load along y
    np.testing.assert_allclose(force, (-0.05 * 0.3, -0.05), rtol=1e-13)


def test_halves_of_unlike_meshes_tied_by_interpolation_pass_the_patch_test():
    left = rectangle_mesh(2, 2)
    right = rectangle_mesh(3, 4, (1.0, 0.0), (2.0, 1.0))
    random = np.random.default_rng(2)
    points = np.concatenate([left.points, right.points])
    number = random.permutation(len(points))
    cells = np.concatenate(
        [left.topology.cells, right.topology.cells + len(left.points)]
    )
    place = np.argsort(number)
    faces = {
        "held": number[left.topology.boundary("x_min").nodes.T],
        "pulled": number[right.topology.boundary("x_max").nodes.T + len(left.points)],
    }
    mesh = Mesh.from_cells(points[place], "quad", number[cells], boundaries=faces)
    mesh = name_points(mesh, {"corner": (0.0, 0.0)})
    coarse = number[left.topology.nodes_of("x_max")]
    fine = number[right.topology.nodes_of("x_min") + len(left.points)]
    coarse = coarse[np.argsort(points[place][coarse, 1])]
    fine = fine[np.argsort(points[place][fine, 1])]
    below = np.minimum(points[place][fine, 1] // 0.5, 1).astype(int)
    part = points[place][fine, 1] / 0.5 - below
    nodes = np.stack([fine, coarse[below], coarse[below + 1]], 1)
    weights = np.stack([np.ones(5), part - 1, -part], 1)
    tie = {
        axis: LinearConstraint(nodes, number, weights)
        for number, axis in enumerate(("x", "y"))
    }
    conditions = {
        "held": HELD_X,
        "pulled": Traction((0.2, 0.0)),
        "remainder": NormalFlux(0.0),
        "corner": HELD_Y,
    }
    law = PlaneStress(IsotropicElastic(2.0, 0.25))
    problem = Problem(law, Region(2, tuple(conditions)), conditions)
    found = solve_steady(FiniteElement(problem, mesh, constraints=tie)).final
    x, y = mesh.points.T
    np.testing.assert_allclose(found, [0.1 * x, -0.025 * y], atol=1e-14)


def test_a_jump_of_temperature_around_a_ring_drives_a_uniform_flux():
    mesh = name_points(rectangle_mesh(4, 2), {"origin": (0.0, 0.0)})
    ends = [mesh.topology.nodes_of(name) for name in ("x_max", "x_min")]
    conditions = INSULATED | {"origin": Dirichlet(300.0)}
    problem = Problem(HeatConduction(2.0), Region(2, tuple(conditions)), conditions)
    jump = LinearConstraint(np.stack(ends, 1), 0, (1.0, -1.0), 3.0)
    solution = solve_steady(FiniteElement(problem, mesh, constraints={"ring": jump}))
    assert solution.ok
    exact = 300.0 + 3.0 * mesh.points[:, 0]
    np.testing.assert_allclose(solution.final[0], exact, rtol=1e-13)


@pytest.mark.slow
def test_a_march_keeps_the_equations_and_its_books():
    mesh = rectangle_mesh(4, 2)
    ends = [mesh.topology.nodes_of(name) for name in ("y_max", "y_min")]
    conditions = INSULATED | {"x_min": Dirichlet(lambda t, x: 10 * t)}
    problem = Problem(
        HeatConduction(1.0, 1.0, lambda t, x: x[1] ** 2),
        Box((0.0, 0.0), (1.0, 1.0)),
        conditions,
        initial=lambda x: 0.0 * x[0],
        interval=(0.0, 0.1),
    )
    tie = LinearConstraint(np.stack(ends, 1)[1:], 0, (1.0, -2.0))
    scheme = FiniteElement(problem, mesh, constraints={"tie": tie})
    solution = solve(scheme, steps=4)
    assert solution.ok
    upper, lower = solution.final[0, ends[0]][1:], solution.final[0, ends[1]][1:]
    np.testing.assert_allclose(upper, 2 * lower, rtol=1e-13)
    assert budget(solution).relative.max() < 1e-12
    rate = scheme.rhs(jnp.asarray(0.1), solution.final)[0]
    np.testing.assert_allclose(rate[ends[0]][1:], 2 * rate[ends[1]][1:], rtol=1e-12)
    np.testing.assert_allclose(rate[mesh.topology.nodes_of("x_min")], 10.0)


def test_modes_are_those_of_the_constrained_subspace():
    law = Elastodynamics(STEEL, 2.0)
    conditions = INSULATED | {
        "x_min": (
            Dirichlet(0.0, ("displacement_x", "velocity_x")),
            NormalFlux(0.0, ("displacement_y", "velocity_y")),
        )
    }
    mesh = rectangle_mesh(3, 2)
    problem = Problem(law, Box((0.0, 0.0), (1.0, 1.0)), conditions)
    nodes = mesh.topology.nodes_of("y_min")
    pairs = np.tile(np.stack([nodes, nodes], 1), (2, 1))
    components = np.repeat([(0, 1), (2, 3)], len(nodes), axis=0)
    roller = LinearConstraint(pairs, components, (0.3, 1.0))
    scheme = FiniteElement(problem, mesh, constraints={"roller": roller})
    modes = solve_modes(scheme, 4)
    found = structure_matrices(scheme, jnp.zeros(()), jnp.zeros((2, len(mesh.points))))
    rows, _ = rows_of(plate({"roller": skew()}))
    basis = scipy.linalg.null_space(rows)
    stiffness, mass = (m.to_scipy().toarray() for m in (found.stiffness, found.mass))
    wanted = scipy.linalg.eigh(
        basis.T @ stiffness @ basis, basis.T @ mass @ basis, eigvals_only=True
    )[:4]
    np.testing.assert_allclose(modes.eigenvalues, wanted, rtol=1e-9)
    shapes = np.asarray(modes.shapes).reshape(4, -1)
    np.testing.assert_allclose(shapes @ rows.T, 0.0, atol=1e-12)
    np.testing.assert_allclose(shapes @ mass @ shapes.T, np.eye(4), atol=1e-9)
    alone = LinearConstraint(np.stack([nodes, nodes], 1), (0, 1), (0.3, 1.0))
    with pytest.raises(ValueError, match="tie displacements without their velocities"):
        solve_modes(FiniteElement(problem, mesh, constraints={"a": alone}), 2)


def test_large_strain_is_in_equilibrium_on_the_constrained_subspace():
    law = PlaneStrain(NeoHookean(1.0, 0.3))
    scheme = plate({"roller": skew(value=0.05)}, law=law, load=(0.15, 0.1))
    solution = solve_steady(scheme)
    assert solution.ok and int(solution.statistics.newton_steps) > 2
    rows, right = rows_of(scheme)
    np.testing.assert_allclose(rows @ solution.final.ravel(), right, atol=1e-14)
    supplied = scheme.inflow(jnp.zeros(()), solution.final).ravel()
    assert np.abs(scipy.linalg.null_space(rows).T @ supplied).max() < 1e-11


def compliance(given):
    mesh = Mesh(given["points"], rectangle_mesh(3, 2).topology)
    roller = skew(coefficients=given["coefficients"], value=given["value"])
    chain = LinearConstraint([[9, 10, 11], [10, 9, 5]], 0, given["chain"])
    constraints = {"roller": roller, "chain": chain}
    scheme = plate(constraints, mesh, load=given["load"])
    state = solve_steady(scheme).final
    force = reaction_forces(scheme, state)["roller"]
    return jnp.sum(state**2) + jnp.sum(force**2)


def given():
    return {
        "points": rectangle_mesh(3, 2).points,
        "coefficients": jnp.array((0.3, 1.0)),
        "value": jnp.linspace(0.02, 0.03, 4),
        "chain": jnp.array([(1.0, -0.5, 0.2), (1.0, 0.4, -0.3)]),
        "load": jnp.array((0.1, 0.05)),
    }


@pytest.mark.slow
def test_derivatives_meet_finite_differences_in_both_modes():
    check = gradient_check(compliance, given())
    assert check.best < 1e-6
    assert check.dot_product < 1e-12


@pytest.mark.slow
def test_a_batch_over_values_and_coefficients_is_its_members():
    members = [
        given() | {"value": jnp.full(4, v), "load": jnp.array((v, 0.1))}
        for v in (0.01, 0.02)
    ]
    stacked = jax.tree.map(lambda *each: jnp.stack(each), *members)
    found = eqx.filter_jit(eqx.filter_vmap(compliance))(stacked)
    wanted = [compliance(member) for member in members]
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_leaves_of_constraints_sweep_without_compiling_again():
    count = 0

    @eqx.filter_jit
    def tip(scheme):
        nonlocal count
        count += 1
        return solve_steady(scheme).final[1, -1]

    found = [tip(plate({"roller": skew(value=v)})) for v in (0.0, 0.02, 0.04)]
    found.append(tip(plate({"roller": skew(coefficients=(0.2, 1.0))})))
    assert count == 1
    np.testing.assert_allclose(found[2] - found[1], found[1] - found[0], rtol=1e-9)


@pytest.mark.slow
def test_multigrid_finds_what_the_direct_solver_does():
    mesh = rectangle_mesh(24, 24)
    ends = [mesh.topology.nodes_of(name) for name in ("y_max", "y_min")]
    # both nodes on the left are held in x
    pairs = np.concatenate([np.stack(ends, 1)[1:], np.stack(ends, 1)])
    tie = LinearConstraint(
        pairs, np.repeat([0, 1], (24, 25))[:, None], (1.0, -1.0), 0.01
    )
    mesh = name_points(mesh, {"corner": (0.0, 0.0)})
    conditions = INSULATED | {
        "x_min": HELD_X,
        "x_max": Traction((0.1, 0.0)),
        "corner": HELD_Y,
    }
    problem = Problem(STEEL, Region(2, tuple(conditions)), conditions)
    scheme = FiniteElement(problem, mesh, constraints={"tie": tie})
    solver = MultigridCG(components=2, near_null=near_null_space(mesh.points))
    found, wanted = solve_steady(scheme, linear_solver=solver), solve_steady(scheme)
    assert found.ok and int(found.statistics.linear_steps) < 30
    np.testing.assert_allclose(found.final, wanted.final, atol=1e-11)


def test_equations_count_as_supports():
    assert free_motions(plate({})) == ("translation along y",)
    assert free_motions(plate({"roller": skew()})) == ()
    # this one asks nothing of the translation
    rod = LinearConstraint([[1, 2]], 1, (1.0, -1.0))
    assert free_motions(plate({"rod": rod})) == ("translation along y",)
    scheme = plate({"roller": skew()})
    still = jnp.zeros((2, 12))
    assert not has_free_motion(scheme, jnp.zeros(()), still)
    assert has_free_motion(plate({"rod": rod}), jnp.zeros(()), still)
