"""Steps of a deck and amplitudes."""

import numpy as np

from .deck import Block
from .fields import integer, real, reals, rows
from .keywords import PROCEDURES
from .labels import Names
from .load_reader import STEP_LOADS, LoadReader
from .step import (
    Amplitude,
    Dynamic,
    Frequency,
    HeatTransfer,
    Increments,
    Static,
    Step,
)


def read_amplitudes(blocks: list[Block], names: Names) -> dict[str, Amplitude]:
    """Read every `*AMPLITUDE`: pairs of time and value."""
    found = {}
    for block in blocks:
        if block.keyword != "AMPLITUDE":
            continue
        name = names.define(block.need("NAME"), block)
        numbers = []
        for row, fields in enumerate(rows(block)):
            if len(fields) % 2 or len(fields) > 8:
                raise block.error("needs up to four pairs of time, value a line", row)
            numbers += reals(fields, block, row)
        points = np.array(numbers).reshape(-1, 2)
        if not len(points) or (np.diff(points[:, 0]) <= 0).any():
            raise block.error("needs pairs of time, value with increasing times")
        total = block.get("TIME") == "TOTAL TIME"
        times, values = points.T.copy()
        found[name] = Amplitude(name, times, values, total)
    return found


def split_steps(blocks: list[Block]) -> tuple[list[Block], list[list[Block]]]:
    """Part the blocks of the model from those of each step.

    Raises:
        ValueError: a step that does not end, or what belongs to a step outside one.
    """
    outside: list[Block] = []
    steps: list[list[Block]] = []
    current: list[Block] | None = None
    for block in blocks:
        if block.keyword == "STEP":
            if current:
                break
            current = [block]
        elif block.keyword == "END STEP":
            if not current:
                raise block.error("ends no *STEP; delete it or add the start")
            steps.append(current)
            current = None
        elif current is not None and block.keyword != "AMPLITUDE":
            if block.keyword not in PROCEDURES and block.keyword not in STEP_LOADS:
                raise block.error("stands inside a *STEP; move it before the first")
            current.append(block)
        else:
            in_step = block.keyword in PROCEDURES or block.keyword in STEP_LOADS
            if in_step and block.keyword != "BOUNDARY":
                raise block.error("stands outside a *STEP; move it into one")
            outside.append(block)
    if current:
        raise current[0].error("is never ended; add *END STEP, or the deck is cut off")
    return outside, steps


def read_steps(steps: list[list[Block]], loads: LoadReader) -> tuple[Step, ...]:
    """Read every `*STEP`."""
    found: list[Step] = []
    large = False
    for head, *blocks in steps:
        step = _step(head, blocks, loads, large)
        large = large or (step.nonlinear_geometry and not step.perturbation)
        found.append(step)
    return tuple(found)


def _step(head: Block, blocks: list[Block], loads: LoadReader, large: bool) -> Step:
    procedures = [block for block in blocks if block.keyword in PROCEDURES]
    if len(procedures) != 1:
        listed = " and ".join(f"*{b.keyword}" for b in procedures) or "no procedure"
        raise head.error(f"has {listed}; give it one of *{', *'.join(PROCEDURES)}")
    entries: dict[str, list] = {}
    renewed: list[str] = []
    seen: set[str] = set()
    for block in blocks:
        if block in procedures:
            continue
        field, read = STEP_LOADS[block.keyword]
        if block.get("OP") == "NEW":
            if block.keyword in seen and block.keyword not in renewed:
                raise block.error("says OP=NEW after one without; say it on the first")
            if block.keyword not in renewed:
                renewed.append(block.keyword)
        seen.add(block.keyword)
        entries.setdefault(field, []).extend(read(loads, block))
    said = head.has("NLGEOM") and head.get("NLGEOM") != "NO"
    if large and head.has("NLGEOM") and not said:
        raise head.error("has NLGEOM=NO after a step with NLGEOM, which stays on")
    perturbation = head.has("PERTURBATION")
    procedure = _procedure(procedures[0])
    keeps = large and not perturbation and not isinstance(procedure, Frequency)
    variation = head.get("AMPLITUDE")
    limit = head.get("INC")
    return Step(
        procedure,
        name=head.get("NAME") or "",
        nonlinear_geometry=said or keeps,
        perturbation=perturbation,
        ramp=variation == "RAMP" if variation else None,
        increment_limit=integer(limit, head, None) if limit else None,
        renewed=tuple(renewed),
        place=head.place(),
        **{field: tuple(found) for field, found in entries.items()},
    )


def _procedure(block: Block) -> Static | Frequency | Dynamic | HeatTransfer:
    if block.keyword == "FREQUENCY":
        return _frequency(block)
    increments = _increments(block)
    if block.keyword == "DYNAMIC":
        alpha = block.get("ALPHA")
        return Dynamic(increments, real(alpha, block, None) if alpha else None)
    if block.keyword == "HEAT TRANSFER":
        return HeatTransfer(increments, block.has("STEADY STATE"))
    return Static(increments)


def _increments(block: Block) -> Increments:
    fields = rows(block)[0] if block.data else []
    if len(block.data) > 1:
        raise block.error("takes one data line", 1)
    numbers = [real(f, block, 0) if f else None for f in fields[:4]]
    numbers += [None] * (4 - len(numbers))
    if any(number is not None and number < 0 for number in numbers):
        raise block.error("has a negative time; make it positive", 0)
    return Increments(*numbers, fixed=block.has("DIRECT"))


def _frequency(block: Block) -> Frequency:
    fields = (rows(block)[0] if block.data else []) + ["", "", ""]
    count, lowest, highest = fields[:3]
    if not count and not highest:
        raise block.error("needs the number of modes or an upper frequency", 0)
    return Frequency(
        integer(count, block, 0) if count else None,
        real(lowest, block, 0) if lowest else None,
        real(highest, block, 0) if highest else None,
    )
