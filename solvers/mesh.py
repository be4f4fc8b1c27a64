"""Unstructured meshes: traced points on a static topology."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float

from .cells import ReferenceCell
from .facets import CellBlock
from .topology import Facets, Topology


class MeshBlock(NamedTuple):
    """The cells of one type of a mesh, with all its points.

    Args:
        points: node coordinates of the whole mesh [m], (nodes, dim).
        topology: the cells.
    """

    points: Array
    topology: CellBlock

    @property
    def cell(self) -> ReferenceCell:
        """The reference cell."""
        return self.topology.cell

    @property
    def dimension(self) -> int:
        """Number of coordinates of a point."""
        return self.topology.cell.dimension


class Mesh(eqx.Module):
    """A mesh of P1/P2 simplices, Q1/Q2/S2 quadrilaterals and hexahedra, of one type or
    of several that share their facets.

    Points are a traced leaf, so quantities have shape derivatives; moving them does
    not recompile. The topology is static by content.

    Args:
        points: node coordinates [m], (nodes, dim).
        topology: connectivity and named groups.

    Raises:
        ValueError: wrong shape, coordinates that are not finite, or inverted or
            zero-volume cells (unless traced; see `inverted_cells`).

    Example:
        >>> mesh = rectangle_mesh(4, 2, (0.0, 0.0), (2.0, 1.0), element="Q1")
        >>> mesh.points.shape, mesh.boundary_names
        ((15, 2), ('x_min', 'x_max', 'y_min', 'y_max'))
    """

    points: Float[Array, "nodes dim"]
    topology: Topology = eqx.field(static=True)

    def __init__(self, points: Float[Array, "nodes dim"], topology: Topology) -> None:
        points = jnp.asarray(points)
        if not jnp.issubdtype(points.dtype, jnp.floating):
            points = points.astype(jnp.result_type(float))
        expected = (topology.node_count, topology.dimension)
        if points.shape != expected:
            raise ValueError(
                f"points has shape {points.shape}; {topology!r} needs {expected}."
            )
        if not isinstance(points, Tracer):
            host = np.asarray(points)
            if not np.isfinite(host).all():
                bad = np.flatnonzero(~np.isfinite(host).all(axis=1))
                raise ValueError(
                    f"points: {len(bad)} nodes are not finite (first: "
                    f"{bad[:5].tolist()})."
                )
            bad = np.flatnonzero(turned_over(host, topology.blocks, np))
            if len(bad):
                raise ValueError(
                    f"points: {len(bad)} of {topology.cell_count} cells are inverted "
                    f"or have no volume (first: {bad[:5].tolist()}); reverse their "
                    "node order or move the nodes less."
                )
        self.points = points
        self.topology = topology

    @classmethod
    def from_cells(
        cls,
        points: Float[Array, "nodes dim"],
        cell_type: str,
        cells: np.ndarray,
        *,
        boundaries: Mapping[str, Facets] | None = None,
        groups: Mapping[str, np.ndarray] | None = None,
        point_sets: Mapping[str, np.ndarray] | None = None,
    ) -> "Mesh":
        """Make a mesh of one cell type from arrays.

        Args:
            points: node coordinates [m], (nodes, dim).
            cell_type: meshio name such as `"tetra10"`.
            cells: node indices, (cells, nodes of a cell), VTK order.
            boundaries: name to corner nodes of its facets, (facets, corners).
            groups: name to cell indices.
            point_sets: name to node indices.

        Raises:
            ValueError: see `Topology` and `Mesh`.
        """
        topology = Topology(
            cell_type, cells, len(points), boundaries, groups, point_sets
        )
        return cls(points, topology)

    @classmethod
    def from_blocks(
        cls,
        points: Float[Array, "nodes dim"],
        blocks: Sequence[tuple[str, np.ndarray]],
        *,
        boundaries: Mapping[str, Facets] | None = None,
        groups: Mapping[str, np.ndarray] | None = None,
        point_sets: Mapping[str, np.ndarray] | None = None,
    ) -> "Mesh":
        """Make a mesh of several cell types from arrays.

        Cells that meet share all nodes of their common facet. Cell indices count
        through the blocks: in `groups`, in a `CellField`.

        Args:
            points: node coordinates [m], (nodes, dim).
            blocks: (meshio name, node indices in VTK order) of each.
            boundaries: name to corner nodes of its facets, (facets, corners), or to
                several such arrays where facets have several shapes.
            groups: name to cell indices.
            point_sets: name to node indices.

        Raises:
            ValueError: see `Topology.from_blocks` and `Mesh`.

        Example:
            >>> points = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [2, 0.5]], float)
            >>> blocks = [("quad", [[0, 1, 2, 3]]), ("triangle", [[1, 4, 2]])]
            >>> Mesh.from_blocks(points, blocks).topology.cell_count
            2
        """
        topology = Topology.from_blocks(
            blocks, len(points), boundaries, groups, point_sets
        )
        return cls(points, topology)

    @property
    def blocks(self) -> tuple[MeshBlock, ...]:
        """The cells by type."""
        return tuple(MeshBlock(self.points, block) for block in self.topology.blocks)

    @property
    def dimension(self) -> int:
        """Number of coordinates of a point, and space dimension of its cells."""
        return self.topology.dimension

    @property
    def cell(self) -> ReferenceCell:
        """The reference cell.

        Raises:
            ValueError: several types of cells.
        """
        return self.topology.cell

    @property
    def boundary_names(self) -> tuple[str, ...]:
        """Names of the boundary parts; each needs a condition."""
        return self.topology.boundary_names


def inverted_cells(mesh: Mesh) -> Array:
    """Mark cells whose map from the reference cell is not invertible.

    Args:
        mesh: points may be traced.

    Returns:
        Boolean, (cells,). Inside a batch use `jnp.any` of it as the member's status.
    """
    return turned_over(mesh.points, mesh.topology.blocks, jnp)


def turned_over(points, blocks: Sequence[CellBlock], xp):
    """`inverted_cells` with NumPy or JAX as `xp`, (cells,)."""
    return xp.concatenate([_turned_over_in(points, block, xp) for block in blocks])


def _turned_over_in(points, block: CellBlock, xp):
    # The determinant must be positive where it is integrated and not negative at the
    # nodes; a quadrilateral may collapse to a triangle at a corner, but not fold.
    cell = block.cell
    inner, _ = cell.quadrature()
    gradient = cell.shape_gradient(np.concatenate([inner, cell.nodes]))
    if cell.element == "P1":
        gradient = gradient[:1]
    # (nodes of a cell, dim, cells): the order that XLA multiplies without a copy
    corners = xp.stack(list(points.T[:, block.cells.T]), axis=1)
    jacobian = xp.einsum("qik,kje->qije", xp.asarray(gradient, points.dtype), corners)
    jacobian = xp.transpose(jacobian, (1, 2, 0, 3))
    determinant = _determinant(jacobian)
    volume = xp.max(xp.abs(determinant), axis=0)
    tiny = 64 * xp.finfo(points.dtype).eps
    scale = xp.max(xp.abs(jacobian), axis=(0, 1, 2)) ** cell.dimension
    flat = xp.any(determinant[: len(inner)] <= tiny * scale, axis=0)
    folded = xp.any(determinant[len(inner) :] < -tiny * volume, axis=0)
    return flat | folded


def _determinant(a):
    if a.shape[0] == 2:
        return a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]
    return (
        a[0, 0] * (a[1, 1] * a[2, 2] - a[1, 2] * a[2, 1])
        - a[0, 1] * (a[1, 0] * a[2, 2] - a[1, 2] * a[2, 0])
        + a[0, 2] * (a[1, 0] * a[2, 1] - a[1, 1] * a[2, 0])
    )


def morph(mesh: Mesh, map: Callable[[Float[Array, " dim"]], Array]) -> Mesh:
    """Move the points of a mesh by a differentiable map; the topology stays.

    Second-order cells are mapped node by node, so curved edges follow the map.

    Args:
        mesh: the reference mesh.
        map: takes a point [m] (dim,) and returns its new place [m] (dim,). Numbers it
            closes over or holds as leaves get shape derivatives.

    Returns:
        A mesh with the same topology, so that nothing recompiles.

    Raises:
        ValueError: the map inverts cells. Traced points are not checked: test
            `inverted_cells` inside a batch.

    Example:
        >>> mesh = rectangle_mesh(4, 4)
        >>> float(morph(mesh, lambda x: 2.0 * x).points.max())
        2.0
    """
    moved = jax.vmap(map)(mesh.points)
    if moved.shape != mesh.points.shape:
        raise ValueError(
            f"map returns the shape {moved.shape[1:]} for a point of shape "
            f"{mesh.points.shape[1:]}; it must return a point of the same dimension."
        )
    return Mesh(moved, mesh.topology)
