"""Cells numbered clockwise in a file are turned; folded cells are left to be refused.

Files may list the nodes of a cell in either sense. Turning a cell whose node order is
merely reversed keeps the mesh; turning one that is folded over its neighbour would hide
the defect. The two differ in the facets they share: seen from the two cells of a sound
mesh, every shared facet runs in opposite directions.
"""

import numpy as np

from .facets import CellBlock, facet_ids

Blocks = list[tuple[str, np.ndarray]]


def turn_reversed_cells(blocks: Blocks, points: np.ndarray) -> Blocks:
    """Reverse cells of negative volume, if that gives a consistent mesh.

    Args:
        blocks: (cell type, node indices) of each.
        points: node coordinates [m], (nodes, dim).

    Returns:
        Cells, all of positive volume where reversing was enough; the cells as given
        otherwise.
    """
    turned = [(kind, _turned(CellBlock(kind, c, 0), points)) for kind, c in blocks]
    same = all(new is old for (_, new), (_, old) in zip(turned, blocks, strict=True))
    return turned if not same and _consistent(turned) else blocks


def _turned(block: CellBlock, points: np.ndarray) -> np.ndarray:
    cell, cells = block.cell, block.cells
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
    return turned


def _consistent(blocks: Blocks) -> bool:
    """Whether every shared facet runs in opposite directions in its two cells."""
    facets = [
        cells[:, shape.nodes[:, : shape.facet.corners]].reshape(-1, shape.facet.corners)
        for kind, cells in blocks
        for shape in CellBlock(kind, cells, 0).cell.facet_shapes
    ]
    ids = np.concatenate(facet_ids(*facets))
    forward = np.concatenate([_direction(one) for one in facets])
    shared = np.bincount(ids)[ids] == 2
    return not np.bincount(ids[shared], weights=forward[shared]).any()


def _direction(facets: np.ndarray) -> np.ndarray:
    """1 or -1 for the two senses in which the same corners may run, (facets,)."""
    start = facets.argmin(axis=1)
    rows, width = np.arange(len(facets)), facets.shape[1]
    ahead = facets[rows, (start + 1) % width]
    behind = facets[rows, (start - 1) % width]
    # An edge has no behind: its direction is which end the smaller node is.
    return 1 - 2 * start if width == 2 else np.where(ahead > behind, 1, -1)
