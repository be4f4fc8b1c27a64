"""Neural operators on Burgers: marching, physics loss and the floor of that loss."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from froude.physics import Box, Burgers, Dirichlet, Problem, burgers_cole_hopf
from froude.solvers import CartesianGrid, ThetaMethod, discretize, solve, unlimited
from froude.surrogates import (
    FNO,
    NeuralOperator,
    fit_operator,
    relative_residual,
    residual_floor,
    time_residual,
)
from froude.surrogates.operator import _windows

CELLS, SAVES, INTERVAL = 32, 4, 0.1
FITTED = 6
WALLS = {"x_min": Dirichlet(0.0), "x_max": Dirichlet(0.0)}


def build(parameters, cells=CELLS):
    viscosity, amplitude = parameters
    problem = Problem(
        Burgers(viscosity),
        Box((-1.0,), (1.0,)),
        WALLS,
        initial=lambda x: -amplitude * jnp.sin(jnp.pi * x),
        interval=(0.0, SAVES * INTERVAL),
    )
    return discretize(problem, CartesianGrid(cells))


def trajectories(parameters, steps):
    """States (runs, times, 1, cells) that the solver made, saved every interval."""

    def one(values):
        scheme = build(values)
        return solve(scheme, steps=steps, saves=SAVES, method=ThetaMethod(0.5)).states

    return jax.vmap(one)(parameters)


@pytest.fixture(scope="module")
def data():
    draw = np.random.default_rng(0).random((14, 2))
    parameters = jnp.asarray(np.array([0.05, 0.5]) + draw * np.array([0.1, 0.5]))
    return trajectories(parameters, SAVES), parameters


@pytest.fixture(scope="module")
def fitted(data):
    states, parameters = data
    return _fit(states[:FITTED], parameters[:FITTED], steps=200)


def _fit(states, parameters, **options):
    network = FNO(3, 1, width=12, modes=(8,), depth=2, key=jax.random.key(1))
    return fit_operator(
        network,
        states,
        parameters,
        interval=INTERVAL,
        key=jax.random.key(0),
        learning_rate=1e-2,
        **options,
    )


def test_a_fitted_operator_marches_runs_it_has_not_seen(data, fitted):
    states, parameters = (part[FITTED:] for part in data)
    rollout = jax.vmap(lambda s, p: fitted.rollout(s[0], p, SAVES))(states, parameters)
    error = jnp.linalg.norm(rollout - states) / jnp.linalg.norm(states)
    still = jnp.linalg.norm(states[:, :1] - states) / jnp.linalg.norm(states)
    assert error < 0.06 < 0.3 * still


def test_states_of_the_solver_itself_have_no_residual(data):
    states, parameters = data
    floor = residual_floor(build, states, parameters, interval=INTERVAL)
    moved = residual_floor(build, 1.01 * states, parameters, interval=INTERVAL)
    assert floor < 1e-6 * moved  # Newton stops at 1e-10 of the load.


def test_the_floor_of_exact_states_falls_at_second_order():
    floors = []
    for cells, times in ((64, 9), (128, 17)):
        scheme = _periodic(cells)
        t = jnp.linspace(0.1, 0.5, times)
        exact = lambda t, s=scheme: s.project(lambda x: burgers_cole_hopf(t, x, 0.1))
        states = jax.vmap(exact)(t)
        interval = t[1] - t[0]
        floor = time_residual(scheme, states, start=0.1, interval=interval)
        # Per volume and time, so that grids compare.
        floors.append(float(floor / (interval * 2.0 / cells)))
    orders = np.log2(np.array(floors[:-1]) / np.array(floors[1:]))
    assert orders[-1] == pytest.approx(2.0, abs=0.15), (floors, orders)


def _periodic(cells):
    problem = Problem(Burgers(0.1), Box((-1.0,), (1.0,), (True,)))
    # A limiter is of first order at extrema, in norms that weigh them.
    return discretize(problem, CartesianGrid(cells), limiter=unlimited)


@eqx.filter_jit
def _floor_of_exact_states(scheme, times):
    exact = lambda t: scheme.project(lambda x: burgers_cole_hopf(t, x, 0.1, nodes=256))
    states = jax.vmap(exact)(times)
    interval = times[1] - times[0]
    return time_residual(scheme, states, start=times[0], interval=interval)


def test_the_physics_loss_is_stated_over_its_floor(data, fitted):
    _, parameters = data
    # Data of finer steps: their own residual over an interval is not zero.
    states = trajectories(parameters, 4 * SAVES)
    floor = residual_floor(build, states, parameters, interval=INTERVAL)
    judged = lambda operator: float(
        relative_residual(
            operator,
            build,
            states[FITTED:, 0],
            parameters[FITTED:],
            steps=SAVES,
            floor=floor,
        )
    )
    physical = _fit(
        states[:FITTED],
        parameters[:FITTED],
        steps=200,
        build=build,
        residual_weight=0.03,
    )
    assert judged(physical) < 0.7 * judged(fitted)
    assert judged(physical) < 30.0


def _driven(parameters, beginning=2.0):
    """A wall whose value follows the time, from a start that is not zero."""
    wall = Dirichlet(lambda t, x: 0.5 + 0.4 * jnp.sin(4.0 * t))
    problem = Problem(
        Burgers(parameters[0]),
        Box((-1.0,), (1.0,)),
        {"x_min": wall, "x_max": Dirichlet(0.0)},
        initial=lambda x: parameters[1] * jnp.cos(x),
        interval=(beginning, beginning + SAVES * INTERVAL),
    )
    return discretize(problem, CartesianGrid(8))


def test_residuals_are_taken_at_the_times_of_the_states():
    """A wall driven in time: exact states have no residual, in whatever window."""
    parameters = jnp.asarray([[0.1, 0.5], [0.2, 0.4], [0.15, 0.6], [0.1, 0.2]])
    march = lambda p: solve(
        _driven(p), steps=SAVES, saves=SAVES, method=ThetaMethod(0.5)
    )
    states = jax.vmap(lambda p: march(p).states)(parameters)
    floor = residual_floor(_driven, states, parameters, interval=INTERVAL)
    late = lambda p: _driven(p, beginning=2.3)
    assert floor < 1e-6 * residual_floor(late, states, parameters, interval=INTERVAL)
    windows = _windows(states, parameters, 2, INTERVAL, jnp.arange(4))
    for window, values, elapsed in zip(*windows, strict=True):
        scheme = _driven(values)
        size = time_residual(scheme, window, start=2.0 + elapsed, interval=INTERVAL)
        assert size < 1e-6


def test_trajectories_that_do_not_match_their_parameters_are_refused(data):
    states, parameters = data
    with pytest.raises(ValueError, match="trajectories"):
        _fit(states, parameters[:3], steps=1)
    for name, value in {"steps": 0, "batch": 0, "validation": 1.5}.items():
        with pytest.raises(ValueError, match=f"{name} is {value}; give"):
            _fit(states, parameters, **{name: value})


def test_an_operator_is_traced_through_its_parameters(data, fitted):
    states, parameters = data
    assert isinstance(fitted, NeuralOperator)
    slope = jax.jacfwd(lambda p: fitted.rollout(states[0, 0], p, 2))(parameters[0])
    assert slope.shape == (3, 1, CELLS, 2) and bool(jnp.isfinite(slope).all())
