"""Finite volumes of gases: shocks, positivity, orders, walls, books, derivatives."""

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from froude.physics import (
    AdvectionDiffusion,
    Box,
    Burgers,
    Dirichlet,
    Euler,
    NormalFlux,
    Outflow,
    PressureOutlet,
    Problem,
    SlipWall,
    riemann_solution,
    riemann_star,
    simple_wave,
)
from froude.solvers import (
    HLLC,
    HLLC_LM,
    SSPRK3,
    WENO5Z,
    CartesianGrid,
    Characteristic,
    Explicit,
    FiniteVolume,
    LimitedLinear,
    Primitive,
    Rusanov,
    ShockCapturing,
    Status,
    budget,
    discretize,
    solve,
    unlimited,
)

GAS = Euler()
OPEN = {"x_min": Outflow(), "x_max": Outflow()}
SOD = ((1.0, 0.0, 1.0), (0.125, 0.0, 0.1))


class TwoStates(eqx.Module):
    """Primitive states left and right of x = 0.5 m."""

    left: jax.Array
    right: jax.Array

    def __call__(self, x):
        return GAS.conserved(jnp.where(x[0] < 0.5, self.left, self.right))


def tube(left, right, end, cells, **options):
    start = TwoStates(jnp.asarray(left, float), jnp.asarray(right, float))
    problem = Problem(GAS, Box((0.0,), (1.0,)), OPEN, start, (0.0, end))
    return discretize(problem, CartesianGrid(cells), **options)


def primitive(states, law=GAS):
    return jax.vmap(law.primitive, 1, 1)(states.reshape(states.shape[0], -1))


# 320 steps keep the Courant number of each below 0.41.
RIEMANN = {
    "sod": (*SOD, 0.2, 3.0e-3),
    "123": ((1.0, -2.0, 0.4), (1.0, 2.0, 0.4), 0.15, 4.0e-3),
    "left blast": ((1.0, 0.0, 1e3), (1.0, 0.0, 0.01), 0.012, 0.09),
    "right blast": ((1.0, 0.0, 0.01), (1.0, 0.0, 100.0), 0.035, 0.08),
}


@jax.jit
def exact_density(left, right, end):
    """Averages over 200 cells, by 20 points in each."""
    points = (jnp.arange(4000) + 0.5) / 4000
    at = lambda x: riemann_solution(end, x[None], left, right, 1.4, origin=0.5)[0]
    return jax.vmap(at)(points).reshape(200, 20).mean(axis=1)


@pytest.mark.parametrize("weno", [False, True], ids=["limited", "weno"])
def test_riemann_problems_meet_the_exact_solution_and_stay_positive(weno):
    inner = WENO5Z() if weno else LimitedLinear()
    for left, right, end, limit in RIEMANN.values():
        scheme = tube(left, right, end, 200, reconstruction=Primitive(inner))
        assert scheme.largest_time_step(scheme.project(scheme.problem.initial)) > 0
        solution = solve(scheme, steps=320, saves=10, method=SSPRK3())
        assert solution.status == Status.OK
        w = jax.vmap(primitive)(solution.states)
        assert w[:, 0].min() > 0 and w[:, -1].min() > 0
        wanted = exact_density(jnp.asarray(left), jnp.asarray(right), end)
        assert jnp.mean(jnp.abs(solution.final[0] - wanted)) < limit


def sound(cells, *, amplitude=0.2, end=0.3, gas=GAS, **options):
    """A sound wave of finite height on a periodic line, and its exact end."""
    speed = lambda s: amplitude * jnp.sin(jnp.pi * s)
    exact = lambda t: lambda x: simple_wave(t, x, gas, speed, reach=3.0)
    box = Box((-1.0,), (1.0,), (True,))
    problem = Problem(gas, box, {}, exact(0.0), (0.0, end))
    return discretize(problem, CartesianGrid(cells), **options), exact(end)


