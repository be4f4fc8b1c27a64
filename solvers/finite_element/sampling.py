"""Values of a finite-element state between its nodes: point lookup and error norm."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float

from ..cells import ReferenceCell
from ..mesh import Mesh
from .geometry import cell_geometry, gather_nodes

_INSIDE = 1e-8
_NEWTON_STEPS = 12


def evaluate_at(mesh: Mesh, state: Array, points: np.ndarray) -> Array:
    """Interpolate `state` (components, nodes) at `points` (points, dim)."""
    cells, reference = locate(mesh, points)
    shape = jnp.asarray(mesh.cell.shape(reference), state.dtype)
    nodal = gather_nodes(state, mesh.topology.cells[cells])
    return jnp.einsum("pk,cpk->cp", shape, nodal)


def error_norm(
    mesh: Mesh, state: Array, exact: Callable[[Array], Array]
) -> Float[Array, " components"]:
    """L2 norm of `state` minus `exact`."""
    degree = 2 * mesh.cell.order + 4
    geometry = cell_geometry(mesh, degree)
    points, _ = mesh.cell.quadrature(degree)
    shape = jnp.asarray(mesh.cell.shape(points), state.dtype)
    nodal = gather_nodes(state, mesh.topology.cells.T)
    values = jnp.einsum("qk,cke->qce", shape, nodal)
    over_cells = jax.vmap(lambda x: jnp.atleast_1d(exact(x)), -1, -1)
    difference = values - jax.vmap(over_cells)(geometry.x)
    return jnp.sqrt(jnp.sum(geometry.weight[:, None] * difference**2, axis=(0, 2)))


def locate(mesh: Mesh, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the cell and reference coordinates of points, on the host.

    Args:
        mesh: concrete points.
        points: positions [m], (points, dim).

    Returns:
        Cell indices (points,) and reference coordinates (points, dim).

    Raises:
        ValueError: a point outside the mesh, a wrong shape, or traced mesh points.
    """
    from scipy.spatial import KDTree

    if isinstance(mesh.points, Tracer):
        raise ValueError(
            "mesh.points is traced, so points cannot be located in the mesh; locate "
            "them outside jit and vmap, or read a node of the state."
        )
    points = np.asarray(points, float)
    if points.ndim != 2 or points.shape[1] != mesh.dimension:
        raise ValueError(
            f"points has shape {points.shape}; give (points, {mesh.dimension})."
        )
    nodes = np.asarray(mesh.points, float)[mesh.topology.cells]
    tree = KDTree(nodes.mean(axis=1))
    found = np.full(len(points), -1)
    reference = np.zeros(points.shape)
    candidates = min(8, len(nodes))
    while True:
        missing = np.flatnonzero(found < 0)
        if not len(missing):
            return found, reference
        _, near = tree.query(points[missing], candidates)
        near = near.reshape(len(missing), candidates)
        _search(mesh.cell, nodes, points, missing, near, found, reference)
        if candidates == len(nodes):
            break
        candidates = min(8 * candidates, len(nodes))
    outside = np.flatnonzero(found < 0)
    if len(outside):
        raise ValueError(
            f"points: {len(outside)} of {len(points)} lie outside the mesh (first: "
            f"{points[outside[0]].tolist()})."
        )
    return found, reference


def _search(cell: ReferenceCell, nodes, points, missing, near, found, reference):
    """Try candidate cells, nearest first; fill `found` and `reference` in place."""
    for column in near.T:
        todo = found[missing] < 0
        if not todo.any():
            return
        which, cells = missing[todo], column[todo]
        xi = _invert(cell, nodes[cells], points[which])
        inside = _inside(cell, xi)
        found[which[inside]] = cells[inside]
        reference[which[inside]] = xi[inside]


def _invert(cell: ReferenceCell, corners: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Newton's method for the reference coordinates of one point per cell."""
    xi = np.broadcast_to(cell.nodes.mean(axis=0), points.shape).copy()
    for _ in range(_NEWTON_STEPS):
        x = np.einsum("pk,pkd->pd", cell.shape(xi), corners)
        jacobian = np.einsum("pik,pkd->pdi", cell.shape_gradient(xi), corners)
        with np.errstate(all="ignore"):
            step = _solve(jacobian, points - x)
        xi = np.clip(xi + step, -3.0, 3.0)
    return xi


def _solve(matrices: np.ndarray, rhs: np.ndarray) -> np.ndarray:
    singular = np.linalg.det(matrices) == 0
    matrices = np.where(singular[:, None, None], np.eye(rhs.shape[1]), matrices)
    return np.linalg.solve(matrices, rhs[..., None])[..., 0]


def _inside(cell: ReferenceCell, xi: np.ndarray) -> np.ndarray:
    if cell.simplex:
        return np.all(xi >= -_INSIDE, axis=1) & (np.sum(xi, axis=1) <= 1 + _INSIDE)
    return np.all(np.abs(xi) <= 1 + _INSIDE, axis=1)
