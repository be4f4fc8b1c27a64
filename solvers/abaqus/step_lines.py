"""Supports, loads and steps as lines of a deck."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence

from .fields import write_real
from .model import Model
from .names import quoted
from .step import Frequency, HeatTransfer, Increments, Step


def boundary_lines(model: Model) -> Iterator[str]:
    """Initial temperatures, and supports that hold from the start."""
    if model.initial_temperatures:
        yield "*INITIAL CONDITIONS, TYPE=TEMPERATURE"
        yield from map(_temperature, model.initial_temperatures)
    yield from _cards("BOUNDARY", model.boundaries, _boundary, ())


def step_lines(step: Step, print_sets: Sequence[str]) -> Iterator[str]:
    """One step, from `*STEP` to `*END STEP`."""
    head = "*STEP"
    if step.name:
        head += f", NAME={quoted(step.name)}"
    if step.nonlinear_geometry:
        head += ", NLGEOM"
    if step.perturbation:
        head += ", PERTURBATION"
    if step.ramp is not None:
        head += f", AMPLITUDE={'RAMP' if step.ramp else 'STEP'}"
    if step.increment_limit is not None:
        head += f", INC={step.increment_limit}"
    yield head
    yield from _procedure_lines(step.procedure)
    for keyword, (field, line) in _CARDS.items():
        yield from _cards(keyword, getattr(step, field), line, step.renewed)
    thermal = isinstance(step.procedure, HeatTransfer)
    yield from ("*NODE FILE", "NT" if thermal else "U")
    if not isinstance(step.procedure, Frequency):
        yield from ("*EL FILE", "HFL" if thermal else "S")
    for name in print_sets:
        yield f"*NODE PRINT, NSET={quoted(name)}"
        yield "NT" if thermal else "U, RF"
    yield "*END STEP"


def _procedure_lines(procedure) -> Iterator[str]:
    if isinstance(procedure, Frequency):
        yield "*FREQUENCY"
        fields = (procedure.count, procedure.lowest, procedure.highest)
        yield _fields(fields)
        return
    name = "*HEAT TRANSFER"
    if not isinstance(procedure, HeatTransfer):
        name = f"*{type(procedure).__name__.upper()}"
    elif procedure.steady:
        name += ", STEADY STATE"
    alpha = getattr(procedure, "alpha", None)
    if alpha is not None:
        name += f", ALPHA={write_real(alpha)}"
    increments: Increments = procedure.increments
    yield name + ", DIRECT" * increments.fixed
    fields = (
        *(increments.first, increments.period),
        *(increments.smallest, increments.largest),
    )
    if any(field is not None for field in fields):
        yield _fields(fields)


def _fields(values: Iterable[float | None]) -> str:
    fields = [
        "" if v is None else str(v) if isinstance(v, int) else write_real(v)
        for v in values
    ]
    return ", ".join(fields).rstrip(", ")


def _cards(
    keyword: str, entries: Sequence, line: Callable, renewed: Sequence[str]
) -> Iterator[str]:
    """A keyword line for each run of entries with the same amplitudes."""
    fresh = ", OP=NEW" * (keyword in renewed)
    if fresh and not entries:
        yield f"*{keyword}{fresh}"
    for names, run in itertools.groupby(entries, _amplitudes):
        amplitude, film = names
        head = f"*{keyword}{fresh}"
        if amplitude:
            head += f", AMPLITUDE={quoted(amplitude)}"
        if film:
            head += f", FILM AMPLITUDE={quoted(film)}"
        yield head
        yield from map(line, run)
        fresh = ""


def _amplitudes(entry) -> tuple[str | None, str | None]:
    return entry.amplitude, getattr(entry, "film_amplitude", None)


def _target(target: str | int) -> str:
    return quoted(target) if isinstance(target, str) else str(target)


def _temperature(entry) -> str:
    return f"{_target(entry.target)}, {write_real(entry.value)}"


def _boundary(entry) -> str:
    range_ = f"{entry.first}, {entry.last}"
    return f"{_target(entry.target)}, {range_}, {write_real(entry.value)}"


def _node_load(entry) -> str:
    return f"{_target(entry.target)}, {entry.dof}, {write_real(entry.value)}"


def _element_load(entry) -> str:
    numbers = ", ".join(map(write_real, (entry.magnitude, *entry.vector)))
    return f"{_target(entry.target)}, {entry.label}, {numbers}"


def _pressure(entry) -> str:
    return f"{quoted(entry.surface)}, P, {write_real(entry.magnitude)}"


def _film(entry) -> str:
    numbers = f"{write_real(entry.sink)}, {write_real(entry.coefficient)}"
    return f"{_target(entry.target)}, F{entry.face}, {numbers}"


_CARDS: dict[str, tuple[str, Callable]] = {
    "BOUNDARY": ("boundaries", _boundary),
    "TEMPERATURE": ("temperatures", _temperature),
    "CLOAD": ("node_loads", _node_load),
    "DLOAD": ("element_loads", _element_load),
    "DSLOAD": ("surface_pressures", _pressure),
    "CFLUX": ("node_fluxes", _node_load),
    "DFLUX": ("element_fluxes", _element_load),
    "FILM": ("films", _film),
}