@pytest.mark.parametrize(
    "reconstruction, cells, steps, least",
    [
        # Third order in time: at five in space steps grow by 2^(5/3).
        (WENO5Z(), (32, 64), (60, 190), 4.5),
        (Primitive(LimitedLinear(unlimited)), (32, 64), (40, 80), 1.85),
    ],
    ids=["weno", "linear"],
)
def test_smooth_waves_converge_at_the_order_of_the_reconstruction(
    reconstruction, cells, steps, least
):
    errors = []
    for n, count in zip(cells, steps, strict=True):
        scheme, exact = sound(n, reconstruction=reconstruction)
        final = solve(scheme, steps=count, method=SSPRK3()).final
        wanted = eqx.filter_jit(lambda s=scheme, e=exact: s.project(e))()
        errors.append(float(jnp.mean(jnp.abs(final - wanted))))
    assert np.log2(errors[0] / errors[1]) > least, errors
    assert errors[1] < (4e-7 if least > 4 else 1e-3), errors


def test_explosion_in_a_box_is_symmetric_and_keeps_its_books():
    gas = Euler(1.4, 2)
    box = Box((-1.0, -1.0), (1.0, 1.0))

    def start(x):
        inside = jnp.dot(x, x) < 0.16
        rest, high, low = jnp.zeros(2), jnp.ones(1), jnp.full(1, 0.1)
        level = jnp.where(inside, high, low)
        return gas.conserved(jnp.concatenate([level, rest, level]))

    walls = dict.fromkeys(box.boundary_names, SlipWall())
    problem = Problem(gas, box, walls, start, (0.0, 1.2))
    scheme = discretize(problem, CartesianGrid((24, 24)))
    solution = solve(scheme, steps=60, saves=2, method=SSPRK3())
    books = budget(solution)
    assert solution.status == Status.OK and books.relative.max() < 1e-12
    content = solution.ledger.content
    for conserved in (0, -1):
        np.testing.assert_allclose(
            content[:, conserved], content[0, conserved], rtol=1e-13
        )
    rho, east, north, energy = solution.final
    assert jnp.ptp(rho) > 0.2  # the blast has come back from the walls
    for field in (rho, energy):
        for turned in (field[::-1], field[:, ::-1], field.T):
            np.testing.assert_allclose(turned, field, rtol=1e-11)
    np.testing.assert_allclose(north.T, east, atol=1e-12)
    np.testing.assert_allclose(-east[::-1], east, atol=1e-12)


def test_wall_stops_a_stream_as_its_mirror_image_would():
    w = (1.0, 1.0, 1.0)
    star = riemann_star(w, (1.0, -1.0, 1.0), 1.4)
    state = GAS.conserved(jnp.array(w))
    ends = {"x_min": Dirichlet(state), "x_max": SlipWall()}
    problem = Problem(GAS, Box((0.0,), (1.0,)), ends, state, (0.0, 0.6))
    solution = solve(discretize(problem, CartesianGrid(80)), steps=160, method=SSPRK3())
    rho, v, p = primitive(solution.final)[:, -20:-2]
    np.testing.assert_allclose(p, star.pressure, rtol=2e-3)
    np.testing.assert_allclose(v, 0.0, atol=2e-3)
    np.testing.assert_allclose(rho, star.density_left, rtol=1e-2)
    assert budget(solution).relative.max() < 1e-12


def test_streams_pass_boundaries_undisturbed():
    for velocity, outlet in (
        (0.4, PressureOutlet(0.9)),
        (2.0, PressureOutlet(0.2)),
        (-2.0, Outflow()),
        (0.4, None),
    ):
        state = GAS.conserved(jnp.array([1.2, velocity, 0.9]))
        far = Dirichlet(state)
        ends = {"x_min": far, "x_max": outlet or far}
        if velocity < 0:
            ends = {"x_min": outlet, "x_max": far}
        problem = Problem(GAS, Box((0.0,), (1.0,)), ends)
        scheme = ShockCapturing(problem, CartesianGrid(6))
        rate = scheme.rhs(0.0, jnp.broadcast_to(state[:, None], (3, 6)))
        assert jnp.abs(rate).max() < 1e-13


