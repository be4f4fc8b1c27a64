"""The product of a sparse matrix and a vector, batched with the batch axis last."""

import jax
import jax.numpy as jnp
from jax.core import ShapedArray
from jax.interpreters import ad

from .batch_last import batch_last, primitive
from .padded_rows import stored, take
from .pattern import SparsityPattern


def sparse_product(values, x, pattern: SparsityPattern) -> jax.Array:
    """`A @ x` for A with `values` (nnz, *batch) on `pattern` and x (columns, *batch).

    Differentiable any number of times in both arguments, in both modes.

    Returns:
        (rows, *batch).
    """
    values, x = jnp.asarray(values), jnp.asarray(x)
    dtype = jnp.result_type(values, x)
    return _product_p.bind(values.astype(dtype), x.astype(dtype), pattern=pattern)


def _product(values, x, *, pattern):
    padded = pattern.padded
    positions = padded.device_groups()
    columns = tuple(jnp.asarray(table) for table in pattern.padded_columns)
    x = stored(x, values)
    return padded.reduce(
        lambda g, k: (
            values.at[positions[g][k]].get(mode="fill", fill_value=0)
            * take(x, columns[g][k])
        )
    )


def _product_shape(values, x, *, pattern):
    batch = jnp.broadcast_shapes(values.shape[1:], x.shape[1:])
    return ShapedArray((pattern.shape[0], *batch), values.dtype)


def _product_batched(arguments, axes, *, pattern):
    values, x = (batch_last(a, axis) for a, axis in zip(arguments, axes, strict=True))
    result = _product_p.bind(values, x, pattern=pattern)
    return result, result.ndim - 1


def _values_cotangent(cotangent, values, x, *, pattern):
    result = take(cotangent, pattern.rows) * take(x, pattern.indices)
    return _sum_to(result, values.aval.shape)


def _x_cotangent(cotangent, values, x, *, pattern):
    transposed, order = pattern.transpose
    result = _product_p.bind(take(values, order), cotangent, pattern=transposed)
    return _sum_to(result, x.aval.shape)


def _sum_to(array, shape):
    axes = [k for k, size in enumerate(shape) if size == 1 and array.shape[k] != 1]
    return jnp.sum(array, axis=axes, keepdims=True) if axes else array


_product_p = primitive("sparse_product", _product, _product_shape, _product_batched)
ad.defbilinear(_product_p, _values_cotangent, _x_cotangent)
