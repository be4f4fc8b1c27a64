"""Accuracy and coverage of the bracket surrogate, on the coarse mesh."""

import functools
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jax
import numpy as np

from examples import bracket_calculix
from examples.bracket_model import MATERIAL, SPACE, Bracket
from froude.datasets import generate, sobol
from froude.surrogates import certify, covered_bounds, fit_baseline

from ..cases import ROOT
from ..evidence import above, below, holds

GROUP = "surrogate"
TIER = "verify"

MESHES = ROOT / "examples" / "meshes"
ACCURATE = {
    "deflection": 5e-3,
    "frequency": 5e-3,
    "peak_stress_reported": 2e-2,
    "peak_stress": 2e-2,
    "mass": 5e-3,
}
NAMES = list(SPACE.names)
ISSUE = "limit set beforehand"


def run():
    yield from judge(MESHES / "bracket_coarse.msh", train=160, certified=40, fresh=48)


def judge(mesh, *, train, certified, fresh, coarse=None):
    """Rows for kernel ridge regression of `train` runs, certified, on fresh runs.

    Args:
        mesh: mesh file of the bracket.
        train: runs that the surrogate is fitted to.
        certified: held-out runs, half of which calibrate.
        fresh: runs that nothing before has seen.
        coarse: mesh file of a coarser solver; with it the speed is judged too.
    """
    simulate = Bracket.read(mesh)
    samples = sobol(SPACE, train + certified, seed=1)
    runs = solved(simulate, samples)
    judged = solved(simulate, sobol(SPACE, fresh, seed=11))
    surrogate = fit_baseline(
        runs.isel(sample=slice(train)),
        SPACE,
        quantities=tuple(ACCURATE),
        fields=("von_mises",),
        key=jax.random.key(0),
    )
    held_out = runs.isel(sample=slice(train, None))
    coarsely = None
    if coarse is not None:
        coarse = Bracket.read(coarse)
        coarsely = solved(coarse, samples.isel(sample=slice(train, None)))
    surrogate, report = certify(surrogate, held_out, coarse_solver=coarsely)
    predicted = surrogate.predict(judged[NAMES], fields=True)
    low, high = covered_bounds(report.calibration_runs, fresh, 0.9)
    law = (
        f"central 99 % of the beta-binomial law: {low} to {high} of {fresh}, "
        f"{report.calibration_runs} calibration runs"
    )

    def inside(name):
        ends = [predicted[f"{name}_{end}"].values for end in ("lower", "upper")]
        truth = judged[name].values
        within = (ends[0] <= truth) & (truth <= ends[1])
        return int(within.reshape(fresh, -1).all(axis=1).sum())

    covered = inside("von_mises")
    yield holds(
        f"von_mises: {covered} of {fresh} fresh fields inside their 90 % band "
        "everywhere",
        low <= covered <= high,
        source=law,
    )
    for name, limit in ACCURATE.items():
        value, truth = predicted[name].values, judged[name].values
        yield below(
            f"{name}: median relative error",
            np.median(np.abs(value / truth - 1.0)),
            limit=limit,
            source=ISSUE,
        )
        yield above(
            f"{name}: rank correlation",
            _rank_correlation(value, truth),
            limit=0.99,
            source=ISSUE,
        )
        covered = inside(name)
        yield holds(
            f"{name}: {covered} of {fresh} fresh runs inside their 90 % interval",
            low <= covered <= high,
            source=law,
        )
    if coarse is not None:
        yield from _speed(simulate, coarse, report)


def solved(simulate, designs):
    """Runs of the designs, two at a time, through a store that is thrown away."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        return generate(simulate, designs, folder + "/runs", executor=pool).load()


def _speed(simulate, coarse, report):
    """CalculiX on the cheapest mesh that is as accurate, against a prediction."""
    enough = coarse if report.equal_error_solver == "coarse solver" else simulate
    middle = SPACE.from_unit(np.full(SPACE.dimension, 0.5))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bracket.inp"
        once = functools.partial(bracket_calculix.run, path, enough.loaded(middle))
        seconds = float(np.median([once(MATERIAL)["seconds"] for _ in range(3)]))
    words = "the coarse mesh" if enough is coarse else "the same mesh"
    yield above(
        f"designs predicted while CalculiX solves one on {words} ({seconds:.2f} s)",
        seconds / report.seconds_per_design,
        limit=1e4,
        source="wall clock, interval and verdict",
    )
    spent = report.data_runs * report.seconds_per_run + report.fit_seconds
    yield below(
        "designs after which the study has paid for itself",
        spent / (seconds - report.seconds_per_design),
        limit=1000,
        source="data, training and predictions against CalculiX",
    )


def _rank_correlation(one, two):
    from scipy.stats import spearmanr

    return spearmanr(one, two)[0]
