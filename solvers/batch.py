"""Gradients of a batch in which some members fail."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from .status import Status


class BatchGradient(NamedTuple):
    """Values (members,), status (members,) and the gradient, shaped like the designs.

    Failed members have the value NaN and a gradient of exactly zero.
    """

    values: Array
    status: Array
    gradient: Any


def batch_value_and_gradient(
    evaluate: Callable[[Any], tuple[Array, Array]], designs: Any, reference: Any
) -> BatchGradient:
    """Differentiate a quantity for every member of a batch of designs.

    Masking a failed member after differentiation gives 0 · NaN. Where a member failed
    the batch is evaluated again with its design replaced by `reference` and its
    cotangent zero; a batch without failures is evaluated once.

    Args:
        evaluate: design -> (scalar quantity, status).
        designs: pytree of float arrays (members, ...).
        reference: one design, known to succeed, without the leading axis.

    Returns:
        Values, status and gradient. Not for use inside `jax.jit`: whether to run
        again is decided on the host.
    """
    result = _evaluate(evaluate, designs, None)
    failed = np.asarray(result.status) != Status.OK
    if not failed.any():
        return result
    replaced = jax.tree.map(
        lambda many, one: jnp.where(_wide(failed, many), one, many), designs, reference
    )
    again = _evaluate(evaluate, replaced, jnp.asarray(~failed))
    values = jnp.where(failed, jnp.nan, again.values)
    return BatchGradient(values, result.status, again.gradient)


@eqx.filter_jit
def _evaluate(evaluate, designs, counted):
    def total(designs):
        values, status = jax.vmap(evaluate)(designs)
        weights = 1.0 if counted is None else counted.astype(values.dtype)
        return jnp.sum(weights * values), (values, status)

    gradient, (values, status) = jax.grad(total, has_aux=True)(designs)
    return BatchGradient(values, status, gradient)


def _wide(mask, leaf):
    return mask.reshape(mask.shape + (1,) * (leaf.ndim - mask.ndim))
