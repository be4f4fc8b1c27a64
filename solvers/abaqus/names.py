"""Names and numbers of a model that is to be written: do they refer to something?"""

from collections.abc import Iterable, Iterator

import numpy as np

from .elements import ELEMENT_TYPES
from .fields import is_integer
from .model import ElementSurface, Model

LONGEST = 80
"""Characters of a name that CalculiX reads."""


def quoted(name: str) -> str:
    """A name as a deck has it: with spaces only in quotes."""
    return f'"{name}"' if " " in name else name


def check_references(model: Model) -> None:
    """Refuse a model whose deck would not read back.

    Raises:
        ValueError: names that a deck cannot hold, or references to what is not there.
    """
    tables = {
        "node_sets": model.node_sets,
        "element_sets": model.element_sets,
        "surfaces": model.surfaces,
        "orientations": model.orientations,
        "materials": model.materials,
        "amplitudes": model.amplitudes,
    }
    for field, table in tables.items():
        _check_names(field, table)
    _check_names("couplings", [coupling.name for coupling in model.couplings])
    for step in model.steps:
        _check_names("steps", [step.name] if step.name else [])
    if any(line.lstrip().startswith("*") for line in model.heading.splitlines()):
        raise ValueError(f"heading has a line that begins with *: {model.heading!r}.")
    _check_numbers("nodes", model.nodes.ids, [model.nodes.ids])
    if not np.isfinite(model.nodes.coordinates).all():
        raise ValueError("nodes.coordinates holds numbers that are not finite.")
    for block in model.elements:
        if block.type not in ELEMENT_TYPES:
            raise ValueError(
                f"elements has the type {block.type!r}; known are "
                f"{', '.join(ELEMENT_TYPES)}."
            )
        if block.nodes.shape != (len(block.ids), block.element.node_count):
            raise ValueError(
                f"elements of type {block.type} have nodes of shape "
                f"{block.nodes.shape}; needed is "
                f"{(len(block.ids), block.element.node_count)}."
            )
    elements = np.concatenate([np.zeros(0, int), *(b.ids for b in model.elements)])
    _check_numbers("elements", elements, [elements])
    _check_numbers("nodes", model.nodes.ids, [b.nodes for b in model.elements])
    _check_numbers("nodes", model.nodes.ids, model.node_sets.values())
    _check_numbers("elements", elements, model.element_sets.values())
    for name, members in (*model.node_sets.items(), *model.element_sets.items()):
        if not len(members):
            raise ValueError(f"the set {name!r} is empty; a deck cannot hold it.")
    for surface in model.surfaces.values():
        if isinstance(surface, ElementSurface):
            _check_numbers("elements", elements, [surface.elements])
        else:
            _check_numbers("nodes", model.nodes.ids, [surface.nodes])
    for field, name in _references(model):
        if name not in tables[field]:
            raise ValueError(
                f"the model refers to {name!r}, which {field} does not have; it has "
                f"{list(tables[field])}."
            )


def _check_names(field: str, names: Iterable[str]) -> None:
    taken: set[str] = set()
    for name in names:
        if (
            not name
            or len(name) > LONGEST
            or is_integer(name)
            or name != name.strip()
            or set(name) & set(',"=*\n\r')
            or name.upper() in taken
        ):
            raise ValueError(
                f"{field} has the name {name!r}; a deck needs names of 1 to {LONGEST} "
                'characters without , " = * or a line break, that are no numbers and '
                "differ by more than case."
            )
        taken.add(name.upper())


def _check_numbers(what: str, known: np.ndarray, used: Iterable[np.ndarray]) -> None:
    if len(np.unique(known)) != len(known):
        raise ValueError(f"{what} has numbers twice; renumber them.")
    for numbers in used:
        missing = np.setdiff1d(numbers, known)
        if len(missing):
            raise ValueError(
                f"the model uses {len(missing)} numbers that {what} does not have "
                f"(first: {missing[:5].tolist()})."
            )


def _references(model: Model) -> Iterator[tuple[str, str]]:
    for section in model.sections:
        yield "element_sets", section.elements
        yield "materials", section.material
        if section.orientation:
            yield "orientations", section.orientation
    for coupling in model.couplings:
        yield "surfaces", coupling.surface
        if coupling.orientation:
            yield "orientations", coupling.orientation
    by_node = [*model.initial_temperatures, *model.boundaries]
    by_element = []
    for step in model.steps:
        by_node += [*step.boundaries, *step.node_loads, *step.node_fluxes]
        by_node += step.temperatures
        by_element += [*step.element_loads, *step.element_fluxes, *step.films]
        yield from (("surfaces", load.surface) for load in step.surface_pressures)
    for kind, entries in (("node_sets", by_node), ("element_sets", by_element)):
        yield from ((kind, e.target) for e in entries if isinstance(e.target, str))
    loads = [
        *by_node,
        *by_element,
        *(p for s in model.steps for p in s.surface_pressures),
    ]
    for load in loads:
        for field in ("amplitude", "film_amplitude"):
            if name := getattr(load, field, None):
                yield "amplitudes", name
