"""A coarse solver beside a surrogate: the same designs, judged by the fine solver."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .accuracy import accuracy
from .designs import read_designs
from .report import Accuracy
from .surrogate import Surrogate

if TYPE_CHECKING:
    import xarray

SAME = 1e-6
"""Largest distance on an axis of the unit cube at which two designs are one."""


class Coarse(NamedTuple):
    """What the coarse solver came to.

    Attributes:
        rows: its errors, one row per quantity.
        failed: test runs that it failed at, which the rows leave out.
        seconds_per_run: median cost of the runs compared [s], `None` where unknown.
        seconds: cost of all its runs [s].
    """

    rows: list[Accuracy]
    failed: int
    seconds_per_run: float | None
    seconds: float


def compare_coarse(
    surrogate: Surrogate,
    coarse: "xarray.Dataset",
    held_out: "xarray.Dataset",
    chosen: np.ndarray,
) -> Coarse:
    """Judge a coarse solver by the test runs.

    Args:
        surrogate: says which quantities and which space.
        coarse: runs of the coarse solver.
        held_out: runs of the solver, for the same designs in the same order.
        chosen: samples of the test runs.

    Raises:
        ValueError: for other designs, a quantity that is missing, or no good run.
    """
    outputs = surrogate.quantity_head.outputs
    missing = [output.name for output in outputs if output.name not in coarse]
    if missing:
        raise ValueError(
            f"coarse_solver has no quantity {', '.join(map(repr, missing))}; a solver "
            f"is compared in all of {[output.name for output in outputs]}."
        )
    _require_same_designs(surrogate.space, coarse, held_out)
    good = np.ones(coarse.sizes["sample"], bool)
    if "status" in coarse:
        good = coarse["status"].values == 0
    index = chosen[good[chosen]]
    if not index.size:
        raise ValueError(
            f"coarse_solver failed at all {len(chosen)} test runs, so there is nothing "
            "to compare; mend it, or leave it out."
        )
    rows = [
        accuracy(
            "coarse solver",
            output,
            coarse[output.name].values[index].astype(float),
            held_out[output.name].values[index].astype(float),
            None,
        )
        for output in outputs
    ]
    seconds = float(coarse["wall_time"].sum()) if "wall_time" in coarse else 0.0
    failed = len(chosen) - len(index)
    return Coarse(rows, failed, median_time(coarse, index), seconds)


def median_time(runs: "xarray.Dataset", which: np.ndarray) -> float | None:
    """Median `wall_time` of some runs [s]; `None` where none is stored."""
    if "wall_time" not in runs:
        return None
    return float(np.median(runs["wall_time"].values[which]))


def _require_same_designs(space, coarse, held_out):
    if coarse.sizes["sample"] != held_out.sizes["sample"]:
        raise ValueError(
            f"coarse_solver has {coarse.sizes['sample']} runs, the held-out set "
            f"{held_out.sizes['sample']}; solve the same designs in the same order."
        )
    places = [
        np.asarray(space.to_unit(read_designs(space, runs)[0]))
        for runs in (coarse, held_out)
    ]
    differ = np.flatnonzero(~np.all(np.abs(places[0] - places[1]) <= SAME, axis=1))
    if differ.size:
        raise ValueError(
            f"coarse_solver has other designs than the held-out set in {differ.size} "
            f"samples, the first in sample {differ[0]}; solve the same designs in the "
            "same order."
        )
