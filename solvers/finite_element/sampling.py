"""Values of a finite-element state between its nodes: point lookup and error norm."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float

from ..cells import CELLS, ReferenceCell
from ..facets import CellBlock
from ..mesh import Mesh
from .geometry import cell_geometry, gather_nodes

_INSIDE = 1e-8
_NEWTON_STEPS = 12


def evaluate_at(mesh: Mesh, state: Array, points: np.ndarray) -> Array:
    """Interpolate `state` (components, nodes) at `points` (points, dim)."""
    cells, reference = locate(mesh, points)
    values = jnp.zeros((len(state), len(cells)), state.dtype)
    for block in mesh.topology.blocks:
        here = np.flatnonzero((cells >= block.start) & (cells < block.stop))
        shape = jnp.asarray(block.cell.shape(reference[here]), state.dtype)
        nodal = gather_nodes(state, block.cells[cells[here] - block.start])
        values = values.at[:, here].set(jnp.einsum("pk,cpk->cp", shape, nodal))
    return values


def error_norm(
    mesh: Mesh, state: Array, exact: Callable[[Array], Array]
) -> Float[Array, " components"]:
    """L2 norm of `state` minus `exact`."""
    squares = jnp.zeros(len(state), state.dtype)
    for block in mesh.blocks:
        degree = 2 * block.cell.order + 4
        geometry = cell_geometry(block, degree)
        points, _ = block.cell.quadrature(degree)
        shape = jnp.asarray(block.cell.shape(points), state.dtype)
        nodal = gather_nodes(state, block.topology.cells.T)
        values = jnp.einsum("qk,cke->qce", shape, nodal)
        over_cells = jax.vmap(lambda x: jnp.atleast_1d(exact(x)), -1, -1)
        difference = values - jax.vmap(over_cells)(geometry.x)
        squares += jnp.sum(geometry.weight[:, None] * difference**2, axis=(0, 2))
    return jnp.sqrt(squares)


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
    found, reference = np.full(len(points), -1), np.zeros(points.shape)
    for block in mesh.topology.blocks:
        _locate_in(block, np.asarray(mesh.points, float), points, found, reference)
    outside = np.flatnonzero(found < 0)
    if len(outside):
        raise ValueError(
            f"points: {len(outside)} of {len(points)} lie outside the mesh (first: "
            f"{points[outside[0]].tolist()})."
        )
    return found, reference


def _locate_in(block: CellBlock, nodes, points, found, reference) -> None:
    """Look for points not found yet in the cells of one type, nearest cells first."""
    from scipy.spatial import KDTree

    corners = nodes[block.cells]
    tree, candidates = KDTree(corners.mean(axis=1)), min(8, len(corners))
    while len(missing := np.flatnonzero(found < 0)):
        _, near = tree.query(points[missing], candidates)
        near = near.reshape(len(missing), candidates)
        local = np.full(len(points), -1)
        _search(block.cell, corners, points, missing, near, local, reference)
        fresh = missing[local[missing] >= 0]
        found[fresh] = local[fresh] + block.start
        if candidates == len(corners):
            return
        candidates = min(8 * candidates, len(corners))


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
    if cell.wedge:
        between = np.abs(xi[:, 2]) <= 1 + _INSIDE
        return between & _inside(CELLS["triangle"], xi[:, :2])
    return np.all(np.abs(xi) <= 1 + _INSIDE, axis=1)
