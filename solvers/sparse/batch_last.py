"""JAX primitives that put the batch axis of `vmap` last.

With the batch last, one gathered row holds every member of the batch: measured 1.6
to 5 times faster on a CPU than the batch first that `vmap` of a gather would give.
Operands are (entries or rows, *batch); a batch axis has full size or 1.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax.custom_batching import custom_vmap
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


def native_batch_last(function: Callable) -> Callable:
    """Give a function with the batch axis last to `vmap`.

    Args:
        function: takes arrays (..., batch), each with the full batch or 1, and returns
            a tuple of arrays (..., batch).

    Returns:
        The function of arrays without batch axis, which `jax.vmap` batches, nested or
        not, by one call of `function`. It cannot be differentiated.
    """

    @custom_vmap
    def many(*arguments):
        return function(*arguments)

    @many.def_vmap
    def _(axis_size, batched, *arguments):
        inner = max(array.shape[-1] for array in arguments)
        merged = []
        for array, outer in zip(arguments, batched, strict=True):
            if not outer and array.shape[-1] == 1:
                merged.append(array)
                continue
            array = jnp.moveaxis(array, 0, -1) if outer else array[..., None]
            shape = (*array.shape[:-2], inner, axis_size)
            merged.append(jnp.broadcast_to(array, shape).reshape(*shape[:-2], -1))
        results = many(*merged)
        results = tuple(
            jnp.moveaxis(r.reshape(*r.shape[:-1], inner, axis_size), -1, 0)
            for r in results
        )
        return results, (True,) * len(results)

    @custom_vmap
    def one(*arguments):
        return tuple(r[..., 0] for r in function(*(a[..., None] for a in arguments)))

    @one.def_vmap
    def _(axis_size, batched, *arguments):
        del axis_size
        arguments = (
            batch_last(a, 0 if b else None)
            for a, b in zip(arguments, batched, strict=True)
        )
        results = tuple(jnp.moveaxis(r, -1, 0) for r in many(*arguments))
        return results, (True,) * len(results)

    return one
