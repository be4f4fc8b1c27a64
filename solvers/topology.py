"""Mesh topology: what stays the same when the points of a mesh move."""

import copy
import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from .cells import CELLS, ReferenceCell
from .facets import REMAINDER as REMAINDER
from .facets import BoundaryPart, CellBlock, name_facets

Facets = np.ndarray | Sequence[np.ndarray]
"""Corner nodes (facets, corners); several such arrays where facets differ in shape."""

SUPPORTED = tuple(name for name, cell in CELLS.items() if cell.dimension > 1)


class Topology:
    """Connectivity and named groups of a mesh; static, equal by content.

    A mesh holds one or several blocks of cells of one type each, see `from_blocks`.
    Cells are counted through all blocks.

    Args:
        cell_type: meshio name, one of `SUPPORTED`.
        cells: node indices, (cells, nodes of a cell), VTK order.
        node_count: number of nodes.
        boundaries: for each name the corner nodes of its facets, (facets, corners of
            a facet), any orientation; several such arrays where facets have several
            shapes. Boundary facets that no name covers form the
            part `"remainder"`. A name whose facets all lie inside the mesh is kept in
            `interior_names` and needs no condition.
        groups: for each name the indices of its cells.
        point_sets: for each name the indices of its nodes, where point loads and
            supports may act; they need no condition.

    Raises:
        ValueError: unknown cell type, indices out of range, a node that no cell uses,
            facets shared by more than two cells, named facets that are no facets of
            the mesh, or a facet in two boundary groups.
    """

    def __init__(
        self,
        cell_type: str,
        cells: np.ndarray,
        node_count: int,
        boundaries: Mapping[str, Facets] | None = None,
        groups: Mapping[str, np.ndarray] | None = None,
        point_sets: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        self._build([(cell_type, cells)], node_count, boundaries, groups, point_sets)

    @classmethod
    def from_blocks(
        cls,
        blocks: Sequence[tuple[str, np.ndarray]],
        node_count: int,
        boundaries: Mapping[str, Facets] | None = None,
        groups: Mapping[str, np.ndarray] | None = None,
        point_sets: Mapping[str, np.ndarray] | None = None,
    ) -> "Topology":
        """Connectivity of a mesh with several types of cells.

        Args:
            blocks: (cell type, node indices) of each; a type may occur twice, for
                example to give its cells two formulations.
            node_count: number of nodes.
            boundaries: see `Topology`.
            groups: see `Topology`.
            point_sets: see `Topology`.

        Raises:
            ValueError: see `Topology`; cells of several dimensions, neighbours whose
                nodes differ on the facet that they share.
        """
        made = object.__new__(cls)
        made._build(blocks, node_count, boundaries, groups, point_sets)
        return made

    def _build(self, blocks, node_count, boundaries, groups, point_sets) -> None:
        self.node_count = int(node_count)
        self.blocks = _cell_blocks(blocks)
        self.groups = {k: np.asarray(v, np.int32) for k, v in (groups or {}).items()}
        _check_cells(self.blocks, self.node_count)
        for name, members in self.groups.items():
            if members.size and (members.min() < 0 or members.max() >= self.cell_count):
                raise ValueError(
                    f"groups[{name!r}] holds a cell index outside 0 … "
                    f"{self.cell_count - 1}."
                )
        self.boundaries, self.interior_names = name_facets(
            self.blocks, dict(boundaries or {})
        )
        self._name_points(point_sets or {})

    @property
    def dimension(self) -> int:
        """Space dimension of the cells."""
        return self.blocks[0].cell.dimension

    @property
    def cell_count(self) -> int:
        """Number of cells in all blocks."""
        return self.blocks[-1].stop

    @property
    def cell_type(self) -> str:
        """The meshio name of the cells.

        Raises:
            ValueError: several types of cells.
        """
        kinds = {block.cell_type for block in self.blocks}
        if len(kinds) > 1:
            raise ValueError(
                f"the mesh mixes cell types ({self._counts()}), and this needs cells "
                "of one type; mesh with one type here."
            )
        return self.blocks[0].cell_type

    @property
    def cell(self) -> ReferenceCell:
        """The reference cell.

        Raises:
            ValueError: several types of cells.
        """
        return CELLS[self.cell_type]

    @cached_property
    def cells(self) -> np.ndarray:
        """Node indices of the cells of one type, (cells, nodes of a cell).

        Raises:
            ValueError: several types of cells.
        """
        _ = self.cell_type
        if len(self.blocks) == 1:
            return self.blocks[0].cells
        return np.concatenate([block.cells for block in self.blocks])

    def _counts(self) -> str:
        return ", ".join(f"{len(b.cells)} {b.cell_type}" for b in self.blocks)

    def with_point_sets(self, point_sets: Mapping[str, np.ndarray]) -> "Topology":
        """The same cells and parts with these point sets instead of its own."""
        copied = copy.copy(self)
        copied._name_points(point_sets)
        return copied

    def _name_points(self, point_sets: Mapping[str, np.ndarray]) -> None:
        self.point_sets = {
            name: np.unique(np.asarray(nodes, np.int32))
            for name, nodes in point_sets.items()
        }
        _check_point_sets(self)
        self._digest = self._content_hash()

    def _content_hash(self) -> bytes:
        # with the counts: the same cells may be divided otherwise among formulations
        content = hashlib.sha256(f"{self._counts()} {self.node_count}".encode())
        for block in self.blocks:
            content.update(block.cells.tobytes())
        for name, part in sorted(self.boundaries.items()):
            content.update(f"|{name}|".encode())
            for facets in part.blocks:
                content.update(facets.nodes.astype(np.int32).tobytes())
        for name, members in sorted(self.groups.items()):
            content.update(f"/{name}/".encode())
            content.update(members.tobytes())
        for name, nodes in sorted(self.point_sets.items()):
            content.update(f".{name}.".encode())
            content.update(nodes.tobytes())
        return content.digest()

    def __hash__(self) -> int:
        return hash(self._digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Topology) and self._digest == other._digest

    def __repr__(self) -> str:
        return (
            f"Topology({self._counts()} cells, {self.node_count} nodes, "
            f"boundaries {self.boundary_names})"
        )

    @property
    def boundary_names(self) -> tuple[str, ...]:
        """Names of the boundary parts, in the order given."""
        return tuple(self.boundaries)

    def boundary(self, name: str) -> BoundaryPart:
        """The facets of one boundary part.

        Raises:
            ValueError: no such part; the message lists those that exist.
        """
        if name not in self.boundaries:
            raise ValueError(
                f"name = {name!r} is no boundary part of this mesh; it has "
                f"{self.boundary_names}."
            )
        return self.boundaries[name]

    def nodes_of(self, name: str) -> np.ndarray:
        """Sorted nodes of a boundary part or point set.

        Raises:
            ValueError: neither.
        """
        if name in self.point_sets:
            return self.point_sets[name]
        return self.boundary(name).unique_nodes


def _cell(cell_type: str) -> ReferenceCell:
    if cell_type not in SUPPORTED:
        raise ValueError(
            f"cell_type = {cell_type!r} is not supported: supported are {SUPPORTED}."
        )
    return CELLS[cell_type]


def _cell_blocks(blocks) -> tuple[CellBlock, ...]:
    found, start = [], 0
    for cell_type, cells in blocks:
        cell, cells = _cell(cell_type), np.ascontiguousarray(cells, np.int32)
        if cells.ndim != 2 or cells.shape[1] != len(cell.nodes) or not len(cells):
            raise ValueError(
                f"cells has shape {cells.shape}; {cell.name} needs (cells, "
                f"{len(cell.nodes)}) with at least one cell."
            )
        found.append(CellBlock(cell_type, cells, start))
        start += len(cells)
    if len({block.cell.dimension for block in found}) != 1:
        raise ValueError(
            f"blocks = {[block.cell_type for block in found]}: give at least one, and "
            "all of the same dimension."
        )
    return tuple(found)


def _check_cells(blocks: tuple[CellBlock, ...], node_count: int) -> None:
    used = np.zeros(node_count, bool)
    for block in blocks:
        cells = block.cells
        if cells.min() < 0 or cells.max() >= node_count:
            raise ValueError(
                f"cells holds node indices {cells.min()} … {cells.max()}, some of them"
                f" outside 0 … {node_count - 1}."
            )
        used[cells] = True
    if not used.all():
        orphans = np.flatnonzero(~used)
        raise ValueError(
            f"points: {len(orphans)} of {node_count} nodes belong to no cell (first: "
            f"{orphans[:5].tolist()}); remove them, for example with meshio's "
            "remove_orphaned_nodes()."
        )


def _check_point_sets(topology: Topology) -> None:
    for name, nodes in topology.point_sets.items():
        if name in topology.boundaries or name in topology.interior_names:
            raise ValueError(
                f"point_sets[{name!r}] has the name of a boundary part; choose another."
            )
        if not nodes.size or nodes.min() < 0 or nodes.max() >= topology.node_count:
            raise ValueError(
                f"point_sets[{name!r}] = {nodes[:5].tolist()} … must name nodes "
                f"between 0 and {topology.node_count - 1}, at least one."
            )
