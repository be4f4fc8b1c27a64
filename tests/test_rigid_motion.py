"""Supports of solids: which rigid motions are free, and what a solve then says."""

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from froude.physics import (
    Axisymmetric,
    Dirichlet,
    IsotropicElastic,
    NormalFlux,
    PerRadian,
    PlaneStrain,
    Problem,
    Region,
    Solid,
    Spring,
    Traction,
)
from froude.solvers import (
    DirectSolver,
    FiniteElement,
    MultigridCG,
    Status,
    box_mesh,
    free_motions,
    rectangle_mesh,
    solve_steady,
)
from froude.solvers.balance import SteadyBalance
from froude.solvers.default_solver import default_linear_solver
from froude.solvers.finite_element.rigid_motion import near_null_space

STEEL = IsotropicElastic(200.0, 0.3)
AXES = {2: ("displacement_x", "displacement_y")}
AXES[3] = (*AXES[2], "displacement_z")


def hold(dimension, *axes):
    """Hold some displacements; no load along the others."""
    held = tuple(f"displacement_{axis}" for axis in axes)
    rest = tuple(name for name in AXES[dimension] if name not in held)
    return (Dirichlet(0.0, held), NormalFlux(0.0, rest)) if rest else Dirichlet(0.0)


def body(law, mesh, **conditions):
    free = {name: NormalFlux(0.0) for name in mesh.boundary_names}
    region = Region(mesh.dimension, mesh.boundary_names)
    return FiniteElement(Problem(law, region, free | conditions), mesh)


SQUARE = rectangle_mesh(2, 2, (0.0, 1.0), (2.0, 2.0))
CUBE = box_mesh(2, 2, 2)
ROLLER_2D = {"y_min": hold(2, "y")}


@pytest.mark.parametrize(
    "law,mesh,conditions,free",
    [
        (
            PlaneStrain,
            SQUARE,
            {},
            (
                "translation along x",
                "translation along y",
                "rotation about z through (1, 1.5)",
            ),
        ),
        (PlaneStrain, SQUARE, ROLLER_2D, ("translation along x",)),
        (PlaneStrain, SQUARE, ROLLER_2D | {"x_max": Spring((1e-6, 0.0))}, ()),
        (PlaneStrain, SQUARE, {"y_min": hold(2, "x", "y")}, ()),
        (
            Solid,
            CUBE,
            {"z_min": hold(3, "z")},
            (
                "translation along x",
                "translation along y",
                "rotation about z through (0.5, 0.5, 0.5)",
            ),
        ),
        (
            Solid,
            CUBE,
            {"z_min": hold(3, "z"), "x_min": hold(3, "x")},
            ("translation along y",),
        ),
    ],
)
def test_free_motions_are_named(law, mesh, conditions, free):
    assert free_motions(body(law(STEEL), mesh, **conditions)) == free


def test_a_ring_is_free_along_its_axis_only():
    mesh = rectangle_mesh(2, 2, (1.0, 0.0), (2.0, 1.0))
    none = {name: PerRadian(NormalFlux(0.0)) for name in mesh.boundary_names}
    ring = body(Axisymmetric(STEEL), mesh, **none)
    assert free_motions(ring) == ("translation along z",)


def test_unsupported_body_is_singular_and_the_warning_names_why():
    pull = {"x_max": Traction((1.0, 0.0)), "x_min": Traction((-1.0, 0.0))}
    with pytest.warns(UserWarning, match="against translation along x; hold"):
        loose = solve_steady(body(PlaneStrain(STEEL), SQUARE, **ROLLER_2D, **pull))
    assert loose.status == Status.SINGULAR
    held = solve_steady(
        body(PlaneStrain(STEEL), SQUARE, **ROLLER_2D, **pull | {"x_min": hold(2, "x")})
    )
    assert held.status == Status.OK


def test_a_material_that_gives_off_energy_is_infeasible():
    scheme = body(
        PlaneStrain(STEEL),
        SQUARE,
        y_min=hold(2, "x", "y"),
        x_max=Traction((1.0, 0.0)),
    )

    @eqx.filter_jit
    def status(scale):
        weak = jax.tree.map(
            lambda leaf: leaf * scale if eqx.is_inexact_array(leaf) else leaf,
            scheme.problem.law.material.young_modulus,
        )
        changed = eqx.tree_at(
            lambda s: s.problem.law.material.young_modulus, scheme, weak
        )
        return solve_steady(changed).status

    assert status(jnp.array(1.0)) == Status.OK
    assert status(jnp.array(-1.0)) == Status.INFEASIBLE


def pulled_cube(n):
    """A cube clamped at x_min, sheared at x_max, and a state of it at rest."""
    load = Traction((0.0, 0.0, 1.0))
    mesh = box_mesh(n, n, n)
    scheme = body(Solid(STEEL), mesh, x_min=Dirichlet(0.0), x_max=load)
    return scheme, jnp.zeros((3, len(mesh.points)))


def test_large_solids_get_multigrid_that_knows_their_rigid_motions():
    solver = default_linear_solver(*pulled_cube(13)).sparse
    assert isinstance(solver, MultigridCG) and solver.components == 3
    assert solver.near_null.shape[1] == 6
    assert isinstance(default_linear_solver(*pulled_cube(5)).sparse, DirectSolver)


def test_rigid_motions_strain_nothing_and_save_steps():
    scheme, state = pulled_cube(7)
    rigid = near_null_space(scheme.mesh.points)
    # without supports every column is annihilated
    loose = body(Solid(STEEL), scheme.mesh)
    matrix = eqx.filter_jit(loose.jacobian)(jnp.zeros(()), state, 0.0, 1.0)
    scale = float(jnp.abs(matrix.values).max())
    for column in rigid.T:
        assert jnp.abs(matrix.mv(column)).max() < 1e-12 * scale
    balance = SteadyBalance(scheme, jnp.zeros(()))
    rhs = -balance.residual(state).ravel()
    stiffness = eqx.filter_jit(balance.jacobian)(state)
    steps = []
    for known in (rigid, rigid[:, :3]):
        found = MultigridCG(components=3, near_null=known).solve(stiffness, rhs)
        assert found.status == Status.OK
        steps.append(int(found.steps))
    assert steps[0] < 30 and steps[0] < steps[1]
