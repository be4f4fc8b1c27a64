"""Named nodes of a mesh, where point loads and point supports act."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jax.core import Tracer

from .mesh import Mesh

_ON_NODE = 1e-6


def name_points(mesh: Mesh, places: Mapping[str, Sequence[Any]]) -> Mesh:
    """Name the nodes at given places, beside the names that the mesh has.

    Args:
        mesh: concrete points.
        places: for each name one place (dim,) or several (n, dim) [m].

    Returns:
        A mesh whose `topology.point_sets` holds the names; conditions may use them.

    Raises:
        ValueError: no node within a millionth of the mesh's extent of a place, a wrong
            dimension, traced mesh points, or a name that a boundary part has.

    Example:
        >>> from froude.solvers import rectangle_mesh
        >>> mesh = name_points(rectangle_mesh(4, 2), {"tip": (1.0, 0.5)})
        >>> mesh.points[mesh.topology.point_sets["tip"]].tolist()
        [[1.0, 0.5]]
    """
    from scipy.spatial import KDTree

    if isinstance(mesh.points, Tracer):
        raise ValueError(
            "mesh.points is traced, so places cannot be looked up; name points before "
            "the mesh enters jit or vmap."
        )
    points = np.asarray(mesh.points, float)
    tree, extent = KDTree(points), np.ptp(points, axis=0).max()
    found = dict(mesh.topology.point_sets)
    for name, given in places.items():
        wanted = np.atleast_2d(np.asarray(given, float))
        if wanted.ndim != 2 or wanted.shape[1] != mesh.dimension:
            raise ValueError(
                f"places[{name!r}] has the shape {np.shape(given)}; give "
                f"({mesh.dimension},) coordinates or several rows of them."
            )
        distance, nodes = map(np.atleast_1d, tree.query(wanted))
        far = np.flatnonzero(distance > _ON_NODE * extent)
        if len(far):
            raise ValueError(
                f"places[{name!r}]: there is no node at {wanted[far[0]].tolist()} m; "
                f"the nearest lies at {points[nodes[far[0]]].tolist()} m."
            )
        found[name] = nodes
    return Mesh(mesh.points, mesh.topology.with_point_sets(found))
