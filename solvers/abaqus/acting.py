"""What acts in one step of a deck, carried on from the steps before it.

Entries of one step add up. In a later step an entry replaces an earlier one of the same
target and direction and the others stay, unless OP=NEW ends them (CalculiX manual,
*CLOAD, *DLOAD, *BOUNDARY).
"""

import dataclasses

import numpy as np

from .model import ElementSurface, Model
from .record import refusal
from .step import (
    Boundary,
    ElementLoad,
    Frequency,
    NodeLoad,
    Static,
    Step,
    SurfacePressure,
)

_THERMAL = {
    "temperatures": "TEMPERATURE",
    "node_fluxes": "CFLUX",
    "element_fluxes": "DFLUX",
    "films": "FILM",
}
_KEYWORDS = {
    "boundaries": "BOUNDARY",
    "node_loads": "CLOAD",
    "element_loads": "DLOAD",
    "surface_pressures": "DSLOAD",
}


@dataclasses.dataclass(frozen=True)
class Acting:
    """Supports and loads that act in a step, each over one degree of freedom.

    Args:
        step: the step.
        boundaries: `first` and `last` are the same.
        node_loads: none in a *FREQUENCY step; so for the other loads.
        element_loads: see there.
        surface_pressures: see there.
    """

    step: Step
    boundaries: tuple[Boundary, ...]
    node_loads: tuple[NodeLoad, ...]
    element_loads: tuple[ElementLoad, ...]
    surface_pressures: tuple[SurfacePressure, ...]


def acting(model: Model, step: int | None) -> Acting:
    """Collect what acts in a step.

    Args:
        model: the deck.
        step: number of the step, from 1; None if the deck has one.

    Raises:
        ValueError: no such step, a step that is not linear or not mechanical, an
            amplitude, or entries of two steps that overlap.
    """
    steps = _steps(model, step)
    *earlier, last = steps
    for one in steps:
        _check(one, one is last, bool(earlier))
    found = {field: [] for field in _KEYWORDS}
    found["boundaries"] = _directions(model.boundaries)
    for one in steps:
        for field, keyword in _KEYWORDS.items():
            kept = [] if keyword in one.renewed else found[field]
            new = list(getattr(one, field))
            if field == "boundaries":
                new = _directions(new)
            found[field] = _replaced(model, keyword, kept, new)
    for field, keyword in _KEYWORDS.items():
        for entry in found[field]:
            if entry.amplitude is not None:
                raise refusal(
                    entry.place,
                    keyword,
                    f"follows the amplitude {entry.amplitude}, which is not carried; "
                    "state the value at the end of the step without it",
                )
    if isinstance(last.procedure, Frequency):
        found |= {field: [] for field in _KEYWORDS if field != "boundaries"}
    return Acting(last, **{field: tuple(entries) for field, entries in found.items()})


def _steps(model: Model, step: int | None) -> tuple[Step, ...]:
    count = len(model.steps)
    if not count:
        raise ValueError("the deck has no *STEP, so nothing to compute; add one.")
    if step is None and count > 1:
        raise ValueError(
            f"the deck has {count} steps; say which with step=1 to step={count}. What "
            "earlier steps leave in place acts too."
        )
    if step is not None and not 1 <= step <= count:
        raise ValueError(f"step = {step}; the deck has the steps 1 to {count}.")
    return model.steps[: step or 1]


def _check(step: Step, last: bool, follows: bool) -> None:
    procedure = step.procedure
    if not isinstance(procedure, Static | Frequency):
        keyword = {"HeatTransfer": "HEAT TRANSFER", "Dynamic": "DYNAMIC"}
        raise refusal(
            step.place,
            "STEP",
            f"is a *{keyword[type(procedure).__name__]} step; *STATIC and *FREQUENCY "
            "are carried",
        )
    if step.nonlinear_geometry:
        raise refusal(
            step.place,
            "STEP",
            "has NLGEOM, large deformation, which is not carried; delete it where "
            "displacements are small",
        )
    if step.perturbation and (follows or isinstance(procedure, Static)):
        raise refusal(
            step.place,
            "STEP",
            "has PERTURBATION about a state before it, which is not carried; delete it "
            "where no stress of that state matters",
        )
    for field, keyword in _THERMAL.items():
        for entry in getattr(step, field)[:1]:
            raise refusal(
                entry.place, keyword, "is not carried: no thermal effects are"
            )
    if isinstance(procedure, Frequency):
        # Which of these outlive the step differs between Abaqus and CalculiX.
        fields = list(_KEYWORDS) if not last else list(_KEYWORDS)[1:]
        for field in fields:
            for entry in getattr(step, field)[:1]:
                raise refusal(
                    entry.place,
                    _KEYWORDS[field],
                    "stands in a *FREQUENCY step, where a load has no effect; delete it"
                    if last
                    else "stands in a *FREQUENCY step before the one asked for; move "
                    "it to that one",
                )


def _directions(boundaries) -> list[Boundary]:
    """One entry for each degree of freedom."""
    return [
        dataclasses.replace(entry, first=dof, last=dof)
        for entry in boundaries
        for dof in range(entry.first, entry.last + 1)
    ]


def _replaced(model: Model, keyword: str, kept: list, new: list) -> list:
    keys = {_key(entry) for entry in new}
    kept = [entry for entry in kept if _key(entry) not in keys]
    for entry in new if keyword != "BOUNDARY" else ():
        for old in kept:
            if _overlap(model, old, entry):
                raise refusal(
                    entry.place,
                    keyword,
                    f"overlaps an entry of an earlier step ({old.place or keyword}) "
                    "under another name; use that name again, or OP=NEW",
                )
    return kept + new


def _key(entry) -> tuple:
    if isinstance(entry, Boundary):
        return entry.target, entry.first
    if isinstance(entry, NodeLoad):
        return entry.target, entry.dof
    if isinstance(entry, ElementLoad):
        return entry.target, entry.label
    return (entry.surface,)


def _overlap(model: Model, old, new) -> bool:
    if isinstance(new, SurfacePressure):
        return bool(_faces(model, old.surface) & _faces(model, new.surface))
    if _key(old)[1] != _key(new)[1]:
        return False
    members = model.nodes_of if isinstance(new, NodeLoad) else model.elements_of
    return bool(np.isin(members(old.target), members(new.target)).any())


def _faces(model: Model, surface: str) -> set:
    found = model.surfaces[surface]
    if not isinstance(found, ElementSurface):
        return set()
    return set(zip(found.elements.tolist(), found.faces.tolist(), strict=True))
