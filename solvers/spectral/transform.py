"""Real Fourier transforms between the state's grid and a finer product grid.

For an even number of points the highest mode stands for both signs of its wave
number; it is split in halves on the way up and joined on the way down. On a product
grid of the same size its first derivative is zero.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from ..lattice import Lattice
from .dealiasing import AbstractDealiasing


class Transform(eqx.Module):
    """Values on the grid, their coefficients and values on the product grid.

    Args:
        lattice: the grid; spacing and corners are leaves.
        dealiasing: the choice of product grid.
    """

    lattice: Lattice
    dealiasing: AbstractDealiasing

    @property
    def fine_shape(self) -> tuple[int, ...]:
        """Points of the product grid along each axis."""
        return tuple(self.dealiasing.points(n) for n in self.lattice.shape)

    @property
    def fine_lattice(self) -> Lattice:
        """The product grid. Its points start at the first point of the state grid."""
        return Lattice(self.lattice.box, self.fine_shape)

    def fine_points(self) -> Float[Array, " dim *fine"]:
        """Coordinates of the product grid [m]; both grids share their first point."""
        fine = self.fine_lattice
        shift = 0.5 * (self.lattice.spacing - fine.spacing)
        return fine.centres() + shift.reshape(-1, *[1] * self.lattice.dimension)

    def wave_numbers(self, axis: int) -> Float[Array, "..."]:
        """Angular wave numbers of fine coefficients [rad m^-1], zero if not odd."""
        n, m = self.lattice.shape[axis], self.fine_shape[axis]
        index = _wave_indices(m, half=axis == self.lattice.dimension - 1)
        index = np.where(2 * np.abs(index) == m, 0, index)
        length = self.lattice.spacing[axis] * n
        k = jnp.asarray(index, length.dtype) * (2 * np.pi / length)
        shape = [1] * self.lattice.dimension
        shape[axis] = -1
        return k.reshape(shape)

    def raise_up(self, values: Array) -> Complex[Array, "..."]:
        """Coefficients on the product grid of values (..., *cells)."""
        axes = self._axes(values)
        coefficients = jnp.fft.rfftn(values, axes=axes)
        for axis, position in enumerate(axes):
            source, weight = self._up(axis)
            coefficients = jnp.take(coefficients, source, axis=position)
            coefficients = coefficients * _along(weight, position, values)
        return coefficients

    def lower(self, coefficients: Complex[Array, "..."]) -> Array:
        """Values (..., *cells) on the state grid of fine coefficients."""
        axes = self._axes(coefficients)
        for axis, position in enumerate(axes):
            (first, first_weight), (second, second_weight) = self._down(axis)
            kept = jnp.take(coefficients, first, axis=position)
            joined = jnp.take(coefficients, second, axis=position)
            coefficients = kept * _along(
                first_weight, position, kept
            ) + joined * _along(second_weight, position, joined)
        return jnp.fft.irfftn(coefficients, s=self.lattice.shape, axes=axes)

    def to_fine(self, coefficients: Complex[Array, "..."]) -> Array:
        """Values on the product grid."""
        axes = self._axes(coefficients)
        return jnp.fft.irfftn(coefficients, s=self.fine_shape, axes=axes)

    def from_fine(self, values: Array) -> Complex[Array, "..."]:
        """Fine coefficients of values on the product grid."""
        return jnp.fft.rfftn(values, axes=self._axes(values))

    def gradient(self, coefficients: Complex[Array, "..."]) -> Complex[Array, "..."]:
        """Coefficients (components, dim, *fine) of the gradient."""
        columns = [
            1j * self.wave_numbers(axis) * coefficients
            for axis in range(self.lattice.dimension)
        ]
        return jnp.stack(columns, axis=1)

    def divergence(self, coefficients: Complex[Array, "..."]) -> Complex[Array, "..."]:
        """Coefficients (components, *fine) of the divergence of (components, dim)."""
        terms = [
            1j * self.wave_numbers(axis) * coefficients[:, axis]
            for axis in range(self.lattice.dimension)
        ]
        return sum(terms[1:], start=terms[0])

    def _axes(self, field: Array) -> tuple[int, ...]:
        return tuple(range(field.ndim - self.lattice.dimension, field.ndim))

    def _up(self, axis: int) -> tuple[np.ndarray, np.ndarray]:
        n, m = self.lattice.shape[axis], self.fine_shape[axis]
        half = axis == self.lattice.dimension - 1
        index = _wave_indices(m, half=half)
        size = np.abs(index)
        weight = np.where(size <= self.dealiasing.largest(n), m / n, 0.0)
        if m > n:
            weight = np.where(2 * size == n, 0.5 * weight, weight)
        source = np.where(2 * size == n, n // 2, index)
        limit = n // 2 + 1 if half else n
        return np.where(weight > 0, source % n, 0) % limit, weight

    def _down(self, axis: int):
        """Source and weight of both signs of each coarse coefficient."""
        n, m = self.lattice.shape[axis], self.fine_shape[axis]
        half = axis == self.lattice.dimension - 1
        index = _wave_indices(n, half=half)
        size = np.abs(index)
        weight = np.where(size <= self.dealiasing.largest(n), n / m, 0.0)
        paired = (2 * size == n) & (m > n)
        if half:
            # The complex-to-real transform keeps the real part: double it.
            first = (index, np.where(paired, 2 * weight, weight))
            return first, (index, np.zeros_like(weight))
        both = np.where(paired, weight, 0.0)
        return (index % m, weight), (-index % m, both)


def _wave_indices(n: int, *, half: bool) -> np.ndarray:
    if half:
        return np.arange(n // 2 + 1)
    return np.rint(np.fft.fftfreq(n) * n).astype(int)


def _along(weight: np.ndarray, position: int, field: Array) -> Array:
    shape = [1] * field.ndim
    shape[position] = -1
    dtype = jnp.finfo(field.dtype).dtype
    return jnp.asarray(weight.reshape(shape), dtype)
