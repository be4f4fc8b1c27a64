"""Orientations and sections of a deck."""

import numpy as np

from .deck import Block
from .fields import integer, real, reals, rows
from .labels import Names
from .mesh_reader import MeshReader
from .model import Orientation, Section
from .parts import Placement


def read_orientations(mesh: MeshReader, names: Names) -> dict[str, Orientation]:
    """Read every `*ORIENTATION`; those of an instance turn with it."""
    found = {}
    for scope, block, placement in mesh.blocks("ORIENTATION"):
        name = names.define(scope.prefix + block.need("NAME"), block)
        found[name] = _orientation(name, block, placement)
    return found


def _orientation(name: str, block: Block, placement: Placement | None) -> Orientation:
    system = block.get("SYSTEM") or "RECTANGULAR"
    lines = rows(block)
    if not 1 <= len(lines) <= 2 or len(lines[0]) > 9:
        raise block.error("needs six coordinates and perhaps a line of axis, angle")
    numbers = np.zeros(9)
    numbers[: len(lines[0])] = reals(lines[0], block, 0)
    a, b, origin = numbers.reshape(3, 3)
    if system == "RECTANGULAR":
        a, b = a - origin, b - origin
    elif origin.any():
        raise block.error("CYLINDRICAL takes two points only", 0)
    if not np.cross(a, b).any() if system == "RECTANGULAR" else (a == b).all():
        raise block.error("has points that give no axes; move them apart", 0)
    if placement:
        move = placement.turn_vectors if system == "RECTANGULAR" else placement.place
        a, b = move(np.stack([a, b]))
    axis, angle = 0, 0.0
    if len(lines) == 2 and lines[1]:
        axis = integer(lines[1][0], block, 1)
        angle = reals(lines[1][1:2], block, 1)[0] if len(lines[1]) > 1 else 0.0
        if axis not in (1, 2, 3):
            raise block.error(f"turns about the axis {axis}; use 1, 2 or 3", 1)
    if not angle:
        axis = 0
    return Orientation(name, system, tuple(a.tolist()), tuple(b.tolist()), axis, angle)


def read_sections(
    mesh: MeshReader, materials: Names, orientations: Names
) -> tuple[Section, ...]:
    """Read every `*SOLID SECTION`; each element may be in one.

    Raises:
        ValueError: a set, material or orientation that does not exist, an element in
            two sections, or, unless there is no section at all, in none.
    """
    sections = []
    for scope, block, _ in mesh.blocks("SOLID SECTION"):
        target = mesh.element_sets.names.need(
            block.need("ELSET"), block, prefix=scope.prefix
        )
        material = materials.need(block.need("MATERIAL"), block)
        orientation = block.get("ORIENTATION")
        if orientation:
            orientation = orientations.need(orientation, block, prefix=scope.prefix)
        data = rows(block)
        if len(data) > 1 or (data and len(data[0]) > 1):
            raise block.error("takes one number, the thickness of plane elements", 0)
        thickness = real(data[0][0], block, 0) if data and data[0] else None
        if thickness is not None and thickness <= 0:
            raise block.error(f"has the thickness {thickness:g}; make it positive", 0)
        place = block.place()
        section = Section(target, material, orientation, thickness, place)
        _check_overlap(mesh, section, sections, block)
        sections.append(section)
    return tuple(sections)


def _check_overlap(mesh: MeshReader, section, sections, block: Block) -> None:
    members = mesh.element_sets.members(section.elements)
    for other in sections:
        both = np.intersect1d(members, mesh.element_sets.members(other.elements))
        if len(both):
            raise block.error(
                f"ELSET={section.elements} gives {len(both)} elements (first: "
                f"{both[:5].tolist()}) a second section after ELSET={other.elements}; "
                "each element has one"
            )
