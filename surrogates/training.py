"""Gradient training of any callable pytree: many steps per compiled call."""

import sys
import time
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree


class Best(eqx.Module):
    """The parameters with the lowest validation loss so far, per member."""

    parameters: PyTree
    loss: Float[Array, "*members"]
    step: Float[Array, "*members"]


def train(
    model: PyTree,
    loss: Callable[[PyTree, PyTree, PRNGKeyArray], Float[Array, "*members"]],
    data: PyTree,
    *,
    validation: Callable[[PyTree], Float[Array, "*members"]],
    optimizer,
    steps: int,
    batch: int | None = None,
    stride: int = 100,
    patience: int | None = None,
    metrics: Callable[[PyTree], dict[str, Array]] | None = None,
    callback: Callable[[int, dict], None] | None = None,
    progress: bool | None = None,
    label: str = "fit",
    key: PRNGKeyArray,
) -> PyTree:
    """Minimise a loss by an optax optimiser and return the best parameters met.

    The loss may return one value per member of an ensemble; members are then trained
    side by side, each keeps its own best parameters, and no member feels another as
    long as the optimiser works entry by entry (Adam does, clipping by the global norm
    does not).

    Args:
        model: pytree with the parameters; every inexact array is trained.
        loss: `(model, batch, key)` to the loss, () or (members,).
        data: pytree of arrays with a leading sample axis.
        validation: `model` to the loss that chooses the parameters, () or (members,).
        optimizer: an `optax.GradientTransformation`.
        steps: greatest number of steps, rounded up to whole strides.
        batch: samples per step, drawn without replacement; `None` takes all.
        stride: steps per compiled call, between two looks at the validation loss.
        patience: steps without progress of any member after which training ends.
        metrics: further scalars of the model for the callback.
        callback: called as `callback(step, metrics)` after every stride.
        progress: show a bar; `None` means only on a terminal.
        label: text beside the bar.
        key: random key of the batches.

    Raises:
        ValueError: where the loss is not finite at the start.
    """
    parameters, rest = eqx.partition(model, eqx.is_inexact_array)
    count = jax.tree.leaves(data)[0].shape[0]
    size = None if batch is None or batch >= count else batch

    def total(parameters, data, key):
        batch_key, loss_key = jax.random.split(key)
        if size is not None:
            chosen = jax.random.permutation(batch_key, count)[:size]
            data = jax.tree.map(lambda a: a[chosen], data)
        values = loss(eqx.combine(parameters, rest), data, loss_key)
        return jnp.sum(values), values

    @eqx.filter_jit
    def advance(parameters, state, best, first, data, key):
        def step(carry, index):
            parameters, state = carry
            gradient, values = jax.grad(total, has_aux=True)(
                parameters, data, jax.random.fold_in(key, index)
            )
            updates, state = optimizer.update(gradient, state, parameters)
            return (eqx.apply_updates(parameters, updates), state), values

        carry, values = jax.lax.scan(
            step, (parameters, state), first + jnp.arange(stride)
        )
        parameters, state = carry
        checked = validation(eqx.combine(parameters, rest))
        better = checked < best.loss
        best = Best(
            jax.tree.map(
                lambda new, old: jnp.where(_lead(better, new), new, old),
                parameters,
                best.parameters,
            ),
            jnp.where(better, checked, best.loss),
            jnp.where(better, first + stride, best.step),
        )
        more = {} if metrics is None else metrics(eqx.combine(parameters, rest))
        return parameters, state, best, values[-1], checked, more

    start = validation(model)
    if not bool(jnp.all(jnp.isfinite(start))):
        raise ValueError(
            "the loss is not finite before the first step; check the data for values "
            "that are not finite and the network for its scale."
        )
    best = Best(parameters, start, jnp.zeros_like(start, dtype=int))
    state = optimizer.init(parameters)
    began = time.perf_counter()
    bar = _bar(steps, progress, label)
    for first in range(0, steps, stride):
        parameters, state, best, value, checked, more = advance(
            parameters, state, best, jnp.asarray(first), data, key
        )
        report = {
            "loss": float(jnp.mean(value)),
            "validation": float(jnp.mean(checked)),
            "best": float(jnp.mean(best.loss)),
            "seconds": time.perf_counter() - began,
            **{name: float(scalar) for name, scalar in more.items()},
        }
        bar.update(min(stride, steps - first))
        bar.set_postfix(validation=f"{report['validation']:.2e}", refresh=False)
        if callback is not None:
            callback(first + stride, report)
        if patience is not None and first + stride - int(best.step.max()) >= patience:
            break
    bar.close()
    return eqx.combine(best.parameters, rest)


def _lead(mask, array):
    return mask.reshape(mask.shape + (1,) * (array.ndim - mask.ndim))


def _bar(steps, progress, label):
    from tqdm import tqdm

    shown = sys.stderr.isatty() if progress is None else progress
    return tqdm(total=steps, desc=label, unit="step", disable=not shown, leave=False)
