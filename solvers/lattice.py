"""A box divided into equal cells: spacing, centres, faces and labelled export.

Finite volumes and the Fourier scheme share it: states live on cell centres.
"""

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from ..physics import AbstractDomain, Box, Component

if TYPE_CHECKING:
    import xarray as xr

AXIS_NAMES = ("x", "y", "z")


class Lattice(eqx.Module):
    """Equal cells on a `Box`.

    Args:
        box: the domain; its corners are leaves.
        shape: cells along each axis.
    """

    box: Box
    shape: tuple[int, ...] = eqx.field(static=True)

    @property
    def dimension(self) -> int:
        return len(self.shape)

    @property
    def spacing(self) -> Float[Array, " dim"]:
        """Cell size along each axis [m]."""
        cells = np.asarray(self.shape, self.box.lower.dtype)
        return (self.box.upper - self.box.lower) / cells

    @property
    def volume(self) -> Float[Array, ""]:
        """Cell volume [m^dim]."""
        return jnp.prod(self.spacing)

    def inverted(self) -> Bool[Array, ""]:
        """Whether the box has no extent, or a negative one, along some axis."""
        return jnp.any(self.spacing <= 0)

    def face_area(self, axis: int) -> Float[Array, ""]:
        """Area of a face normal to `axis` [m^(dim-1)]."""
        others = [other for other in range(self.dimension) if other != axis]
        return jnp.prod(self.spacing[np.array(others, int)])

    def centres(self) -> Float[Array, " dim *cells"]:
        """Cell centres [m]."""
        return self._positions([np.arange(n) + 0.5 for n in self.shape])

    def faces(self, axis: int) -> Float[Array, " dim *faces"]:
        """Centres of the n + 1 face layers normal to `axis` [m]."""
        indices = [np.arange(n) + 0.5 for n in self.shape]
        indices[axis] = np.arange(self.shape[axis] + 1.0)
        return self._positions(indices)

    def _positions(self, indices: list[np.ndarray]) -> Array:
        box, dtype = self.box, self.box.lower.dtype
        lines = [
            box.lower[axis] + jnp.asarray(index, dtype) * self.spacing[axis]
            for axis, index in enumerate(indices)
        ]
        return jnp.stack(jnp.meshgrid(*lines, indexing="ij"))

    def export(
        self, components: tuple[Component, ...], times: Array, states: Array
    ) -> "xr.Dataset":
        """Label states (times, components, *cells) as an xarray Dataset."""
        centres = np.asarray(self.centres())
        lines = [
            np.moveaxis(centres[axis], axis, 0).reshape(n, -1)[:, 0]
            for axis, n in enumerate(self.shape)
        ]
        return label_cells(lines, components, times, states)


def label_cells(
    lines: Sequence[np.ndarray],
    components: tuple[Component, ...],
    times: Array,
    states: Array,
) -> "xr.Dataset":
    """Label values at cell centres as an xarray Dataset.

    Args:
        lines: coordinates of the centres along each axis [m].
        components: names and units.
        times: (times,) [s].
        states: (times, components, *cells).
    """
    import xarray as xr

    names = AXIS_NAMES[: len(lines)]
    coordinates: dict[str, Any] = {
        "time": ("time", np.asarray(times), {"units": "s", "axis": "T"})
    }
    for name, line in zip(names, lines, strict=True):
        coordinates[name] = (name, line, {"units": "m", "axis": name.upper()})
    values = np.asarray(states)
    variables = {
        component.name: (
            ("time", *names),
            values[:, index],
            {"units": component.unit, "long_name": component.long_name},
        )
        for index, component in enumerate(components)
    }
    return xr.Dataset(variables, coordinates, {"Conventions": "CF-1.11"})


def as_shape(cells: Any) -> tuple[int, ...]:
    """Cells along each axis from one whole number or several.

    Raises:
        TypeError: something else than whole numbers.
    """
    try:
        return tuple(operator.index(n) for n in np.ravel(cells))
    except TypeError as error:
        raise TypeError(
            f"shape = {cells!r} must be whole numbers, such as 64 or (64, 32)."
        ) from error


def box_of(domain: AbstractDomain, shape: tuple[int, ...], scheme: str) -> Box:
    """The domain as a `Box` that fits `shape`.

    Raises:
        TypeError: the domain is no box.
        ValueError: `shape` has another dimension.
    """
    if not isinstance(domain, Box):
        raise TypeError(
            f"{scheme} needs a Box, but problem.domain is a {type(domain).__name__}; "
            "use finite elements on a Mesh for other geometries."
        )
    if len(shape) != domain.dimension:
        raise ValueError(
            f"{scheme}: shape = {shape} has {len(shape)} axes but the box has "
            f"{domain.dimension}; give one number of cells per axis."
        )
    return domain
