"""Nastran bulk data: grid points and elements with their property numbers.

A card is a name and fields of 8 characters, of 16 on lines marked with an asterisk, or
between commas; lines that begin blank, with + or with * go on with the card before.
MSC Nastran, Quick Reference Guide, section 5, and there the cards GRID, CHEXA, CPENTA,
CTETRA, CQUAD4, CQUAD8, CTRIA3 and CTRIA6.
"""

import re
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

SUFFIXES = (".bdf", ".nas", ".fem")

_VERTICALS_LAST = (*range(12), *range(16, 20), *range(12, 16))
_WEDGE = (*range(9), 12, 13, 14, 9, 10, 11)
_CELLS: dict[str, dict[int, tuple[str, tuple[int, ...]]]] = {
    "CTETRA": {4: ("tetra", ()), 10: ("tetra10", ())},
    "CPENTA": {6: ("wedge", ()), 15: ("wedge15", _WEDGE)},
    "CHEXA": {8: ("hexahedron", ()), 20: ("hexahedron20", _VERTICALS_LAST)},
    "CTRIA3": {3: ("triangle", ())},
    "CTRIAR": {3: ("triangle", ())},
    "CTRIA6": {6: ("triangle6", ())},
    "CQUAD4": {4: ("quad", ())},
    "CQUADR": {4: ("quad", ())},
    "CQUAD8": {8: ("quad8", ())},
    "CQUAD": {4: ("quad", ()), 8: ("quad8", ()), 9: ("quad9", ())},
}
"""meshio's name of an element, and its nodes in the order of VTK, by their number."""

_NO_ELEMENTS = ("CORD", "CONM", "CSET", "CREEP", "CBARAO")
_RIGID = ("RBE", "RBAR", "RROD", "RTRPLT", "RSPLINE", "RJOINT")
_REAL = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:[EeDd]?([+-]?\d+))?")


class Card(NamedTuple):
    """One entry of the bulk data.

    Attributes:
        name: in capitals, without the asterisk.
        fields: what follows the name, blanks as "".
        place: file and line.
    """

    name: str
    fields: list[str]
    place: str

    def error(self, text: str) -> ValueError:
        """An error that says where it is."""
        return ValueError(f"{self.place}: {self.name} {self.fields[0]} {text}.")

    def integer(self, at: int, default: int = 0) -> int:
        """A field that counts; `default` where it is blank."""
        said = self.fields[at] if at < len(self.fields) else ""
        if not said:
            return default
        try:
            return int(said)
        except ValueError:
            raise self.error(f"has {said!r} in field {at + 2}, no integer") from None

    def real(self, at: int) -> float:
        """A number, perhaps with an exponent without E; 0 where it is blank."""
        said = self.fields[at] if at < len(self.fields) else ""
        found = _REAL.fullmatch(said or "0.0")
        if not found:
            raise self.error(f"has {said!r} in field {at + 2}, no number")
        return float(f"{found[1]}e{found[2] or 0}")


def read_nastran(path: str | PathLike) -> tuple[np.ndarray, dict[str, Any]]:
    """Read the mesh of a bulk data file.

    Materials, properties, loads and supports are left out.

    Args:
        path: a file with or without executive and case control before `BEGIN BULK`.

    Returns:
        Points (nodes, 3), and for each of meshio's cell types node indices (cells,
        nodes of a cell) in the order of VTK and property numbers (cells,).

    Raises:
        ValueError: a card that cannot be read or that froude does not know as an
            element; points in a coordinate system of their own; an element with some of
            its mid-side nodes; nodes that are missing, given twice or of no element.
            The message names file, line, card and number.
    """
    points: dict[int, tuple[float, ...]] = {}
    elements: list[tuple[Card, str, list[int]]] = []
    for card in _cards(path):
        if card.name == "GRID":
            _add_point(points, card)
        elif card.name in _CELLS:
            elements.append((card, *_cell(card)))
        else:
            _refuse(card)
    rows = {number: row for row, number in enumerate(points)}
    tables: dict[str, list[list[int]]] = {}
    properties: dict[str, list[int]] = {}
    for card, kind, nodes in elements:
        missing = [number for number in nodes if number not in rows]
        if missing:
            raise card.error(f"names the points {missing}, which no GRID defines")
        tables.setdefault(kind, []).append([rows[number] for number in nodes])
        properties.setdefault(kind, []).append(card.integer(1, card.integer(0)))
    used = {number for _, _, nodes in elements for number in nodes}
    alone = [number for number in points if number not in used]
    if elements and alone:
        raise ValueError(
            f"{path}: {len(alone)} GRID points belong to no element (first: "
            f"{alone[:5]}); delete them."
        )
    cells = {
        kind: (np.array(table), np.array(properties[kind]))
        for kind, table in tables.items()
    }
    return np.array(list(points.values())).reshape(-1, 3), cells


