"""Which finned heat sink keeps a chip cool with the least mass?

Solves a few hundred designs of a finned heat sink in 3-D, fits an operator surrogate
and its baseline, certifies the better one on held-out runs, sweeps a million designs,
and has the solver confirm the winners. Writes the runs (Zarr), the model file, a
figure and a short report.

    python examples/heat_sink.py                       the study, embedded defaults
    python examples/heat_sink.py --mesh my.msh         on another mesh of a heat sink
    python examples/heat_sink.py --designs mine.csv    answer the designs of a CSV too

A mesh needs the boundary groups base, fins and symmetry, its x axis across the fins
and z along their height; see `heat_sink_model.py` for the physics.
"""

import argparse
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
TOLERANCE = {"peak_temperature": 5.0}
NAMES = list(SPACE.names)


def main() -> None:
    options = _options()
    started = time.perf_counter()
    try:
        simulate = simulation(options.mesh)
        asked = from_csv(options.designs, SPACE) if options.designs else None
    except (OSError, ValueError) as error:
        sys.exit(f"heat_sink.py: {error}")
    options.output.mkdir(parents=True, exist_ok=True)

    counts = (options.train, options.choose, options.certify)
    first, second = counts[0], counts[0] + counts[1]
    samples = sobol(SPACE, sum(counts), seed=1)
    judged = samples.isel(sample=slice(second, None))
    try:
        runs = generate(simulate, samples, options.output / "runs.zarr").load()
        coarse = simulation(options.coarse)
        coarse = generate(coarse, judged, options.output / "coarse.zarr").load()
    except ValueError as error:
        sys.exit(
            f"heat_sink.py: {error}\nheat_sink.py: runs of another mesh or other "
            "counts need a folder of their own: give another --output."
        )
    train, choose = (runs.isel(sample=slice(*s)) for s in ((first,), (first, second)))
    held_out = runs.isel(sample=slice(second, None))
    print(f"{sum(counts)} solver runs, {int((runs.status != 0).sum())} failed")

    # Sobol' samples are balanced in order only, so the judged runs are a draw of
    # their own part of the sequence; the surrogate never sees them.
    surrogate, method, loser = _best_fit(train, choose)
    certified, report = certify(
        surrogate,
        held_out,
        residual=simulate.residual,
        baselines={loser[0]: loser[1]},
        coarse_solver=coarse,
        extra_runs=options.choose,
    )
    print(f"\nchosen on {counts[1]} runs of their own: {method}\n\n{report}\n")
    save(certified, options.output / "heat_sink.froude")

    began = time.perf_counter()
    designs = sobol(SPACE, options.sweep, seed=7)
    result = sweep(
        certified, designs, fallback=simulate, tolerance=TOLERANCE, budget=32
    )
    _tell_sweep(result, time.perf_counter() - began)

    front = pareto_front(result["mass"].values, result["peak_temperature"].values)
    picked = front[np.unique(np.linspace(0, len(front) - 1, 8).astype(int))]
    winners = result.isel(sample=picked)
    confirmed = evaluate(simulate, winners[NAMES])
    _tell_winners(winners, confirmed)

    # Derivatives need a smooth maximum, which lies below the true one.
    true_peak = runs["peak_temperature_reported"]
    below = float((true_peak - runs["peak_temperature"]).max())
    best = optimize(
        certified,
        "mass",
        simulate=simulate,
        limits={"peak_temperature": Limit(upper=HOTTEST - below)},
        fixed=OPERATING_POINT,
        gap=1e-4,
    )
    _tell_optimum(best, below)

    if asked is not None:
        _answer(certified, asked, options.output / "answers.csv")
    predicted = certified.predict(held_out[NAMES])
    peak = [predicted[f"peak_temperature{end}"] for end in ("", "_lower", "_upper")]
    draw(
        simulate,
        best,
        result,
        front,
        confirmed,
        np.stack(peak),
        held_out["peak_temperature"].values,
        options.output / "heat_sink.png",
    )
    print(f"\nruns.zarr, heat_sink.froude and heat_sink.png are in {options.output}")
    print(f"total {time.perf_counter() - started:.0f} s")


