"""The domain guard on the heat sink: unseen corner, another film law, the box.

On the coarse mesh. The surrogate is kernel ridge regression of 256 runs.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from examples.heat_sink_model import SPACE, simulation
from froude.datasets import Simulation, sobol
from froude.surrogates import Verdict, area_under_curve, certify, fit_baseline

from ..cases import ROOT
from ..evidence import above, below, holds
from ..heat_sink_runs import solved_one_by_one

GROUP = "trust"
TIER = "verify"

MESH = ROOT / "examples" / "meshes" / "heat_sink_coarse.msh"
WANTED = ("peak_temperature", "mass", "thermal_resistance")
NAMES = list(SPACE.names)
ISSUE = "limit set beforehand; bounds test off"


class FilmResidual(eqx.Module):
    """The residual of a simulation with another film law; one program for all laws."""

    simulate: Simulation
    factor: jax.Array
    exponent: jax.Array

    def __call__(self, design, fields):
        there = eqx.tree_at(
            lambda s: s.build.film_exponent, self.simulate, self.exponent
        )
        film = self.factor * design["film_coefficient"]
        return there.residual({**design, "film_coefficient": film}, fields)


def run():
    simulate = simulation(MESH)
    with_film = lambda factor, exponent: FilmResidual(
        simulate, jnp.asarray(factor), jnp.asarray(exponent)
    )
    residual = with_film(1.0, 0.25)
    runs = solved_one_by_one(simulate, sobol(SPACE, 512, seed=1))
    surrogate = _certified(runs, residual)
    fresh = sobol(SPACE, 256, seed=29)[NAMES]
    score = lambda film: surrogate.predict(fresh, residual=film, bounds_test=False)
    inside = score(residual)
    rejected = int((inside["verdict"] == Verdict.REJECT).sum())
    yield below(
        f"share rejected inside: {rejected} of {fresh.sizes['sample']} runs",
        rejected / fresh.sizes["sample"],
        limit=0.01,
        source="limit set beforehand",
    )
    shifted = {
        "film coefficient 1.3 times larger": with_film(1.3, 0.25),
        "film exponent 0 for 1/4": with_film(1.0, 0.0),
    }
    for name, film in shifted.items():
        outside = score(film)
        caught = int((outside["verdict"] == Verdict.REJECT).sum())
        yield above(
            f"AUROC, {name} ({caught} of {fresh.sizes['sample']} rejected)",
            area_under_curve(inside["guard_score"], outside["guard_score"]),
            limit=0.9,
            source=ISSUE,
        )

    places = np.asarray(SPACE.to_unit({name: runs[name].values for name in NAMES}))
    film, power = (
        places[:, NAMES.index(n)] for n in ("film_coefficient", "chip_power")
    )
    corner = (film < 0.35) & (power > 0.65)
    blind = _certified(runs.isel(sample=np.flatnonzero(~corner)), residual)
    asked = blind.predict(fresh, residual=residual, bounds_test=False)
    place = np.asarray(SPACE.to_unit({n: fresh[n].values for n in NAMES}))
    far = (place[:, NAMES.index("film_coefficient")] < 0.35) & (
        place[:, NAMES.index("chip_power")] > 0.65
    )
    near, far = asked.isel(sample=~far), asked.isel(sample=far)
    yield above(
        f"AUROC, corner of weak film and high power ({far.sizes['sample']} designs)",
        area_under_curve(near["guard_score"], far["guard_score"]),
        limit=0.9,
        source=ISSUE,
    )
    refused = int((near["verdict"] == Verdict.REJECT).sum())
    yield below(
        f"share rejected outside that corner: {refused} of {near.sizes['sample']}",
        refused / near.sizes["sample"],
        limit=0.01,
        source="limit set beforehand",
    )

    places = np.random.default_rng(3).uniform(-0.5, 1.5, (10_000, len(NAMES)))
    designs = {n: np.asarray(c) for n, c in SPACE.from_unit(places).items()}
    outside = ~np.asarray(SPACE.contains(designs))
    answer = surrogate.predict(designs)
    bare = outside & np.any([np.isfinite(answer[n].values) for n in WANTED], axis=0)
    bare |= outside & (answer["verdict"].values != Verdict.REJECT)
    yield holds(
        f"none of {int(outside.sum())} designs outside the box gets a value",
        not bare.any(),
        source="bounds test on",
    )


def _certified(runs, residual):
    fitted = fit_baseline(
        runs.isel(sample=slice(256)),
        SPACE,
        quantities=WANTED,
        fields=("temperature",),
        key=jax.random.key(0),
    )
    held_out = runs.isel(sample=slice(256, None))
    return certify(fitted, held_out, residual=residual)[0]
