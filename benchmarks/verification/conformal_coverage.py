"""Split-conformal coverage: its law in simulation, and a surrogate on fresh runs.

Two thousand simulated calibrations are compared with the Beta and beta-binomial laws;
then kernel ridge regression of the Borehole function is certified and its coverage
counted on 1,000 fresh evaluations.
"""

import jax
import numpy as np
import xarray

from froude.datasets import DesignSpace, Variable, sobol
from froude.surrogates import (
    certify,
    conformal_quantile,
    coverage_law,
    covered_bounds,
    covered_law,
    fit_baseline,
)

from ..evidence import above, below, close

GROUP = "trust"
TIER = "verify"

SPACE = DesignSpace(
    (
        Variable("well_radius", 0.05, 0.15, "m"),
        Variable("influence_radius", 100.0, 50000.0, "m", scale="log"),
        Variable("upper_transmissivity", 63070.0, 115600.0, "m2 yr-1"),
        Variable("upper_head", 990.0, 1110.0, "m"),
        Variable("lower_transmissivity", 63.1, 116.0, "m2 yr-1"),
        Variable("lower_head", 700.0, 820.0, "m"),
        Variable("length", 1120.0, 1680.0, "m"),
        Variable("conductivity", 9855.0, 12045.0, "m yr-1"),
    )
)


def borehole(samples: xarray.Dataset) -> xarray.Dataset:
    """Water flow through a borehole [m3 yr-1] (Harper and Gupta 1983)."""
    rw, r, tu, hu, tl, hl, length, kw = (samples[n].values for n in SPACE.names)
    log = np.log(r / rw)
    leak = 2.0 * length * tu / (log * rw**2 * kw)
    flow = 2.0 * np.pi * tu * (hu - hl) / (log * (1.0 + leak + tu / tl))
    return samples.assign(flow=("sample", flow, {"units": "m3 yr-1"}))


def run():
    vovk = "Vovk 2013, proposition 2"
    mean, band = (
        coverage_law(100, 0.9).mean(),
        coverage_law(100, 0.9).ppf([0.001, 0.999]),
    )
    yield close(
        "mean of Beta(91, 10)", mean, reference=0.90099, tolerance=5e-6, source=vovk
    )
    for value, reference in zip(band, (0.7885, 0.9695), strict=True):
        yield close(
            "0.1 to 99.9 % band",
            value,
            reference=reference,
            tolerance=5e-5,
            source=vovk,
        )

    scores = np.random.default_rng(0).lognormal(size=(2000, 200))
    limits = [conformal_quantile(row[:100], 0.9) for row in scores]
    covered = (scores[:, 100:] <= np.asarray(limits)[:, None]).sum(axis=1)
    law = covered_law(100, 100, 0.9)
    yield close(
        "mean covered of 100 over 2000 simulated calibrations",
        covered.mean(),
        reference=law.mean(),
        tolerance=4.0 * law.std() / np.sqrt(len(scores)),
        source="beta-binomial law, 4 standard errors",
    )
    yield close(
        "standard deviation of the same",
        covered.std(),
        reference=law.std(),
        tolerance=0.08 * law.std(),
        source="beta-binomial law",
    )

    surrogate = fit_baseline(
        borehole(sobol(SPACE, 256, seed=0)), SPACE, key=jax.random.key(0)
    )
    surrogate, report = certify(surrogate, borehole(sobol(SPACE, 512, seed=1)))
    fresh = borehole(sobol(SPACE, 1000, seed=2))
    predicted = surrogate.predict(fresh)
    inside = (predicted["flow_lower"] <= fresh["flow"]) & (
        fresh["flow"] <= predicted["flow_upper"]
    )
    low, high = covered_bounds(report.calibration_runs, 1000, 0.9)
    counts = f"beta-binomial law, {report.calibration_runs} calibration, 1000 test runs"
    covered = int(inside.sum())
    yield above(
        "Borehole runs inside their 90 % interval", covered, limit=low, source=counts
    )
    yield below(
        "Borehole runs inside their 90 % interval", covered, limit=high, source=counts
    )
    error = abs(predicted["flow"] / fresh["flow"] - 1.0)
    yield below(
        "Borehole median relative error, 256 runs",
        float(error.median()),
        limit=1e-3,
        source="limit set here",
    )
    rejected = float((predicted["verdict"] == 2).mean())
    yield below(
        "share rejected inside the box",
        rejected,
        limit=0.01,
        source="guard, 99.9th percentile",
    )
