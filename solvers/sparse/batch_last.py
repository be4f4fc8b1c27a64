"""JAX primitives that put the batch axis of `vmap` last.

With the batch last, one gathered row holds every member of the batch: measured 1.6
to 5 times faster on a CPU than the batch first that `vmap` of a gather would give.
Operands are (entries or rows, *batch); a batch axis has full size or 1.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import batching, mlir


def primitive(
    name: str, implementation: Callable, shape: Callable, batched: Callable
) -> Primitive:
    """A primitive that lowers to `implementation` and batches by `batched`."""
    result = Primitive(name)
    result.def_impl(
        lambda *operands, **static: jax.jit(
            implementation, static_argnames=tuple(static)
        )(*operands, **static)
    )
    result.def_abstract_eval(shape)
    mlir.register_lowering(
        result, mlir.lower_fun(implementation, multiple_results=False)
    )
    batching.primitive_batchers[result] = batched
    return result


def batch_last(array: jax.Array, axis: int | None) -> jax.Array:
    """Move the batch axis to the end; an unbatched operand gets one of size 1."""
    return array[..., None] if axis is None else jnp.moveaxis(array, axis, -1)
