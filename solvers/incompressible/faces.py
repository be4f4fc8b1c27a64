"""Velocities on all faces of the cells, and where these are.

A state stores one face per cell and axis: the upper one, or the lower one where the
flow leaves freely through the lower end of the axis. With the face that is left, whose
value the boundary or the period gives, the velocity along `axis` has n + 1 layers.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from .boundary_part import FREE, HELD, PERIODIC, BoundaryPart
from .staggered_grid import Line


class Layout(eqx.Module):
    """Lines and boundary parts of a box, and what they make of the unknowns.

    Args:
        lines: one per axis.
        parts: (lower, upper) of each axis, `None` where it is periodic.
    """

    lines: tuple[Line, ...]
    parts: tuple[tuple[BoundaryPart, BoundaryPart] | None, ...]

    @property
    def dimension(self) -> int:
        return len(self.lines)

    def kinds(self, component: int, axis: int) -> tuple[str, str]:
        """What holds for a velocity at the lower and the upper end of an axis."""
        pair = self.parts[axis]
        if pair is None:
            return PERIODIC, PERIODIC
        return pair[0].kind(component), pair[1].kind(component)

    def stores_lower(self, axis: int) -> bool:
        """Whether the lower faces of the cells are stored along an axis."""
        return self.kinds(axis, axis)[0] == FREE

    def is_closed(self) -> bool:
        """Whether no normal velocity is free, so that the pressure has no level."""
        return all(FREE not in self.kinds(a, a) for a in range(self.dimension))

    def free(self) -> np.ndarray:
        """Which unknowns (dim + 1, *cells) no boundary holds."""
        shape = tuple(line.width.shape[0] for line in self.lines)
        mask = np.ones((self.dimension + 1, *shape), bool)
        for axis in range(self.dimension):
            low, high = self.kinds(axis, axis)
            held_end = high if not self.stores_lower(axis) else low
            if held_end == HELD:
                np.moveaxis(mask[axis], axis, 0)[-1] = False
        return mask

    def points(self, component: int) -> Float[Array, " dim *faces"]:
        """Centres [m] of the n + 1 layers of faces normal to an axis."""
        lines = [line.centres for line in self.lines]
        lines[component] = self.lines[component].edges
        return jnp.stack(jnp.meshgrid(*lines, indexing="ij"))

    def end_points(self, component: int, axis: int, *, high: bool) -> Array:
        """Where a velocity meets one end of an axis, (dim, *faces) with one layer."""
        lines = [line.centres for line in self.lines]
        lines[component] = self.lines[component].edges
        edges = self.lines[axis].edges
        lines[axis] = edges[-1:] if high else edges[:1]
        return jnp.stack(jnp.meshgrid(*lines, indexing="ij"))

    def end_value(self, component: int, axis: int, t: Array, *, high: bool) -> Array:
        """Held velocity at one end of an axis."""
        part = self._part(axis, high=high)
        return part.value(component, t, self.end_points(component, axis, high=high))

    def end_flux(self, component: int, axis: int, t: Array, *, high: bool) -> Array:
        """Given flux of momentum along +axis at one end of it [Pa]."""
        part = self._part(axis, high=high)
        return part.flux(component, t, self.end_points(component, axis, high=high))

    def _part(self, axis: int, *, high: bool) -> BoundaryPart:
        pair = self.parts[axis]
        assert pair is not None
        return pair[1 if high else 0]

    def all_faces(self, t: Array, velocity: Array) -> tuple[Array, ...]:
        """Velocities on the n + 1 layers of faces of each axis."""
        whole = []
        for axis, stored in enumerate(velocity):
            if self.parts[axis] is None:
                pieces = [layer(stored, axis, -1), stored]
            elif self.stores_lower(axis):
                pieces = [stored, self.end_value(axis, axis, t, high=True)]
            else:
                pieces = [self.end_value(axis, axis, t, high=False), stored]
            whole.append(jnp.concatenate(pieces, axis))
        return tuple(whole)

    def stored(self, axis: int, faces: Array) -> Array:
        """The stored ones of n + 1 layers of faces."""
        n = faces.shape[axis] - 1
        start = 0 if self.stores_lower(axis) else 1
        return lax.slice_in_dim(faces, start, start + n, axis=axis)

    def area(self, *axes: int) -> Array:
        """Product of cell widths along some axes, to be broadcast over cells."""
        product = jnp.ones((1,) * self.dimension, self.lines[0].width.dtype)
        for axis in axes:
            product = product * along(self.lines[axis].width, axis, self.dimension)
        return product

    def others(self, *axes: int) -> Array:
        """Product of cell widths along all axes but some."""
        return self.area(*(a for a in range(self.dimension) if a not in axes))

    def face_volume(self, axis: int) -> Array:
        """Volume [m^dim] around each of n + 1 layers, half of it at an end."""
        apart = along(self.lines[axis].apart, axis, self.dimension)
        return apart * self.others(axis)

    def cell_volume(self) -> Array:
        """Volume of the cells [m^dim], (*cells)."""
        return self.area(*range(self.dimension))


def along(line: Array, axis: int, dimension: int) -> Array:
    """A vector laid along one axis."""
    shape = [1] * dimension
    shape[axis] = -1
    return line.reshape(shape)


def layer(field: Array, axis: int, index: int) -> Array:
    """One layer, kept as an axis of length 1."""
    return lax.index_in_dim(field, index, axis)


def ahead(field: Array, axis: int) -> Array:
    """All layers but the first."""
    return lax.slice_in_dim(field, 1, field.shape[axis], axis=axis)


def behind(field: Array, axis: int) -> Array:
    """All layers but the last."""
    return lax.slice_in_dim(field, 0, field.shape[axis] - 1, axis=axis)


def between(field: Array, axis: int) -> Array:
    """Mean of neighbouring layers."""
    return 0.5 * (ahead(field, axis) + behind(field, axis))
