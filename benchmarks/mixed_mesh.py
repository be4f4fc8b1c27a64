"""Meshes that mix cell types: a plate of quadrilaterals and triangles, and an L of
hexahedra, wedges and tetrahedra, of first or second order, with moved corners."""

import itertools

import numpy as np

from froude.solvers import Mesh
from froude.solvers.cells import CELLS

SECOND = {
    "triangle": "triangle6",
    "quad": "quad8",
    "tetra": "tetra10",
    "wedge": "wedge15",
    "hexahedron": "hexahedron20",
}
_SQUARE = ((0, 0), (1, 0), (1, 1), (0, 1))
_TRIANGLES = (((0, 0), (1, 0), (1, 1)), ((0, 0), (1, 1), (0, 1)))


def mixed_plate(n: int, order: int, noise: float = 0.0) -> Mesh:
    """2 by 1 m: n by n quadrilaterals, then twice as many triangles."""
    corners = {
        "quad": _placed([_SQUARE], (0, 0), (n, n)),
        "triangle": _placed(_TRIANGLES, (n, 0), (n, n)),
    }
    return _mesh(corners, 1 / n, order, noise)


def mixed_angle(n: int, order: int, noise: float = 0.0) -> Mesh:
    """An L: hexahedra in x < 1 and wedges in x > 1, both 1 m high, tetrahedra above the
    wedges to 2 m; n cells along 1 m."""
    brick = [(x, y, z) for z in (0, 1) for x, y in _SQUARE]
    wedges = [
        [(x, y, z) for z in (0, 1) for x, y in triangle] for triangle in _TRIANGLES
    ]
    corners = {
        "hexahedron": _placed([brick], (0, 0, 0), (n, n, n)),
        "wedge": _placed(wedges, (n, 0, 0), (n, n, n)),
        "tetra": _placed(_tetrahedra(), (n, 0, n), (n, n, n)),
    }
    return _mesh(corners, 1 / n, order, noise)


def _tetrahedra() -> list:
    """Kuhn's subdivision of a cube."""
    found = []
    for walk in itertools.permutations(range(3)):
        corners = np.zeros((4, 3), int)
        for step, axis in enumerate(walk):
            corners[step + 1 :, axis] += 1
        if np.linalg.det(corners[1:]) < 0:
            corners[[2, 3]] = corners[[3, 2]]
        found.append(corners)
    return found


def _placed(cells, first, shape) -> np.ndarray:
    """Corners on a grid, (cells, corners, dim)."""
    places = np.indices(shape).reshape(len(shape), -1).T + np.asarray(first)
    cells = np.asarray(cells)
    return (places[:, None, None] + cells[None]).reshape(-1, *cells.shape[1:])


def _mesh(corners: dict, size: float, order: int, noise: float) -> Mesh:
    """Facets in the planes x = 0 and y = 0 are "held", the others "loaded"."""
    nodes = {}
    for name, placed in corners.items():
        cell = CELLS[SECOND[name] if order == 2 else name]
        shape = CELLS[name].shape(cell.nodes)
        nodes[cell.name] = np.einsum("kc,ecd->ekd", shape, placed)
    flat = np.concatenate([n.reshape(-1, n.shape[-1]) for n in nodes.values()])
    doubled = np.rint(2 * flat).astype(int)
    grid, number = np.unique(doubled, axis=0, return_inverse=True)
    ends = np.cumsum([n.shape[0] * n.shape[1] for n in nodes.values()])[:-1]
    tables = np.split(number.ravel(), ends)
    blocks = [
        (name, table.reshape(n.shape[:2]))
        for (name, n), table in zip(nodes.items(), tables, strict=True)
    ]
    points = 0.5 * size * grid + _moved(grid, noise * size)
    for name, table in blocks:
        cell = CELLS[name]
        linear = CELLS[name.rstrip("0123456789")]
        straight = linear.shape(cell.nodes)
        points[table] = np.einsum(
            "kc,ecd->ekd", straight, points[table[:, : cell.corners]]
        )
    mesh = Mesh.from_blocks(points, blocks)
    held = []
    for facets in mesh.topology.boundary("remainder").blocks:
        nodes_of = facets.nodes[: facets.facet.corners].T
        at = grid[nodes_of]
        on_plane = (at[..., :2] == 0).all(axis=1).any(axis=1)
        held += [nodes_of[on_plane]] if on_plane.any() else []
    rest = "loaded"
    named = {"held": held}
    mesh = Mesh.from_blocks(points, blocks, boundaries=named)
    left = mesh.topology.boundary("remainder").blocks
    named[rest] = [facets.nodes[: facets.facet.corners].T for facets in left]
    groups = {
        block.cell_type: np.arange(block.start, block.stop)
        for block in mesh.topology.blocks
    }
    return Mesh.from_blocks(points, blocks, boundaries=named, groups=groups)


def _moved(grid: np.ndarray, size: float) -> np.ndarray:
    """The same move for every node of the same place, none in the planes x, y = 0."""
    draws = np.random.default_rng(3).uniform(-size, size, grid.shape)
    return draws * np.all(grid[:, :2] > 0, axis=1, keepdims=True)
