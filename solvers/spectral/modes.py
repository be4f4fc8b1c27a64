"""Fourier coefficients of the modes that take part, and no others.

Coefficients are means of u exp(-ik·x): those of a wave number are the same on every
grid. The modes are those that the dealiasing keeps, without the highest of an even
number of points, whose sign is unknown.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Complex, Float

from ..lattice import Lattice
from .dealiasing import AbstractDealiasing
from .real_transform import real_transform


class Modes(eqx.Module):
    """Transforms between a state, its modes and the product grid.

    Args:
        lattice: the grid of the state; spacing and corners are leaves.
        dealiasing: the choice of product grid.
    """

    lattice: Lattice
    dealiasing: AbstractDealiasing

    @property
    def highest(self) -> tuple[int, ...]:
        """Largest wave index kept along each axis."""
        return tuple(
            int(min(self.dealiasing.largest(n), (n - 1) // 2))
            for n in self.lattice.shape
        )

    @property
    def fine_shape(self) -> tuple[int, ...]:
        """Points of the product grid along each axis."""
        return tuple(self.dealiasing.points(n) for n in self.lattice.shape)

    @property
    def shape(self) -> tuple[int, ...]:
        """Modes along each axis; the last axis holds no negative ones."""
        *others, last = self.highest
        return (*(2 * highest + 1 for highest in others), last + 1)

    def waves(self) -> Float[Array, " dim *modes"]:
        """Angular wave numbers [rad m^-1]."""
        rows = []
        for axis, highest in enumerate(self.highest):
            index = np.arange(highest + 1.0)
            if axis < self.lattice.dimension - 1:
                index = np.concatenate([index, np.arange(-highest, 0.0)])
            length = self.lattice.spacing[axis] * self.lattice.shape[axis]
            rows.append(jnp.asarray(index, length.dtype) * (2 * np.pi / length))
        return jnp.stack(jnp.meshgrid(*rows, indexing="ij"))

    def fine_points(self) -> Float[Array, " dim *fine"]:
        """Coordinates of the product grid [m]; both grids share their first point."""
        fine = Lattice(self.lattice.box, self.fine_shape)
        shift = 0.5 * (self.lattice.spacing - fine.spacing)
        return fine.centres() + shift.reshape(-1, *[1] * self.lattice.dimension)

    def of_state(self, values: Array) -> Complex[Array, "..."]:
        """Modes of values (..., *cells) on the grid of the state."""
        return self._down(values, self.lattice.shape)

    def to_state(self, modes: Complex[Array, "..."]) -> Array:
        """Values on the grid of the state."""
        return self._up(modes, self.lattice.shape)

    def of_points(self, values: Array) -> Complex[Array, "..."]:
        """Modes of values (..., *fine) on the product grid."""
        return self._down(values, self.fine_shape)

    def to_points(self, modes: Complex[Array, "..."]) -> Array:
        """Values on the product grid."""
        return self._up(modes, self.fine_shape)

    def _down(self, values: Array, points: tuple[int, ...]) -> Array:
        modes = real_transform(values, self.lattice.dimension)
        for position, highest in self._positions(modes):
            low = lax.slice_in_dim(modes, 0, highest + 1, axis=position)
            if position < modes.ndim - 1:
                size = modes.shape[position]
                high = lax.slice_in_dim(modes, size - highest, size, axis=position)
                low = jnp.concatenate([low, high], axis=position)
            modes = low
        return modes * np.asarray(1 / np.prod(points), values.dtype)

    def _up(self, modes: Array, points: tuple[int, ...]) -> Array:
        for (position, highest), size in zip(
            self._positions(modes), points, strict=True
        ):
            last = position == modes.ndim - 1
            gap = (size // 2 + 1 if last else size) - modes.shape[position]
            shape = list(modes.shape)
            shape[position] = gap
            split = lax.slice_in_dim(modes, 0, highest + 1, axis=position)
            parts = [split, jnp.zeros(shape, modes.dtype)]
            if not last:
                rest = modes.shape[position]
                parts.append(lax.slice_in_dim(modes, highest + 1, rest, axis=position))
            modes = jnp.concatenate(parts, axis=position)
        axes = tuple(range(-self.lattice.dimension, 0))
        return jnp.fft.irfftn(modes, s=points, axes=axes, norm="forward")

    def _positions(self, field: Array):
        first = field.ndim - self.lattice.dimension
        return [(first + axis, highest) for axis, highest in enumerate(self.highest)]
