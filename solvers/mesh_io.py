"""Meshes and nodal fields in and out of files, through meshio."""

import io
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from os import PathLike
from pathlib import Path

import numpy as np

from .cells import CELLS
from .mesh import Mesh
from .nastran import SUFFIXES, read_nastran
from .orientation import turn_reversed_cells
from .topology import REMAINDER, SUPPORTED, Topology

_PREFIX = "boundary:"
_DIMENSION = {"vertex": 0, "line": 1, "triangle": 2, "quad": 2, "polygon": 2}


def read_mesh(path: str | PathLike) -> Mesh:
    """Read a mesh; physical groups of facets become its boundary names.

    Names come from the physical groups of Gmsh files, from the cell data that
    `write_mesh` leaves in other formats, and otherwise from cell sets. In Nastran bulk
    data (.bdf, .nas, .fem) the elements of property 3 are called "pid_3": a group, or
    a boundary part if they are shells on the faces of solids. Boundary facets without a
    name form the part "remainder". Cells listed clockwise are turned.

    Args:
        path: bulk data, or any format that meshio reads, such as .msh, .vtu or .inp.
            Coordinates are taken as metres.

    Returns:
        A mesh; two-dimensional where all z are equal.

    Raises:
        FileNotFoundError: no such file.
        ValueError: no readable mesh, no cells, unsupported cell types, a curved
            surface, or whatever `Mesh.from_blocks` refuses.
    """
    found = _read(path)
    kinds = _cell_types(path, found)
    points = _flatten(path, np.asarray(found.points, float), CELLS[kinds[0]].dimension)
    blocks, offsets, count = [], {}, 0
    for kind in kinds:
        tables = []
        for number, block in enumerate(found.cells):
            if block.type == kind:
                tables.append(block.data)
                offsets[number] = count
                count += len(block.data)
        blocks.append((kind, np.concatenate(tables)))
    blocks = turn_reversed_cells(blocks, points)
    facets = {name for kind in kinds for name in CELLS[kind].facet_names}
    boundaries: dict[str, list] = {}
    groups: dict[str, list] = {}
    for name, number, members in _named_members(found):
        block = found.cells[number]
        if number in offsets:
            groups.setdefault(name, []).append(members + offsets[number])
        elif block.type in facets:
            corners = block.data[members][:, : CELLS[block.type].corners]
            boundaries.setdefault(name, []).append(corners)
    return Mesh.from_blocks(
        points,
        blocks,
        boundaries=boundaries,
        groups={k: np.concatenate(v) for k, v in groups.items()},
    )


def write_mesh(
    path: str | PathLike,
    mesh: Mesh,
    *,
    point_data: Mapping[str, np.ndarray] | None = None,
) -> None:
    """Write a mesh, its boundary names and nodal fields.

    Args:
        path: .msh is written as Gmsh 2.2 with physical groups; other formats, such as
            .vtu for ParaView, carry the boundary names as cell data.
        mesh: concrete points.
        point_data: name to values, (nodes,) or (nodes, components).

    Raises:
        ValueError: a field that does not have one row per node.
    """
    meshio = _meshio()

    topology = mesh.topology
    points = np.asarray(mesh.points, float)
    points = np.pad(points, ((0, 0), (0, 3 - mesh.dimension)))
    fields = {k: np.asarray(v) for k, v in (point_data or {}).items()}
    for name, values in fields.items():
        if values.shape[:1] != (len(points),):
            raise ValueError(
                f"point_data[{name!r}] has shape {values.shape}; it needs one row for "
                f"each of the {len(points)} nodes."
            )
    parts = {k: v for k, v in topology.boundaries.items() if k != REMAINDER}
    blocks = [(block.cell_type, block.cells) for block in topology.blocks]
    owners: list[str | None] = [None] * len(blocks)
    for name, part in parts.items():
        blocks += [(facets.facet.name, facets.nodes.T) for facets in part.blocks]
        owners += [name] * len(part.blocks)
    if str(path).endswith(".msh"):
        _write_gmsh(path, mesh, points, blocks, owners, fields)
        return
    data = {
        f"{_PREFIX}{name}": [
            np.full(len(table), int(name == owner), np.int32)
            for owner, (_, table) in zip(owners, blocks, strict=True)
        ]
        for name in parts
    }
    for name, members in topology.groups.items():
        marks = _per_block(topology, members, 1)
        marks += [np.zeros(len(table), np.int32) for _, table in blocks[len(marks) :]]
        data[f"{_PREFIX}{name}"] = marks
    meshio.write(path, meshio.Mesh(points, blocks, fields, data))


def _meshio():
    import meshio
    from meshio._mesh import topological_dimension

    # meshio reads and writes these cells, but its table of dimensions lacks them.
    topological_dimension.setdefault("wedge15", 3)
    return meshio


def _per_block(topology: Topology, members: np.ndarray, value: int) -> list:
    """An integer for every cell of each block, 0 outside `members`."""
    marks = np.zeros(topology.cell_count, np.int32)
    marks[members] = value
    return [marks[block.start : block.stop] for block in topology.blocks]


