"""Run a simulation for a few designs and keep the answers in memory."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ..solvers.status import Status
from .outcome import EachSample, OutputError, Simulate, VmappedChunk
from .space import RESERVED

if TYPE_CHECKING:
    import xarray

_CHUNK = 32


def evaluate(simulate: Simulate, designs: "xarray.Dataset") -> "xarray.Dataset":
    """Answer designs by the solver, as `sweep` and `optimize` do for their judgements.

    A function that JAX can trace runs in vmapped chunks of 32, as `generate` does by
    default, so that both share one compilation; a plain Python function runs once per
    design.

    Args:
        simulate: simulate(design) -> (quantities, fields, status).
        designs: one variable per design variable, dimension `sample`.

    Returns:
        The designs with every quantity (sample,), every field (sample, …), `status`
        and `error`, the text of the exception where one was raised; NaN where the
        status is not OK.

    Raises:
        TypeError: for outputs that are no scalar quantities and fields, or a mistake in
            `simulate` that every design meets.
        ValueError: an output with a name that the result has already.
    """
    import xarray

    columns = {
        str(name): np.asarray(designs[name].values, float)
        for name in designs.data_vars
        if designs[name].dims == ("sample",)
    }
    count = designs.sizes["sample"]
    mistake = None
    try:
        run = VmappedChunk(simulate, _CHUNK)
        run.shapes(tuple(columns))
        block = _CHUNK
    except OutputError:
        raise
    except TypeError as error:
        # Perhaps only JAX's tracers are refused, as by a format string.
        mistake = error
        run, block = EachSample(simulate), max(count, 1)
    outcomes = []
    for first in range(0, count, block):
        part = {name: column[first : first + block] for name, column in columns.items()}
        outcomes += run(part, range(min(block, count - first)))
    if (
        mistake
        and outcomes
        and all(o.error.startswith("TypeError: ") for o in outcomes)
    ):
        raise mistake

    good = [outcome.values for outcome in outcomes if outcome.values is not None]
    taken = sorted({*(good[0] if good else {})} & {*columns, *RESERVED})
    if taken:
        raise ValueError(
            f"simulate returns {taken}, names that the result has already; rename "
            "these outputs."
        )
    result = xarray.Dataset({name: ("sample", c) for name, c in columns.items()})
    attributes: dict[str, dict[str, Any]] = getattr(simulate, "outputs", None) or {}
    for name, template in (good[0] if good else {}).items():
        values = np.full((count, *np.shape(template)), np.nan)
        for row, outcome in enumerate(outcomes):
            if outcome.values is not None:
                values[row] = outcome.values[name]
        dims = ("sample", *(f"{name}_{axis}" for axis in range(values.ndim - 1)))
        kept = {k: v for k, v in attributes.get(name, {}).items() if k != "dims"}
        result[name] = (dims, values, kept)
    codes = [int(outcome.status) for outcome in outcomes]
    flags = {
        "flag_values": [int(status) for status in Status],
        "flag_meanings": " ".join(status.name.lower() for status in Status),
    }
    result["status"] = ("sample", np.asarray(codes, np.int8), flags)
    result["error"] = ("sample", np.array([outcome.error for outcome in outcomes], str))
    return result
