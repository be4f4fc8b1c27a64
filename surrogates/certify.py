"""Certify a surrogate from held-out solver runs."""

import dataclasses
import json
import math
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Array

from ..datasets.arguments import require_between, require_count
from .accuracy import accuracy, size
from .calibrate import calibrate
from .coarse import compare_coarse, median_time
from .conformal import covered_bounds
from .report import Accuracy, Report
from .round_off import is_constant
from .seen import count_repeated, count_shared, fingerprints
from .surrogate import Surrogate, Verdict
from .training_data import Runs, read_runs

if TYPE_CHECKING:
    import xarray


def certify(
    surrogate: Surrogate,
    held_out: "xarray.Dataset",
    *,
    level: float = 0.9,
    calibration: float = 0.5,
    residual: Callable[[dict, dict], Array] | None = None,
    baselines: Mapping[str, Surrogate] | None = None,
    coarse_solver: "xarray.Dataset | None" = None,
    seconds_per_run: float | None = None,
    extra_runs: int = 0,
    extra_seconds: float = 0.0,
    seed: int = 0,
) -> tuple[Surrogate, Report]:
    """Give a surrogate intervals and a domain guard, and measure both on fresh runs.

    The good held-out runs are split by `seed` into a calibration and a test part. The
    calibration part sets split-conformal intervals, normalised by the surrogate's own
    spread, the joint bands of the fields and the guard's thresholds; the test part,
    which nothing was fitted to, measures coverage, errors and false rejects.

    Args:
        surrogate: made by `fit` or `fit_baseline`; an old certification is replaced.
        held_out: solver runs that the surrogate has not seen, drawn like its training
            designs.
        level: wanted coverage of each interval.
        calibration: share of the runs that calibrates.
        residual: the solver's discrete residual `(design, fields) -> array`, to set the
            thresholds of the guard's physics tests; without it `predict` makes none.
        baselines: further surrogates to measure beside it on the same test runs.
        coarse_solver: the same designs solved on a coarse mesh, in the same order, with
            every quantity of the surrogate; what it fails at is left out and counted.
        seconds_per_run: cost of one solver run [s]; `None` takes the median
            `wall_time` of the good held-out runs.
        extra_runs: further solver runs that the study spent, such as those that chose
            between networks; the break-even count includes them.
        extra_seconds: any other cost of the study [s]. The training of the baselines
            and the runs of `coarse_solver` are counted without being named here.
        seed: seed of the split; fix it before looking at results.

    Returns:
        The certified surrogate, and the report, which prints as a table.

    Raises:
        ValueError: for designs that the surrogate was trained on or that occur twice,
            too few good runs for the level, another space or other outputs, a coarse
            solver of other designs, without a quantity or without a good run, a number
            out of range, or a guard test whose scores on the calibration runs are
            mostly not finite.
    """
    require_between("level", level, 0.0, 1.0)
    require_between("calibration", calibration, 0.0, 1.0)
    require_count("seed", seed, 0)
    require_count("extra_runs", extra_runs, 0)
    require_between("extra_seconds", extra_seconds, 0.0, math.inf, ends=True)
    if seconds_per_run is not None:
        require_between("seconds_per_run", seconds_per_run, 0.0, math.inf)
    runs = read_runs(
        held_out,
        surrogate.space,
        quantities=surrogate.quantity_names,
        fields=surrogate.field_names,
        least=4,
    )
    _refuse_known_designs(surrogate, runs)
    order = np.random.default_rng(seed).permutation(len(runs))
    count = round(calibration * len(runs))
    fitted, tested = runs.take(order[:count]), runs.take(order[count:])
    needed = math.ceil(level / (1.0 - level) * (1.0 - 1e-12))
    if count < needed or len(tested) < 1:
        raise ValueError(
            f"{len(runs)} good held-out runs leave {count} for calibration and "
            f"{len(tested)} for the test; the level {level} needs at least {needed} "
            "to calibrate and 1 to test. Make more runs or lower the level."
        )
    certified, unscored = calibrate(surrogate, fitted, level, residual)

    rows = measure("surrogate", certified, tested)
    for name, baseline in (baselines or {}).items():
        _require_same(surrogate, name, baseline)
        rows += measure(name, calibrate(baseline, fitted, level).surrogate, tested)
    coarse = None
    if coarse_solver is not None:
        good = np.flatnonzero(_status(held_out) == 0)
        coarse = compare_coarse(certified, coarse_solver, held_out, good[order[count:]])
        rows += coarse.rows
    designs = _as_designs(certified, tested)
    predicted = certified.predict(designs, residual=residual)
    fits = [surrogate, *(baselines or {}).values()]
    record = json.loads(certified.record)
    report = Report(
        level=level,
        calibration_runs=count,
        test_runs=len(tested),
        covered_bounds=covered_bounds(count, len(tested), level),
        seed=seed,
        rows=tuple(rows),
        warned=int(np.sum(predicted["verdict"].values == Verdict.WARN)),
        rejected=int(np.sum(predicted["verdict"].values == Verdict.REJECT)),
        guard_tests=str(predicted.attrs["guard_tests"]),
        seconds_per_design=_seconds_per_design(certified),
        seconds_with_physics=(
            None if residual is None else _seconds(certified, designs, residual)
        ),
        seconds_per_run=(
            median_time(held_out, _status(held_out) == 0)
            if seconds_per_run is None
            else seconds_per_run
        ),
        coarse_seconds_per_run=None if coarse is None else coarse.seconds_per_run,
        coarse_failed=0 if coarse is None else coarse.failed,
        fit_seconds=sum(json.loads(s.record).get("fit_seconds", 0.0) for s in fits),
        data_runs=(
            record.get("runs", 0)
            + record.get("failed_runs", 0)
            + held_out.sizes["sample"]
            + extra_runs
        ),
        extra_seconds=extra_seconds + (0.0 if coarse is None else coarse.seconds),
        unscored=unscored,
    )
    summary = {**record, "certified": report.summary()}
    return dataclasses.replace(certified, record=json.dumps(summary)), report


