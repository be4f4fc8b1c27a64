"""A cheap stand-in for a solver: six design variables, three quantities, a field."""

import jax.numpy as jnp
import numpy as np
import xarray

from froude.datasets import DesignSpace, Variable, sobol

SPACE = DesignSpace(
    tuple(
        Variable(name, 1.0, 3.0, "m", scale="log" if name == "a" else "linear")
        for name in "abcdef"
    )
)
NODES = np.linspace(0.0, 1.0, 40)


def resistance(design, film=1.0):
    fins = design["a"] * jnp.tanh(design["b"])
    return 1.0 / (fins + 0.3 * film * design["c"] * design["d"] ** 0.7)


def field(design, film=1.0):
    rise = 30.0 * design["f"] * resistance(design, film) + 2.0 * jnp.sin(design["e"])
    return 300.0 + rise * jnp.exp(-NODES * design["c"]) * jnp.cos(NODES * design["e"])


def residual(design, fields, film=1.0):
    """What a solver's residual does: zero on its own field, else the departure."""
    return fields["temperature"] - field(design, film)


def shifted_residual(design, fields):
    """The residual of a law with a film coefficient twice as large."""
    return residual(design, fields, film=2.0)


def solve(samples: xarray.Dataset) -> xarray.Dataset:
    design = {name: samples[name].values for name in SPACE.names}
    temperature = np.stack(
        [
            np.asarray(field({name: column[i] for name, column in design.items()}))
            for i in range(len(samples["sample"]))
        ]
    )
    mass = design["b"] * design["c"] * (1.0 + design["d"])
    runs = samples.copy()
    runs["peak"] = ("sample", temperature.max(axis=1), {"units": "K"})
    runs["mass"] = ("sample", mass, {"units": "kg"})
    runs["resistance"] = ("sample", np.asarray(resistance(design)), {"units": "K/W"})
    runs["temperature"] = (("sample", "node"), temperature, {"units": "K"})
    runs["status"] = ("sample", np.zeros(len(mass), np.int8))
    return runs


def runs(count: int, seed: int) -> xarray.Dataset:
    return solve(sobol(SPACE, count, seed=seed))
