"""Which bracket carries the load with the least mass, and what would CalculiX say?

Solves a few hundred designs of a bolted bracket in 3-D, statics and vibration, fits an
operator surrogate (nodal von Mises stress too) and its baseline, certifies the better
one on held-out runs, sweeps many designs, and has the solver confirm the lightest
bracket that keeps the allowed stress. Writes the runs (Zarr), the model file, a figure
and the optimum as a CalculiX deck, which is solved again where `ccx` is installed.

    python examples/bracket_sweep.py                    the study, embedded defaults
    python examples/bracket_sweep.py --mesh my.msh      on another mesh of a bracket

A mesh needs tetrahedra of second order and the boundary groups bolts, lug, fillet,
symmetry and skin; see `bracket_model.py` for the physics.
"""

import argparse
import math
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)

import bracket_calculix  # noqa: E402
from bracket_figure import draw  # noqa: E402
from bracket_model import MATERIAL, SPACE, Bracket  # noqa: E402

from froude.datasets import generate, sobol  # noqa: E402
from froude.design import Limit, optimize, sweep  # noqa: E402
from froude.surrogates import certify, fit, fit_baseline, save  # noqa: E402

MESHES = Path(__file__).parent / "meshes"
WANTED = ("peak_stress_reported", "peak_stress", "deflection", "frequency", "mass")
OPERATING_POINT = {"arm_length": 85e-3, "load_angle": 0.0}
ALLOWED = float(MATERIAL.yield_strength) / 1.5
TOLERANCE = {"peak_stress_reported": 0.15 * ALLOWED}
NAMES = list(SPACE.names)


def main() -> None:
    options = _options()
    started = time.perf_counter()
    try:
        simulate = Bracket.read(options.mesh)
        coarse = Bracket.read(options.coarse)
    except (OSError, ValueError) as error:
        sys.exit(f"bracket_sweep.py: {error}")
    options.output.mkdir(parents=True, exist_ok=True)

    counts = (options.train, options.choose, options.certify)
    first, second = counts[0], counts[0] + counts[1]
    samples = sobol(SPACE, sum(counts), seed=1)
    judged = samples.isel(sample=slice(second, None))
    try:
        runs = solved(simulate, samples, options.output / "runs.zarr")
        coarse_runs = solved(coarse, judged, options.output / "coarse.zarr")
    except ValueError as error:
        sys.exit(
            f"bracket_sweep.py: {error}\nbracket_sweep.py: runs of another mesh or "
            "other counts need a folder of their own: give another --output."
        )
    train, choose = (runs.isel(sample=slice(*s)) for s in ((first,), (first, second)))
    held_out = runs.isel(sample=slice(second, None))
    print(f"{sum(counts)} solver runs, {int((runs.status != 0).sum())} failed")

    surrogate, method, loser = _best_fit(train, choose)
    certified, report = certify(
        surrogate,
        held_out,
        baselines={loser[0]: loser[1]},
        coarse_solver=coarse_runs,
        extra_runs=options.choose,
    )
    print(f"\nchosen on {counts[1]} runs of their own: {method}\n\n{report}\n")
    save(certified, options.output / "bracket.froude")

    began = time.perf_counter()
    designs = sobol(SPACE, options.sweep, seed=7)
    result = sweep(
        certified, designs, fallback=simulate, tolerance=TOLERANCE, budget=16
    )
    _tell_sweep(result, time.perf_counter() - began)

    best = optimize(
        certified,
        "mass",
        simulate=simulate,
        limits={"peak_stress_reported": Limit(upper=ALLOWED)},
        fixed=OPERATING_POINT,
        gap=2e-3,
    )
    _tell_optimum(best)

    at_equal_error = coarse if report.equal_error_solver == "coarse solver" else None
    _compare_with_calculix(simulate, at_equal_error, best, report, options.output)

    predicted = certified.predict(held_out[NAMES])
    peak = [predicted[f"peak_stress_reported{end}"] for end in ("", "_lower", "_upper")]
    draw(
        simulate,
        best,
        result,
        np.stack(peak),
        held_out["peak_stress_reported"].values,
        options.output / "bracket.png",
    )
    print(f"\nruns.zarr, bracket.froude and bracket.png are in {options.output}")
    print(f"total {time.perf_counter() - started:.0f} s")


def solved(simulate, samples, store):
    """Runs of the designs, two at a time: each waits for its factorisation."""
    with ThreadPoolExecutor(2) as pool:
        return generate(simulate, samples, store, executor=pool).load()


