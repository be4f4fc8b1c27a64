"""Meshes of rectangles and boxes, by subdividing a grid."""

import itertools
from collections.abc import Sequence

import numpy as np

from .cells import CELLS, ReferenceCell
from .facets import boundary_facets
from .mesh import Mesh

_AXES = ("x", "y", "z")


def rectangle_mesh(
    nx: int,
    ny: int,
    lower: Sequence[float] = (0.0, 0.0),
    upper: Sequence[float] = (1.0, 1.0),
    *,
    element: str = "Q1",
) -> Mesh:
    """Mesh a rectangle with nx by ny quadrilaterals, or twice as many triangles.

    Args:
        nx: intervals along x.
        ny: intervals along y.
        lower: smallest coordinates [m].
        upper: largest coordinates [m].
        element: `"P1"`, `"P2"` (triangles), `"Q1"`, `"Q2"` or `"S2"`
            (quadrilaterals; S2 has eight nodes).

    Returns:
        A mesh with the boundary parts x_min, x_max, y_min and y_max.

    Raises:
        ValueError: no interval, an unknown element, or upper not above lower.
    """
    return _grid_mesh((nx, ny), lower, upper, element)


def box_mesh(
    nx: int,
    ny: int,
    nz: int,
    lower: Sequence[float] = (0.0, 0.0, 0.0),
    upper: Sequence[float] = (1.0, 1.0, 1.0),
    *,
    element: str = "Q1",
) -> Mesh:
    """Mesh a box with nx by ny by nz hexahedra, two times as many wedges or six times
    as many tetrahedra.

    Args:
        nx: intervals along x.
        ny: intervals along y.
        nz: intervals along z.
        lower: smallest coordinates [m].
        upper: largest coordinates [m].
        element: `"P1"`, `"P2"` (tetrahedra), `"Q1"`, `"Q2"`, `"S2"` (hexahedra; S2
            has twenty nodes), `"W1"` or `"W2"` (wedges along z of 6 and 15 nodes).

    Returns:
        A mesh with the boundary parts x_min, x_max, …, z_max.

    Raises:
        ValueError: no interval, an unknown element, or upper not above lower.
    """
    return _grid_mesh((nx, ny, nz), lower, upper, element)


def _grid_mesh(shape, lower, upper, element: str) -> Mesh:
    dimension = len(shape)
    lower, upper = np.asarray(lower, float), np.asarray(upper, float)
    if min(shape) < 1:
        raise ValueError(f"(nx, ny, …) = {shape} must be at least 1 on every axis.")
    if lower.shape != (dimension,) or upper.shape != (dimension,):
        raise ValueError(
            f"lower = {lower} and upper = {upper} must have {dimension} coordinates."
        )
    if np.any(upper <= lower):
        raise ValueError(f"upper = {upper} must exceed lower = {lower} on every axis.")
    found = [
        c for c in CELLS.values() if c.element == element and c.dimension == dimension
    ]
    if not found:
        solids = "" if dimension == 2 else ", W1 or W2"
        raise ValueError(f"element = {element!r}; use P1, P2, Q1, Q2 or S2{solids}.")
    (cell,) = found
    counts = np.asarray(shape) * cell.order + 1
    index = np.indices(tuple(counts)).reshape(dimension, -1).T
    points = lower + (upper - lower) * (index / (counts - 1))
    cells = _cells(cell, shape, counts)
    used, cells = np.unique(cells, return_inverse=True)
    points, index = points[used], index[used]
    cells = cells.reshape(-1, len(cell.nodes))
    shapes = boundary_facets(cell.name, cells)
    boundaries = {}
    for axis in range(dimension):
        for side, level in (("min", 0), ("max", counts[axis] - 1)):
            on_side = [f[(index[f, axis] == level).all(axis=1)] for f in shapes]
            boundaries[f"{_AXES[axis]}_{side}"] = [f for f in on_side if len(f)]
    return Mesh.from_cells(points, cell.name, cells, boundaries=boundaries)


def _cells(cell: ReferenceCell, shape, counts) -> np.ndarray:
    """Node indices of all cells on the grid of nodes, (cells, nodes of a cell)."""
    first = np.indices(shape).reshape(len(shape), -1).T * cell.order
    cells = [
        np.ravel_multi_index(np.moveaxis(first[:, None] + offsets, -1, 0), counts)
        for offsets in _offsets(cell)
    ]
    return np.stack(cells, axis=1).reshape(-1, len(cell.nodes))


def _offsets(cell: ReferenceCell) -> list[np.ndarray]:
    """Grid offsets of the nodes of each cell that fills one interval of the grid."""
    if cell.wedge:
        flat = _offsets(CELLS["triangle"])
        heights = (cell.nodes[:, 2] + 1) / 2 * cell.order
        offsets = []
        for triangle in flat:
            places = CELLS["triangle"].shape(cell.nodes[:, :2]) @ triangle * cell.order
            offsets.append(np.rint(np.column_stack([places, heights])).astype(int))
        return offsets
    if not cell.simplex:
        return [np.rint((cell.nodes + 1) / 2 * cell.order).astype(int)]
    # Kuhn's subdivision: one simplex for every order in which the axes are walked.
    offsets = []
    for walk in itertools.permutations(range(cell.dimension)):
        corners = np.zeros((cell.dimension + 1, cell.dimension))
        for step, axis in enumerate(walk):
            corners[step + 1 :, axis] += 1
        if np.linalg.det(corners[1:]) < 0:
            corners[[-2, -1]] = corners[[-1, -2]]
        nodes = corners[0] + cell.nodes @ (corners[1:] - corners[0])
        offsets.append(np.rint(nodes * cell.order).astype(int))
    return offsets
