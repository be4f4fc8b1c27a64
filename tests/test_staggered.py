"""Staggered grids: exact flows, conservation, orders, derivatives, refusals."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from froude import budget, discretize, solve, solve_steady
from froude.physics import (
    Box,
    Dirichlet,
    GradientStress,
    HeatConduction,
    NavierStokes,
    NormalFlux,
    Problem,
    Robin,
)
from froude.solvers import (
    Explicit,
    ProjectionRungeKutta,
    StaggeredGrid,
    Status,
    WallClustering,
    gradient_check,
    largest_step,
    observed_order,
    project_velocity,
)

V = ("velocity_x", "velocity_y")
VV = (*V, "velocity_z")
TWO_PI = 2 * np.pi
WALL = Dirichlet(0.0, V)


def taylor_green(t, x, nu=0.1):
    """Decaying vortices, an exact solution for unit density."""
    decay = jnp.exp(-2 * nu * t)
    return jnp.stack(
        [
            jnp.cos(x[0]) * jnp.sin(x[1]) * decay,
            -jnp.sin(x[0]) * jnp.cos(x[1]) * decay,
            -0.25 * (jnp.cos(2 * x[0]) + jnp.cos(2 * x[1])) * decay**2,
        ]
    )


def vortices(cells, nu=0.1, end=0.5, initial=None, stretching=None):
    start = (lambda x: taylor_green(0.0, x)) if initial is None else initial
    box = Box((0.0, 0.0), (TWO_PI, TWO_PI), (True, True))
    problem = Problem(NavierStokes(1.0, nu), box, {}, start, (0.0, end))
    return discretize(problem, StaggeredGrid((cells, cells), stretching))


def cavity(lid=1.0, viscosity=0.1, cells=8, end=None):
    moving = Dirichlet(jnp.array([1.0, 0.0, 0.0]) * lid, V)
    problem = Problem(
        NavierStokes(1.0, viscosity),
        Box((0.0, 0.0), (1.0, 1.0)),
        {"x_min": WALL, "x_max": WALL, "y_min": WALL, "y_max": moving},
        None if end is None else 0.0,
        None if end is None else (0.0, end),
    )
    return discretize(problem, StaggeredGrid((cells, cells), WallClustering(0.8)))


def kinetic_energy(scheme, state):
    return 0.5 * jnp.sum(scheme.volumes()[:-1] * state[:-1] ** 2)


def test_taylor_green_vortices_are_second_order_and_close_their_books():
    errors = []
    for cells in (8, 16):
        scheme = vortices(cells)
        solution = solve(scheme, steps=10, method=ProjectionRungeKutta())
        assert solution.ok
        exact = scheme.project(lambda x: taylor_green(0.5, x))
        errors.append(float(jnp.abs(solution.final - exact)[:-1].max()))
        assert float(jnp.abs(budget(solution).imbalance).max()) < 1e-13
        found = float(kinetic_energy(scheme, solution.final))
        assert found == pytest.approx(np.pi**2 * np.exp(-0.2), rel=0.02)
    assert observed_order([2.0, 1.0], errors)[-1] == pytest.approx(2.0, abs=0.15)


@pytest.mark.parametrize("stretching", [None, lambda s: s + 0.3 * s * (1 - s)])
def test_convection_makes_no_kinetic_energy(stretching):
    def any_flow(x):
        return jnp.stack(
            [
                jnp.sin(x[1] + 0.3) + jnp.cos(2 * x[0]) * jnp.sin(x[1]),
                jnp.cos(x[0]) + jnp.sin(x[0] + 2 * x[1]),
                0.0,
            ]
        )

    scheme = vortices(8, initial=any_flow, stretching=stretching)
    state, removed = project_velocity(scheme, 0.0, scheme.project(any_flow))
    assert 0.01 < float(removed) < 1
    velocity = state[:-1]
    faces = scheme.layout.all_faces(jnp.zeros(()), velocity)
    power = velocity * scheme.terms(velocity.dtype).explicit(jnp.zeros(()), faces)
    assert float(jnp.abs(power).max()) > 1e-3
    assert abs(float(jnp.sum(power))) < 1e-13 * float(jnp.abs(power).sum())


def test_convection_is_third_order_in_time():
    def at(steps):
        start = lambda x: taylor_green(0.0, x) + jnp.array([1.0, 0.5, 0.0])
        scheme = vortices(8, nu=1e-6, end=2.0, initial=start)
        return solve(scheme, steps=steps, method=ProjectionRungeKutta()).final

    finest = at(80)
    errors = [float(jnp.abs(at(steps) - finest)[:-1].max()) for steps in (10, 20)]
    assert observed_order([2.0, 1.0], errors)[-1] == pytest.approx(3.0, abs=0.25)


def channel(force, viscosity=0.5, cells=6, lid=0.0):
    top = Dirichlet(jnp.array([1.0, 0.0, 0.0]) * lid, V)
    problem = Problem(
        NavierStokes(2.0, viscosity, body_force=(force, 0.0)),
        Box((0.0, 0.0), (1.0, 1.0), (True, False)),
        {"y_min": WALL, "y_max": top},
        0.0,
        (0.0, 40.0),
    )
    return discretize(problem, StaggeredGrid((4, cells), (None, WallClustering(1.0))))


def test_couette_flow_is_exact_and_its_shear_is_the_reaction():
    scheme = channel(0.0, lid=3.0)
    solution = solve_steady(scheme)
    assert solution.ok
    y = np.asarray(scheme.layout.lines[1].centres)
    np.testing.assert_allclose(solution.final[0], np.tile(3 * y, (4, 1)), atol=1e-12)
    shear = float(solution.ledger.outflow["y_max"][0, 0])
    assert shear == pytest.approx(-0.5 * 3.0, rel=1e-12)


@pytest.mark.slow
def test_a_march_reaches_the_poiseuille_flow_of_the_steady_state():
    scheme = channel(4.0, cells=8)
    steady = solve_steady(scheme)
    y = np.asarray(scheme.layout.lines[1].centres)
    # Second differences of a parabola are exact, half a cell from a wall they are not.
    widest = float(scheme.layout.lines[1].width.max())
    error = np.abs(np.asarray(steady.final[0, 0]) - 4.0 * y * (1 - y)).max()
    assert error < 4.0 * widest**2
    march = solve(scheme, steps=40, method=ProjectionRungeKutta())
    np.testing.assert_allclose(march.final, steady.final, atol=1e-9)
    assert float(budget(march).relative[-1, 0]) < 1e-12


@pytest.mark.slow
def test_a_march_reaches_the_steady_cavity_and_closes_its_books():
    steady = solve_steady(cavity())
    assert steady.ok
    late = solve(cavity(end=12.0), steps=80, method=ProjectionRungeKutta())
    np.testing.assert_allclose(late.final, steady.final, atol=1e-8)
    assert float(budget(late).relative[-1, :2].max()) < 1e-12
    # the pressure of a closed box has mean zero
    assert abs(float(steady.discretization.integrate(steady.final)[-1])) < 1e-13


@pytest.mark.slow
def test_marches_of_projection_and_of_newton_agree():
    scheme = cavity(end=0.4)
    newton = solve(scheme, steps=32)
    errors = [
        jnp.abs(
            solve(scheme, steps=n, method=ProjectionRungeKutta()).final - newton.final
        )[:-1].max()
        for n in (8, 32)
    ]
    assert newton.ok
    assert float(errors[1]) < 2e-4
    assert float(errors[1]) < float(errors[0])


@pytest.mark.slow
@pytest.mark.parametrize("outlet", ["x_max", "x_min"])
def test_a_channel_with_an_outlet_keeps_its_parabola(outlet):
    sign, inlet = (1.0, "x_min") if outlet == "x_max" else (-1.0, "x_max")

    def profile(t, x):
        return jnp.stack([sign * 4 * x[1] * (1 - x[1]), 0.0 * x[0], 0.0 * x[0]])

    problem = Problem(
        NavierStokes(1.0, 0.1, viscous_stress=GradientStress()),
        Box((0.0, 0.0), (2.0, 1.0)),
        {
            inlet: Dirichlet(profile, V),
            outlet: NormalFlux(0.0),
            "y_min": WALL,
            "y_max": WALL,
        },
        lambda x: profile(0.0, x),
        (0.0, 1.0),
    )
    scheme = discretize(problem, StaggeredGrid((8, 8)))
    solution = solve_steady(scheme)
    assert solution.ok
    centred = np.asarray(scheme.at_centres(solution.final, None))
    y = np.asarray(scheme.layout.lines[1].centres)
    assert np.abs(centred[0] - sign * 4 * y * (1 - y)).max() < 0.03
    # dp/dx = -8 μ, and do-nothing leaves p = 0 at the outlet
    x = np.asarray(scheme.layout.lines[0].centres)
    distance = 2.0 - x if outlet == "x_max" else x
    np.testing.assert_allclose(centred[-1].mean(1), 0.8 * distance, atol=0.05)
    march = solve(scheme, steps=40, method=ProjectionRungeKutta())
    assert march.ok
    leaving = scheme.inflow(1.0, march.final)[-1]
    assert float(jnp.abs(leaving).max()) < 1e-13


def test_three_dimensions_keep_two_dimensional_flow():
    flat = vortices(8)

    def start(x):
        u = taylor_green(0.0, x[:2])
        return jnp.stack([u[0], u[1], 0.0 * x[0], u[2]])

    still = Dirichlet(0.0, ("velocity_z",))
    slip = NormalFlux(0.0, V)
    box = Box((0.0,) * 3, (TWO_PI, TWO_PI, 1.0), (True, True, False))
    law = NavierStokes(1.0, 0.1, dimension=3)
    sides = {"z_min": (still, slip), "z_max": (still, slip)}
    problem = Problem(law, box, sides, start, (0.0, 0.5))
    grid = StaggeredGrid((8, 8, 4), (None, None, WallClustering(1.0)))
    solid = solve(discretize(problem, grid), steps=4, method=ProjectionRungeKutta())
    plane = solve(flat, steps=4, method=ProjectionRungeKutta())
    assert solid.ok
    for k in range(4):
        np.testing.assert_allclose(solid.final[:2, ..., k], plane.final[:2], atol=1e-12)
    np.testing.assert_allclose(solid.final[2], 0.0, atol=1e-12)


def test_the_generic_residual_of_the_exact_solution_vanishes_at_second_order():
    sizes = []
    for cells in (8, 16):
        scheme = vortices(cells)
        dt = 0.4 / cells
        at = lambda t, s=scheme: s.project(lambda x: taylor_green(t, x))
        residual = scheme.residual(0.0, at(0.0), dt, at(dt))[:-1]
        volume = scheme.volumes()[:-1]
        sizes.append(float(jnp.abs(residual / volume / dt).max()))
    assert observed_order([2.0, 1.0], sizes)[-1] == pytest.approx(2.0, abs=0.25)


@pytest.mark.slow
def test_derivatives_of_a_march_and_of_a_steady_cavity():
    def energy_at_the_end(design):
        scheme = cavity(design["lid"], design["viscosity"], end=0.2)
        end = solve(scheme, steps=2, method=ProjectionRungeKutta()).final
        return kinetic_energy(scheme, end)

    def drag(design):
        scheme = cavity(design["lid"], design["viscosity"], cells=6)
        return solve_steady(scheme).ledger.outflow["y_max"][0, 0]

    design = {"lid": jnp.asarray(1.0), "viscosity": jnp.asarray(0.05)}
    for function in (energy_at_the_end, drag):
        check = gradient_check(function, design, steps=(1e-3, 1e-4, 1e-5))
        assert check.best < 1e-6
        assert check.dot_product < 1e-11
        assert abs(check.derivative) > 1e-3


def test_one_program_serves_a_sweep_and_a_batch_equals_its_members():
    traces = []

    @eqx.filter_jit
    def energy(viscosity):
        traces.append(None)
        scheme = cavity(1.0, viscosity, end=0.2)
        solution = solve(scheme, steps=2, method=ProjectionRungeKutta())
        return kinetic_energy(scheme, solution.final), solution.status

    values = jnp.array([0.05, 0.1, jnp.nan])
    one_by_one = [energy(value)[0] for value in values]
    assert len(traces) == 1
    batch, status = eqx.filter_vmap(energy)(values)
    np.testing.assert_allclose(batch[:2], jnp.stack(one_by_one[:2]), rtol=1e-12)
    assert status.tolist() == [Status.OK, Status.OK, Status.NON_FINITE]


def test_steps_beyond_the_limit_and_bad_initial_states_end_with_a_status():
    noisy = lambda x: taylor_green(0.0, x) + 0.1 * jnp.sin(3 * x[0] + x[1])
    scheme = vortices(8, nu=1e-4, initial=noisy)
    limit = float(largest_step(scheme, scheme.project(noisy)))
    assert limit == pytest.approx(3**0.5 * (TWO_PI / 8) / 1.1, rel=0.4)

    def marched(step):
        long = vortices(8, nu=1e-4, initial=noisy, end=40 * step)
        return solve(long, steps=40, method=ProjectionRungeKutta())

    assert marched(0.5 * limit).ok
    assert marched(5 * limit).status == Status.NON_FINITE
    lost = solve(
        vortices(8, initial=lambda x: jnp.full(3, jnp.nan)),
        steps=40,
        method=ProjectionRungeKutta(),
    )
    assert lost.status == Status.NON_FINITE


def test_an_initial_velocity_with_divergence_is_projected_and_reported():
    wild = lambda x: jnp.stack([jnp.sin(x[0]), 0.0 * x[0], 0.0 * x[0]])
    solution = solve(vortices(8, initial=wild), steps=40, method=ProjectionRungeKutta())
    assert float(solution.statistics.residual_norm) == pytest.approx(1.0, rel=1e-12)
    np.testing.assert_allclose(solution.final, 0.0, atol=1e-14)


def test_bad_input_is_refused_by_name():
    box = Box((0.0, 0.0), (1.0, 1.0))
    walls = dict.fromkeys(box.boundary_names, WALL)
    law = NavierStokes(1.0, 0.1)
    grid = StaggeredGrid((8, 8))
    make = lambda law=law, **other: discretize(Problem(law, box, walls | other), grid)
    with pytest.raises(ValueError, match=r"let 1 m\^2/s flow into the box"):
        make(x_min=Dirichlet((1.0, 0.0, 0.0), V))
    with pytest.raises(ValueError, match=r"shape \(2,\) at a point"):
        make(x_min=Dirichlet((0.0, 0.0), V))
    with pytest.raises(ValueError, match="holds the pressure"):
        make(x_min=Dirichlet(0.0))
    with pytest.raises(TypeError, match="cannot impose Robin"):
        make(x_min=Robin(1.0, 0.0))
    with pytest.raises(ValueError, match="GradientStress"):
        make(x_max=NormalFlux(0.0))
    free = NavierStokes(1.0, 0.1, viscous_stress=GradientStress())
    with pytest.raises(ValueError, match="free at both x_min and x_max"):
        make(free, x_min=NormalFlux(0.0), x_max=NormalFlux(0.0))
    with pytest.raises(ValueError, match="dimension = 3"):
        discretize(
            Problem(
                NavierStokes(1.0, 0.1, dimension=3),
                box,
                dict.fromkeys(box.boundary_names, Dirichlet(0.0, VV)),
            ),
            grid,
        )
    with pytest.raises(TypeError, match="NavierStokes"):
        heat = Problem(HeatConduction(1.0), box, dict.fromkeys(walls, Dirichlet(0.0)))
        discretize(heat, grid)
    with pytest.raises(ValueError, match="at least 4 cells"):
        StaggeredGrid((3, 8))
    with pytest.raises(ValueError, match="increasing"):
        StaggeredGrid((8, 8), lambda s: 1 - s)
    with pytest.raises(ValueError, match="use SDIRK2, .* or ProjectionRungeKutta"):
        solve(vortices(8), steps=2, method=Explicit())
    with pytest.raises(TypeError, match="knows no constraint"):
        vortices(8).rhs(0.0, vortices(8).project(lambda x: jnp.zeros(3)))
