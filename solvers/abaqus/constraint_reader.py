"""Linear constraints of a deck: equations and couplings to reference nodes."""

import numpy as np

from .deck import Block
from .fields import integer, real, rows
from .labels import Names
from .mesh_reader import MeshReader
from .model import Coupling, Equation


def read_equations(mesh: MeshReader) -> tuple[Equation, ...]:
    """Read every `*EQUATION`; one over sets becomes one for each node."""
    equations = []
    for _, block, _ in mesh.blocks("EQUATION"):
        lines = rows(block)
        row = 0
        while row < len(lines):
            count = integer(lines[row][0] if lines[row] else "", block, row)
            first, fields = row, []
            while len(fields) < 3 * count and row + 1 < len(lines):
                row += 1
                fields += lines[row]
            if count < 1 or len(fields) != 3 * count:
                raise block.error(
                    f"says {count} terms of node, degree of freedom, coefficient and "
                    f"has {len(fields)} fields",
                    first,
                )
            equations += _equations(mesh, block, fields, row)
            row += 1
    return tuple(equations)


def _equations(mesh: MeshReader, block: Block, fields: list[str], row: int):
    members = [
        mesh.node_sets.members(mesh.node_sets.target(field, block, row, mesh.top))
        for field in fields[0::3]
    ]
    dofs = np.array([degree(field, block, row) for field in fields[1::3]])
    coefficients = np.array([real(field, block, row) for field in fields[2::3]])
    size = max(map(len, members))
    if any(len(nodes) not in (1, size) for nodes in members):
        sizes = [len(nodes) for nodes in members]
        raise block.error(f"pairs sets of {sizes} nodes; make them equal", row)
    nodes = np.stack([np.broadcast_to(nodes, size) for nodes in members], axis=1)
    place = block.place(row)
    return [Equation(terms, dofs, coefficients, place) for terms in nodes]


def read_couplings(mesh: MeshReader, orientations: Names) -> tuple[Coupling, ...]:
    """Read every `*COUPLING` and the `*KINEMATIC` or `*DISTRIBUTING` after it."""
    couplings = []
    names = Names("coupling")
    head: Block | None = None
    for block in mesh.top_blocks:
        if block.keyword in ("KINEMATIC", "DISTRIBUTING"):
            if head is None:
                raise block.error("must follow its *COUPLING")
            couplings.append(_coupling(mesh, head, block, names, orientations))
            head = None
        elif head is not None:
            break
        elif block.keyword == "COUPLING":
            head = block
    if head is not None:
        raise head.error("lacks *KINEMATIC or *DISTRIBUTING right after it; add one")
    return tuple(couplings)


def _coupling(
    mesh: MeshReader, head: Block, kind: Block, names: Names, orientations: Names
) -> Coupling:
    target = mesh.node_sets.target(head.need("REF NODE"), head, None, mesh.top)
    reference = mesh.node_sets.members(target)
    if len(reference) != 1:
        raise head.error(
            f"has {len(reference)} reference nodes in {target!r}; name one"
        )
    orientation = head.get("ORIENTATION")
    # Nodes of solid elements have no rotation that could follow rigidly.
    limit = 3 if kind.keyword == "KINEMATIC" else 6
    dofs = []
    for row, fields in enumerate(rows(kind)):
        if not 1 <= len(fields) <= 2:
            raise kind.error("needs lines of first and last degree of freedom", row)
        first, last = (degree(field, kind, row) for field in (fields * 2)[:2])
        if first <= limit:
            dofs.append((first, min(last, limit)))
    if kind.data and not dofs:
        raise kind.error("couples rotations only, which solid elements do not have", 0)
    return Coupling(
        names.define(head.need("CONSTRAINT NAME"), head),
        int(reference[0]),
        mesh.surface_names.need(head.need("SURFACE"), head),
        kind.keyword,
        tuple(dofs) or ((1, limit),),
        orientations.need(orientation, head) if orientation else None,
        head.place(),
    )


def degree(field: str, block: Block, row: int) -> int:
    """A degree of freedom: 1 to 6, or 11."""
    number = integer(field, block, row)
    if number not in (1, 2, 3, 4, 5, 6, 11):
        raise block.error(
            f"has the degree of freedom {number}; froude reads 1 to 3 (displacement), "
            "4 to 6 (rotation of a reference node) and 11 (temperature)",
            row,
        )
    return number
