"""Accuracy, coverage and speed of the heat-sink surrogate, on the coarse mesh."""

import time

import jax
import numpy as np

from examples.heat_sink_model import SPACE, simulation
from froude.datasets import evaluate, sobol
from froude.surrogates import certify, covered_bounds, fit_baseline

from ..cases import ROOT
from ..evidence import above, below, holds
from ..heat_sink_runs import solved_one_by_one

GROUP = "surrogate"
TIER = "verify"

MESHES = ROOT / "examples" / "meshes"
WANTED = ("peak_temperature", "mass", "thermal_resistance")
NAMES = list(SPACE.names)
ISSUE = "limit set beforehand"


def run():
    mesh = MESHES / "heat_sink_coarse.msh"
    yield from judge(mesh, solved=solved_one_by_one)


def judge(mesh, *, designs=None, solved=evaluate):
    """Rows for kernel ridge regression of 256 runs, certified on 160, on fresh 160.

    Args:
        mesh: mesh file of the heat sink.
        designs: number of designs to predict against the clock; none when omitted.
        solved: function (simulate, designs) that makes the runs.
    """
    simulate = simulation(mesh)
    began = time.perf_counter()
    runs = solved(simulate, sobol(SPACE, 416, seed=1))
    seconds_per_run = (time.perf_counter() - began) / 416
    fresh = solved(simulate, sobol(SPACE, 160, seed=11))
    surrogate = fit_baseline(
        runs.isel(sample=slice(256)),
        SPACE,
        quantities=WANTED,
        fields=("temperature",),
        key=jax.random.key(0),
    )
    surrogate, report = certify(
        surrogate,
        runs.isel(sample=slice(256, None)),
        seconds_per_run=seconds_per_run,
    )
    predicted = surrogate.predict(fresh[NAMES], fields=True)
    low, high = covered_bounds(report.calibration_runs, 160, 0.9)
    law = (
        f"central 99 % of the beta-binomial law: {low} to {high} of 160, "
        f"{report.calibration_runs} calibration runs"
    )
    truth = fresh["temperature"].values
    low_band, high_band = (
        predicted[f"temperature_{end}"].values for end in ("lower", "upper")
    )
    inside = ((low_band <= truth) & (truth <= high_band)).reshape(160, -1)
    covered = int(inside.all(axis=1).sum())
    yield holds(
        f"temperature: {covered} of 160 fresh fields inside their 90 % band everywhere",
        low <= covered <= high,
        source=law,
    )
    for name in WANTED:
        value, truth = predicted[name].values, fresh[name].values
        yield below(
            f"{name}: median relative error",
            np.median(np.abs(value / truth - 1.0)),
            limit=5e-3,
            source=ISSUE,
        )
        yield above(
            f"{name}: rank correlation",
            _rank_correlation(value, truth),
            limit=0.999,
            source=ISSUE,
        )
        inside = (predicted[f"{name}_lower"] <= truth) & (
            truth <= predicted[f"{name}_upper"]
        )
        covered = int(inside.sum())
        yield holds(
            f"{name}: {covered} of 160 fresh runs inside their 90 % interval",
            low <= covered <= high,
            source=law,
        )
    if designs is None:
        return
    many = sobol(SPACE, designs, seed=7)
    surrogate.predict(many.isel(sample=slice(2**14)))
    began = time.perf_counter()
    surrogate.predict(many)
    rate = 60.0 * designs / (time.perf_counter() - began)
    yield above(
        f"designs per minute, of {designs}",
        rate,
        limit=1e6,
        source="wall clock, interval and verdict",
    )
    yield below(
        "designs after which the surrogate has paid for itself",
        np.inf if report.break_even is None else report.break_even,
        limit=1000,
        source="data, training and predictions against solving",
    )


def _rank_correlation(one, two):
    from scipy.stats import spearmanr

    return spearmanr(one, two)[0]
