"""Cells that must have one density: mirror images, and rows along an extrusion."""

import abc
from collections.abc import Sequence

import equinox as eqx
import numpy as np

from ...solvers import Mesh
from .cell_geometry import centroids_and_volumes

_MATCH = 1e-6


class AbstractTie(eqx.Module):
    """A rule that ties cells to each other."""

    @abc.abstractmethod
    def pairs(self, centroids: np.ndarray) -> np.ndarray:
        """Pairs of cells with one density, (pairs, 2), from centroids (cells, dim)."""


class Mirror(AbstractTie):
    """Symmetry about the plane where coordinate `axis` has the value `at`.

    Args:
        axis: 0, 1 or 2.
        at: place of the plane [m].
    """

    axis: int = eqx.field(static=True)
    at: float = eqx.field(static=True)

    def pairs(self, centroids):
        from scipy.spatial import KDTree

        _check_axis(self.axis, centroids)
        image = centroids.copy()
        image[:, self.axis] = 2 * self.at - image[:, self.axis]
        distance, partner = KDTree(centroids).query(image)
        lonely = np.flatnonzero(distance > _MATCH * np.ptp(centroids, axis=0).max())
        if len(lonely):
            raise ValueError(
                f"Mirror(axis={self.axis}, at={self.at}): {len(lonely)} of "
                f"{len(centroids)} cells have no mirror image (first: cell "
                f"{lonely[0]} at {centroids[lonely[0]].tolist()} m); give a mesh that "
                "is symmetric about the plane."
            )
        return np.stack([np.arange(len(centroids)), partner], axis=1)


class Extrusion(AbstractTie):
    """One cross-section along coordinate `axis`.

    Args:
        axis: 0, 1 or 2.
    """

    axis: int = eqx.field(static=True)

    def pairs(self, centroids):
        _check_axis(self.axis, centroids)
        across = np.delete(centroids, self.axis, axis=1)
        step = _MATCH * np.ptp(centroids, axis=0).max()
        place = np.rint(across / step).astype(np.int64)
        _, column = np.unique(place, axis=0, return_inverse=True)
        column = column.ravel()
        if column.max() + 1 == len(centroids):
            raise ValueError(
                f"Extrusion(axis={self.axis}): no two cells lie behind each other "
                "along the axis; give a mesh that is extruded along it."
            )
        first = np.full(column.max() + 1, len(centroids))
        np.minimum.at(first, column, np.arange(len(centroids)))
        return np.stack([np.arange(len(centroids)), first[column]], axis=1)


def tied_cells(mesh: Mesh, ties: Sequence[AbstractTie]) -> np.ndarray:
    """Number of the design variable of each cell, (cells,), from 0 without gaps."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    count = len(mesh.topology.cells)
    if not ties:
        return np.arange(count)
    centroids, _ = centroids_and_volumes(mesh)
    pairs = np.concatenate([tie.pairs(centroids) for tie in ties])
    graph = coo_matrix((np.ones(len(pairs)), pairs.T), shape=(count, count))
    return connected_components(graph, directed=False)[1]


def _check_axis(axis: int, centroids: np.ndarray) -> None:
    if not 0 <= axis < centroids.shape[1]:
        raise ValueError(
            f"axis = {axis}; the mesh has the axes 0 to {centroids.shape[1] - 1}."
        )
