"""How thick the thinnest member of a part is, from distances to its surface."""

import numpy as np

from ...solvers import Mesh
from .cell_geometry import centroids_and_volumes

_NEAR = 1.6


def minimum_member(
    mesh: Mesh, solid: np.ndarray, symmetry: tuple[str, ...] = ()
) -> float:
    """Twice the least distance to the surface along the middle of the part [m].

    The middle is where that distance is greatest in its neighbourhood, among the
    centroids of solid cells and the corners inside the part. A bar of whole cells has
    its own thickness; steps of the mesh make slanted members look thinner by up to a
    cell.

    Args:
        mesh: concrete points.
        solid: which cells are solid, (cells,).
        symmetry: boundary parts where the part goes on beyond the mesh.

    Returns:
        Thickness [m]; infinite without any surface.
    """
    from scipy.spatial import KDTree

    points = np.asarray(mesh.points, float)
    corners = mesh.topology.cells[:, : mesh.cell.corners]
    facets = _surface(mesh, corners[solid], symmetry)
    if not len(facets):
        return float("inf")
    corner, centre = points[facets.ravel()], points[facets].mean(axis=1)
    places = np.concatenate([corner, centre, _edge_middles(points, facets)])
    centroids, volumes = centroids_and_volumes(mesh)
    size = np.median(volumes) ** (1 / mesh.dimension)
    on_surface = np.zeros(len(points), bool)
    on_surface[facets] = True
    inside = np.setdiff1d(corners[solid], np.flatnonzero(on_surface))
    sites = np.concatenate([centroids[solid], points[inside]])
    distance, _ = KDTree(places).query(sites)
    around = KDTree(sites).query_pairs(_NEAR * size, output_type="ndarray")
    middle = np.ones(len(sites), bool)
    slack = 1e-6 * size
    for a, b in (around.T, around.T[::-1]):
        middle[a[distance[b] > distance[a] + slack]] = False
    return float(2 * distance[middle].min())


def _surface(mesh: Mesh, cells: np.ndarray, symmetry: tuple[str, ...]) -> np.ndarray:
    """Corner nodes of the facets around the cells, without those on the planes."""
    table = np.asarray(mesh.cell.facet_corners)
    facets = cells[:, table].reshape(-1, table.shape[1])
    width = table.shape[1]
    planes = [mesh.topology.boundary(n).nodes[:width].T for n in symmetry]
    every = np.sort(np.concatenate([facets, *planes]), axis=1)
    _, place, count = np.unique(every, axis=0, return_inverse=True, return_counts=True)
    return facets[count[place.ravel()[: len(facets)]] == 1]


def _edge_middles(points: np.ndarray, facets: np.ndarray) -> np.ndarray:
    following = np.roll(facets, -1, axis=1)
    return 0.5 * (points[facets] + points[following]).reshape(-1, points.shape[1])