def test_numerical_fluxes_are_consistent_mirror_and_treat_contacts():
    gas, x = Euler(1.4, 2), jnp.zeros(2)
    left = gas.conserved(jnp.array([1.0, 0.3, 0.2, 1.0]))
    right = gas.conserved(jnp.array([0.4, -0.1, 0.5, 0.3]))
    turned = lambda u, axis: u.at[1 + axis].multiply(-1)
    for flux in (Rusanov(), HLLC(), HLLC_LM()):
        for axis in (0, 1):
            one = flux(gas, axis, 0.0, x, left, left)
            np.testing.assert_allclose(
                one, gas.inviscid_flux(left)[:, axis], rtol=1e-14
            )
            there = flux(gas, axis, 0.0, x, left, right)
            back = flux(gas, axis, 0.0, x, turned(right, axis), turned(left, axis))
            np.testing.assert_allclose(-turned(back, axis), there, rtol=1e-13)
    light = gas.conserved(jnp.array([0.1, 0.0, 2.0, 1.0]))
    heavy = gas.conserved(jnp.array([3.0, 0.0, -1.0, 1.0]))
    through = HLLC()(gas, 0, 0.0, x, light, heavy)
    np.testing.assert_allclose(through, [0, 1, 0, 0], atol=1e-15)
    assert abs(Rusanov()(gas, 0, 0.0, x, light, heavy)[0]) > 1


@pytest.mark.parametrize(
    "weno",
    [pytest.param(False, marks=pytest.mark.slow), True],
    ids=["limited", "weno"],
)
def test_coloured_jacobian_equals_dense_derivative(weno):
    dimension = 1 if weno else 2
    shape = (9,) if weno else (4, 5)
    box = Box((0.0,) * dimension, (1.0,) * dimension, (False,) * weno or (True, False))
    names = box.boundary_names
    ends = dict(zip(names, (SlipWall(), PressureOutlet(0.8)), strict=True))
    inner = WENO5Z() if weno else LimitedLinear()
    gas = Euler(1.4, dimension)
    scheme = ShockCapturing(
        Problem(gas, box, ends), CartesianGrid(shape), Primitive(inner)
    )
    numbers = jax.random.uniform(jax.random.key(1), (dimension + 2, *shape))
    state = 0.2 * numbers.at[0].add(4.0).at[-1].add(10.0)

    @jax.jit
    def both(state):
        def balance(flat):
            u = flat.reshape(state.shape)
            return (1.7 * scheme.storage(0.0, u) - 0.3 * scheme.inflow(0.0, u)).ravel()

        values = scheme.jacobian(0.0, state, 1.7, 0.3).values
        return values, jax.jacfwd(balance)(state.ravel())

    values, dense = both(state)
    matrix = eqx.filter_eval_shape(lambda u: scheme.jacobian(0.0, u, 1.7, 0.3), state)
    sparse = eqx.tree_at(lambda m: m.values, matrix, values).to_scipy().toarray()
    np.testing.assert_allclose(sparse, dense, atol=1e-12 * np.abs(dense).max())


