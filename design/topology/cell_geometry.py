"""Centroids and volumes of the cells of a mesh, on the host."""

import numpy as np
from jax.core import Tracer

from ...solvers import Mesh
from ...solvers.finite_element.geometry import cell_geometry


def centroids_and_volumes(mesh: Mesh) -> tuple[np.ndarray, np.ndarray]:
    """Where the cells are (cells, dim) [m] and how large (cells,) [m^dim].

    Raises:
        ValueError: traced mesh points; filters are planned on the host.
    """
    if isinstance(mesh.points, Tracer):
        raise ValueError(
            "mesh.points is traced, but filters and printability are planned on the "
            "host from the places of the cells; build the layout outside jit and vmap."
        )
    geometry = cell_geometry(mesh)
    volumes = np.asarray(geometry.weight, float).sum(axis=0)
    moment = (np.asarray(geometry.weight)[:, None] * np.asarray(geometry.x)).sum(axis=0)
    return (moment / volumes).T, volumes


def neighbours(mesh: Mesh) -> tuple[np.ndarray, np.ndarray]:
    """Pairs (cell, other cell) that share a node, as two arrays."""
    from scipy.sparse import csr_matrix

    cells = mesh.topology.cells[:, : mesh.cell.corners]
    count, corners = cells.shape
    tables = (
        np.ones(cells.size, np.int32),
        cells.ravel(),
        np.arange(count + 1) * corners,
    )
    incidence = csr_matrix(tables, shape=(count, mesh.topology.node_count))
    shared = (incidence @ incidence.T).tocoo()
    other = shared.row != shared.col
    return shared.row[other], shared.col[other]