def measure(name: str, surrogate: Surrogate, runs: Runs) -> list[Accuracy]:
    """Errors, rank correlation and coverage of each output on fresh runs."""
    predicted = surrogate.predict(_as_designs(surrogate, runs), fields=True)
    rows = []
    for output, truth in zip(runs.quantity_outputs, runs.quantities.T, strict=True):
        values, lower, upper = _triple(predicted, output.name)
        rows.append(
            accuracy(name, output, values, truth, (lower <= truth) & (truth <= upper))
        )
    for head in surrogate.field_heads:
        output = head.output
        index = [field.name for field in runs.field_outputs].index(output.name)
        truth = runs.fields[index]
        values, lower, upper = (
            part.reshape(len(runs), -1) for part in _triple(predicted, output.name)
        )
        inside = np.all((lower <= truth) & (truth <= upper), axis=1)
        constant = bool(is_constant(truth).all())
        variation = truth if constant else truth - truth.mean(axis=0)
        scale = size(np.sqrt(np.mean(variation**2)))
        error = np.sqrt(np.mean((values - truth) ** 2, axis=1)) / scale
        rows.append(
            Accuracy(
                name,
                output.name,
                output.units,
                median=float(np.median(error)),
                high=float(np.quantile(error, 0.95)),
                rank=None,
                covered=int(inside.sum()),
                width=float(np.median(upper - lower)),
                field=True,
                constant=constant,
            )
        )
    return rows


def _require_same(surrogate, name, baseline):
    if baseline.quantity_names != surrogate.quantity_names or (
        baseline.space.hash != surrogate.space.hash
    ):
        raise ValueError(
            f"baseline {name!r} predicts {baseline.quantity_names}, the surrogate "
            f"{surrogate.quantity_names}; fit both to the same data set."
        )
    if baseline.field_names not in ((), surrogate.field_names):
        raise ValueError(
            f"baseline {name!r} predicts the fields {baseline.field_names}, the "
            f"surrogate {surrogate.field_names}; give it the same or none."
        )


def _triple(predicted, name):
    return (predicted[name + suffix].values for suffix in ("", "_lower", "_upper"))


def _as_designs(surrogate, runs):
    columns = surrogate.space.from_unit(runs.places)
    return {name: np.asarray(column) for name, column in columns.items()}


def _refuse_known_designs(surrogate, runs):
    mine = fingerprints(runs.places)
    shared = count_shared(surrogate.seen, mine)
    if shared:
        raise ValueError(
            f"held_out: {shared} of {len(runs)} designs are among those that the "
            "surrogate was trained on, where it is better than anywhere else; certify "
            "it on runs that it has not seen."
        )
    repeated = count_repeated(mine)
    if repeated:
        raise ValueError(
            f"held_out: {repeated} of {len(runs)} designs repeat others of the set, so "
            "that calibration and test runs are not independent; give each design once."
        )


def _status(dataset):
    if "status" in dataset:
        return dataset["status"].values
    return np.zeros(dataset.sizes["sample"], int)


def _seconds_per_design(surrogate, count: int = 2**15):
    places = np.random.default_rng(0).random((count, surrogate.space.dimension))
    columns = surrogate.space.from_unit(places)
    designs = {name: np.asarray(column) for name, column in columns.items()}
    surrogate.predict({name: column[:8192] for name, column in designs.items()})
    return _seconds(surrogate, designs, None)


def _seconds(surrogate, designs, residual):
    """Time of a prediction that is compiled already, per design [s]."""
    began = time.perf_counter()
    surrogate.predict(designs, residual=residual)
    return (time.perf_counter() - began) / len(next(iter(designs.values())))
