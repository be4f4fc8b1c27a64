"""Filters that keep layouts free of checkerboards and of the mesh.

Both weigh the cells f around a cell e with a cone, w_ef = max(0, R - |x_e - x_f|).

References:
    O. Sigmund (2001), A 99 line topology optimization code written in Matlab, Struct.
        Multidisc. Optim. 21, 120, doi:10.1007/s001580050176.
    B. Bourdin (2001), Filters in topology optimization, Int. J. Numer. Methods Eng. 50,
        2143, doi:10.1002/nme.116.
    E. Andreassen et al. (2011), Efficient topology optimization in MATLAB using 88
        lines of code, Struct. Multidisc. Optim. 43, 1, doi:10.1007/s00158-010-0594-7.
"""

import abc
import math

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...solvers import Mesh, SparseMatrix, SparsityPattern
from .cell_geometry import centroids_and_volumes

_LEAST_DENSITY = 1e-3


class AbstractFilter(eqx.Module):
    """How the densities that are built follow from the design, and its sensitivity."""

    @abc.abstractmethod
    def plan(self, mesh: Mesh) -> "AbstractPlannedFilter":
        """The filter on the cells of a mesh, planned on the host."""


class AbstractPlannedFilter(eqx.Module):
    """A filter on the cells of one mesh."""

    @abc.abstractmethod
    def apply(self, design: Float[Array, " cells"]) -> Float[Array, " cells"]:
        """Densities of a design."""

    @abc.abstractmethod
    def sensitivity(
        self, design: Float[Array, " cells"], gradient: Float[Array, " cells"]
    ) -> Float[Array, " cells"]:
        """The sensitivity that an update is to use instead of a gradient."""


class DensityFilter(AbstractFilter):
    """Densities are means of the design around each cell, weighted by volume.

    Args:
        radius: R [m], at least one cell for any effect.
    """

    radius: float = eqx.field(static=True)

    def __check_init__(self) -> None:
        _check_radius(self.radius)

    def plan(self, mesh: Mesh) -> "PlannedDensityFilter":
        _, volumes = centroids_and_volumes(mesh)
        cone = cone_weights(mesh, self.radius)
        pattern, _ = cone.pattern.entries
        values = np.asarray(cone.values) * volumes[pattern.indices]
        rows = np.bincount(pattern.rows, values, minlength=len(volumes))
        values = jnp.asarray(values / rows[pattern.rows], mesh.points.dtype)
        return PlannedDensityFilter(SparseMatrix(values, pattern))


class PlannedDensityFilter(AbstractPlannedFilter):
    """`matrix` (cells, cells): rows sum to 1."""

    matrix: SparseMatrix

    def apply(self, design):
        return self.matrix @ design

    def sensitivity(self, design, gradient):
        return gradient


class SensitivityFilter(AbstractFilter):
    """The design is built as it is; its sensitivities are averaged, weighted by it.

    A heuristic: what is followed is the gradient of no function, and works well.

    Args:
        radius: R [m], at least one cell for any effect.
    """

    radius: float = eqx.field(static=True)

    def __check_init__(self) -> None:
        _check_radius(self.radius)

    def plan(self, mesh: Mesh) -> "PlannedSensitivityFilter":
        _, volumes = centroids_and_volumes(mesh)
        cone = cone_weights(mesh, self.radius)
        pattern, _ = cone.pattern.entries
        rows = np.bincount(pattern.rows, cone.values, minlength=len(volumes))
        values = np.asarray(cone.values) / rows[pattern.rows]
        matrix = SparseMatrix(jnp.asarray(values, mesh.points.dtype), pattern)
        return PlannedSensitivityFilter(matrix, jnp.asarray(volumes, mesh.points.dtype))


class PlannedSensitivityFilter(AbstractPlannedFilter):
    """`matrix` (cells, cells): rows sum to 1; `volumes` (cells,) [m^dim]."""

    matrix: SparseMatrix
    volumes: Float[Array, " cells"]

    def apply(self, design):
        return design

    def sensitivity(self, design, gradient):
        mean = self.matrix @ (design * gradient / self.volumes)
        return self.volumes * mean / jnp.maximum(design, _LEAST_DENSITY)


class Unfiltered(AbstractPlannedFilter):
    """The design as it is."""

    def apply(self, design):
        return design

    def sensitivity(self, design, gradient):
        return gradient


def cone_weights(mesh: Mesh, radius: float) -> SparseMatrix:
    """R - |x_e - x_f| for all cells nearer than R [m], (cells, cells)."""
    from scipy.spatial import KDTree

    centroids, _ = centroids_and_volumes(mesh)
    pairs = KDTree(centroids).query_pairs(radius, output_type="ndarray")
    own = np.arange(len(centroids))
    rows = np.concatenate([own, pairs[:, 0], pairs[:, 1]])
    columns = np.concatenate([own, pairs[:, 1], pairs[:, 0]])
    distance = np.linalg.norm(centroids[rows] - centroids[columns], axis=1)
    order = np.lexsort((columns, rows))
    starts = np.searchsorted(rows[order], np.arange(len(own) + 1))
    pattern = SparsityPattern(starts, columns[order], (len(own), len(own)))
    return SparseMatrix(jnp.asarray((radius - distance)[order]), pattern)


def _check_radius(radius: float) -> None:
    if not (math.isfinite(radius) and radius > 0):
        raise ValueError(f"radius = {radius} must be a positive length in metres.")
