"""Facets of cells: which lie on the boundary, and under which name.

Cells of several types may share facets. A facet is known by its corner nodes; one that
belongs to a single cell lies on the boundary.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from .cells import CELLS, ReferenceCell

REMAINDER = "remainder"
"""Name of the boundary part made of facets that no group names."""


@dataclasses.dataclass(frozen=True, eq=False)
class CellBlock:
    """The cells of one type of a mesh.

    Args:
        cell_type: the meshio name.
        cells: node indices, (cells, nodes of a cell).
        start: index of the first in the mesh, which counts through all blocks.
    """

    cell_type: str
    cells: np.ndarray
    start: int

    @property
    def cell(self) -> ReferenceCell:
        """The reference cell."""
        return CELLS[self.cell_type]

    @property
    def stop(self) -> int:
        """Index after that of the last cell."""
        return self.start + len(self.cells)


@dataclasses.dataclass(frozen=True, eq=False)
class FacetBlock:
    """Facets of one shape.

    Args:
        facet: the reference cell of the facets.
        nodes: node indices, (nodes of a facet, facets), outward by the right hand.
        cells: the cell behind each facet, (facets,).
    """

    facet: ReferenceCell
    nodes: np.ndarray
    cells: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class BoundaryPart:
    """Facets of one named boundary part.

    Args:
        blocks: the facets by shape.
    """

    blocks: tuple[FacetBlock, ...]

    @property
    def only(self) -> FacetBlock:
        """The facets, if they have one shape.

        Raises:
            ValueError: facets of several shapes.
        """
        first, *others = self.blocks
        if others:
            kinds = " and ".join(
                f"{len(block.cells)} {block.facet.name}" for block in self.blocks
            )
            raise ValueError(
                f"this boundary part has facets of several shapes ({kinds}), which "
                "make no single table; use its blocks."
            )
        return first

    @property
    def nodes(self) -> np.ndarray:
        """Node indices of facets of one shape, (nodes of a facet, facets).

        Raises:
            ValueError: facets of several shapes.
        """
        return self.only.nodes

    @property
    def cells(self) -> np.ndarray:
        """The cell behind each facet, (facets,).

        Raises:
            ValueError: facets of several shapes.
        """
        return self.only.cells

    @cached_property
    def unique_nodes(self) -> np.ndarray:
        """Sorted node indices of the part."""
        return np.unique(np.concatenate([b.nodes.ravel() for b in self.blocks]))


class _Facets(NamedTuple):
    """All facets of one shape of the cells of a block, cell by cell."""

    facet: ReferenceCell
    corners: np.ndarray  # (facets, corners)
    nodes: np.ndarray  # (facets, nodes of a facet)
    cells: np.ndarray  # (facets,)


def facet_ids(*corner_lists: np.ndarray) -> list[np.ndarray]:
    """One integer per facet, equal where the corner nodes are the same set.

    Args:
        *corner_lists: (…, corners of a facet) each; widths may differ.

    Returns:
        As many arrays (facets,).
    """
    found: list[np.ndarray] = [np.zeros(0, int)] * len(corner_lists)
    first = 0
    for width in sorted({corners.shape[-1] for corners in corner_lists}):
        alike = [k for k, c in enumerate(corner_lists) if c.shape[-1] == width]
        lists = [corner_lists[k].reshape(-1, width) for k in alike]
        corners = np.sort(np.concatenate(lists).astype(np.int64), axis=1)
        ids = corners[:, 0]
        for column in corners.T[1:]:
            _, ids = np.unique(ids * (column.max() + 1) + column, return_inverse=True)
        parts = np.split(first + ids, np.cumsum([len(one) for one in lists])[:-1])
        for k, part in zip(alike, parts, strict=True):
            found[k] = part
        first += int(ids.max(initial=-1)) + 1
    return found


def boundary_facets(cell_type: str, cells: np.ndarray) -> list[np.ndarray]:
    """Corner nodes of the facets that belong to one cell only.

    Args:
        cell_type: meshio name.
        cells: node indices, (cells, nodes of a cell).

    Returns:
        For each shape of facet (facets, corners of a facet), counter-clockwise seen
        from outside.
    """
    shapes = [f.corners for f in _all_facets((CellBlock(cell_type, cells, 0),))]
    ids = facet_ids(*shapes)
    return [c[np.bincount(i)[i] == 1] for c, i in zip(shapes, ids, strict=True)]


def _all_facets(blocks: tuple[CellBlock, ...]) -> list[_Facets]:
    found = []
    for block in blocks:
        for shape in block.cell.facet_shapes:
            width = shape.nodes.shape[1]
            nodes = block.cells[:, shape.nodes].reshape(-1, width)
            cells = np.repeat(np.arange(block.start, block.stop), len(shape.nodes))
            corners = nodes[:, : shape.facet.corners]
            found.append(_Facets(shape.facet, corners, nodes, cells))
    return found


def name_facets(
    blocks: tuple[CellBlock, ...],
    named: Mapping[str, np.ndarray | Sequence[np.ndarray]],
) -> tuple[dict[str, BoundaryPart], tuple[str, ...]]:
    """Boundary parts by name, and the names whose facets lie inside the mesh.

    Args:
        blocks: the cells.
        named: for each name corner nodes (facets, corners), or several such arrays
            where shapes differ.

    Raises:
        ValueError: see `Topology`.
    """
    found = _all_facets(blocks)
    widths = {facets.facet.corners for facets in found}
    given = {name: _arrays(name, facets, widths) for name, facets in named.items()}
    flat = [array for arrays in given.values() for array in arrays]
    ids = facet_ids(*(facets.corners for facets in found), *flat)
    own, of_name = np.concatenate(ids[: len(found)]), iter(ids[len(found) :])
    count = np.bincount(own, minlength=max(int(i.max(initial=0)) + 1 for i in ids))
    _check_neighbours(blocks, found, own, count)
    on_boundary = np.flatnonzero(count[own] == 1)
    position = np.full(len(count), -1)
    position[own[on_boundary]] = on_boundary
    owner = np.full(len(count), "", object)
    parts, interior = {}, []
    for name, arrays in given.items():
        part_ids = np.unique(np.concatenate([next(of_name) for _ in arrays]))
        if not len(part_ids):
            raise ValueError(f"boundaries[{name!r}] holds no facet.")
        if np.any(count[part_ids] == 0):
            raise ValueError(
                f"boundaries[{name!r}]: {np.sum(count[part_ids] == 0)} of "
                f"{sum(map(len, arrays))} facets are no facets of any cell."
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
        parts[name] = _part(found, position[part_ids])
    rest = on_boundary[owner[own[on_boundary]] == ""]
    if len(rest):
        if REMAINDER in parts:
            raise ValueError(
                f"boundaries: {len(rest)} boundary facets belong to no group, and "
                f"{REMAINDER!r}, the name for those, is taken."
            )
        parts[REMAINDER] = _part(found, rest)
    return parts, tuple(interior)


def _arrays(name: str, facets, widths: set[int]) -> list[np.ndarray]:
    """The facets of a name as arrays of one width each."""
    several = isinstance(facets, list | tuple) and any(np.ndim(f) == 2 for f in facets)
    arrays = [np.asarray(f) for f in (facets if several else (facets,))]
    for array in arrays:
        if array.ndim != 2 or array.shape[1] not in widths:
            wanted = " or ".join(f"(facets, {width})" for width in sorted(widths))
            raise ValueError(
                f"boundaries[{name!r}] has shape {array.shape}; the facets of these "
                f"cells need {wanted} corner nodes."
            )
    return arrays


def _check_neighbours(blocks, found: list[_Facets], own, count) -> None:
    if count.max() > 2:
        first = np.flatnonzero(count[own] > 2)[0]
        facets, row = _at(found, first)
        raise ValueError(
            f"cells: {np.sum(count > 2)} facets are shared by more than two cells (one "
            f"has the nodes {facets.corners[row].tolist()}); cells are duplicated or "
            "overlap."
        )
    if len(blocks) == 1:
        return
    width = max(facets.nodes.shape[1] for facets in found)
    nodes = np.concatenate(
        [
            np.pad(f.nodes, ((0, 0), (0, width - f.nodes.shape[1])), constant_values=-1)
            for f in found
        ]
    )
    shared = np.flatnonzero(count[own] == 2)
    pairs = shared[np.argsort(own[shared], kind="stable")].reshape(-1, 2)
    one, other = np.moveaxis(np.sort(nodes[pairs], axis=2), 1, 0)
    differ = np.flatnonzero((one != other).any(axis=1))
    if len(differ):
        (a, row), (b, _) = (_at(found, k) for k in pairs[differ[0]])
        raise ValueError(
            f"cells: on {len(differ)} facets the nodes of the two cells differ (one "
            f"has the corners {a.corners[row].tolist()}: {a.facet.name} and "
            f"{b.facet.name}); cells that meet need the same nodes, so the same order."
        )
    _check_halves(found, own, count)


def _check_halves(found: list[_Facets], own, count) -> None:
    """Refuse quadrilaterals that lie on two triangles of other cells."""
    corners = {3: [np.zeros((0, 3), int)], 4: [np.zeros((0, 4), int)]}
    ends = np.cumsum([0] + [len(facets.cells) for facets in found])
    for facets, start, end in zip(found, ends, ends[1:], strict=False):
        free = count[own[start:end]] == 1
        corners.setdefault(facets.corners.shape[1], []).append(facets.corners[free])
    triangles, quads = np.concatenate(corners[3]), np.concatenate(corners[4])
    halves = [np.delete(quads, k, axis=1) for k in range(4)]
    if len(triangles) and len(quads):
        ids, *half_ids = facet_ids(triangles, *halves)
        met = np.isin(np.stack(half_ids), ids).any(axis=0)
        if met.any():
            raise ValueError(
                f"cells: {met.sum()} quadrilateral facets meet triangles (first: the "
                f"corners {quads[met][0].tolist()}); there the mesh is not "
                "continuous. Put wedges between hexahedra and tetrahedra."
            )


def _at(found: list[_Facets], flat: int) -> tuple[_Facets, int]:
    for facets in found:
        if flat < len(facets.cells):
            return facets, int(flat)
        flat -= len(facets.cells)
    raise IndexError(flat)


def _part(found: list[_Facets], flat: np.ndarray) -> BoundaryPart:
    flat, start = np.sort(flat), 0
    shapes: dict[str, list[_Facets]] = {}
    for facets in found:
        stop = start + len(facets.cells)
        rows = flat[slice(*np.searchsorted(flat, [start, stop]))] - start
        if len(rows):
            chosen = _Facets(facets.facet, *(array[rows] for array in facets[1:]))
            shapes.setdefault(facets.facet.name, []).append(chosen)
        start = stop
    return BoundaryPart(
        tuple(
            FacetBlock(
                alike[0].facet,
                np.ascontiguousarray(np.concatenate([f.nodes for f in alike]).T),
                np.concatenate([f.cells for f in alike]),
            )
            for alike in shapes.values()
        )
    )