@pytest.mark.slow
def test_gradients_match_finite_differences_and_batches_equal_single_runs():
    """Away from kinks: a smooth wave on a stream, so that no contact turns."""

    def heard(leaves):
        amplitude, heat_ratio, length = leaves
        gas = Euler(heat_ratio)

        def start(x):
            bump = amplitude * jnp.sin(2 * jnp.pi * x[0] / length)
            return gas.conserved(jnp.stack([1 + bump, 0.4 + bump, 1 + 2 * bump]))

        box = Box(jnp.zeros(1), length[None], (True,))
        problem = Problem(gas, box, {}, start, (0.0, 0.2))
        scheme = ShockCapturing(problem, CartesianGrid(12), Primitive(WENO5Z()))
        solution = solve(scheme, steps=8, method=SSPRK3())
        return jnp.sum(solution.final[-1] ** 2 * jnp.arange(12.0)), solution.status

    leaves = jnp.array([0.1, 1.4, 1.3])
    value = jax.jit(lambda leaves: heard(leaves)[0])
    reverse, forward = (
        jax.jit(jax.grad(value))(leaves),
        jax.jit(jax.jacfwd(value))(leaves),
    )
    np.testing.assert_allclose(forward, reverse, rtol=1e-10)
    for index in range(3):
        step = jnp.zeros(3).at[index].set(1e-5)
        slope = (value(leaves + step) - value(leaves - step)) / 2e-5
        np.testing.assert_allclose(reverse[index], slope, rtol=1e-6)

    # The last member starts with pressure below zero and does not sink the others.
    batch = jnp.stack([leaves, leaves.at[0].set(0.05), leaves.at[0].set(0.7)])
    values, status = jax.jit(jax.vmap(heard))(batch)
    assert status.tolist() == [Status.OK, Status.OK, Status.INFEASIBLE]
    np.testing.assert_allclose(values[0], value(leaves), rtol=1e-12)
    assert jnp.isfinite(values[1])


def test_steps_beyond_the_limit_end_with_a_status():
    scheme = tube(*SOD, 0.2, 100)
    status = solve(scheme, steps=10, method=SSPRK3()).status
    assert status in (Status.NON_FINITE, Status.INFEASIBLE)


def test_ssprk3_is_third_order_in_time():
    start = lambda x: jnp.sin(2 * jnp.pi * x)
    law = AdvectionDiffusion((1.0,), 0.005)
    problem = Problem(law, Box((0.0,), (1.0,), (True,)), {}, start, (0.0, 0.5))
    scheme = FiniteVolume(problem, CartesianGrid(16), limiter=unlimited)
    finest = solve(scheme, steps=128, method=Explicit(diffrax.Dopri5())).final
    errors = [
        jnp.abs(solve(scheme, steps=n, method=SSPRK3()).final - finest).max()
        for n in (16, 32)
    ]
    assert abs(np.log2(errors[0] / errors[1]) - 3) < 0.15, errors


def test_single_precision_state_stays_single():
    scheme = tube(*SOD, 0.2, 8, reconstruction=Characteristic(WENO5Z()), flux=HLLC_LM())
    state = jnp.ones((3, 8), jnp.float32)

    def everything(state):
        return scheme.rhs(0.0, state), *scheme.boundary_flux(0.0, state).values()

    parts = jax.eval_shape(everything, state)
    assert all(part.dtype == jnp.float32 for part in parts)


def test_what_a_gas_cannot_use_is_refused_by_name():
    line, cells = Box((0.0,), (1.0,)), CartesianGrid(8)
    burgers = Problem(Burgers(0.1), Box((0.0,), (1.0,), (True,)))
    with pytest.raises(TypeError, match="flux = HLLC needs an AbstractGas .* Burgers"):
        discretize(burgers, cells, flux=HLLC())
    start = lambda x: jnp.array([1.0, 0.0, x[0] - 0.5])
    with pytest.raises(ValueError, match="problem.initial has the pressure -0.1"):
        discretize(Problem(GAS, line, OPEN, start), cells)
    with pytest.raises(ValueError, match="problem.initial has the density -1"):
        discretize(Problem(GAS, line, OPEN, (-1.0, 0.0, 2.0)), cells)
    heated = {"x_min": NormalFlux(1.0), "x_max": Outflow()}
    with pytest.raises(TypeError, match=r"conditions\['x_min'\] holds a NormalFlux"):
        discretize(Problem(GAS, line, heated), cells)
    parts = (Dirichlet(1.0, ("density",)), Outflow(("momentum_x", "energy")))
    with pytest.raises(ValueError, match=r"conditions\['x_min'\] = Dirichlet"):
        discretize(Problem(GAS, line, {"x_min": parts, "x_max": Outflow()}), cells)
    with pytest.raises(ValueError, match="has dimension = 2 but the box has 1"):
        ShockCapturing(Problem(Euler(1.4, 2), line, OPEN), cells)
