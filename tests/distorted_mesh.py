"""Meshes whose inner nodes are moved, for patch tests."""

import numpy as np

from froude.solvers import Mesh
from froude.solvers.cells import CELLS


def distorted(mesh, size):
    """Move inner corners at random; nodes in between follow, so edges stay straight."""
    cells, corners = mesh.topology.cells, mesh.cell.corners
    inner = np.ones(len(mesh.points), bool)
    for part in mesh.topology.boundaries.values():
        inner[part.unique_nodes] = False
    noise = np.random.default_rng(3).uniform(-size, size, mesh.points.shape)
    points = np.asarray(mesh.points) + noise * inner[:, None]
    linear = CELLS[mesh.topology.cell_type.rstrip("0123456789")]
    straight = np.einsum(
        "ak,ekd->ead", linear.shape(mesh.cell.nodes), points[cells[:, :corners]]
    )
    points[cells] = straight
    return Mesh(points, mesh.topology)
