"""Neural operators: networks that march the states of a discretisation in time.

The physics loss is the residual of the same discretisation that made the data, on
consecutive predicted states, relative to its floor: the residual of the data's own
states, which is not zero where the data were saved every few solver steps.
"""

import functools
import math
from collections.abc import Callable, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from ..datasets.arguments import require_between, require_count
from ..solvers.discretization import AbstractDiscretization
from .guard import root_mean_square
from .training import train

Build = Callable[[Array], AbstractDiscretization]


class NeuralOperator(eqx.Module):
    """Network from a state and parameters to the state one interval later.

        state(t + interval) = state + increment_scale * network(inputs)

    The inputs are the standardised state and parameters, the latter constant over
    space, channels last as networks want them.

    Attributes:
        network: callable pytree (*cells, components + parameters) to (*cells,
            components), for instance an `FNO`.
        mean, scale: of each component of the state (components,).
        parameter_mean, parameter_scale: (parameters,).
        increment_scale: typical change of each component over one interval.
        interval: time between states [s].
    """

    network: PyTree
    mean: Float[Array, " components"]
    scale: Float[Array, " components"]
    parameter_mean: Float[Array, " parameters"]
    parameter_scale: Float[Array, " parameters"]
    increment_scale: Float[Array, " components"]
    interval: Float[Array, ""]

    def __call__(
        self, state: Float[Array, " components *cells"], parameters: Array
    ) -> Float[Array, " components *cells"]:
        """The state one interval later."""
        x = (jnp.moveaxis(state, 0, -1) - self.mean) / self.scale
        constant = (parameters - self.parameter_mean) / self.parameter_scale
        constant = jnp.broadcast_to(constant, (*x.shape[:-1], constant.size))
        change = self.network(jnp.concatenate([x, constant], axis=-1))
        return state + jnp.moveaxis(change * self.increment_scale, -1, 0)

    def rollout(
        self, state: Float[Array, " components *cells"], parameters: Array, steps: int
    ) -> Float[Array, "times components *cells"]:
        """The initial state and the `steps` states after it."""

        def step(state, _):
            state = self(state, parameters)
            return state, state

        _, states = jax.lax.scan(step, state, None, length=steps)
        return jnp.concatenate([state[None], states])


def time_residual(
    discretization: AbstractDiscretization,
    states: Float[Array, "times components *cells"],
    *,
    start: float | Array | None = None,
    interval: float | Array,
) -> Float[Array, ""]:
    """Root mean square of the discrete residual over consecutive states.

    Args:
        discretization: the one that made the data.
        states: states at `start`, `start + interval`, ...
        start: time of the first state [s]; the start of the problem by default.
        interval: time between states [s].
    """
    start = _beginning(discretization) if start is None else start
    times = start + interval * jnp.arange(len(states))
    residual = jax.vmap(discretization.residual)(
        times[:-1], states[:-1], times[1:], states[1:]
    )
    return root_mean_square(residual)


@eqx.filter_jit
def residual_floor(
    build: Build,
    trajectories: Float[Array, "runs times components *cells"],
    parameters: Float[Array, "runs parameters"],
    *,
    interval: float,
) -> Float[Array, ""]:
    """Root mean square of the residual of the data themselves, over all runs.

    The trajectories begin with the problem, at the start of its interval.
    """

    def one(states, values):
        return time_residual(build(values), states, interval=interval) ** 2

    return jnp.sqrt(jnp.mean(jax.vmap(one)(trajectories, parameters)))


