"""Which answers of a sweep come from the surrogate, which from the solver, and why."""

import enum
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..surrogates import Verdict

if TYPE_CHECKING:
    import xarray as xr


class Route(enum.IntEnum):
    """Why a sample was answered as it was, stored as int8 `route_reason`."""

    ACCEPTED = 0
    REJECTED = 1
    WIDE_INTERVAL = 2
    AUDIT = 3
    UNCERTIFIED = 4


def route(
    prediction: "xr.Dataset",
    tolerance: Mapping[str, float],
    budget: int,
    audit: float,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Decide for each sample whether the solver must be called.

    A quarter of the budget is kept for audits, so that a sweep full of rejected
    designs still measures the coverage of the accepted ones.

    Args:
        prediction: what `Surrogate.predict` returned.
        tolerance: quantity name to the largest interval width accepted [its unit].
        budget: solver calls allowed.
        audit: fraction of the accepted samples that the solver checks.
        seed: of the audit draw.

    Returns:
        `Route` code per sample (sample,), and the samples to solve, at most `budget`,
        audits first, then the others in sample order.
    """
    verdict = prediction["verdict"].values
    reason = np.full(verdict.shape, Route.ACCEPTED, np.int8)
    for name, width in tolerance.items():
        interval = prediction[f"{name}_upper"] - prediction[f"{name}_lower"]
        reason[~(interval.values <= width)] = Route.WIDE_INTERVAL
    reason[verdict == Verdict.UNCERTIFIED] = Route.UNCERTIFIED
    reason[verdict == Verdict.REJECT] = Route.REJECTED

    doubted = np.flatnonzero(reason != Route.ACCEPTED)
    accepted = np.flatnonzero(reason == Route.ACCEPTED)
    spare = max(budget // 4, budget - doubted.size)
    audits = min(int(np.ceil(audit * accepted.size)), spare, accepted.size)
    drawn = np.random.default_rng(seed).choice(accepted, audits, replace=False)
    reason[drawn] = Route.AUDIT
    solved = np.concatenate([np.sort(drawn), doubted[: budget - audits]])
    return reason, solved.astype(int)