def _cards(path) -> list[Card]:
    lines = Path(path).read_text(errors="replace").splitlines()
    begin = [i for i, line in enumerate(lines) if _is_begin(line)]
    cards: list[Card] = []
    marker = ""
    for number in range(begin[0] + 1 if begin else 0, len(lines)):
        line = lines[number].split("$")[0].expandtabs(8).rstrip()
        if not line:
            continue
        place = f"{path}, line {number + 1}"
        if line.upper().startswith("ENDDATA"):
            break
        if line.upper().startswith("INCLUDE"):
            raise ValueError(
                f"{place}: INCLUDE is not read; put the file in its place."
            )
        head, fields, following = _fields(line)
        if head[:1] in ("", "+", "*"):
            if not cards:
                raise ValueError(f"{place}: continues no card.")
            if marker and head[1:] and marker.lstrip("+*") != head[1:]:
                raise ValueError(
                    f"{place}: continues {head!r}, but the line before goes on with "
                    f"{marker!r}; put continuations behind their card."
                )
            cards[-1].fields.extend(fields)
        else:
            cards.append(Card(head.rstrip("*").upper(), fields, place))
        marker = following
    return cards


def _is_begin(line: str) -> bool:
    return line.split("$")[0].upper().split()[:2] == ["BEGIN", "BULK"]


def _fields(line: str) -> tuple[str, list[str], str]:
    """Name or continuation mark, data fields, and mark of the line to follow."""
    if "," in line:
        parts = [part.strip() for part in line.split(",")]
        count = 4 if "*" in parts[0] else 8
        data = parts[1 : 1 + count]
        return parts[0], data + [""] * (count - len(data)), "".join(parts[1 + count :])
    width = 16 if "*" in line[:8] else 8
    data = [line[at : at + width].strip() for at in range(8, 72, width)]
    return line[:8].strip(), data, line[72:80].strip()


def _add_point(points, card: Card) -> None:
    number, place = card.integer(0), tuple(card.real(at) for at in (2, 3, 4))
    if card.integer(1):
        raise card.error(
            f"is given in the coordinate system {card.integer(1)}; write points in the "
            "basic system"
        )
    if points.setdefault(number, place) != place:
        raise card.error("is given twice, in two places; delete one")


def _cell(card: Card) -> tuple[str, list[int]]:
    """meshio's cell type, and point numbers in the order of VTK."""
    kinds = _CELLS[card.name]
    most = max(kinds)
    numbers = [card.integer(at) for at in range(2, 2 + most)]
    count = int(np.count_nonzero(numbers))
    if count not in kinds or not all(numbers[:count]):
        wanted = " or ".join(map(str, kinds))
        raise card.error(
            f"has {count} of its {most} nodes; give {wanted}, with all mid-side nodes "
            "or none"
        )
    kind, order = kinds[count]
    return kind, [numbers[at] for at in order or range(count)]


def _refuse(card: Card) -> None:
    """Refuse elements that are not read; leave out what is no part of a mesh."""
    if card.name.startswith("CPYRA"):
        raise card.error("is a pyramid, of which froude has none; split it")
    if card.name.startswith("C") and not card.name.startswith(_NO_ELEMENTS):
        raise card.error(
            f"is not read; elements that are: {', '.join(_CELLS)}. Delete the card if "
            "the answer does not depend on it"
        )
    if card.name.startswith(_RIGID):
        raise card.error("is rigid, which no mesh holds; delete it and tie the nodes")
    if card.name == "GRDSET" and card.integer(1):
        raise card.error("sets a coordinate system; write points in the basic system")
