"""The real Fourier transform with an inexpensive transpose.

JAX transposes it through a complex transform of twice the work. The transpose is a
real transform too: with X = F x and n points, x_j = Re sum_k X_k exp(-2πi jk/n) is n
times the inverse transform of the conjugate of X, its paired coefficients halved.
"""

import jax.numpy as jnp
import numpy as np
from jax.core import ShapedArray
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir
from jaxtyping import Array, Complex


def real_transform(values: Array, dimension: int) -> Complex[Array, "..."]:
    """`jnp.fft.rfftn` over the last `dimension` axes, in both modes and batched.

    Args:
        values: real, (..., *cells).
        dimension: axes that are transformed.
    """
    return _real_transform_p.bind(values, dimension=dimension)


def _transform(values, *, dimension):
    return jnp.fft.rfftn(values, axes=tuple(range(-dimension, 0)))


def _shape(values, *, dimension):
    del dimension
    dtype = np.result_type(values.dtype, np.complex64)
    return ShapedArray((*values.shape[:-1], values.shape[-1] // 2 + 1), dtype)


def _transposed(cotangent, values, *, dimension):
    if type(cotangent) is ad.Zero:
        return [None]
    cells = values.aval.shape[-dimension:]
    weight = np.full(cotangent.shape[-1], 0.5 * np.prod(cells))
    weight[0] *= 2
    if cells[-1] % 2 == 0:
        weight[-1] *= 2
    weighted = jnp.conj(cotangent) * jnp.asarray(weight, values.aval.dtype)
    return [jnp.fft.irfftn(weighted, s=cells, axes=tuple(range(-dimension, 0)))]


def _batched(arguments, axes, *, dimension):
    moved = jnp.moveaxis(arguments[0], axes[0], 0)
    return _real_transform_p.bind(moved, dimension=dimension), 0


_real_transform_p = Primitive("real_transform")
_real_transform_p.def_impl(_transform)
_real_transform_p.def_abstract_eval(_shape)
mlir.register_lowering(
    _real_transform_p, mlir.lower_fun(_transform, multiple_results=False)
)
batching.primitive_batchers[_real_transform_p] = _batched
ad.deflinear2(_real_transform_p, _transposed)
