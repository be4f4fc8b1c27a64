"""Finite volumes: orders, budgets, monotonicity, Jacobians, gradients."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.sparse.linalg import spsolve

from froude.physics import (
    AbstractBalanceLaw,
    AdvectionDiffusion,
    Box,
    Burgers,
    Component,
    Dirichlet,
    HeatConduction,
    NormalFlux,
    Outflow,
    Polynomial,
    Problem,
    Radiation,
    Region,
    Robin,
    burgers_cole_hopf,
    manufactured,
)
from froude.solvers import FourierGrid
from froude.solvers.finite_volume import (
    CartesianGrid,
    FiniteVolume,
    minmod,
    monotonized_central,
    superbee,
    unlimited,
    van_leer,
)

UPPER = (1.0, 1.5, 0.7)
CONDUCTIVITY = Polynomial(np.array([1.0, 1e-3]))


class Exchange(AbstractBalanceLaw):
    """Two temperatures that conduct and exchange heat; storage is not linear."""

    conductance: jax.Array

    @property
    def components(self):
        return (Component("solid", "K", "solid"), Component("fluid", "K", "fluid"))

    def storage(self, t, x, u):
        return jnp.stack([u[0] + 0.1 * u[0] ** 2, 2 * u[1] + 0.2 * u[0]])

    def flux(self, t, x, u, grad_u):
        return -(1 + 0.1 * u[::-1, None]) * grad_u

    def source(self, t, x, u, grad_u):
        exchanged = self.conductance * (u[0] - u[1]) + 0.1 * jnp.sum(grad_u[0] ** 2)
        return jnp.stack([-exchanged, exchanged])


def box(dimension, periodic=()):
    return Box((0.0,) * dimension, UPPER[:dimension], periodic)


def scheme(law, shape, conditions, *, exact=None, limiter=van_leer):
    domain = box(len(shape))
    names = domain.boundary_names
    problem = Problem(law, domain, dict(zip(names, conditions, strict=False)))
    if exact is not None:
        problem = manufactured(problem, exact)
    return FiniteVolume(problem, CartesianGrid(shape), limiter=limiter)


def steady_state(fv, start):
    @jax.jit
    def linearise(state):
        return fv.jacobian(0.0, state, 0.0, 1.0).values, fv.inflow(0.0, state)

    state = start
    pattern = eqx.filter_eval_shape(lambda u: fv.jacobian(0.0, u, 0.0, 1.0), start)
    for _ in range(8):
        values, supply = linearise(state)
        matrix = eqx.tree_at(lambda m: m.values, pattern, values).to_scipy()
        step = spsolve(matrix.tocsc(), np.asarray(supply).ravel())
        state = state + step.reshape(state.shape)
        if np.abs(step).max() < 1e-11 * np.abs(state).max():
            return state
    raise AssertionError("Newton did not converge")


def hot(t, x):
    wave = 1 + 0.5 * jnp.sin(2 * x[-1] + 0.3) * jnp.cos(x[x.size // 2])
    return 300 * (1 + jnp.exp(x[0]) * wave)[None]


def carried(t, x):
    return 1.5 + 0.5 * jnp.sin(4 * x[:1] + 0.2) * jnp.cos(2 * x[-1])


HEAT = HeatConduction(CONDUCTIVITY, 2.0)
TENSOR = HeatConduction(np.array([[1.3, 0.4], [0.4, 0.9]]))
ALL = (
    Dirichlet(0.0),
    Robin(2.0, 300.0),
    Radiation(0.8, 300.0),
    NormalFlux(1.0),
    Robin(1.0, 2.0),
    Outflow(),
)
MOVED = (Dirichlet(0.0), Outflow(), Dirichlet(0.0), Dirichlet(0.0))
# More laws, dimensions and conditions stand in `make verify`.
ORDERS = {
    "heat_2d": (HEAT, hot, ALL, 2, 10),
    "burgers_1d": (Burgers(0.5), carried, MOVED, 1, 80),
    "advection": (AdvectionDiffusion((1.0,), 0.0), carried, MOVED, 1, 40),
}


@pytest.mark.parametrize("name", ORDERS)
def test_steady_manufactured_error_falls_at_order_two(name):
    law, exact, conditions, dimension, coarse = ORDERS[name]
    errors = []
    for cells in (coarse, 2 * coarse):
        fv = scheme(
            law, (cells,) * dimension, conditions, exact=exact, limiter=unlimited
        )
        averages = eqx.filter_jit(lambda fv=fv: fv.project(lambda x: exact(0.0, x)))()
        error = steady_state(fv, averages) - averages
        errors.append(np.sqrt(np.mean(np.square(error))))
    assert abs(np.log2(errors[0] / errors[1]) - 2) < 0.15, errors


def test_boundary_flux_and_limited_waves_are_second_order():
    flux_errors, wave_errors = [], []
    for cells in (32, 64):
        fv = scheme(HEAT, (cells,), ALL, exact=hot)
        state = fv.project(lambda x: hot(0.0, x))
        flux = eqx.filter_jit(fv.boundary_flux)(0.0, state)["x_min"][0]
        slope = jax.jacfwd(lambda x: hot(0.0, x))(jnp.zeros(1))[0, 0]
        wanted = (1 + 1e-3 * hot(0.0, jnp.zeros(1))[0]) * slope
        flux_errors.append(abs(float(flux - wanted)))

        def rising(t, x):
            return jnp.tanh(3 * x - 1.0)

        fv = scheme(AdvectionDiffusion((1.0,)), (cells,), MOVED, exact=rising)
        state = fv.project(lambda x: rising(0.0, x))  # noqa: B023
        wave_errors.append(np.mean(np.abs(steady_state(fv, state) - state)))
    assert abs(np.log2(flux_errors[0] / flux_errors[1]) - 2) < 0.15, flux_errors
    assert np.log2(wave_errors[0] / wave_errors[1]) > 1.85, wave_errors


@pytest.mark.parametrize("law", [HEAT, Burgers(0.1, (1.0, -0.4)), TENSOR])
def test_budget_closes_to_round_off_for_every_condition(law):
    pairs = [
        (Dirichlet(310.0), NormalFlux(3.0)),
        (Robin(2.0, 280.0), Radiation(0.9, 250.0)),
        ((Robin(1.0, 290.0), Radiation(0.5, 280.0)), Outflow()),
    ]
    for (a, b), (c, d) in zip(pairs, pairs[1:] + pairs[:1], strict=True):
        fv = scheme(law, (7, 5), (a, b, c, d))
        state = 300 + 5 * jax.random.normal(jax.random.key(1), (1, 7, 5))

        @jax.jit
        def terms(u, fv=fv):
            return fv.inflow(0.0, u), fv.boundary_flux(0.0, u)

        supply, outward = terms(state)
        assert set(outward) == {"x_min", "x_max", "y_min", "y_max"}
        gap = jnp.sum(supply) + sum(outward.values())[0]
        scale = jnp.sum(jnp.abs(supply)) + sum(map(jnp.abs, outward.values()))[0]
        assert abs(gap) < 1e-12 * scale


@pytest.mark.parametrize("limiter", [minmod, van_leer, monotonized_central, superbee])
def test_step_stays_monotone(limiter):
    problem = Problem(AdvectionDiffusion((1.0,)), box(1, (True,)))
    fv = FiniteVolume(problem, CartesianGrid(100), limiter=limiter)
    start = fv.project(lambda x: jnp.where(jnp.abs(x - 0.4) < 0.2, 1.0, 0.0))
    total = fv.content(0.0, start)

    @jax.jit
    def march(state):
        def step(u, _):
            first = u + 0.004 * fv.rhs(0.0, u)
            u = 0.5 * (u + first + 0.004 * fv.rhs(0.0, first))
            wrapped = jnp.concatenate([u, u[:, :1]], 1)
            return u, jnp.sum(jnp.abs(jnp.diff(wrapped)))

        return jax.lax.scan(step, state, length=250)

    final, variation = march(start)
    assert variation[0] <= 2 + 1e-12 and np.all(np.diff(variation) < 1e-12)
    assert final.min() > -1e-12 and final.max() < 1 + 1e-12
    np.testing.assert_allclose(fv.content(0.0, final), total, rtol=1e-13)
    assert jnp.mean(jnp.abs(final - start)) < (0.1 if limiter is minmod else 0.06)


def exchange_scheme():
    exchange = Exchange(jnp.asarray(0.7))
    mixed = (Dirichlet(1.0, ("solid",)), Robin(2.0, 0.5, ("fluid",)))
    insulated = NormalFlux((0.0, 0.3))
    return scheme(exchange, (4, 5), (mixed, Outflow(), insulated, Dirichlet((1.0, 2))))


def wrapped_scheme(law, shape, periodic):
    domain = box(len(shape), periodic)
    conditions = dict.fromkeys(domain.boundary_names, Robin(1.0, 0.4))
    return FiniteVolume(Problem(law, domain, conditions), CartesianGrid(shape))


@pytest.mark.parametrize(
    "make",
    [
        exchange_scheme,
        lambda: scheme(TENSOR, (5, 6), ALL),
        lambda: scheme(HEAT, (4, 3, 5), ALL),
        lambda: wrapped_scheme(Burgers(0.1, (1.0, 0.3)), (11, 4), (True, False)),
        lambda: wrapped_scheme(TENSOR, (3, 13), (True, True)),
    ],
    ids=["components", "tensor", "3d", "periodic_waves", "periodic_tensor"],
)
def test_coloured_jacobian_equals_dense_derivative(make):
    fv = make()
    shape = (len(fv.problem.law.components), *fv.grid.shape)
    state = 1 + jax.random.uniform(jax.random.key(2), shape)

    @jax.jit
    def both(state):
        def balance(flat):
            u = flat.reshape(shape)
            return (1.7 * fv.storage(0.0, u) - 0.3 * fv.inflow(0.0, u)).ravel()

        return fv.jacobian(0.0, state, 1.7, 0.3).values, jax.jacfwd(balance)(
            state.ravel()
        )

    values, dense = both(state)
    matrix = eqx.filter_eval_shape(lambda u: fv.jacobian(0.0, u, 1.7, 0.3), state)
    sparse = eqx.tree_at(lambda m: m.values, matrix, values).to_scipy().toarray()
    np.testing.assert_allclose(sparse, dense, atol=1e-12 * np.abs(dense).max())


def test_rate_inverts_a_coupled_nonlinear_storage():
    fv = exchange_scheme()
    state = 1 + jax.random.uniform(jax.random.key(3), (2, 4, 5))
    rate = eqx.filter_jit(fv.rhs)(0.0, state)
    _, stored = jax.jvp(lambda u: fv.storage(0.0, u), (state,), (rate,))
    supply = eqx.filter_jit(fv.inflow)(0.0, state)
    np.testing.assert_allclose(stored, supply, rtol=1e-11, atol=1e-13)


def test_gradients_match_finite_differences_and_stay_finite_at_zero_slopes():
    def outflow(leaves):
        viscosity, ambient, length = leaves
        domain = Box(jnp.zeros(1), length[None])
        conditions = {"x_min": Radiation(0.9, ambient), "x_max": Robin(3.0, ambient)}
        law = Burgers(viscosity)
        fv = FiniteVolume(Problem(law, domain, conditions), CartesianGrid(8))
        state = 2 + jnp.exp(-fv.lattice.centres())
        return (
            jnp.sum(fv.inflow(0.0, state) ** 2)
            + fv.boundary_flux(0.0, state)["x_max"].sum()
        )

    leaves = jnp.array([0.3, 1.7, 1.2])
    value = jax.jit(outflow)
    forward, reverse = jax.jit(jax.jacfwd(outflow)), jax.jit(jax.grad(outflow))
    for index in range(3):
        step = jnp.zeros(3).at[index].set(1e-5)
        slope = (value(leaves + step) - value(leaves - step)) / 2e-5
        np.testing.assert_allclose(reverse(leaves)[index], slope, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(forward(leaves), reverse(leaves), rtol=1e-11)

    limiters = (minmod, van_leer, monotonized_central, superbee, unlimited)
    for limiter in limiters:
        fv = FiniteVolume(
            Problem(Burgers(0.0), box(1, (True,))), CartesianGrid(6), limiter=limiter
        )
        gradient = jax.grad(lambda u, fv=fv: jnp.sum(fv.inflow(0.0, u) ** 2))
        assert jnp.all(jnp.isfinite(jax.jit(gradient)(jnp.zeros((1, 6)))))


def test_burgers_converges_to_cole_hopf():
    import diffrax

    errors = []
    for cells in (64, 128):
        domain = Box((-1.0,), (1.0,))
        conditions = {"x_min": Dirichlet(0.0), "x_max": Dirichlet(0.0)}
        fv = FiniteVolume(
            Problem(Burgers(0.05), domain, conditions), CartesianGrid(cells)
        )
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(lambda t, u, fv: fv.rhs(t, u)),
            diffrax.Tsit5(),
            0.0,
            0.5,
            None,
            fv.project(lambda x: -jnp.sin(jnp.pi * x)),
            args=fv,
            stepsize_controller=diffrax.PIDController(rtol=1e-7, atol=1e-9),
            max_steps=20000,
        )
        exact = fv.project(lambda x: burgers_cole_hopf(0.5, x, jnp.asarray(0.05)))
        errors.append(float(jnp.mean(jnp.abs(solution.ys[-1] - exact))))
    assert errors[1] < 5e-4 and abs(np.log2(errors[0] / errors[1]) - 2) < 0.15, errors


def test_vmap_over_law_leaves_equals_a_loop_with_one_compilation():
    traces = []

    @eqx.filter_jit
    def supply(conductivity):
        traces.append(1)
        fv = scheme(HeatConduction(conductivity), (6,), ALL)
        state = 300 + jnp.arange(6.0)[None] ** 2
        return fv.inflow(0.0, state), fv.jacobian(0.0, state, 1.0, 1.0).values

    swept = jnp.array([0.5, 1.0, 2.0])
    together = jax.vmap(supply)(swept)
    alone = [supply(k) for k in swept]
    assert len(traces) == 1
    for batch, single in zip(together, zip(*alone, strict=True), strict=True):
        np.testing.assert_allclose(batch, jnp.stack(single), rtol=1e-12)


def test_single_precision_state_stays_single():
    fv = scheme(Burgers(0.1, (1.0, 0.5)), (5, 4), (*ALL[:3], Outflow()))
    state = jnp.ones((1, 5, 4), jnp.float32)

    def everything(state):
        return (
            fv.storage(0.0, state),
            fv.rhs(0.0, state),
            fv.jacobian(0.0, state, 1.0, 0.1).values,
            fv.integrate(state),
            *fv.boundary_flux(0.0, state).values(),
        )

    parts = jax.eval_shape(everything, state)
    assert all(part.dtype == jnp.float32 for part in parts)


def test_export_labels_axes_and_components():
    fv = scheme(HEAT, (3, 4), ALL)
    states = jnp.stack([fv.project(lambda x: x[:1] + 10 * x[1:])] * 2)
    dataset = fv.export(jnp.array([0.0, 1.0]), states)
    assert dataset.temperature.dims == ("time", "x", "y")
    assert dataset.temperature.attrs["units"] == "K" and dataset.x.attrs["units"] == "m"
    wanted = dataset.x + 10 * dataset.y
    np.testing.assert_allclose(dataset.temperature[1], wanted, rtol=1e-12)
    np.testing.assert_allclose(
        fv.collocate(states[0])[0], fv.coordinates() @ np.array([1.0, 10.0])
    )


def test_counts_of_cells_are_whole_numbers_of_any_type():
    for grid in (CartesianGrid, FourierGrid):
        assert grid(np.int64(8)).shape == (8,)
        assert grid(np.array([8, 4], np.int32)).shape == (8, 4)
        assert isinstance(grid([np.int64(8), 4]).shape[0], int)
        with pytest.raises(TypeError, match="shape = 64.0 must be whole numbers"):
            grid(64.0)


def test_unusable_grids_and_domains_are_refused_by_name():
    with pytest.raises(ValueError, match="at least 3 cells"):
        CartesianGrid((4, 2))
    with pytest.raises(ValueError, match="one number of cells per axis"):
        FiniteVolume(Problem(HEAT, box(2, (True, True))), CartesianGrid(8))
    with pytest.raises(TypeError, match="FiniteVolume needs a Box"):
        FiniteVolume(Problem(HEAT, Region(2, ())), CartesianGrid((4, 4)))
