"""Supports, loads and temperatures of a deck, line by line."""

from collections.abc import Callable

from .constraint_reader import degree
from .deck import Block
from .fields import is_integer, real, reals, rows
from .labels import Names
from .mesh_reader import MeshReader, face_number
from .step import (
    Boundary,
    ElementLoad,
    Film,
    InitialTemperature,
    NodeLoad,
    SurfacePressure,
    Temperature,
)

# Abaqus Analysis User's Guide, "Boundary conditions", in degrees of freedom.
_NAMED_SUPPORTS = {
    "ENCASTRE": ((1, 6),),
    "PINNED": ((1, 3),),
    "XSYMM": ((1, 1), (5, 6)),
    "YSYMM": ((2, 2), (4, 4), (6, 6)),
    "ZSYMM": ((3, 5),),
    "XASYMM": ((2, 4),),
    "YASYMM": ((1, 1), (3, 3), (5, 5)),
    "ZASYMM": ((1, 2), (6, 6)),
}
_BODY_LOADS = {"BX": 0, "BY": 0, "BZ": 0, "GRAV": 3, "CENTRIF": 6, "BF": 0}


class LoadReader:
    """Reads the data lines of supports and loads.

    Args:
        mesh: resolves sets, surfaces and numbers.
        amplitudes: names of amplitudes.
    """

    def __init__(self, mesh: MeshReader, amplitudes: Names) -> None:
        self._mesh = mesh
        self._amplitudes = amplitudes

    def boundaries(self, block: Block) -> list[Boundary]:
        """`*BOUNDARY`: a target, and degrees of freedom or a named support."""
        amplitude = self._amplitude(block)
        found = []
        for row, fields in self._rows(block, 2, 4):
            target = self._nodes(fields[0], block, row)
            if not is_integer(fields[1]):
                ranges = _NAMED_SUPPORTS.get(fields[1].upper())
                if ranges is None or len(fields) > 2:
                    raise block.error(
                        f"has {fields[1]!r} where a degree of freedom or one of "
                        f"{', '.join(_NAMED_SUPPORTS)} is needed, alone",
                        row,
                    )
                place = block.place(row)
                found += [Boundary(target, *ends, place=place) for ends in ranges]
                continue
            first = degree(fields[1], block, row)
            last = degree(fields[2], block, row) if "".join(fields[2:3]) else first
            if not first <= last or (last == 11 and first != 11):
                raise block.error(
                    f"has the range {first} to {last}; write the lower one first, and "
                    "temperature (11) by itself",
                    row,
                )
            value = reals(fields[3:4], block, row)[0] if len(fields) > 3 else 0.0
            place = block.place(row)
            found.append(Boundary(target, first, last, value, amplitude, place))
        return found

    def initial_temperatures(self, block: Block) -> list[InitialTemperature]:
        """`*INITIAL CONDITIONS, TYPE=TEMPERATURE`."""
        block.need("TYPE")
        return [
            InitialTemperature(
                self._nodes(fields[0], block, row),
                real(fields[1], block, row),
                block.place(row),
            )
            for row, fields in self._rows(block, 2, 2)
        ]

    def temperatures(self, block: Block) -> list[Temperature]:
        """`*TEMPERATURE`."""
        amplitude = self._amplitude(block)
        return [
            Temperature(
                self._nodes(fields[0], block, row),
                real(fields[1], block, row),
                amplitude,
                block.place(row),
            )
            for row, fields in self._rows(block, 2, 2)
        ]

    def node_loads(self, block: Block) -> list[NodeLoad]:
        """`*CLOAD` or `*CFLUX`: a target, a degree of freedom, a value."""
        amplitude = self._amplitude(block)
        thermal = block.keyword == "CFLUX"
        found = []
        for row, fields in self._rows(block, 3, 3):
            dof = degree(fields[1], block, row)
            if (dof == 11) != thermal:
                raise block.error(
                    f"acts on the degree of freedom {dof}; forces act on 1 to 6, heat "
                    "(*CFLUX) on 11",
                    row,
                )
            target = self._nodes(fields[0], block, row)
            value = real(fields[2], block, row)
            found.append(NodeLoad(target, dof, value, amplitude, block.place(row)))
        return found

    def element_loads(self, block: Block) -> list[ElementLoad]:
        """`*DLOAD` or `*DFLUX`: a target, a label, a magnitude, perhaps a vector."""
        amplitude = self._amplitude(block)
        thermal = block.keyword == "DFLUX"
        letter = "S" if thermal else "P"
        found = []
        for row, fields in self._rows(block, 3, 9):
            label = fields[1].upper()
            targets = self._elements(fields[0], block, row)
            if label not in _BODY_LOADS or (label == "BF") != thermal:
                if not label[1:].isdecimal():
                    bodies = "BF" if thermal else "BX, BY, BZ, GRAV, CENTRIF"
                    raise block.error(
                        f"has the load {fields[1]!r}; froude reads {letter}1, "
                        f"{letter}2, ... and {bodies}",
                        row,
                    )
                face = face_number(label, letter, block, row)
                for target in targets:
                    self._mesh.check_face(target, face, block, row)
            size = _BODY_LOADS.get(label, 0)
            numbers = reals(fields[2:], block, row)
            numbers += [0.0] * (size + 1 - len(numbers) if size else 0)
            if len(numbers) != size + 1 or (size and not any(numbers[-3:])):
                raise block.error(
                    f"{label} needs a magnitude and {size} further numbers, the last "
                    "three a direction"
                    if size
                    else f"{label} needs a magnitude only",
                    row,
                )
            rest = numbers[0], tuple(numbers[1:]), amplitude, block.place(row)
            found += [ElementLoad(target, label, *rest) for target in targets]
        return found

    def surface_pressures(self, block: Block) -> list[SurfacePressure]:
        """`*DSLOAD`: a surface, P, a pressure."""
        amplitude = self._amplitude(block)
        found = []
        for row, fields in self._rows(block, 3, 3):
            name = self._mesh.surface_names.need(fields[0], block, row)
            if fields[1].upper() != "P":
                raise block.error(
                    f"has the load {fields[1]!r}; froude reads the pressure P. Write "
                    "a traction as *CLOAD at the nodes",
                    row,
                )
            magnitude = real(fields[2], block, row)
            found.append(SurfacePressure(name, magnitude, amplitude, block.place(row)))
        return found

    def films(self, block: Block) -> list[Film]:
        """`*FILM`: a target, F1 ..., sink temperature, coefficient."""
        amplitude = self._amplitude(block)
        course = self._amplitude(block, "FILM AMPLITUDE")
        found = []
        for row, fields in self._rows(block, 4, 4):
            face = face_number(fields[1], "F", block, row)
            sink, coefficient = reals(fields[2:], block, row)
            for target in self._elements(fields[0], block, row):
                self._mesh.check_face(target, face, block, row)
                rest = sink, coefficient, amplitude, course, block.place(row)
                found.append(Film(target, face, *rest))
        return found

    def _rows(self, block: Block, fewest: int, most: int):
        if not block.data and block.get("OP") != "NEW":
            raise block.error("has no data lines; add them or delete the keyword")
        for row, fields in enumerate(rows(block)):
            if not fewest <= len(fields) <= most:
                wanted = f"{fewest}" if fewest == most else f"{fewest} to {most}"
                raise block.error(
                    f"needs {wanted} fields and has {len(fields)}: {fields}", row
                )
            yield row, fields

    def _amplitude(self, block: Block, parameter: str = "AMPLITUDE") -> str | None:
        name = block.get(parameter)
        return self._amplitudes.need(name, block) if name else None

    def _nodes(self, field: str, block: Block, row: int) -> str | int:
        return self._mesh.node_sets.target(field, block, row, self._mesh.top)

    def _elements(self, field: str, block: Block, row: int) -> list[str | int]:
        """The target; a blank one is every section of the model."""
        sets = self._mesh.element_sets
        if field:
            return [sets.target(field, block, row, self._mesh.top)]
        found = [
            sets.names.need(b.need("ELSET"), b, prefix=scope.prefix)
            for scope, b, _ in self._mesh.blocks("SOLID SECTION")
        ]
        if not found:
            raise block.error("has no target and the deck no section; name a set", row)
        return list(dict.fromkeys(found))


STEP_LOADS: dict[str, tuple[str, Callable]] = {
    "BOUNDARY": ("boundaries", LoadReader.boundaries),
    "CLOAD": ("node_loads", LoadReader.node_loads),
    "DLOAD": ("element_loads", LoadReader.element_loads),
    "DSLOAD": ("surface_pressures", LoadReader.surface_pressures),
    "TEMPERATURE": ("temperatures", LoadReader.temperatures),
    "CFLUX": ("node_fluxes", LoadReader.node_loads),
    "DFLUX": ("element_fluxes", LoadReader.element_loads),
    "FILM": ("films", LoadReader.films),
}
"""For each keyword of a load: the field of `Step` it fills, and how it is read."""
