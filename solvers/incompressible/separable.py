"""Exact solution of separable equations: fast diagonalisation and Fourier modes.

A Laplacian on a box is a sum of second differences along its axes. In the modes of all
axes it is diagonal, so that (a + b Δ)⁻¹ is a transform, a division and a transform
back, and so is its transpose.
"""

import equinox as eqx
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from .line_modes import LineModes


class Separable(eqx.Module):
    """The Laplacian on a box in the modes of its axes.

    Args:
        modes: of each axis, for a length of 1.
        lengths: of the axes [m].
    """

    modes: tuple[LineModes, ...] = eqx.field(static=True)
    lengths: Float[Array, " dim"]

    @property
    def is_singular(self) -> bool:
        """Whether a constant has no Laplacian."""
        return all((line.values == 0).any() for line in self.modes)

    def solve(
        self,
        shift: Array | float,
        factor: Array | float,
        field: Float[Array, " *cells"],
    ) -> Float[Array, " *cells"]:
        """u with shift u + factor Δu = `field`.

        Without a shift and with a constant in the null space the mean of both sides is
        removed.
        """
        spectrum = self._forward(field)
        diagonal = shift + factor * self._symbol(field.dtype, spectrum.shape)
        if isinstance(shift, int | float) and shift == 0 and self.is_singular:
            none = diagonal == 0
            inverse = jnp.where(none, 0.0, 1 / jnp.where(none, 1.0, diagonal))
            return self._backward(spectrum * inverse, field.shape)
        return self._backward(spectrum / diagonal, field.shape)

    @property
    def _fourier(self) -> tuple[int, ...]:
        return tuple(a for a, line in enumerate(self.modes) if line.forward is None)

    def _symbol(self, dtype, shape) -> Array:
        total = jnp.zeros((1,) * len(shape), dtype)
        for axis, line in enumerate(self.modes):
            # A real transform keeps the first half of the frequencies.
            values = jnp.asarray(line.values[: shape[axis]], dtype)
            place = [1] * len(shape)
            place[axis] = -1
            total = total + (values / self.lengths[axis] ** 2).reshape(place)
        return total

    def _forward(self, field: Array) -> Array:
        for axis, line in enumerate(self.modes):
            if line.forward is not None:
                field = _apply(line.forward, field, axis)
        return jnp.fft.rfftn(field, axes=self._fourier) if self._fourier else field

    def _backward(self, field: Array, shape: tuple[int, ...]) -> Array:
        if self._fourier:
            sizes = [shape[axis] for axis in self._fourier]
            field = jnp.fft.irfftn(field, s=sizes, axes=self._fourier)
        for axis, line in enumerate(self.modes):
            if line.backward is not None:
                field = _apply(line.backward, field, axis)
        return field


def _apply(matrix, field: Array, axis: int) -> Array:
    """Multiply along one axis, in full precision on every device."""
    product = jnp.tensordot(
        jnp.asarray(matrix, field.dtype),
        field,
        (1, axis),
        precision=lax.Precision.HIGHEST,
    )
    return jnp.moveaxis(product, 0, axis)
