"""Fourier neural operator in real arithmetic, on periodic grids of any resolution.

A spectral convolution keeps the lowest Fourier modes of its input, multiplies each by
a complex matrix over the channels and returns to the grid. With `m` modes per axis
the kept frequencies are -(m-1)..(m-1), and 0..(m-1) on the last axis, where the
reality of the field gives the rest. The few modes are taken by products with real
truncated-DFT matrices rather than by an FFT: complex products are slow on CPUs.
"""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float, PRNGKeyArray


class FNO(nnx.Module):
    """Network from a field to a field on a periodic grid in 1, 2 or 3 dimensions.

    Lifting to `width` channels, then `depth` blocks x + activation(K x + W x + b) with
    a spectral convolution K, then a pointwise projection through one hidden layer. It
    commutes with translations by whole cells and accepts any grid that resolves its
    modes; give coordinates as input channels where translation must not hold.

    Args:
        inputs: channels of the input field.
        outputs: channels of the output field.
        modes: kept modes per axis; an axis of N points needs 2 (modes - 1) < N.
        width: channels inside.
        depth: number of spectral blocks.
        activation: pointwise nonlinearity.
        dtype: floating dtype of parameters and arithmetic; `None` means JAX's default.
        key: random key of the initial parameters.

    Reference:
        Z. Li et al., Fourier neural operator for parametric partial differential
        equations, ICLR 2021, arXiv:2010.08895.

    Example:
        >>> import jax
        >>> network = FNO(1, 1, modes=(6, 6), width=8, depth=2, key=jax.random.key(0))
        >>> network(jax.numpy.ones((16, 24, 1))).shape
        (16, 24, 1)
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        modes: Sequence[int],
        width: int = 32,
        depth: int = 4,
        activation: Callable[[Array], Array] = jax.nn.gelu,
        dtype=None,
        key: PRNGKeyArray,
    ):
        if not 1 <= len(modes) <= 3 or min(modes) < 1:
            raise ValueError(
                f"modes must be 1 to 3 numbers of at least 1, one per axis, got "
                f"{tuple(modes)}."
            )
        self.inputs, self.outputs = int(inputs), int(outputs)
        self.modes = tuple(int(count) for count in modes)
        self.width, self.depth = int(width), int(depth)
        self.activation = activation
        self.dtype = jnp.dtype(dtype or jnp.result_type(float)).name
        rngs = nnx.Rngs(params=key)
        kept = _kept_shape(self.modes)
        # Each kept mode stands for 1/size of the variance of white noise.
        spread = 1.0 / width

        def linear(before, after):
            return nnx.Linear(
                before,
                after,
                dtype=jnp.dtype(self.dtype),
                param_dtype=jnp.dtype(self.dtype),
                precision=jax.lax.Precision.HIGHEST,
                rngs=rngs,
            )

        def weights():
            shape = (2, *kept, width, width)
            return nnx.Param(
                spread * jax.random.normal(rngs.params(), shape, jnp.dtype(self.dtype))
            )

        self.lift = linear(self.inputs, width)
        self.spectral = nnx.List(weights() for _ in range(depth))
        self.pointwise = nnx.List(linear(width, width) for _ in range(depth))
        self.hidden = linear(width, 2 * width)
        self.project = linear(2 * width, self.outputs)

    def __call__(self, x: Float[Array, "*cells inputs"]) -> Float[Array, "*cells out"]:
        if x.ndim != len(self.modes) + 1 or x.shape[-1] != self.inputs:
            raise ValueError(
                f"FNO input must have {len(self.modes)} grid axes and {self.inputs} "
                f"channels last and no batch axis, got shape {x.shape}."
            )
        x = self.lift(x)
        for weights, pointwise in zip(self.spectral, self.pointwise, strict=True):
            mixed = spectral_convolution(x, weights[...], self.modes)
            x = x + self.activation(mixed + pointwise(x))
        return self.project(self.activation(self.hidden(x)))


def spectral_convolution(
    x: Float[Array, "*cells channels"],
    weights: Float[Array, "2 *kept channels out"],
    modes: tuple[int, ...],
) -> Float[Array, "*cells out"]:
    """Multiply the lowest Fourier modes of a periodic field by a matrix over channels.

    Args:
        x: real field on a periodic grid, channels last.
        weights: real and imaginary part of the matrix of each kept mode; the kept
            shape is `2 m - 1` for each axis but the last, `m` for the last.
        modes: number m of modes per axis.

    Raises:
        ValueError: where an axis has too few points for its modes.
    """
    cells = x.shape[:-1]
    for size, count in zip(cells, modes, strict=True):
        if 2 * (count - 1) >= size:
            raise ValueError(
                f"modes={modes} need more than {tuple(2 * (m - 1) for m in modes)} "
                f"points per axis, the grid has {cells}; lower modes or refine."
            )
    last = len(modes) - 1
    cosine, sine = _dft(cells[last], modes[last], one_sided=True, dtype=x.dtype)
    real = _along(cosine, x, last)
    imaginary = -_along(sine, x, last)
    for axis in range(last - 1, -1, -1):
        cosine, sine = _dft(cells[axis], modes[axis], one_sided=False, dtype=x.dtype)
        real, imaginary = (
            _along(cosine, real, axis) + _along(sine, imaginary, axis),
            _along(cosine, imaginary, axis) - _along(sine, real, axis),
        )
    wr, wi = weights
    real, imaginary = (
        _mix(real, wr) - _mix(imaginary, wi),
        _mix(real, wi) + _mix(imaginary, wr),
    )
    for axis in range(last):
        cosine, sine = _dft(cells[axis], modes[axis], one_sided=False, dtype=x.dtype)
        real, imaginary = (
            _along(cosine.T, real, axis) - _along(sine.T, imaginary, axis),
            _along(cosine.T, imaginary, axis) + _along(sine.T, real, axis),
        )
    cosine, sine = _dft(cells[last], modes[last], one_sided=True, dtype=x.dtype)
    # Modes above zero stand for themselves and their complex conjugate.
    pair = jnp.asarray(np.where(np.arange(modes[last]) > 0, 2.0, 1.0), x.dtype)
    back = _along((cosine * pair[:, None]).T, real, last) - _along(
        (sine * pair[:, None]).T, imaginary, last
    )
    return back / np.prod(cells)


def _kept_shape(modes):
    return (*(2 * count - 1 for count in modes[:-1]), modes[-1])


def _dft(size: int, modes: int, *, one_sided: bool, dtype):
    """Cosine and sine of 2 pi k i / size, each (kept, size)."""
    first = 0 if one_sided else 1 - modes
    turns = np.outer(np.arange(first, modes), np.arange(size)) % size / size
    angle = 2.0 * np.pi * turns
    return jnp.asarray(np.cos(angle), dtype), jnp.asarray(np.sin(angle), dtype)


def _along(matrix, x, axis):
    product = jnp.tensordot(matrix, x, ((1,), (axis,)), precision="highest")
    return jnp.moveaxis(product, 0, axis)


def _mix(x, weights):
    return jnp.einsum("...i,...io->...o", x, weights, precision="highest")