def _read(path):
    meshio = _meshio()

    if not Path(path).is_file():
        raise FileNotFoundError(f"path = {str(path)!r}: there is no such mesh file.")
    if Path(path).suffix.lower() in SUFFIXES:
        return _by_property(*read_nastran(path))
    # meshio prints an empty line for each format it tries, and ends the program after
    # the last one.
    said = io.StringIO()
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(said):
            found = meshio.read(path)
    except SystemExit:
        reason = " ".join(said.getvalue().split())
        raise ValueError(
            f"path = {str(path)!r} is no readable mesh: {reason}"
        ) from None
    except (meshio.ReadError, KeyError, IndexError) as error:
        raise ValueError(
            f"path = {str(path)!r} is no readable mesh: {error}"
        ) from error
    sys.stderr.write(said.getvalue())
    return found


def _by_property(points, cells):
    """Bulk data as meshio has meshes, with the properties as named groups."""
    numbers = np.unique(np.concatenate([n for _, n in cells.values()] or [[]]))
    data = {
        f"{_PREFIX}pid_{number:.0f}": [n == number for _, n in cells.values()]
        for number in numbers
    }
    blocks = [(kind, table) for kind, (table, _) in cells.items()]
    return _meshio().Mesh(points, blocks, cell_data=data)


def _write_gmsh(path, mesh: Mesh, points, blocks, owners, fields) -> None:
    meshio = _meshio()

    dimension, topology = mesh.dimension, mesh.topology
    parts = [name for name in dict.fromkeys(owners) if name is not None]
    names = {name: [n, dimension - 1] for n, name in enumerate(parts, start=1)}
    physical = [np.zeros(len(block.cells), np.int32) for block in topology.blocks]
    for number, (name, members) in enumerate(topology.groups.items(), len(parts) + 1):
        marks = _per_block(topology, members, number)
        pairs = list(zip(physical, marks, strict=True))
        if any(np.any(tags[new > 0]) for tags, new in pairs):
            raise ValueError(
                f"groups[{name!r}] overlaps another group, which Gmsh 2.2 files cannot "
                "hold; write .vtu instead."
            )
        names[name] = [number, dimension]
        physical = [tags + new for tags, new in pairs]
    for owner, (_, table) in zip(owners, blocks, strict=True):
        if owner is not None:
            physical.append(np.full(len(table), names[owner][0], np.int32))
    data = {"gmsh:physical": physical, "gmsh:geometrical": physical}
    field_data = {name: np.array(entry) for name, entry in names.items()}
    meshio.write(
        path,
        meshio.Mesh(points, blocks, fields, data, field_data),
        file_format="gmsh22",
        binary=True,
    )


def _cell_types(path, found) -> list[str]:
    """The cell types of highest dimension."""
    counts: dict[str, int] = {}
    for block in found.cells:
        counts[block.type] = counts.get(block.type, 0) + len(block.data)
    dimensions = {kind: _DIMENSION.get(kind.rstrip("0123456789"), 3) for kind in counts}
    top = max(dimensions.values(), default=0)
    kinds = [kind for kind, dimension in dimensions.items() if dimension == top]
    if top < 2:
        raise ValueError(
            f"path = {str(path)!r} holds {counts or 'no cells'}; froude needs cells of "
            f"two or three dimensions: {SUPPORTED}."
        )
    for kind in kinds:
        if kind not in SUPPORTED:
            raise ValueError(
                f"path = {str(path)!r} has {counts[kind]} cells of type {kind!r}: "
                f"supported are {SUPPORTED}."
            )
    return kinds


def _flatten(path, points: np.ndarray, dimension: int) -> np.ndarray:
    extra = points[:, dimension:]
    extent = np.ptp(points, axis=0).max()
    if extra.size and np.ptp(extra, axis=0).max() > 1e-10 * extent:
        raise ValueError(
            f"path = {str(path)!r} is a surface in space: z runs from "
            f"{extra.min():g} to {extra.max():g}; a two-dimensional mesh lies in a "
            "plane of constant z."
        )
    return points[:, :dimension]


def _named_members(found):
    """(name, block, member indices) of all named groups, however the file says it."""
    physical = found.cell_data.get("gmsh:physical")
    names = {
        (int(tag), int(dimension)): name
        for name, (tag, dimension) in (
            (k, np.ravel(v)[:2]) for k, v in found.field_data.items()
        )
    }
    if physical is not None:
        for number, tags in enumerate(physical):
            dimension = _DIMENSION.get(found.cells[number].type.rstrip("0123456789"), 3)
            for tag in np.unique(tags[np.asarray(tags) > 0]):
                name = names.get((int(tag), dimension), f"physical_{tag}")
                yield name, number, np.flatnonzero(tags == tag)
        return
    for key, marks in found.cell_data.items():
        if key.startswith(_PREFIX):
            for number, values in enumerate(marks):
                members = np.flatnonzero(values)
                if len(members):
                    yield key.removeprefix(_PREFIX), number, members
    for name, members in found.cell_sets.items():
        if name.startswith("gmsh:"):
            continue
        for number, indices in enumerate(members):
            if indices is not None and len(indices):
                yield name, number, np.asarray(indices, int)