def _best_fit(train, choose):
    """Fit network and kernel ridge; the lower median error on `choose` wins."""
    arguments = (train, SPACE)
    outputs = {"quantities": WANTED, "fields": ("temperature",)}
    key = jax.random.key(0)
    fitted = {
        "operator network": fit(*arguments, **outputs, key=key),
        "kernel ridge": fit_baseline(*arguments, **outputs, key=key),
    }

    def score(surrogate):
        predicted = surrogate.predict(choose[NAMES])
        errors = [
            np.median(np.abs(predicted[name] / choose[name] - 1)) for name in WANTED
        ]
        return float(np.mean(np.log(errors)))

    method, other = sorted(fitted, key=lambda name: score(fitted[name]))
    return fitted[method], method, (other, fitted[other])


def _tell_sweep(result, seconds):
    count = result.sizes["sample"]
    routes = result.attrs
    print(
        f"sweep: {count:,} designs in {seconds:.1f} s "
        f"({60 * count / seconds:,.0f} per minute, interval and verdict included); "
        f"{routes['route_rejected']} rejected, {routes['route_wide_interval']} with an "
        f"interval wider than {TOLERANCE['peak_temperature']} K, "
        f"{routes['solver_calls']} solved, {routes['audits']} of them audits, "
        f"{routes['peak_temperature_audit_covered']} of these inside their interval"
    )


def _tell_winners(winners, confirmed):
    gap = np.abs(winners["peak_temperature"] - confirmed["peak_temperature"]).values
    print(f"\nPareto front over all six variables, {len(gap)} designs solved again:")
    print("  mass [g]   surrogate [°C]   solver [°C]")
    for row in range(len(gap)):
        print(
            f"  {1e3 * float(confirmed['mass'][row]):8.1f}"
            f"   {float(winners['peak_temperature'][row]) - 273.15:14.2f}"
            f"   {float(confirmed['peak_temperature'][row]) - 273.15:11.2f}"
        )
    print(f"  largest difference {gap.max():.2f} K")


def _tell_optimum(best, below):
    given = ", ".join(f"{name} = {value:g}" for name, value in OPERATING_POINT.items())
    print(f"\nlightest heat sink below {HOTTEST - 273.15:.0f} °C at {given}:")
    for name in ("fin_height", "fin_thickness", "base_thickness"):
        print(f"  {name} = {1e3 * best.design[name]:.2f} mm")
    state = "verified by the solver" if best.converged else "NOT verified"
    same = np.isclose(best.runs["peak_temperature"], best.solved["peak_temperature"])
    hottest = float(best.runs["peak_temperature_reported"].values[same][-1])
    print(
        f"  mass {1e3 * best.solved['mass']:.1f} g, peak {hottest - 273.15:.2f} °C, "
        f"{state}: gap {100 * best.gap:.3f} % after {best.runs.sizes['sample']} solver "
        f"calls\n  (the smooth maximum that was limited lies up to {below:.2f} K below "
        "the peak in all runs)"
    )


def _answer(surrogate, asked, path):
    answers = surrogate.predict(asked)
    table = [name for name in map(str, answers.data_vars) if answers[name].ndim == 1]
    columns = np.stack([answers[name].values for name in table], axis=1)
    part = path.with_name(path.name + ".part")  # an old file stays until this is whole
    np.savetxt(part, columns, delimiter=",", header=",".join(table), comments="")
    part.replace(path)
    print(f"\nanswers to {asked.sizes['sample']} designs: {path}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add(
        "--mesh",
        type=Path,
        default=MESHES / "heat_sink.msh",
        help="mesh file with the groups base, fins and symmetry",
    )
    add(
        "--coarse",
        type=Path,
        default=MESHES / "heat_sink_coarse.msh",
        help="coarser mesh that the surrogate's speed is compared with",
    )
    add("--designs", type=Path, help="CSV of designs to answer, one column a variable")
    add(
        "--output",
        type=Path,
        default=Path("build/heat_sink"),
        help="folder for runs, model and figure; an interrupted study resumes there",
    )
    add("--train", type=int, default=256, help="runs that the surrogate is fitted to")
    add("--choose", type=int, default=64, help="runs that choose network or baseline")
    add("--certify", type=int, default=160, help="held-out runs")
    add("--sweep", type=int, default=1_000_000, help="designs of the sweep")
    return parser.parse_args()


if __name__ == "__main__":
    main()
