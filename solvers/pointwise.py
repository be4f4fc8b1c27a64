"""Functions of a point applied to arrays over space."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from ..physics import AbstractBalanceLaw


def evaluate(
    function: Callable[..., Array], t: Array, *fields: Array, dimension: int
) -> Array:
    """Apply `function(t, *fields)` of a point on a grid.

    Args:
        function: function of the time and of one array per field without space axes.
        t: time [s].
        *fields: arrays whose last `dimension` axes are space.
        dimension: number of space axes.

    Returns:
        Its values, with the space axes last.
    """
    cells = fields[0].shape[fields[0].ndim - dimension :]
    flat = [field.reshape(*field.shape[:-dimension], -1) for field in fields]
    axes = (None,) + (-1,) * len(flat)
    values = jax.vmap(function, in_axes=axes, out_axes=-1)(t, *flat)
    return values.reshape(*values.shape[:-1], *cells)


def rate_from_storage(law: AbstractBalanceLaw) -> Callable[..., Array]:
    """Function (t, x, u, storage_rate) -> du/dt [unit of u s^-1] at a point."""

    def rate(t: Array, x: Array, u: Array, storage_rate: Array) -> Array:
        _, drift = jax.jvp(lambda s: law.storage(s, x, u), (t,), (jnp.ones_like(t),))
        capacity = jax.jacfwd(lambda v: law.storage(t, x, v))(u)
        if u.size == 1:
            return (storage_rate - drift) / capacity[0]
        return jnp.linalg.solve(capacity, storage_rate - drift)

    return rate


def in_dtype(tree: Any, dtype: Any) -> Any:
    """Cast every floating-point leaf, so that solvers compute in the state's dtype."""
    return jax.tree.map(
        lambda leaf: leaf.astype(dtype) if eqx.is_inexact_array(leaf) else leaf, tree
    )
