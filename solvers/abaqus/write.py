"""Writing a deck that CalculiX runs and that reads back as the same model."""

import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from os import PathLike
from pathlib import Path

import numpy as np

from .fields import write_real
from .material import PER_LINE as CONSTANTS_PER_LINE
from .material import Material
from .model import ElementSurface, Model
from .names import check_references, quoted
from .step_lines import boundary_lines, step_lines

PER_LINE = 16
"""Entries on one line of a set or an element."""


def write_inp(
    path: str | PathLike, model: Model, *, print_sets: Sequence[str] = ()
) -> None:
    """Write a deck for CalculiX; a file at `path` is replaced only by a whole one.

    Numbers, sets and names are kept: `read_inp` returns an equal model. A number takes
    at most 20 characters, which is all that CalculiX reads of one: exact up to 14
    digits, and up to 17 where they fit. Each step asks for displacements and stresses,
    or temperatures and heat flux, in the `.frd` file.

    Args:
        path: an `.inp` file.
        model: what to write.
        print_sets: node sets whose displacements and reactions, or temperatures, are
            also printed to the `.dat` file, with 7 digits.

    Raises:
        ValueError: a reference to something that the model does not have, a name that
            a deck cannot hold, or a number that is not finite.
    """
    check_references(model)
    for name in print_sets:
        if name not in model.node_sets:
            raise ValueError(
                f"print_sets names {name!r}; the model has the node sets "
                f"{list(model.node_sets)}."
            )
    path = Path(path)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with open(part, "x", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{line}\n" for line in _lines(model, print_sets))
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _lines(model: Model, print_sets: Sequence[str]) -> Iterator[str]:
    if model.heading:
        yield "*HEADING"
        yield from model.heading.splitlines()
    yield "*NODE"
    for number, point in zip(
        model.nodes.ids.tolist(), model.nodes.coordinates.tolist(), strict=True
    ):
        yield f"{number}, {', '.join(map(write_real, point))}"
    for block in model.elements:
        yield f"*ELEMENT, TYPE={block.type}"
        for number, nodes in zip(block.ids.tolist(), block.nodes.tolist(), strict=True):
            yield from _wrapped([number, *nodes])
    for keyword, sets in (("NSET", model.node_sets), ("ELSET", model.element_sets)):
        for name, members in sets.items():
            yield f"*{keyword}, {keyword}={quoted(name)}"
            yield from _wrapped(members.tolist())
    yield from _surface_lines(model)
    yield from _property_lines(model)
    yield from _constraint_lines(model)
    yield from boundary_lines(model)
    for step in model.steps:
        yield from step_lines(step, print_sets)


def _wrapped(numbers: Sequence[int]) -> Iterator[str]:
    lines = [numbers[i : i + PER_LINE] for i in range(0, len(numbers), PER_LINE)]
    for line in lines[:-1]:
        yield ", ".join(map(str, line)) + ","
    yield ", ".join(map(str, lines[-1]))


def _surface_lines(model: Model) -> Iterator[str]:
    for name, surface in model.surfaces.items():
        if isinstance(surface, ElementSurface):
            yield f"*SURFACE, NAME={quoted(name)}, TYPE=ELEMENT"
            pairs = zip(surface.elements.tolist(), surface.faces.tolist(), strict=True)
            yield from (f"{element}, S{face}" for element, face in pairs)
        else:
            yield f"*SURFACE, NAME={quoted(name)}, TYPE=NODE"
            yield from map(str, surface.nodes.tolist())


def _property_lines(model: Model) -> Iterator[str]:
    for name, o in model.orientations.items():
        yield f"*ORIENTATION, NAME={quoted(name)}, SYSTEM={o.system}"
        yield _numbers((*o.a, *o.b))
        if o.axis:
            yield f"{o.axis}, {write_real(o.angle)}"
    for name, material in model.materials.items():
        yield f"*MATERIAL, NAME={quoted(name)}"
        yield from _material_lines(material)
    for name, amplitude in model.amplitudes.items():
        total = ", TIME=TOTAL TIME" if amplitude.total_time else ""
        yield f"*AMPLITUDE, NAME={quoted(name)}{total}"
        for pair in zip(amplitude.times, amplitude.values, strict=True):
            yield _numbers(pair)
    for s in model.sections:
        turned = f", ORIENTATION={quoted(s.orientation)}" if s.orientation else ""
        yield (
            f"*SOLID SECTION, ELSET={quoted(s.elements)}, "
            f"MATERIAL={quoted(s.material)}{turned}"
        )
        if s.thickness is not None:
            yield write_real(s.thickness)


def _material_lines(material: Material) -> Iterator[str]:
    heads = {
        "density": "*DENSITY",
        "elastic": "*ELASTIC, TYPE={kind}",
        "hyperelastic": "*HYPERELASTIC, {kind}",
        "plastic": "*PLASTIC",
        "expansion": "*EXPANSION, TYPE={kind}, ZERO={zero}",
        "conductivity": "*CONDUCTIVITY, TYPE={kind}",
        "specific_heat": "*SPECIFIC HEAT",
    }
    zero = write_real(material.expansion_zero)
    for field, head in heads.items():
        table = getattr(material, field)
        if table is None:
            continue
        yield head.format(kind=table.kind, zero=zero)
        rows = table.values
        if table.temperatures is not None:
            rows = np.column_stack([rows, table.temperatures])
        for row in rows:
            cut = len(row) if len(row) < 9 else CONSTANTS_PER_LINE
            yield _numbers(row[:cut]) + "," * (cut < len(row))
            if cut < len(row):
                yield _numbers(row[cut:])


def _constraint_lines(model: Model) -> Iterator[str]:
    for equation in model.equations:
        terms = zip(
            equation.nodes.tolist(),
            equation.dofs.tolist(),
            map(write_real, equation.coefficients.tolist()),
            strict=True,
        )
        yield "*EQUATION"
        yield str(len(equation.nodes))
        fields = [f"{node}, {dof}, {factor}" for node, dof, factor in terms]
        for first in range(0, len(fields), 4):
            yield ", ".join(fields[first : first + 4])
    for c in model.couplings:
        turned = f", ORIENTATION={quoted(c.orientation)}" if c.orientation else ""
        yield (
            f"*COUPLING, CONSTRAINT NAME={quoted(c.name)}, REF NODE={c.reference}, "
            f"SURFACE={quoted(c.surface)}{turned}"
        )
        yield f"*{c.kind}"
        yield from (f"{first}, {last}" for first, last in c.dofs)


def _numbers(values: Iterable[float]) -> str:
    return ", ".join(map(write_real, values))
