"""Mesh topology: what stays the same when the points of a mesh move."""

import copy
import dataclasses
import hashlib
from collections.abc import Mapping
from functools import cached_property

import numpy as np

from .cells import CELLS, ReferenceCell

REMAINDER = "remainder"
"""Name of the boundary part made of facets that no group names."""

SUPPORTED = tuple(name for name, cell in CELLS.items() if cell.dimension > 1)


@dataclasses.dataclass(frozen=True, eq=False)
class BoundaryPart:
    """Facets of one named boundary part.

    Args:
        nodes: node indices, (nodes of a facet, facets), outward by the right hand.
        cells: the cell behind each facet, (facets,).
    """

    nodes: np.ndarray
    cells: np.ndarray

    @cached_property
    def unique_nodes(self) -> np.ndarray:
        """Sorted node indices of the part."""
        return np.unique(self.nodes)


class Topology:
    """Connectivity and named groups of a mesh; static, equal by content.

    Args:
        cell_type: meshio name, one of `SUPPORTED`.
        cells: node indices, (cells, nodes of a cell), VTK order.
        node_count: number of nodes.
        boundaries: for each name the corner nodes of its facets, (facets, corners of
            a facet), any orientation. Boundary facets that no name covers form the
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
        boundaries: Mapping[str, np.ndarray] | None = None,
        groups: Mapping[str, np.ndarray] | None = None,
        point_sets: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        self.cell_type = cell_type
        self.cell = _cell(cell_type)
        self.cells = np.ascontiguousarray(cells, np.int32)
        self.node_count = int(node_count)
        self.groups = {k: np.asarray(v, np.int32) for k, v in (groups or {}).items()}
        _check_cells(self.cell, self.cells, self.node_count)
        for name, members in self.groups.items():
            if members.size and (members.min() < 0 or members.max() >= len(cells)):
                raise ValueError(
                    f"groups[{name!r}] holds a cell index outside 0 … {len(cells) - 1}."
                )
        self.boundaries, self.interior_names = _name_facets(
            self.cell, self.cells, dict(boundaries or {})
        )
        self._name_points(point_sets or {})

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
        content = hashlib.sha256(f"{self.cell_type} {self.node_count}".encode())
        content.update(self.cells.tobytes())
        for name, part in sorted(self.boundaries.items()):
            content.update(f"|{name}|".encode())
            content.update(part.nodes.astype(np.int32).tobytes())
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
            f"Topology({self.cell_type!r}, {len(self.cells)} cells, "
            f"{self.node_count} nodes, boundaries {self.boundary_names})"
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


def _check_cells(cell: ReferenceCell, cells: np.ndarray, node_count: int) -> None:
    if cells.ndim != 2 or cells.shape[1] != len(cell.nodes) or not len(cells):
        raise ValueError(
            f"cells has shape {cells.shape}; {cell.name} needs (cells, "
            f"{len(cell.nodes)}) with at least one cell."
        )
    if cells.min() < 0 or cells.max() >= node_count:
        raise ValueError(
            f"cells holds node indices {cells.min()} … {cells.max()}, some of them"
            f" outside 0 … {node_count - 1}."
        )
    used = np.zeros(node_count, bool)
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


def facet_ids(*corner_lists: np.ndarray) -> list[np.ndarray]:
    """One integer per facet, equal where the corner nodes are the same set."""
    corners = np.concatenate([c.reshape(-1, c.shape[-1]) for c in corner_lists])
    corners = np.sort(corners.astype(np.int64), axis=1)
    ids = corners[:, 0]
    for column in corners.T[1:]:
        _, ids = np.unique(ids * (column.max() + 1) + column, return_inverse=True)
    return np.split(ids, np.cumsum([len(c) for c in corner_lists])[:-1])


def boundary_facets(cell_type: str, cells: np.ndarray) -> np.ndarray:
    """Corner nodes of the facets that belong to one cell only.

    Args:
        cell_type: meshio name.
        cells: node indices, (cells, nodes of a cell).

    Returns:
        (facets, corners of a facet), counter-clockwise seen from outside.
    """
    corners = _all_corners(_cell(cell_type), cells)
    (ids,) = facet_ids(corners)
    return corners[np.bincount(ids)[ids] == 1]


def _all_corners(cell: ReferenceCell, cells: np.ndarray) -> np.ndarray:
    table = np.asarray(cell.facet_corners)
    return cells[:, table].reshape(-1, table.shape[1])


def _name_facets(
    cell: ReferenceCell, cells: np.ndarray, named: dict[str, np.ndarray]
) -> tuple[dict[str, BoundaryPart], tuple[str, ...]]:
    corners = _all_corners(cell, cells)
    given = []
    for name, facets in named.items():
        facets = np.asarray(facets)
        if facets.ndim != 2 or facets.shape[1] != corners.shape[1]:
            raise ValueError(
                f"boundaries[{name!r}] has shape {facets.shape}; the facets of "
                f"{cell.name} need (facets, {corners.shape[1]}) corner nodes."
            )
        given.append(facets)
    ids, *given_ids = facet_ids(corners, *given)
    count = np.bincount(
        ids, minlength=max(int(i.max(initial=0)) + 1 for i in (ids, *given_ids))
    )
    if count.max() > 2:
        where = np.flatnonzero(count[ids] > 2)
        raise ValueError(
            f"cells: {np.sum(count > 2)} facets are shared by more than two cells (one "
            f"has the nodes {corners[where[0]].tolist()}); cells are duplicated or "
            "overlap."
        )
    on_boundary = np.flatnonzero(count[ids] == 1)
    position = np.full(len(count), -1)
    position[ids[on_boundary]] = on_boundary
    owner = np.full(len(count), "", object)
    parts, interior = {}, []
    for (name, facets), part_ids in zip(named.items(), given_ids, strict=True):
        part_ids = np.unique(part_ids)
        if not len(part_ids):
            raise ValueError(f"boundaries[{name!r}] holds no facet.")
        if np.any(count[part_ids] == 0):
            raise ValueError(
                f"boundaries[{name!r}]: {np.sum(count[part_ids] == 0)} of "
                f"{len(facets)} facets are no facets of any cell."
            )
        inside = count[part_ids] == 2
        if inside.all():
            interior.append(name)
            continue
        if inside.any():
            raise ValueError(
                f"boundaries[{name!r}]: {inside.sum()} of {len(part_ids)} facets lie "
                "inside the mesh and the others on its boundary; split the group."
            )
        taken = owner[part_ids] != ""
        if taken.any():
            raise ValueError(
                f"boundaries: {taken.sum()} facets lie in both {name!r} and "
                f"{owner[part_ids][taken][0]!r}; a facet belongs to one part."
            )
        owner[part_ids] = name
        parts[name] = _part(cell, cells, position[part_ids])
    rest = on_boundary[owner[ids[on_boundary]] == ""]
    if len(rest):
        if REMAINDER in parts:
            raise ValueError(
                f"boundaries: {len(rest)} boundary facets belong to no group, and "
                f"{REMAINDER!r}, the name for those, is taken."
            )
        parts[REMAINDER] = _part(cell, cells, rest)
    return parts, tuple(interior)


def _part(cell: ReferenceCell, cells: np.ndarray, flat: np.ndarray) -> BoundaryPart:
    owner, local = np.divmod(np.sort(flat), len(cell.facet_corners))
    nodes = cells[owner[:, None], cell.facet_nodes[local]]
    return BoundaryPart(np.ascontiguousarray(nodes.T), owner)