def _best_fit(train, choose):
    """Fit network and kernel ridge; the lower median error on `choose` wins."""
    arguments = (train, SPACE)
    outputs = {"quantities": WANTED, "fields": ("von_mises",)}
    key = jax.random.key(0)
    fitted = {
        "operator network": fit(*arguments, **outputs, key=key),
        "kernel ridge": fit_baseline(*arguments, **outputs, key=key),
    }

    def score(surrogate):
        predicted = surrogate.predict(choose[NAMES])
        errors = [
            np.nanmedian(np.abs(predicted[name] / choose[name] - 1)) for name in WANTED
        ]
        return float(np.mean(np.log(errors)))

    method, other = sorted(fitted, key=lambda name: score(fitted[name]))
    return fitted[method], method, (other, fitted[other])


def _tell_sweep(result, seconds):
    count = result.sizes["sample"]
    routes = result.attrs
    width = TOLERANCE["peak_stress_reported"] / 1e6
    kept = int((result["peak_stress_reported"].values <= ALLOWED).sum())
    print(
        f"sweep: {count:,} designs in {seconds:.1f} s "
        f"({60 * count / seconds:,.0f} per minute, interval and verdict included); "
        f"{routes['route_rejected']} rejected, {routes['route_wide_interval']} with an "
        f"interval wider than {width:.0f} MPa, "
        f"{routes['solver_calls']} solved, {routes['audits']} of them audits, "
        f"{routes['peak_stress_reported_audit_covered']} of these inside their "
        f"interval; {kept:,} keep {ALLOWED / 1e6:.0f} MPa"
    )


def _tell_optimum(best):
    given = ", ".join(f"{name} = {value:g}" for name, value in OPERATING_POINT.items())
    print(f"\nlightest bracket below {ALLOWED / 1e6:.0f} MPa at {given}:")
    for name in NAMES:
        if name not in OPERATING_POINT:
            print(f"  {name} = {1e3 * best.design[name]:.2f} mm")
    state = "verified by the solver" if best.converged else "NOT verified"
    print(
        f"  mass {1e3 * best.solved['mass']:.1f} g, peak stress "
        f"{best.solved['peak_stress_reported'] / 1e6:.1f} MPa, {state}: gap "
        f"{100 * best.gap:.3f} % after {best.runs.sizes['sample']} solver calls"
    )


def _compare_with_calculix(simulate, at_equal_error, best, report, folder):
    scheme = simulate.loaded(best.design)
    path = folder / "optimum.inp"
    if not bracket_calculix.available():
        bracket_calculix.write(path, scheme, MATERIAL)
        print(f"\nccx is not installed; the optimum is written to {path}")
        return
    theirs = bracket_calculix.run(path, scheme, MATERIAL)
    ours, _, _ = simulate(best.design)
    print(f"\nthe optimum in CalculiX ({path}), ratio to froude's:")
    for name in ("deflection", "peak_stress_reported", "frequency"):
        print(f"  {name:<22}{theirs[name] / float(ours[name]):.6f}")
    seconds, mesh = theirs["seconds"], "the same mesh"
    if at_equal_error is not None:
        scheme = at_equal_error.loaded(best.design)
        again = folder / "coarse.inp"
        seconds = bracket_calculix.run(again, scheme, MATERIAL)["seconds"]
        mesh = "the coarse mesh, accurate enough"
    spent = report.data_runs * report.seconds_per_run + report.fit_seconds
    gain = seconds - report.seconds_per_design
    print(
        f"  CalculiX needs {seconds:.2f} s a design on {mesh}, the surrogate "
        f"{1e6 * report.seconds_per_design:.0f} us: "
        f"{seconds / report.seconds_per_design:,.0f} times faster at that error; "
        f"break-even after {math.ceil(spent / gain):,} designs"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add(
        "--mesh",
        type=Path,
        default=MESHES / "bracket.msh",
        help="mesh file with the groups bolts, lug, fillet, symmetry and skin",
    )
    add(
        "--coarse",
        type=Path,
        default=MESHES / "bracket_coarse.msh",
        help="coarser mesh that the surrogate's speed is compared with",
    )
    add(
        "--output",
        type=Path,
        default=Path("build/bracket"),
        help="folder for runs, model and figure; an interrupted study resumes there",
    )
    add("--train", type=int, default=192, help="runs that the surrogate is fitted to")
    add("--choose", type=int, default=32, help="runs that choose network or baseline")
    add("--certify", type=int, default=96, help="held-out runs")
    add("--sweep", type=int, default=200_000, help="designs of the sweep")
    return parser.parse_args()


if __name__ == "__main__":
    main()
