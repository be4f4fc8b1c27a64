"""Answer many designs with a surrogate, and with the solver where it must be called."""

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Array

from ..datasets.arguments import require_between, require_count
from ..solvers import Status
from ..surrogates import Surrogate
from .judge import ask_solver
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
    residual: Callable[[dict, dict], Array] | None = None,
    seed: int = 0,
) -> "xr.Dataset":
    """Predict every sample; solve the rejected, the too uncertain and an audit draw.

    Args:
        surrogate: certified surrogate; an uncertified one sends every sample to the
            solver, as far as the budget goes.
        samples: designs, as `Surrogate.predict` takes them.
        fallback: simulate(design) -> (quantities, fields, status).
        tolerance: quantity name to the largest accepted interval width [its unit].
        budget: solver calls allowed.
        audit: fraction of accepted samples that the solver checks, within the budget.
        residual: the solver's discrete residual `(design, fields) -> array`, for the
            guard's physics tests, as `Surrogate.predict` takes it; it predicts the
            fields too and costs about what the residual of every sample costs. Without
            it these tests are not made; the attribute `guard_tests` names those made.
        seed: of the audit draw.

    Returns:
        Predictions with, per sample, `route_reason` and `source` (CF flags), `status`
        (`out_of_domain` and NaN where a rejected design was not solved, `pending`
        where a wide interval was left unsolved, the solver's own where it was called),
        and for each quantity `<name>_audit_error`, surrogate minus solver, where
        audited. Where the solver fails in an audit, the prediction stays beside the
        solver's status. Attributes count the routes, the audits that were answered
        (`audits`) and not (`audits_failed`), and how many of the answered lie inside
        their interval (`<name>_audit_covered`).

    Raises:
        ValueError: `tolerance` names no quantity of the surrogate, a number is out of
            range, the designs belong to another space, `fallback` returns no value of a
            quantity, or the surrogate was certified without the residual given.
        TypeError: `tolerance` is no mapping.
    """
    names = tuple(surrogate.quantity_names)
    _check(names, tolerance, budget, audit, seed)
    result = surrogate.predict(samples, residual=residual)
    reason, rows = route(result, tolerance, budget, audit, seed)

    status = np.full(reason.shape, Status.OK, np.int8)
    status[np.isin(reason, (Route.WIDE_INTERVAL, Route.UNCERTIFIED))] = Status.PENDING
    status[reason == Route.REJECTED] = Status.OUT_OF_DOMAIN
    truth = {name: np.full(reason.shape, np.nan) for name in names}
    if rows.size:
        designs = result[list(surrogate.space.names)].isel(sample=rows)
        answers = ask_solver(fallback, designs, names)
        status[rows] = answers["status"].values
        for name in set(names) & set(answers):
            truth[name][rows] = answers[name].values

    audited = reason == Route.AUDIT
    # A solver that fails in an audit tells nothing about the prediction, which stays.
    failed = audited & (status != Status.OK)
    solved = np.isin(np.arange(reason.size), rows) & ~failed
    unanswered = (reason == Route.REJECTED) & ~solved
    for name in names:
        keys = (name, f"{name}_lower", f"{name}_upper")
        value, lower, upper = (result[key].values.copy() for key in keys)
        error = np.where(audited, value - truth[name], np.nan)
        covered = audited & (lower <= truth[name]) & (truth[name] <= upper)
        result.attrs[f"{name}_audit_covered"] = int(np.sum(covered))
        for key, array in zip(keys, (value, lower, upper), strict=True):
            array[solved] = truth[name][solved]
            array[unanswered] = np.nan
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
        solved.astype(np.int8),
        {"flag_values": [0, 1], "flag_meanings": "surrogate solver"},
    )
    result.attrs |= {
        "solver_calls": int(rows.size),
        "solver_budget": budget,
        "audits": int(np.sum(audited & ~failed)),
        "audits_failed": int(np.sum(failed)),
        **{f"route_{r.name.lower()}": int(np.sum(reason == r)) for r in Route},
    }
    return result


def _check(
    names: tuple[str, ...],
    tolerance: Mapping[str, float],
    budget: int,
    audit: float,
    seed: int,
) -> None:
    if not isinstance(tolerance, Mapping):
        raise TypeError(
            f"tolerance is {tolerance!r}; give the width that each quantity's interval "
            f"may have, such as {{{names[0]!r}: {tolerance!r}}}."
        )
    unknown = sorted(set(tolerance) - set(names))
    if unknown or not tolerance:
        raise ValueError(
            f"tolerance names {unknown or 'nothing'}; give interval widths for some of "
            f"the quantities {names}."
        )
    for name, width in tolerance.items():
        require_between(f"tolerance[{name!r}]", width, 0.0, math.inf, ends=True)
    require_count("budget", budget, 0)
    require_between("audit", audit, 0.0, 1.0, ends=True)
    require_count("seed", seed, 0)


def _flags(codes: Any) -> dict[str, Any]:
    return {
        "flag_values": [int(code) for code in codes],
        "flag_meanings": " ".join(code.name.lower() for code in codes),
    }
