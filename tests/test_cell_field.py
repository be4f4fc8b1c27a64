"""Parameters given cell by cell, and loads and supports at named points."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from froude.physics import (
    Box,
    CellField,
    Dirichlet,
    HeatConduction,
    IsotropicElastic,
    NormalFlux,
    OrthotropicElastic,
    PlaneStress,
    PointLoad,
    Problem,
    Region,
    Traction,
    strong_residual,
)
from froude.physics.cell_field import law_of
from froude.physics.residual import Jet
from froude.solvers import (
    CartesianGrid,
    FiniteElement,
    Mesh,
    Status,
    discretize,
    gradient_check,
    morph,
    name_points,
    rectangle_mesh,
    solve_steady,
)


def wall(conductivity, mesh=None, **law):
    """A wall, 1 K warmer at x_max, insulated above and below."""
    mesh = rectangle_mesh(6, 3) if mesh is None else mesh
    conditions = {name: NormalFlux(0.0) for name in mesh.boundary_names}
    conditions |= {"x_min": Dirichlet(0.0), "x_max": Dirichlet(1.0)}
    law = HeatConduction(conductivity, **law)
    return FiniteElement(Problem(law, Region(2, mesh.boundary_names), conditions), mesh)


def left_half(mesh):
    middle = np.asarray(mesh.points)[mesh.topology.cells].mean(axis=1)
    return middle[:, 0] < 0.5


def heat_flow(scheme):
    solution = solve_steady(scheme, tolerance=1e-13)
    return solution.ledger.outflow["x_min"][0, 0], solution


def test_two_materials_in_series_carry_the_harmonic_mean():
    mesh = rectangle_mesh(6, 3)
    values = jnp.where(left_half(mesh), 2.0, 8.0)
    flow, solution = heat_flow(wall(CellField(values), mesh))
    assert abs(flow - 1 / (0.5 / 2.0 + 0.5 / 8.0)) < 1e-12
    assert solution.status == 0
    middle = solution.final[0, np.abs(np.asarray(mesh.points)[:, 0] - 0.5) < 1e-9]
    assert np.abs(middle - 0.8).max() < 1e-12


def test_a_uniform_cell_field_is_a_number():
    straight = rectangle_mesh(5, 4, element="P2")
    mesh = morph(straight, lambda x: x + 0.03 * jnp.sin(3 * x))
    plain = wall(3.0, mesh)
    state = jax.random.normal(jax.random.key(0), (1, len(mesh.points)))
    field = wall(CellField(jnp.full(40, 3.0)), mesh)
    t = jnp.zeros(())
    for scheme in (field, field.prepared(t)):
        assert np.abs(scheme.inflow(t, state) - plain.inflow(t, state)).max() < 1e-13
        matrix = scheme.jacobian(t, state, 1.0, 1.0).values
        assert np.abs(matrix - plain.jacobian(t, state, 1.0, 1.0).values).max() < 1e-13


def test_an_affine_law_of_cells_is_evaluated_once_and_another_is_not():
    t = jnp.zeros(())
    constant = wall(CellField(jnp.ones(18))).prepared(t)
    assert constant._prepared.blocks[0].supply is not None
    grows = lambda T: 1.0 + T
    varying = wall(grows, heat_source=CellField(jnp.ones(18))).prepared(t)
    assert varying._prepared.blocks[0].supply is None
    flow, solution = heat_flow(varying)
    assert solution.status == 0 and np.isfinite(flow)


def test_derivatives_by_the_values_and_a_batch_of_fields():
    mesh = rectangle_mesh(6, 3)
    values = jnp.asarray(np.random.default_rng(0).uniform(1.0, 3.0, 18))
    flow = lambda v: heat_flow(wall(CellField(v), mesh))[0]
    check = gradient_check(flow, values)
    assert check.best < 1e-6 and check.dot_product < 1e-12
    many = jnp.stack([values, 2 * values, values[::-1]])
    one_by_one = jnp.stack([flow(v) for v in many])
    assert np.abs(eqx.filter_vmap(flow)(many) - one_by_one).max() < 1e-12


def test_negative_values_that_nobody_checked_are_reported():
    flow = lambda v: heat_flow(wall(CellField(v)))[1].status
    backwards = jnp.ones(18).at[4].set(-0.2)
    assert jax.jit(flow)(backwards) == Status.INFEASIBLE


def test_a_material_of_cells_is_checked_and_taken_apart():
    stiff = IsotropicElastic(CellField([1.0, 5.0]), 0.3)
    assert law_of(stiff, 1).young_modulus(293.0) == 5.0
    assert jnp.shape(law_of(stiff, jnp.array(0)).poisson_ratio(293.0)) == ()
    with pytest.raises(ValueError, match=r"young_modulus = .* is not above 0"):
        IsotropicElastic(CellField([1.0, -5.0]), 0.3)
    with pytest.raises(ValueError, match="is one number"):
        CellField(2.0)
    ply = OrthotropicElastic(
        CellField([[1.0, 1.0, 1.0], [4.0, 1.0, 1.0]]), [0.2] * 3, [0.5] * 3
    )
    assert law_of(ply, 1).young_moduli.tolist() == [4.0, 1.0, 1.0]


def test_values_by_group():
    groups = {"left": np.array([0, 1]), "right": np.array([2])}
    assert CellField.from_groups(
        3, groups, {"left": 2.0, "right": 3.0}
    ).values.tolist() == [2, 2, 3]
    assert (
        CellField.from_groups(3, groups, {"right": 3.0}, default=1.0).values[0] == 1.0
    )
    with pytest.raises(ValueError, match="2 of 3 cells"):
        CellField.from_groups(3, groups, {"right": 3.0})
    with pytest.raises(ValueError, match=r"values names \['top'\]"):
        CellField.from_groups(3, groups, {"top": 3.0})


def test_schemes_without_cells_refuse_a_cell_field():
    with pytest.raises(ValueError, match="for 5 cells, but the mesh has 18"):
        wall(CellField(jnp.ones(5)))
    box = Box((0.0, 0.0), (1.0, 1.0))
    conditions = {name: NormalFlux(0.0) for name in box.boundary_names}
    problem = Problem(HeatConduction(CellField(jnp.ones(64))), box, conditions)
    with pytest.raises(TypeError, match="which only finite elements"):
        discretize(problem, CartesianGrid((8, 8)))
    jet = Jet(jnp.ones(1), jnp.ones(1), jnp.ones((1, 2)), jnp.ones((1, 2, 2)))
    with pytest.raises(TypeError, match="given cell by cell"):
        strong_residual(problem.law, 0.0, jnp.zeros(2), jet)


def bar_mesh():
    mesh = rectangle_mesh(8, 2, (0.0, 0.0), (4.0, 1.0))
    return name_points(mesh, {"tip": (4.0, 0.5)})


def bar(load=(0.0, -1.0), mesh=None):
    """Clamped at x_min, a force at the middle of x_max."""
    mesh = bar_mesh() if mesh is None else mesh
    free = Traction((0.0, 0.0))
    conditions = {name: free for name in mesh.boundary_names}
    conditions |= {"x_min": Dirichlet(0.0), "tip": PointLoad(load)}
    law = PlaneStress(IsotropicElastic(100.0, 0.3))
    problem = Problem(law, Region(2, tuple(conditions)), conditions)
    return FiniteElement(problem, mesh)


def test_a_point_load_is_what_the_support_carries():
    solution = solve_steady(bar((0.3, -1.0)), tolerance=1e-13)
    carried = solution.ledger.outflow
    assert np.abs(carried["tip"][0] - jnp.array([-0.3, 1.0])).max() < 1e-12
    assert np.abs(carried["x_min"][0] - jnp.array([0.3, -1.0])).max() < 1e-12


def test_the_work_of_a_point_load_has_the_right_derivative():
    mesh = bar_mesh()
    node = mesh.topology.point_sets["tip"][0]

    def sag(load):
        scheme = bar(load, mesh)
        return solve_steady(scheme, tolerance=1e-13).final[1, node]

    check = gradient_check(sag, jnp.array([0.3, -1.0]))
    assert check.best < 1e-6


def test_a_point_support_holds_one_component():
    mesh = rectangle_mesh(4, 2)
    mesh = name_points(mesh, {"pin": (0.0, 0.0), "slide": (1.0, 0.0)})
    down = lambda t, x: jnp.array([0.0, -1.0])
    free = Traction((0.0, 0.0))
    conditions = {name: free for name in mesh.boundary_names}
    conditions |= {
        "y_max": Traction(down),
        "pin": Dirichlet(0.0),
        "slide": (
            Dirichlet(0.0, ("displacement_y",)),
            PointLoad(0.0, ("displacement_x",)),
        ),
    }
    law = PlaneStress(IsotropicElastic(10.0, 0.3))
    scheme = FiniteElement(Problem(law, Region(2, tuple(conditions)), conditions), mesh)
    solution = solve_steady(scheme, tolerance=1e-13)
    pin, slide = (mesh.topology.point_sets[name][0] for name in ("pin", "slide"))
    assert np.all(solution.final[:, pin] == 0) and solution.final[1, slide] == 0
    assert solution.final[0, slide] > 1e-3
    for name in ("pin", "slide"):
        wanted = jnp.array([0.0, -0.5])
        assert np.abs(solution.ledger.outflow[name][0] - wanted).max() < 1e-12


def test_names_of_points_are_part_of_a_topology():
    mesh = rectangle_mesh(4, 2)
    named = name_points(mesh, {"tip": (1.0, 0.5)})
    assert named.topology != mesh.topology
    assert named.topology == name_points(mesh, {"tip": [(1.0, 0.5)]}).topology
    moved = morph(named, lambda x: 2.0 * x)
    assert moved.topology.point_sets["tip"].tolist() == [13]
    built = Mesh.from_cells(
        mesh.points, "quad", mesh.topology.cells, point_sets={"tip": np.array([13])}
    )
    assert built.topology.point_sets["tip"].tolist() == [13]


def test_bad_points_are_refused():
    mesh = rectangle_mesh(4, 2)
    with pytest.raises(ValueError, match=r"no node at \[0.9, 0.5\].*nearest"):
        name_points(mesh, {"tip": (0.9, 0.5)})
    with pytest.raises(ValueError, match="give \\(2,\\) coordinates"):
        name_points(mesh, {"tip": (0.9, 0.5, 0.0)})
    with pytest.raises(ValueError, match="has the name of a boundary part"):
        name_points(mesh, {"x_min": (0.0, 0.5)})
    with pytest.raises(ValueError, match="must name nodes between"):
        Mesh.from_cells(
            mesh.points, "quad", mesh.topology.cells, point_sets={"a": np.array([99])}
        )
    tip = name_points(mesh, {"tip": (1.0, 0.5)})
    free = {name: Traction((0.0, 0.0)) for name in mesh.boundary_names}
    law = PlaneStress(IsotropicElastic(1.0, 0.3))

    def scheme(**conditions):
        held = free | conditions
        return FiniteElement(Problem(law, Region(2, tuple(held)), held), tip)

    with pytest.raises(TypeError, match="a point set has no area"):
        scheme(tip=Traction((0.0, 1.0)))
    with pytest.raises(TypeError, match="cannot impose a PointLoad"):
        scheme(x_min=PointLoad((0.0, 1.0)))
    with pytest.raises(ValueError, match=r"no boundary \['top'\]"):
        scheme(top=PointLoad((0.0, 1.0)))
    with pytest.raises(ValueError, match="load has the shape"):
        t, state = jnp.zeros(()), jnp.zeros((2, 15))
        scheme(tip=PointLoad((0.0, 1.0, 2.0))).inflow(t, state)
