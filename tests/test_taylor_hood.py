"""Mixed elements: Stokes, incompressible elasticity and flow, open and closed."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from distorted_mesh import distorted

from froude.physics import (
    Dirichlet,
    GradientStress,
    IncompressibleElastic,
    NavierStokes,
    NormalFlux,
    Problem,
    Region,
    Stokes,
    Traction,
    check_balance_law,
    kovasznay,
    manufactured,
)
from froude.solvers import (
    BDF2,
    SDIRK2,
    CartesianGrid,
    Displacement,
    Explicit,
    FiniteElement,
    Mesh,
    Status,
    TaylorHood,
    discretize,
    gradient_check,
    rectangle_mesh,
    solve,
    solve_steady,
)

VELOCITY = ("velocity_x", "velocity_y")
LAWS = {
    "stokes": Stokes(0.7, (0.1, -0.2)),
    "gradient": Stokes(0.7, viscous_stress=GradientStress()),
    "stokes 3-D": Stokes(0.7, dimension=3),
    "elastic": IncompressibleElastic(3.0, 0.4),
    "elastic 3-D": IncompressibleElastic(3.0, dimension=3),
    "flow 3-D": NavierStokes(1.2, 0.1, dimension=3),
}


def held(names, value=0.0):
    return {name: Dirichlet(value, VELOCITY) for name in names}


class Parabola(eqx.Module):
    """Inflow with a peak [m s^-1], or a lid that slides as fast in the middle / 16."""

    peak: jax.Array
    lid: bool = eqx.field(static=True, default=False)

    def __call__(self, t, x):
        bump = (x[0] * (1 - x[0])) ** 2 if self.lid else 4 * x[1] * (1 - x[1])
        return jnp.stack([self.peak * bump, 0.0, 0.0])


def channel(law, mesh, peak=1.0, **rest):
    """Poiseuille flow from x_min to a free end."""
    conditions = held(mesh.boundary_names) | {"x_max": NormalFlux(0.0)}
    conditions["x_min"] = Dirichlet(Parabola(peak), VELOCITY)
    problem = Problem(law, Region(2, mesh.boundary_names), conditions, **rest)
    return FiniteElement(problem, mesh)


@pytest.mark.parametrize("name", LAWS)
def test_laws_are_balance_laws(name):
    law = LAWS[name]
    assert check_balance_law(law, dimension=law.dimension).gradient < 1e-6


def test_kovasznay_flow_solves_navier_stokes():
    flow = lambda t, x: kovasznay(t, x, jnp.asarray(40.0))
    law = NavierStokes(1.0, 1 / 40)
    assert check_balance_law(law, dimension=2, exact=flow).residual < 1e-9


def test_poiseuille_flow_and_its_drag_are_exact():
    mesh = distorted(rectangle_mesh(4, 3, upper=(2.0, 1.0), element="P2"), 0.0)
    law = NavierStokes(1.3, 0.2, viscous_stress=GradientStress())
    scheme = channel(law, mesh)
    solution = solve_steady(scheme)
    x, y = np.asarray(mesh.points).T
    exact = np.stack([4 * y * (1 - y), 0 * y, 0.2 * 8 * (2 - x)])
    assert int(solution.status) == Status.OK
    np.testing.assert_allclose(solution.final, exact, atol=1e-12)
    # the walls take all that the pressure μ 8/h² · 2 h at the inlet pushes with; what
    # flows in as momentum flows out again
    outflow = solution.ledger.outflow
    walls = outflow["y_min"][0, 0] + outflow["y_max"][0, 0]
    np.testing.assert_allclose(walls, -outflow["x_min"][0, 0], rtol=1e-12)
    # at nodes of the inlet the walls share: a third of a facet of theirs at each end
    np.testing.assert_allclose(walls, 0.2 * 8 * 2, rtol=0.2)


@pytest.mark.parametrize("element", ["P2", "Q2"])
def test_closed_vessel_gets_the_pressure_of_mean_zero(element):
    mesh = rectangle_mesh(4, 4, element=element)
    parabola = lambda t, x: jnp.stack([x[1] * (1 - x[1]), 0.0, 0.0])
    problem = Problem(
        Stokes(0.5),
        Region(2, mesh.boundary_names),
        held(mesh.boundary_names, parabola),
    )
    solution = solve_steady(FiniteElement(problem, mesh))
    x, y = np.asarray(mesh.points).T
    # p = -2 μ (x - 1/2) is in the space, also at middle nodes
    exact = np.stack([y * (1 - y), 0 * y, -(x - 0.5)])
    assert solution.status == Status.OK and solution.statistics.newton_steps == 1
    np.testing.assert_allclose(solution.final, exact, atol=1e-12)


def test_data_that_a_vessel_cannot_keep_are_infeasible():
    mesh = rectangle_mesh(2, 2, element="P2")
    conditions = held(mesh.boundary_names)
    conditions["x_min"] = Dirichlet((1.0, 0.0, 0.0), VELOCITY)
    problem = Problem(Stokes(1.0), Region(2, mesh.boundary_names), conditions)
    assert int(solve_steady(FiniteElement(problem, mesh)).status) == Status.INFEASIBLE


def matrix_at_rest(law, mesh):
    """The tangent of a medium held all around, and which unknowns are free."""
    names = tuple(component.name for component in law.components[:-1])
    conditions = {name: Dirichlet(0.0, names) for name in mesh.boundary_names}
    scheme = FiniteElement(Problem(law, Region(2, tuple(conditions)), conditions), mesh)
    t, rest = jnp.zeros(()), jnp.zeros((3, len(mesh.points)))
    tangent = eqx.filter_jit(lambda s: s.prepared(t).jacobian(t, rest, 0.0, 1.0))
    rows = np.flatnonzero(scheme.free().ravel())
    return tangent(scheme).to_scipy().toarray()[np.ix_(rows, rows)], scheme.free()


def test_matrix_of_a_closed_vessel_is_regular():
    matrix, _ = matrix_at_rest(Stokes(0.7), rectangle_mesh(2, 2, element="P2"))
    # unshifted, the constant pressure would make the last one round-off
    sizes = np.linalg.svd(matrix, compute_uv=False)
    assert sizes[-1] > 0.1 * sizes[-2]


@pytest.mark.slow
@pytest.mark.parametrize("element", ["P2", "Q2"])
@pytest.mark.parametrize("n", [3, 6])
def test_inf_sup_constant_does_not_fall_with_the_mesh(element, n):
    """The root of the least eigenvalue of B A⁻¹ Bᵀ against the mass of the pressure.

    Equal-order elements have zero there. Of the square it is conjectured to be
    sqrt(1/2 - 1/π) = 0.43: M. Costabel et al. (2015).
    """
    mesh = rectangle_mesh(n, n, element=element)
    flow, free = matrix_at_rest(Stokes(1.0, viscous_stress=GradientStress()), mesh)
    # 1/K = 1: the matrix of the pressure is minus its mass
    solid, _ = matrix_at_rest(IncompressibleElastic(1.5, 0.25), mesh)
    split = free[:2].sum()
    a, b = flow[:split, :split], flow[split:, :split]
    schur = b @ np.linalg.solve(a, b.T)
    root = np.linalg.cholesky(np.linalg.inv(-solid[split:, split:]))
    least = np.linalg.eigvalsh(root.T @ schur @ root)[:2]
    assert abs(least[0]) < 1e-12
    assert 0.35 < np.sqrt(least[1]) < 0.5


def test_matrix_is_the_derivative_of_the_residual():
    mesh = distorted(rectangle_mesh(2, 2, element="P2"), 0.05)
    scheme = channel(NavierStokes(1.0, 0.1), mesh)
    t, draws = jnp.zeros(()), np.random.default_rng(1)
    state = scheme.constrain(t, jnp.asarray(draws.normal(size=(3, len(mesh.points)))))
    along = jnp.asarray(draws.normal(size=state.shape))

    @eqx.filter_jit
    def both(scheme, state, along):
        matrix = scheme.prepared(t).jacobian(t, state, 0.0, 1.0)
        residual = lambda u: scheme.steady_residual(t, u)
        return matrix.mv(along.ravel()), jax.jvp(residual, (state,), (along,))[1]

    held_still = scheme.constrain(t, state + along) - state
    product, slope = both(scheme, state, held_still)
    np.testing.assert_allclose(product, slope.ravel(), atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("closed", [False, True])
def test_drag_and_pressure_have_derivatives(closed):
    mesh = distorted(rectangle_mesh(3, 3, element="P2"), 0.03)
    draws = np.random.default_rng(2)

    def judged(design):
        moved = Mesh(design["points"], mesh.topology)
        law = NavierStokes(1.0, design["viscosity"])
        scheme = channel(law, moved, design["peak"])
        if closed:
            conditions = held(mesh.boundary_names)
            conditions["y_max"] = Dirichlet(Parabola(design["peak"], True), VELOCITY)
            problem = Problem(law, Region(2, mesh.boundary_names), conditions)
            scheme = FiniteElement(problem, moved)
        solution = solve_steady(scheme, tolerance=1e-13)
        force = solution.ledger.outflow["y_max"][0, 0]
        return 10 * force + jnp.sum(solution.final[2] ** 2)

    design = {
        "viscosity": jnp.array(0.05),
        "peak": jnp.array(1.5),
        "points": mesh.points,
    }
    direction = {
        "viscosity": jnp.array(0.01),
        "peak": jnp.array(0.3),
        "points": jnp.asarray(0.02 * draws.normal(size=mesh.points.shape)),
    }
    check = gradient_check(
        judged, design, direction=direction, steps=(1e-2, 1e-3, 1e-4)
    )
    assert check.best < 1e-6 and check.dot_product < 1e-10


def test_a_sweep_over_viscosity_is_one_program():
    mesh = rectangle_mesh(3, 3, element="P2")
    traced = []

    @eqx.filter_jit
    def drop(viscosity):
        traced.append(1)
        solution = solve_steady(channel(NavierStokes(1.0, viscosity), mesh))
        return solution.final[2].max(), solution.status

    values = jnp.array([0.05, 0.1, 0.2])
    drops, status = eqx.filter_vmap(drop)(values)
    alone = [drop(value)[0] for value in values]
    drop(0.3 * values[0])
    assert not status.any() and len(traced) == 1
    np.testing.assert_allclose(drops, alone, rtol=1e-10)


def shaken(t, x):
    """A flow that the elements represent exactly: only the steps in time err."""
    swing, sway = jnp.sin(2 * t + 0.3), jnp.cos(3 * t)
    return jnp.stack([x[1] ** 2 * swing, x[0] ** 2 * sway, (x[0] - x[1]) * sway])


@pytest.mark.slow
@pytest.mark.parametrize("method", [SDIRK2(), BDF2()])
def test_marches_are_of_second_order_and_close_their_books(method):
    mesh = rectangle_mesh(2, 2, element="P2")
    region = Region(2, mesh.boundary_names)
    conditions = held(mesh.boundary_names)
    law = NavierStokes(1.2, 0.05)
    problem = Problem(law, region, conditions, interval=(0.0, 1.0))
    scheme = FiniteElement(manufactured(problem, shaken), mesh)
    exact = shaken(jnp.array(1.0), mesh.points.T)[:2]
    errors = []
    for steps in (8, 16):
        solution = solve(scheme, steps=steps, method=method)
        errors.append(float(jnp.abs(solution.final[:2] - exact).max()))
    assert solution.status == Status.OK
    assert 1.7 < np.log2(errors[0] / errors[1]) < 2.4
    ledger = solution.ledger
    gained = ledger.content[-1] - ledger.content[0]
    leaving = sum(part[-1] for part in ledger.outflow.values())
    np.testing.assert_allclose(gained, ledger.source[-1] - leaving, atol=1e-8)


def test_unfit_elements_methods_and_laws_are_refused_by_name():
    quadratic = rectangle_mesh(1, 1, element="P2")
    law = NavierStokes(1.0, 0.1)
    with pytest.raises(ValueError, match="triangle6, quad9"):
        channel(law, rectangle_mesh(1, 1, element="P1"))
    scheme = channel(law, quadratic, initial=0.0, interval=(0.0, 1.0))
    with pytest.raises(TypeError, match="checkerboard"):
        FiniteElement(scheme.problem, quadratic, formulation=Displacement())
    with pytest.raises(ValueError, match="depth"):
        FiniteElement(scheme.problem, quadratic, formulation=TaylorHood(("depth",)))
    with pytest.raises(ValueError, match="Explicit"):
        solve(scheme, steps=2, method=Explicit())
    with pytest.raises(ValueError, match=r"poisson_ratio = 0\.6"):
        IncompressibleElastic(1.0, 0.6)
    with pytest.raises(ValueError, match="dimension = 1"):
        Stokes(1.0, dimension=1)
    with pytest.raises(TypeError, match="TaylorHood"):
        discretize(scheme.problem, CartesianGrid((4, 4)))


def test_traction_acts_on_the_displacements_of_an_incompressible_block():
    mesh = rectangle_mesh(2, 2, element="Q2")
    axes = ("displacement_x", "displacement_y")
    conditions = {
        "x_min": (Dirichlet(0.0, axes[:1]), NormalFlux(0.0, axes[1:])),
        "y_min": (Dirichlet(0.0, axes[1:]), NormalFlux(0.0, axes[:1])),
        "x_max": Traction((0.3, 0.0)),
        "y_max": NormalFlux(0.0),
    }
    law = IncompressibleElastic(2.0, 0.5)
    problem = Problem(law, Region(2, mesh.boundary_names), conditions)
    final = solve_steady(FiniteElement(problem, mesh)).final
    x, y = np.asarray(mesh.points).T
    # plane strain: strain q (1 - ν²)/E along x, the opposite along y, p = -q/2
    exact = np.stack([0.1125 * x, -0.1125 * y, np.full_like(x, -0.15)])
    np.testing.assert_allclose(final, exact, atol=1e-12)
