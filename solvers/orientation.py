"""Cells numbered clockwise in a file are turned; folded cells are left to be refused.

Files may list the nodes of a cell in either sense. Turning a cell whose node order is
merely reversed keeps the mesh; turning one that is folded over its neighbour would hide
the defect. The two differ in the facets they share: seen from the two cells of a sound
mesh, every shared facet runs in opposite directions.
"""

import numpy as np

from .cells import ReferenceCell
from .topology import facet_ids


def turn_reversed_cells(
    cell: ReferenceCell, cells: np.ndarray, points: np.ndarray
) -> np.ndarray:
    """Reverse cells of negative volume, if that gives a consistent mesh.

    Args:
        cell: the reference cell.
        cells: node indices, (cells, nodes of a cell).
        points: node coordinates [m], (nodes, dim).

    Returns:
        Cells, all of positive volume where reversing was enough; the cells as given
        otherwise.
    """
    quadrature, _ = cell.quadrature()
    gradient = cell.shape_gradient(quadrature)
    jacobian = np.einsum("qik,ekj->eqij", gradient, points[cells])
    negative = (np.linalg.det(jacobian) < 0).all(axis=1)
    if not negative.any():
        return cells
    mirrored = cell.nodes[:, [1, 0, *range(2, cell.dimension)]]
    distance = np.abs(mirrored[:, None] - cell.nodes[None]).sum(axis=-1)
    turned = cells.copy()
    turned[negative] = cells[negative][:, distance.argmin(axis=1)]
    return turned if _consistent(cell, turned) else cells


def _consistent(cell: ReferenceCell, cells: np.ndarray) -> bool:
    """Whether every shared facet runs in opposite directions in its two cells."""
    table = np.asarray(cell.facet_corners)
    facets = cells[:, table].reshape(-1, table.shape[1])
    (ids,) = facet_ids(facets)
    start = facets.argmin(axis=1)
    rows, width = np.arange(len(facets)), facets.shape[1]
    ahead = facets[rows, (start + 1) % width]
    behind = facets[rows, (start - 1) % width]
    # An edge has no behind: its direction is which end the smaller node is.
    forward = 1 - 2 * start if width == 2 else np.where(ahead > behind, 1, -1)
    shared = np.bincount(ids)[ids] == 2
    return not np.bincount(ids[shared], weights=forward[shared]).any()
