"""Real Fourier transforms between the state's grid and a finer product grid.

For an even number of points the highest mode stands for both signs of its wave
number; it is split in halves on the way up and joined on the way down. On a product
grid of the same size its first derivative is zero.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Complex, Float

from ..lattice import Lattice
from .dealiasing import AbstractDealiasing
from .real_transform import real_transform


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
        coefficients = real_transform(values, self.lattice.dimension)
        for axis, position in enumerate(self._axes(values)):
            weight = _along(self._weight_up(axis), position, values)
            coefficients = self._spread(coefficients, axis, position) * weight
        return coefficients

    def lower(self, coefficients: Complex[Array, "..."]) -> Array:
        """Values (..., *cells) on the state grid of fine coefficients."""
        axes = self._axes(coefficients)
        for axis, position in enumerate(axes):
            weight = _along(self._weight_down(axis), position, coefficients)
            coefficients = self._gathered(coefficients, axis, position) * weight
        return jnp.fft.irfftn(coefficients, s=self.lattice.shape, axes=axes)

    def to_fine(self, coefficients: Complex[Array, "..."]) -> Array:
        """Values on the product grid."""
        axes = self._axes(coefficients)
        return jnp.fft.irfftn(coefficients, s=self.fine_shape, axes=axes)

    def from_fine(self, values: Array) -> Complex[Array, "..."]:
        """Fine coefficients of values on the product grid."""
        return real_transform(values, self.lattice.dimension)

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

    # Slices and pads, not index tables: the transpose of a gather is a scatter.

    def _spread(self, coarse: Array, axis: int, position: int) -> Array:
        """Each fine coefficient's coarse one, along one axis; others arbitrary."""
        n, m = self.lattice.shape[axis], self.fine_shape[axis]
        if m == n:
            return coarse
        if axis == self.lattice.dimension - 1:
            return _padded(coarse, position, 0, m // 2 - n // 2)
        size = coarse.shape[position]
        low = lax.slice_in_dim(coarse, 0, n // 2 + 1, axis=position)
        high = lax.slice_in_dim(coarse, (n + 1) // 2, size, axis=position)
        gap = m - low.shape[position] - high.shape[position]
        low = _padded(low, position, 0, gap)
        return jnp.concatenate([low, high], axis=position)

    def _gathered(self, fine: Array, axis: int, position: int) -> Array:
        """Each coarse coefficient's fine one, or the sum of both signs of the last."""
        n, m = self.lattice.shape[axis], self.fine_shape[axis]
        if m == n:
            return fine
        if axis == self.lattice.dimension - 1:
            return lax.slice_in_dim(fine, 0, n // 2 + 1, axis=position)
        low = lax.slice_in_dim(fine, 0, (n + 1) // 2, axis=position)
        high = lax.slice_in_dim(fine, m - n // 2, m, axis=position)
        joined = jnp.concatenate([low, high], axis=position)
        if n % 2:
            return joined
        other = lax.slice_in_dim(fine, n // 2, n // 2 + 1, axis=position)
        return joined + _padded(other, position, n // 2, n // 2 - 1)

    def _weight_up(self, axis: int) -> np.ndarray:
        n, m = self.lattice.shape[axis], self.fine_shape[axis]
        half = axis == self.lattice.dimension - 1
        size = np.abs(_wave_indices(m, half=half))
        weight = np.where(size <= self.dealiasing.largest(n), m / n, 0.0)
        return np.where(2 * size == n, 0.5 * weight, weight) if m > n else weight

    def _weight_down(self, axis: int) -> np.ndarray:
        n, m = self.lattice.shape[axis], self.fine_shape[axis]
        half = axis == self.lattice.dimension - 1
        size = np.abs(_wave_indices(n, half=half))
        weight = np.where(size <= self.dealiasing.largest(n), n / m, 0.0)
        # The complex-to-real transform keeps the real part: double it.
        paired = half and m > n
        return np.where(paired & (2 * size == n), 2 * weight, weight)


def _padded(field: Array, position: int, before: int, after: int) -> Array:
    widths = [(0, 0)] * field.ndim
    widths[position] = (before, after)
    return jnp.pad(field, widths)


def _wave_indices(n: int, *, half: bool) -> np.ndarray:
    if half:
        return np.arange(n // 2 + 1)
    return np.rint(np.fft.fftfreq(n) * n).astype(int)


def _along(weight: np.ndarray, position: int, field: Array) -> Array:
    shape = [1] * field.ndim
    shape[position] = -1
    dtype = jnp.finfo(field.dtype).dtype
    return jnp.asarray(weight.reshape(shape), dtype)
