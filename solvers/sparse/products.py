"""The product of a sparse matrix and a vector, batched with the batch axis last."""

import jax
import jax.numpy as jnp
from jax.core import ShapedArray
from jax.interpreters import ad

from .batch_last import batch_last, primitive
from .block_pattern import BlockPattern
from .padded_rows import stored, take
from .pair_sum import block_product
from .pattern import SparsityPattern

AnyPattern = SparsityPattern | BlockPattern


def sparse_product(values, x, pattern: AnyPattern) -> jax.Array:
    """`A @ x` for A with `values` (nnz, *batch) on `pattern` and x (columns, *batch).

    Differentiable any number of times in both arguments, in both modes.

    Returns:
        (rows, *batch).
    """
    values, x = jnp.asarray(values), jnp.asarray(x)
    dtype = jnp.result_type(values, x)
    return _product_p.bind(values.astype(dtype), x.astype(dtype), pattern=pattern)


def _product(values, x, *, pattern):
    if isinstance(pattern, BlockPattern):
        columns = pattern.by_node(x)[:, :, None]
        rows = _sum_of_rows(
            pattern.nodes, pattern.blocks(values), columns, block_product
        )
        return pattern.by_component(rows[:, :, 0])
    return _sum_of_rows(pattern, values, x, lambda value, x: value * x)


def _sum_of_rows(pattern, entries, x, multiply):
    padded = pattern.padded
    positions = padded.device_groups()
    columns = tuple(jnp.asarray(table) for table in pattern.padded_columns)
    x = stored(x, entries)
    return padded.reduce(
        lambda g, k: multiply(
            entries.at[positions[g][k]].get(mode="fill", fill_value=0),
            take(x, columns[g][k]),
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
    if isinstance(pattern, BlockPattern):
        rows, columns = pattern.by_node(cotangent), pattern.by_node(x)
        left = take(rows, pattern.nodes.rows)[:, :, None]
        blocks = left * take(columns, pattern.nodes.indices)[:, None]
        result = blocks.reshape(pattern.nnz, *blocks.shape[3:])
    else:
        result = take(cotangent, pattern.rows) * take(x, pattern.indices)
    return _sum_to(result, values.aval.shape)


def _x_cotangent(cotangent, values, x, *, pattern):
    transposed, values = pattern.transposed(values)
    result = _product_p.bind(values, cotangent, pattern=transposed)
    return _sum_to(result, x.aval.shape)


def _sum_to(array, shape):
    axes = [k for k, size in enumerate(shape) if size == 1 and array.shape[k] != 1]
    return jnp.sum(array, axis=axes, keepdims=True) if axes else array


_product_p = primitive("sparse_product", _product, _product_shape, _product_batched)
ad.defbilinear(_product_p, _values_cotangent, _x_cotangent)
