"""Answer many designs with a surrogate, and with the solver where it must be called."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..datasets import evaluate
from ..solvers import Status
from ..surrogates import Surrogate
from .route import Route, route

if TYPE_CHECKING:
    import xarray as xr


def sweep(
    surrogate: Surrogate,
    samples: "xr.Dataset",
    *,
    fallback: Callable[..., Any],
    tolerance: Mapping[str, float],
    budget: int = 64,
    audit: float = 0.02,
    seed: int = 0,
) -> "xr.Dataset":
    """Predict every sample; solve the rejected, the too uncertain and an audit draw.

    Args:
        surrogate: certified surrogate; an uncertified one sends every sample to the
            solver, as far as the budget goes.
        samples: designs, dimension `sample`.
        fallback: simulate(design) -> (quantities, fields, status).
        tolerance: quantity name to the largest accepted interval width [its unit].
        budget: solver calls allowed.
        audit: fraction of accepted samples that the solver checks, within the budget.
        seed: of the audit draw.

    Returns:
        Predictions with, per sample, `route_reason` and `source` (CF flags), `status`
        (`out_of_domain` and NaN where a rejected design was not solved, `pending`
        where a wide interval was left unsolved), and for each quantity
        `<name>_audit_error`, surrogate minus solver, where audited. Attributes count
        the routes and state the coverage found by the audit.

    Raises:
        ValueError: `tolerance` names no quantity of the surrogate, or budget < 0.
    """
    names = tuple(surrogate.quantity_names)
    _check(names, tolerance, budget, audit)
    result = surrogate.predict(samples)
    reason, solved = route(result, tolerance, budget, audit, seed)

    status = np.full(reason.shape, Status.OK, np.int8)
    status[np.isin(reason, (Route.WIDE_INTERVAL, Route.UNCERTIFIED))] = Status.PENDING
    status[reason == Route.REJECTED] = Status.OUT_OF_DOMAIN
    source = np.zeros(reason.shape, np.int8)
    answers = evaluate(fallback, samples.isel(sample=solved)) if solved.size else None
    if answers is not None:
        status[solved] = answers["status"].values
        source[solved] = 1

    audited = solved[reason[solved] == Route.AUDIT]
    for name in names:
        keys = (name, f"{name}_lower", f"{name}_upper")
        value, lower, upper = (result[key].values.copy() for key in keys)
        error = np.full(reason.shape, np.nan)
        if answers is not None:
            # A solver that failed everywhere has no output to name.
            failed = np.full(solved.shape, np.nan)
            truth = answers[name].values if name in answers else failed
            error[audited] = (value[solved] - truth)[reason[solved] == Route.AUDIT]
            result.attrs[f"{name}_audit_covered"] = int(
                np.sum(
                    (lower[solved] <= truth)
                    & (truth <= upper[solved])
                    & (reason[solved] == Route.AUDIT)
                )
            )
            value[solved] = lower[solved] = upper[solved] = truth
        value[status == Status.OUT_OF_DOMAIN] = np.nan
        for key, array in zip(keys, (value, lower, upper), strict=True):
            result[key] = result[key].copy(data=array)
        result[f"{name}_audit_error"] = (
            "sample",
            error,
            {"units": result[name].attrs.get("units", "1")},
        )
    result["status"] = ("sample", status, _flags(Status))
    result["route_reason"] = ("sample", reason, _flags(Route))
    result["source"] = (
        "sample",
        source,
        {"flag_values": [0, 1], "flag_meanings": "surrogate solver"},
    )
    result.attrs |= {
        "solver_calls": int(solved.size),
        "solver_budget": budget,
        "audits": int(audited.size),
        **{f"route_{r.name.lower()}": int(np.sum(reason == r)) for r in Route},
    }
    return result


def _check(
    names: tuple[str, ...], tolerance: Mapping[str, float], budget: int, audit: float
) -> None:
    unknown = sorted(set(tolerance) - set(names))
    if unknown or not tolerance:
        raise ValueError(
            f"tolerance names {unknown or 'nothing'}; give interval widths for some of "
            f"the quantities {names}."
        )
    if budget < 0 or not 0 <= audit <= 1:
        raise ValueError(
            f"budget = {budget} must be >= 0 and audit = {audit} between 0 and 1."
        )


def _flags(codes: Any) -> dict[str, Any]:
    return {
        "flag_values": [int(code) for code in codes],
        "flag_meanings": " ".join(code.name.lower() for code in codes),
    }
