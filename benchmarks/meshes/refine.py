"""Larger meshes of second-order tetrahedra than one would commit."""

import numpy as np

from froude.solvers import Mesh

# Corners 0 to 3 and the middles 4 (01), 5 (12), 6 (02), 7 (03), 8 (13), 9 (23).
_CHILDREN = ((0, 4, 6, 7), (4, 1, 5, 8), (6, 5, 2, 9), (7, 8, 9, 3))
_INNER = ((4, 5, 6, 8), (4, 6, 7, 8), (5, 9, 6, 8), (6, 9, 7, 8))
_EDGES = np.array([(0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3)])
_FACETS = ((0, 3, 5), (3, 1, 4), (5, 4, 2), (3, 4, 5))


def refined(mesh: Mesh) -> Mesh:
    """Halve the edges of a `tetra10` mesh.

    Corners of the new cells lie on the curved old ones, their edges are straight.
    """
    topology, points = mesh.topology, np.asarray(mesh.points)
    corners = topology.cells[:, np.array(_CHILDREN + _INNER)].reshape(-1, 4)
    sides = points[corners[:, 1:]] - points[corners[:, :1]]
    turned = np.linalg.det(sides) < 0
    corners[turned, :2] = corners[turned, 1::-1]
    ends = np.sort(corners[:, _EDGES].reshape(-1, 2), axis=1)
    edges, number = np.unique(ends, axis=0, return_inverse=True)
    middles = len(points) + number.reshape(-1, len(_EDGES))
    return Mesh.from_cells(
        np.concatenate([points, points[edges].mean(axis=1)]),
        "tetra10",
        np.concatenate([corners, middles], axis=1),
        boundaries={
            name: part.nodes.T[:, np.array(_FACETS)].reshape(-1, 3)
            for name, part in topology.boundaries.items()
        },
    )


def mirrored(mesh: Mesh, plane: str) -> Mesh:
    """Add the mirror image of a `tetra10` mesh behind its flat boundary part `plane`,
    which is no part any more."""
    topology, points = mesh.topology, np.asarray(mesh.points)
    shared = topology.nodes_of(plane)
    axis = np.argmin(np.ptp(points[shared], axis=0))
    image = points.copy()
    image[:, axis] = 2 * points[shared, axis].mean() - image[:, axis]
    own = np.setdiff1d(np.arange(len(points)), shared)
    number = np.arange(len(points))
    number[own] = len(points) + np.arange(len(own))
    # two corners of an image change places, and the middles of their edges with them
    turned = number[topology.cells[:, [1, 0, 2, 3, 4, 6, 5, 8, 7, 9]]]
    facets = {
        name: part.nodes.T[:, :3]
        for name, part in topology.boundaries.items()
        if name != plane
    }
    return Mesh.from_cells(
        np.concatenate([points, image[own]]),
        "tetra10",
        np.concatenate([topology.cells, turned]),
        boundaries={
            name: np.concatenate([part, number[part]]) for name, part in facets.items()
        },
    )