def fit_operator(
    network: PyTree,
    trajectories: Float[Array, "runs times components *cells"],
    parameters: Float[Array, "runs parameters"],
    *,
    interval: float,
    unroll: int = 1,
    build: Build | None = None,
    residual_weight: float = 0.1,
    steps: int = 2000,
    batch: int = 16,
    learning_rate: float = 3e-3,
    validation: float = 0.15,
    patience: int | None = None,
    callback: Callable[[int, dict], None] | None = None,
    progress: bool | None = None,
    key: PRNGKeyArray,
) -> NeuralOperator:
    """Train a network to march states, with AdamW and cosine decay.

    Args:
        network: callable pytree (*cells, components + parameters) to (*cells,
            components).
        trajectories: states of solver runs at equal intervals, the first at the start
            of the problem.
        parameters: parameters of each run.
        interval: time between states [s].
        unroll: intervals marched in the loss.
        build: parameters to the discretisation that made the data; adds the residual
            of the predicted states, in units of its floor, to the loss.
        residual_weight: weight of the squared residual over its squared floor.
        steps, batch, learning_rate, validation, patience, callback, progress, key: as
            in `fit`; a batch is of windows of `unroll` intervals.

    Returns:
        The operator with the lowest validation loss.

    Raises:
        ValueError: for trajectories and parameters that don't match, too few states,
            or a number out of range.
    """
    import optax

    counts = {"unroll": unroll, "steps": steps, "batch": batch, "patience": patience}
    for name, value in counts.items():
        if value is not None or name != "patience":
            require_count(name, value, 1)
    require_between("interval", interval, 0.0, math.inf)
    require_between("learning_rate", learning_rate, 0.0, math.inf)
    require_between("residual_weight", residual_weight, 0.0, math.inf, ends=True)
    require_between("validation", validation, 0.0, 1.0)
    trajectories, parameters = jnp.asarray(trajectories), jnp.asarray(parameters)
    runs, times = trajectories.shape[:2]
    if parameters.ndim != 2 or len(parameters) != runs or times <= unroll or runs < 4:
        raise ValueError(
            "trajectories must be (runs, times, components, *cells) with at least 4 "
            f"runs and more than unroll={unroll} times, and parameters (runs, "
            f"parameters), got {trajectories.shape} and {parameters.shape}."
        )
    split_key, train_key = jax.random.split(key)
    order = np.asarray(jax.random.permutation(split_key, runs))
    held = max(1, round(validation * runs))
    operator = _standardised(network, trajectories, parameters, interval)
    floor = None
    if build is not None:
        floor = residual_floor(build, trajectories, parameters, interval=interval)
    windows = functools.partial(_windows, trajectories, parameters, unroll, interval)

    def one(operator, states, values, elapsed):
        predicted = operator.rollout(states[0], values, unroll)
        error = jnp.moveaxis(predicted - states, 1, -1) / operator.increment_scale
        loss = jnp.mean(error[1:] ** 2)
        if build is None or floor is None:
            return loss
        scheme = build(values)
        start = _beginning(scheme) + elapsed
        size = time_residual(scheme, predicted, start=start, interval=interval)
        return loss + residual_weight * (size / floor) ** 2

    def loss(operator, data, key):
        return jnp.mean(jax.vmap(functools.partial(one, operator))(*data))

    checked = windows(order[:held])
    schedule = optax.cosine_decay_schedule(learning_rate, steps)
    trained = train(
        # Only the network is trained; the scales are kept from the gradient below.
        operator,
        lambda model, data, key: loss(_with_fixed_scales(model), data, key),
        windows(order[held:]),
        validation=lambda model: loss(_with_fixed_scales(model), checked, None),
        optimizer=optax.adamw(schedule, weight_decay=0.0),
        steps=steps,
        batch=batch,
        patience=patience,
        callback=callback,
        progress=progress,
        label="fit operator",
        key=train_key,
    )
    return eqx.tree_at(lambda o: o.network, operator, trained.network)


@eqx.filter_jit
def relative_residual(
    operator: NeuralOperator,
    build: Build,
    states: Float[Array, "runs components *cells"],
    parameters: Float[Array, "runs parameters"],
    *,
    steps: int,
    floor: Float[Array, ""],
    start: float | Array | None = None,
) -> Float[Array, ""]:
    """Residual of rollouts from the given states, relative to the data's floor.

    The states are those at `start` [s], by default the start of the problem.
    """

    def one(state, values):
        rollout = operator.rollout(state, values, steps)
        size = time_residual(
            build(values), rollout, start=start, interval=operator.interval
        )
        return size**2

    return jnp.sqrt(jnp.mean(jax.vmap(one)(states, parameters))) / floor


def _standardised(network, trajectories, parameters, interval) -> NeuralOperator:
    axes: Sequence[int] = (0, 1, *range(3, trajectories.ndim))
    change = trajectories[:, 1:] - trajectories[:, :-1]
    spread = jnp.std(parameters, axis=0)
    scale = jnp.std(trajectories, axis=axes)
    increment = jnp.sqrt(jnp.mean(change**2, axis=axes))
    return NeuralOperator(
        network=network,
        mean=jnp.mean(trajectories, axis=axes),
        scale=jnp.where(scale > 0, scale, 1.0),
        parameter_mean=jnp.mean(parameters, axis=0),
        parameter_scale=jnp.where(spread > 0, spread, 1.0),
        increment_scale=jnp.where(increment > 0, increment, 1.0),
        interval=jnp.asarray(interval, trajectories.dtype),
    )


def _with_fixed_scales(operator):
    fixed = jax.lax.stop_gradient(eqx.filter(operator, eqx.is_inexact_array))
    fixed = eqx.combine(fixed, operator)
    return eqx.tree_at(lambda o: o.network, fixed, operator.network)


def _beginning(discretization):
    interval = discretization.problem.interval
    return 0.0 if interval is None else interval[0]


def _windows(trajectories, parameters, unroll, interval, runs):
    """All windows of `unroll` intervals of the given runs.

    Returns:
        Their states, parameters, and times since the first state of the run.
    """
    count = trajectories.shape[1] - unroll
    index = jnp.arange(count)[:, None] + jnp.arange(unroll + 1)
    windows = trajectories[runs][:, index]
    windows = windows.reshape(-1, unroll + 1, *trajectories.shape[2:])
    elapsed = jnp.tile(interval * jnp.arange(count, dtype=windows.dtype), len(runs))
    return windows, jnp.repeat(parameters[runs], count, axis=0), elapsed
