"""Cells of a box whose widths may vary along each axis, and the lines between them.

Relative edges are data of the host: operators along a line are diagonalised once, and
the corners of the box, which scale them, stay differentiable.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...physics import Box
from ..lattice import as_shape

Stretching = Callable[[np.ndarray], np.ndarray]
"""Map of [0, 1] onto an interval, increasing, NumPy to NumPy, such as `numpy.sqrt`."""


@dataclasses.dataclass(frozen=True)
class WallClustering:
    """Edges (1 + tanh(b (2s - 1)) / tanh b) / 2, narrow at both ends of an axis.

    Args:
        strength: b > 0; the middle cell is about sinh(2b) / 2b times wider than the
            first.

    Reference:
        M. Vinokur (1983), On one-dimensional stretching functions for finite-difference
        calculations, J. Comput. Phys. 50, 215.
    """

    strength: float

    def __post_init__(self) -> None:
        if not self.strength > 0:
            raise ValueError(
                f"strength = {self.strength} must be > 0; leave the stretching out for "
                "equal cells."
            )

    def __call__(self, s: np.ndarray) -> np.ndarray:
        """Relative edges of the equidistant edges `s`."""
        b = self.strength
        return 0.5 * (1 + np.tanh(b * (2 * s - 1)) / np.tanh(b))


def _as_stretching(given: Any) -> tuple[Stretching | None, ...]:
    return tuple(given) if isinstance(given, tuple | list) else (given,)


class StaggeredGrid(eqx.Module):
    """Cells on the box of a problem: pressure at centres, velocities on faces.

    Args:
        shape: cells along each axis, at least 4.
        stretching: for each axis an increasing NumPy map of the equidistant edges in
            [0, 1], or `None` for equal cells; one for all axes if no tuple is given.
            Programs are compiled once per function, so make it once.

    Raises:
        ValueError: too few cells, or edges that do not increase.

    Example:
        >>> StaggeredGrid((4, 8), WallClustering(1.5)).relative_edges(0).round(3)
        array([0.   , 0.149, 0.5  , 0.851, 1.   ])
    """

    shape: tuple[int, ...] = eqx.field(static=True, converter=as_shape)
    stretching: tuple[Stretching | None, ...] = eqx.field(
        static=True, converter=_as_stretching, default=None
    )

    def __check_init__(self) -> None:
        if len(self.shape) not in (2, 3) or not all(n >= 4 for n in self.shape):
            raise ValueError(
                f"shape = {self.shape} needs two or three axes of at least 4 cells."
            )
        if len(self.stretching) not in (1, len(self.shape)):
            raise ValueError(
                f"stretching has {len(self.stretching)} entries for the shape "
                f"{self.shape}; give one per axis, None for equal cells."
            )
        for axis in range(len(self.shape)):
            self.relative_edges(axis)

    def is_uniform(self, axis: int) -> bool:
        """Whether the cells along an axis are equal."""
        return self._stretching(axis) is None

    def relative_edges(self, axis: int) -> np.ndarray:
        """Edges of the cells from 0 to 1, (n + 1,)."""
        even = np.linspace(0.0, 1.0, self.shape[axis] + 1)
        stretching = self._stretching(axis)
        if stretching is None:
            return even
        edges = np.asarray(stretching(even), float)
        increases = edges.shape == even.shape and np.all(np.diff(edges) > 0)
        if not increases:
            raise ValueError(
                f"stretching of axis {axis} gives the edges {edges}; they must be "
                f"{even.size} increasing numbers."
            )
        edges = (edges - edges[0]) / (edges[-1] - edges[0])
        return edges

    def _stretching(self, axis: int) -> Stretching | None:
        return self.stretching[axis if len(self.stretching) > 1 else 0]


class Line(eqx.Module):
    """Edges, centres and widths along one axis.

    Args:
        edges: (n + 1,) [m].
        centres: (n,) [m].
        width: of the cells, (n,) [m].
        apart: from centre to centre across each edge, (n + 1,) [m]; at the ends of an
            axis that is not periodic from the edge to the centre.
    """

    edges: Float[Array, " n1"]
    centres: Float[Array, " n"]
    width: Float[Array, " n"]
    apart: Float[Array, " n1"]


def relative_widths(edges: np.ndarray, *, periodic: bool) -> tuple[np.ndarray, ...]:
    """Widths (n,) of cells and distances (n + 1,) of their centres."""
    width = np.diff(edges)
    ends = (width[-1:], width[:1]) if periodic else (np.zeros(1), np.zeros(1))
    padded = np.concatenate([ends[0], width, ends[1]])
    return width, 0.5 * (padded[:-1] + padded[1:])


def line_of(grid: StaggeredGrid, box: Box, axis: int) -> Line:
    """The line along one axis of a box, in the dtype of its corners."""
    start, length = box.lower[axis], box.upper[axis] - box.lower[axis]
    edges = grid.relative_edges(axis)
    width, apart = relative_widths(edges, periodic=box.is_periodic(axis))
    scaled = lambda line: length * jnp.asarray(line, length.dtype)
    at = start + scaled(edges)
    return Line(
        edges=at,
        centres=start + scaled(0.5 * (edges[:-1] + edges[1:])),
        width=scaled(width),
        apart=scaled(apart),
    )
