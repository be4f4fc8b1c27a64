"""Which finned heat sink keeps a chip cool with the least mass?

Solves a few hundred designs of a finned heat sink in 3-D, fits an operator surrogate,
certifies it on held-out runs, sweeps a million designs, and has the solver confirm the
winners. Writes the runs (Zarr), the model file, a figure and a short report.

    python examples/heat_sink.py                       the study, embedded defaults
    python examples/heat_sink.py --mesh my.msh         on another mesh of a heat sink
    python examples/heat_sink.py --designs mine.csv    answer the designs of a CSV too

A mesh needs the boundary groups base, fins and symmetry, its x axis across the fins
and z along their height; see `heat_sink_model.py` for the physics.
"""

import argparse
import shutil
import sys
import time
from pathlib import Path

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)

from heat_sink_figure import draw  # noqa: E402
from heat_sink_model import SPACE, simulation  # noqa: E402

from froude.datasets import evaluate, from_csv, generate, sobol  # noqa: E402
from froude.design import Limit, optimize, pareto_front, sweep  # noqa: E402
from froude.surrogates import certify, fit, fit_baseline, save  # noqa: E402

MESHES = Path(__file__).parent / "meshes"
WANTED = ("peak_temperature", "mass", "thermal_resistance")
OPERATING_POINT = {"chip_power": 30.0, "film_coefficient": 30.0, "conductivity": 200.0}
HOTTEST = 353.15
TOLERANCE = {"peak_temperature": 4.0}


def main() -> None:
    options = _options()
    started = time.perf_counter()
    simulate = simulation(options.mesh)
    samples = options.designs and from_csv(options.designs, SPACE)
    options.output.mkdir(parents=True, exist_ok=True)

    runs, seconds_per_run = _solve(simulate, options)
    train = runs.isel(sample=slice(options.train))
    held_out = runs.isel(sample=slice(options.train, None))

    surrogate = fit(
        train,
        SPACE,
        quantities=WANTED,
        fields=("temperature",),
        key=jax.random.key(0),
    )
    baseline = fit_baseline(train, SPACE, quantities=WANTED, key=jax.random.key(0))
    coarse = evaluate(simulation(options.coarse), held_out[list(SPACE.names)])
    surrogate, report = certify(
        surrogate,
        held_out,
        residual=simulate.residual,
        baselines={"kernel ridge": baseline},
        coarse_solver=coarse,
        seconds_per_run=seconds_per_run,
        seed=0,
    )
    print(report)
    save(surrogate, options.output / "heat_sink.froude")

    began = time.perf_counter()
    result = sweep(
        surrogate,
        sobol(SPACE, options.sweep, seed=7),
        fallback=simulate,
        tolerance=TOLERANCE,
        budget=32,
    )
    taken = time.perf_counter() - began
    _tell_sweep(result, taken)

    front = pareto_front(result["mass"].values, result["peak_temperature"].values)
    winners = result.isel(sample=front[np.linspace(0, len(front) - 1, 8).astype(int)])
    confirmed = evaluate(simulate, winners[list(SPACE.names)])
    _tell_winners(winners, confirmed)

    best = optimize(
        surrogate,
        "mass",
        simulate=simulate,
        limits={"peak_temperature": Limit(upper=HOTTEST)},
        fixed=OPERATING_POINT,
    )
    _tell_optimum(best)

    if samples is not None:
        answers = options.output / "answers.csv"
        surrogate.predict(samples).drop_vars("sample").to_dataframe().to_csv(answers)
        print(f"answers to {options.designs}: {answers}")
    figure = options.output / "heat_sink.png"
    draw(simulate, surrogate, result, front, confirmed, best, held_out, figure)
    print(f"runs, model and figure: {options.output}")
    print(f"total {time.perf_counter() - started:.0f} s")
