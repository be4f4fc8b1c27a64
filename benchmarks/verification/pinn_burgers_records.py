"""Burgers with ν = 0.01/π by a PINN: five seeds, error and wall-clock time."""

import time

import equinox as eqx
import jax
import numpy as np

from ..evidence import below
from .pinn_burgers import SOURCE, fit, reference, relative_error

GROUP = "physics-informed networks"
TIER = "records"
SEEDS = (0, 1, 2, 3, 4)
TWIN = "pinn_burgers"
DEPENDS = (
    "benchmarks/verification/pinn_burgers.py",
    "physics",
    "surrogates",
)


def run():
    t, x, truth = reference()
    errors, seconds = [], []
    for seed in SEEDS:
        began = time.perf_counter()
        pinn = fit(seed)
        seconds.append(time.perf_counter() - began)
        found = eqx.filter_jit(jax.vmap(pinn))(t, x)
        errors.append(relative_error(found, truth))
        print(f"seed {seed}: error {errors[-1]:.2e} in {seconds[-1]:.0f} s", flush=True)
    _, _, finer = reference(nodes=2048)
    yield below(
        "relative error of the reference itself, 1024 against 2048 nodes",
        relative_error(truth, finer),
        limit=1e-12,
        source="trapezoidal rule, geometric convergence",
    )
    counted = f"of {len(SEEDS)} seeds"
    yield below(
        f"relative L2 error, median {counted}",
        np.median(errors),
        limit=5e-5,
        source=SOURCE,
    )
    yield below(
        f"relative L2 error, worst {counted}", max(errors), limit=2e-4, source=SOURCE
    )
    yield below(
        f"time to fit, median {counted}",
        np.median(seconds),
        limit=180.0,
        unit="s",
        source="wall clock, compilation included",
    )
