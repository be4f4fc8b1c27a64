"""Materials of a deck and how they are read.

Constants are kept as tables, one row for each temperature. Columns, in SI:

- ELASTIC, ISO: E [Pa], nu; ORTHO: D1111, D1122, D2222, D1133, D2233, D3333, D1212,
  D1313, D2323 [Pa]; ENGINEERING CONSTANTS: E1, E2, E3 [Pa], nu12, nu13, nu23, G12, G13,
  G23 [Pa].
- HYPERELASTIC, NEO HOOKE: C10 [Pa], D1 [1/Pa].
- PLASTIC: yield stress [Pa], plastic strain.
- EXPANSION [1/K], CONDUCTIVITY [W/(m K)], ISO: one; ORTHO: three, by local axis.
- DENSITY [kg/m^3]; SPECIFIC HEAT [J/(kg K)].
"""

import dataclasses

import numpy as np

from .deck import Block
from .fields import real, reals, split
from .labels import Names
from .record import AbstractRecord, place_field


@dataclasses.dataclass(frozen=True, eq=False)
class Table(AbstractRecord):
    """Constants of a material, by temperature.

    Args:
        kind: `"ISO"`, `"ORTHO"`, `"ENGINEERING CONSTANTS"` or `"NEO HOOKE"`.
        values: (rows, constants).
        temperatures: (rows,), None if the constants hold at every temperature.
        place: file and line in the deck, for messages.
    """

    kind: str
    values: np.ndarray
    temperatures: np.ndarray | None = None
    place: str = place_field()


@dataclasses.dataclass(frozen=True, eq=False)
class Material(AbstractRecord):
    """A material; None where the deck says nothing.

    Args:
        elastic: stiffness.
        hyperelastic: strain energy.
        plastic: yield stress over plastic strain.
        density: mass per volume.
        expansion: thermal strain from `expansion_zero`.
        conductivity: of heat.
        specific_heat: per mass.
        expansion_zero: temperature without thermal strain.
    """

    name: str
    elastic: Table | None = None
    hyperelastic: Table | None = None
    plastic: Table | None = None
    density: Table | None = None
    expansion: Table | None = None
    conductivity: Table | None = None
    specific_heat: Table | None = None
    expansion_zero: float = 0.0


_CONSTANTS = {
    ("ELASTIC", "ISO"): 2,
    ("ELASTIC", "ORTHO"): 9,
    ("ELASTIC", "ENGINEERING CONSTANTS"): 9,
    ("HYPERELASTIC", "NEO HOOKE"): 2,
    ("PLASTIC", "ISO"): 2,
    ("DENSITY", "ISO"): 1,
    ("EXPANSION", "ISO"): 1,
    ("EXPANSION", "ORTHO"): 3,
    ("CONDUCTIVITY", "ISO"): 1,
    ("CONDUCTIVITY", "ORTHO"): 3,
    ("SPECIFIC HEAT", "ISO"): 1,
}

PER_LINE = 8
"""Constants on one data line."""

_KINDS = {"ISOTROPIC": "ISO", "ORTHOTROPIC": "ORTHO"}


def read_materials(blocks: list[Block], names: Names) -> dict[str, Material]:
    """Read every `*MATERIAL` of a deck.

    Args:
        blocks: the blocks of materials, in order.
        names: takes the names.

    Returns:
        Name to material.
    """
    groups: list[tuple[Block, list[Block]]] = []
    for block in blocks:
        if block.keyword == "MATERIAL":
            if block.data:
                raise block.error("takes no data; begin with *ELASTIC, say", 0)
            groups.append((block, []))
        elif not groups:
            raise block.error("comes before any *MATERIAL; begin one")
        else:
            groups[-1][1].append(block)
    materials: dict[str, Material] = {}
    for head, parts in groups:
        name = names.define(head.need("NAME"), head)
        if not parts:
            raise head.error(f"NAME={name} has no constants; add *ELASTIC, say")
        materials[name] = _material(name, parts)
    return materials


def _material(name: str, blocks: list[Block]) -> Material:
    found: dict[str, Table | float] = {}
    for block in blocks:
        field = block.keyword.lower().replace(" ", "_")
        if field in found:
            raise block.error(f"is given twice for the material {name}; delete one")
        found[field] = _table(block)
        if zero := block.get("ZERO"):
            found["expansion_zero"] = real(zero, block, None)
    return Material(name, **found)  # pyright: ignore[reportArgumentType]


def _table(block: Block) -> Table:
    keyword = block.keyword
    said = block.get("TYPE") or "ISO"
    kind = "NEO HOOKE" if keyword == "HYPERELASTIC" else _KINDS.get(said, said)
    if keyword == "HYPERELASTIC" and not block.has("NEO HOOKE"):
        raise block.error("is read with the parameter NEO HOOKE only")
    count = _CONSTANTS[keyword, kind]
    lines = 1 if count < PER_LINE else 2
    if not block.data:
        raise block.error("has no data lines; give its constants")
    values, temperatures = [], []
    for row in range(0, len(block.data), lines):
        fields = split(block.data[row])
        if lines == 2:
            if len(fields) != PER_LINE or row + 1 == len(block.data):
                raise block.error(
                    f"{kind} needs {PER_LINE} constants on one line and the ninth on "
                    "the next",
                    row,
                )
            fields += split(block.data[row + 1])
        if not count <= len(fields) <= count + 1:
            raise block.error(
                f"{kind} needs {count} constants and perhaps a temperature, on "
                f"{lines} line{'s' * (lines > 1)}; found {len(fields)} fields",
                row,
            )
        numbers = reals(fields, block, row)
        values.append(numbers[:count])
        temperatures.append(numbers[count] if len(fields) > count else None)
    return Table(
        kind, np.array(values), _temperatures(block, temperatures), block.place()
    )


def _temperatures(block: Block, found: list[float | None]) -> np.ndarray | None:
    curve = block.keyword == "PLASTIC"
    if all(temperature is None for temperature in found):
        if len(found) > 1 and not curve:
            raise block.error(
                "has several rows without a temperature; give one to each or keep one "
                "row",
                1,
            )
        return None
    # A blank temperature is 0, as in Abaqus.
    temperatures = np.array([temperature or 0.0 for temperature in found])
    step = np.diff(temperatures)
    if (step < 0).any() or (not curve and (step == 0).any()):
        raise block.error("needs rows of increasing temperature")
    return temperatures
