"""Parts, instances and assembly of a deck, and where an instance puts its nodes.

A deck without an assembly is one scope. With one, each `*INSTANCE` repeats the blocks
of its part, moved and then turned; names inside it are `Instance.Name` outside.
"""

import dataclasses
import math

import numpy as np

from .deck import Block
from .fields import reals, split
from .keywords import MESH


@dataclasses.dataclass(frozen=True, eq=False)
class Placement:
    """x -> turn (x + shift - pivot) + pivot.

    Args:
        shift: [m], (3,).
        turn: rotation matrix, (3, 3).
        pivot: a point on the axis [m], (3,).
    """

    shift: np.ndarray
    turn: np.ndarray
    pivot: np.ndarray

    def place(self, points: np.ndarray) -> np.ndarray:
        """Move points, (points, 3); rounded where the rotation's own error is."""
        moved = (points + self.shift - self.pivot) @ self.turn.T + self.pivot
        return _rounded(moved)

    def turn_vectors(self, vectors: np.ndarray) -> np.ndarray:
        """Turn directions, (vectors, 3)."""
        return _rounded(vectors @ self.turn.T)


@dataclasses.dataclass(frozen=True, eq=False)
class Instance:
    """A copy of a part.

    Args:
        name: of the instance.
        placement: where it is; None where the part is.
        blocks: those of its part, then its own.
    """

    name: str
    placement: Placement | None
    blocks: list[Block]


@dataclasses.dataclass(frozen=True, eq=False)
class Outline:
    """A deck by level.

    Args:
        assembly: name of the assembly, empty without one.
        instances: in order.
        blocks: everything outside parts and instances.
    """

    assembly: str
    instances: list[Instance]
    blocks: list[Block]


def outline(blocks: list[Block]) -> Outline:
    """Sort the blocks of a deck by part, instance and assembly.

    Raises:
        ValueError: levels that do not nest or do not end, an instance of a part that
            does not exist, or a keyword where it has no meaning.
    """
    parts: dict[str, list[Block]] = {}
    instances: dict[str, Instance] = {}
    outside: list[Block] = []
    assembly: Block | None = None
    open_blocks: list[Block] = []
    target = outside
    for block in blocks:
        keyword = block.keyword
        if keyword in _PARENT:
            _check_parent(block, open_blocks)
            open_blocks.append(block)
            if keyword == "ASSEMBLY":
                if assembly:
                    raise block.error("comes twice; a deck has one assembly")
                assembly = block
            elif keyword == "PART":
                target = _new(parts, block, [])
            else:
                instance = _instance(block, parts)
                target = _new(instances, block, instance).blocks
        elif keyword.startswith("END ") and keyword[4:] in _PARENT:
            if not open_blocks or open_blocks[-1].keyword != keyword[4:]:
                raise block.error(f"ends no *{keyword[4:]}; delete it or add the start")
            open_blocks.pop()
            target = outside
        else:
            _check_level(block, open_blocks)
            target.append(block)
    if open_blocks:
        raise open_blocks[-1].error(
            f"is never ended; the deck lacks *END {open_blocks[-1].keyword} or is cut "
            "off"
        )
    if parts and not assembly:
        raise next(b for b in blocks if b.keyword == "PART").error(
            "is in a deck without *ASSEMBLY; add one with an *INSTANCE of the part"
        )
    name = assembly.get("NAME") if assembly else None
    return Outline(name or "", list(instances.values()), outside)


_PARENT = {"PART": None, "ASSEMBLY": None, "INSTANCE": "ASSEMBLY"}
# Constraints, and steps with what belongs to them, are stated outside parts.
_INSIDE = set(MESH) - {"EQUATION", "COUPLING", "KINEMATIC", "DISTRIBUTING"}


def _check_parent(block: Block, open_blocks: list[Block]) -> None:
    parent = open_blocks[-1].keyword if open_blocks else None
    if parent != _PARENT[block.keyword]:
        where = f"inside *{parent}" if parent else "outside *ASSEMBLY"
        raise block.error(
            f"stands {where}; end that level first, or put it inside "
            f"*{_PARENT[block.keyword] or 'no other'}"
        )


def _check_level(block: Block, open_blocks: list[Block]) -> None:
    parent = open_blocks[-1].keyword if open_blocks else None
    allowed = _INSIDE if parent in ("PART", "INSTANCE") else set(MESH)
    if parent and block.keyword not in allowed:
        raise block.error(
            f"stands inside *{parent}, where it has no meaning for froude; move it "
            "outside, after *END ASSEMBLY"
        )


def _new(table: dict, block: Block, value):
    name = block.need("NAME")
    if name.upper() in table:
        raise block.error(f"NAME={name} is defined twice; rename one")
    table[name.upper()] = value
    return value


def _instance(block: Block, parts: dict[str, list[Block]]) -> Instance:
    part = block.need("PART")
    if part.upper() not in parts:
        raise block.error(
            f"is of the part {part!r}, which does not exist before it; there are "
            f"{', '.join(parts) or 'none'}"
        )
    name = block.need("NAME")
    return Instance(name, _placement(block), list(parts[part.upper()]))


def _placement(block: Block) -> Placement | None:
    if not block.data:
        return None
    lines = [split(line) for line in block.data]
    sizes = [len(fields) for fields in lines]
    if len(lines) > 2 or sizes[0] > 3 or (len(lines) == 2 and sizes[1] != 7):
        raise block.error(
            "needs a line of three numbers (translation) and perhaps one of seven (two "
            "points of an axis, degrees)",
            len(lines) - 1,
        )
    shift = np.zeros(3)
    shift[: sizes[0]] = reals(lines[0], block, 0)
    if len(lines) == 1:
        moved = Placement(shift, np.eye(3), np.zeros(3))
        return moved if shift.any() else None
    numbers = np.array(reals(lines[1], block, 1))
    pivot, axis = numbers[:3], numbers[3:6] - numbers[:3]
    if not axis.any():
        raise block.error("has an axis of no length; give two different points", 1)
    return Placement(shift, rotation(axis, numbers[6]), pivot)


def rotation(axis: np.ndarray, degrees: float) -> np.ndarray:
    """Rotation matrix about an axis, by the right hand (Rodrigues)."""
    x, y, z = axis / np.linalg.norm(axis)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    angle = math.radians(degrees)
    return np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross


def _rounded(values: np.ndarray) -> np.ndarray:
    largest = float(np.abs(values).max(initial=0.0))
    if not largest:
        return values
    return np.round(values, 14 - math.floor(math.log10(largest))) + 0.0
