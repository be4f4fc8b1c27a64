"""Layouts that can be built up layer by layer without supports.

A cell is printed only as far as something below it is: with b the density of the
design and s a smooth maximum over the cells that support it, the printed density is a
smooth minimum of b and s. M. Langelaar (2017), An additive manufacturing filter for
topology optimization of print-ready designs, Struct. Multidisc. Optim. 55, 871,
doi:10.1007/s00158-016-1522-2.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from ...solvers import Mesh
from .cell_geometry import centroids_and_volumes, neighbours

_POWER = 40.0
_EXACT_AT = 0.5
_SMOOTH = 1e-4
_ROUND_OFF = 1e-6


class Overhang(eqx.Module):
    """Build direction and the steepest overhang that holds itself.

    A cell is supported by the cells that share a node with it and whose centroid lies
    within `angle` of straight down: three in a plane of squares, five among cubes, for
    45°. Cells on the build plate, the lowest of the mesh, need no support.

    Args:
        direction: from the plate upwards, (dim,).
        angle: largest angle of a surface from the vertical that needs no support
            [degrees], between 0 and 90.

    Raises:
        ValueError: no direction, or an angle out of range.
    """

    direction: tuple[float, ...] = eqx.field(static=True, converter=tuple)
    angle: float = eqx.field(static=True, default=45.0)

    def __check_init__(self) -> None:
        if not np.linalg.norm(self.direction) > 0:
            raise ValueError(f"direction = {self.direction} must not vanish.")
        if not 0 < self.angle < 90:
            raise ValueError(f"angle = {self.angle} must lie between 0 and 90 degrees.")

    def plan(self, mesh: Mesh) -> "PrintOrder":
        """The layers and supports of a mesh, found on the host.

        Raises:
            ValueError: a direction of another dimension, or cells that nothing lies
                below.
        """
        if len(self.direction) != mesh.dimension:
            raise ValueError(
                f"direction = {self.direction} has {len(self.direction)} axes and the "
                f"mesh {mesh.dimension}."
            )
        up = np.asarray(self.direction, float) / np.linalg.norm(self.direction)
        centroids, _ = centroids_and_volumes(mesh)
        height = np.asarray(mesh.points, float) @ up
        lowest = height[mesh.topology.cells].min(axis=1)
        base = lowest <= height.min() + _ROUND_OFF * np.ptp(height)
        cell, other = neighbours(mesh)
        offset = centroids[other] - centroids[cell]
        drop = -offset @ up
        aside = np.linalg.norm(offset + drop[:, None] * up, axis=1)
        reach = np.tan(np.radians(self.angle)) * drop * (1 + _ROUND_OFF)
        kept = (drop > 0) & (aside <= reach) & ~base[cell]
        cell, other = cell[kept], other[kept]
        bare = np.flatnonzero(~base & (np.bincount(cell, minlength=len(base)) == 0))
        if len(bare):
            raise ValueError(
                f"Overhang: nothing lies within {self.angle:g} degrees below "
                f"{len(bare)} of {len(base)} cells (first: cell {bare[0]} at "
                f"{centroids[bare[0]].tolist()} m); choose another direction or angle, "
                "or refine the mesh."
            )
        return _order(cell, other, centroids @ up)


class PrintOrder(eqx.Module):
    """Layers of cells from the plate upwards and what supports them.

    Attributes:
        layers: cells of each layer above the plate, (layers, width), padded with the
            number of cells.
        supports: cells below each of them, (layers, width, most), padded likewise.
        counts: how many supports each has, (layers, width), at least 1.
    """

    layers: np.ndarray
    supports: np.ndarray
    counts: np.ndarray

    def printed(self, design: Float[Array, " cells"]) -> Float[Array, " cells"]:
        """Densities as far as they can be printed, (cells,)."""
        count = design.shape[0]
        padded = jnp.concatenate([design, jnp.zeros(1, design.dtype)])

        def layer(printed, tables):
            cells, below, number = tables
            held = _smooth_maximum(printed[below], number)
            new = _smooth_minimum(padded[cells], held)
            return printed.at[cells].set(jnp.where(cells < count, new, 0.0)), None

        tables = tuple(map(jnp.asarray, (self.layers, self.supports, self.counts)))
        return lax.scan(layer, padded, tables)[0][:count]

    def unsupported(self, solid: np.ndarray) -> np.ndarray:
        """Solid cells above nothing solid, from a mask (cells,) on the host."""
        padded = np.append(np.asarray(solid, bool), False)
        held = padded[self.supports].any(axis=2)
        hangs = padded[self.layers] & ~held
        return np.unique(self.layers[hangs])

    def without_overhangs(self, solid: np.ndarray) -> np.ndarray:
        """The solid cells that are supported all the way down, mask (cells,)."""
        padded = np.append(np.asarray(solid, bool), False)
        for cells, below in zip(self.layers, self.supports, strict=True):
            padded[cells] &= padded[below].any(axis=1)
        return padded[:-1]


def _order(cell: np.ndarray, other: np.ndarray, height: np.ndarray) -> PrintOrder:
    count = len(height)
    by_cell = np.argsort(cell, kind="stable")
    cell, other = cell[by_cell], other[by_cell]
    starts = np.searchsorted(cell, np.arange(count + 1))
    number = np.diff(starts)
    level = np.zeros(count, int)
    for e in np.argsort(height, kind="stable"):
        if number[e]:
            level[e] = 1 + level[other[starts[e] : starts[e + 1]]].max()
    sizes = np.bincount(level)[1:]
    width, most = int(sizes.max(initial=1)), int(number.max(initial=1))
    layers = np.full((len(sizes), width), count)
    supports = np.full((len(sizes), width, most), count)
    counts = np.ones((len(sizes), width), int)
    for k in range(len(sizes)):
        members = np.flatnonzero(level == k + 1)
        layers[k, : len(members)] = members
        counts[k, : len(members)] = number[members]
        for row, e in enumerate(members):
            supports[k, row, : number[e]] = other[starts[e] : starts[e + 1]]
    return PrintOrder(layers, supports, counts)


def _smooth_maximum(values: Array, count: Array) -> Array:
    """Over the last axis; exact where all `count` values are 0.5."""
    root = _POWER + jnp.log(count.astype(values.dtype)) / jnp.log(_EXACT_AT)
    total = jnp.sum(jnp.maximum(values, 0.0) ** _POWER, axis=-1)
    # a floor, because the root has no derivative at zero
    return (total + jnp.finfo(values.dtype).tiny) ** (1.0 / root)


def _smooth_minimum(first: Array, second: Array) -> Array:
    apart = jnp.sqrt((first - second) ** 2 + _SMOOTH)
    return 0.5 * (first + second - apart + _SMOOTH**0.5)
