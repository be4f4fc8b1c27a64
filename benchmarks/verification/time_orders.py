"""Time steppers reach their order on nonlinear conduction with moving boundary data.

One problem, manufactured, on one grid; each march is compared with 2048 steps of SDIRK3
on that grid, so that its error is that of the time step alone. A one-step method goes
through the interval in equal parts, each from the state where the last one ended: the
same steps as one march, and one compilation for every number of them. BDF2 has a memory
and marches at once.
"""

import dataclasses

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp

from froude.physics import (
    Box,
    HeatConduction,
    NormalFlux,
    Polynomial,
    Problem,
    Robin,
    manufactured,
)
from froude.solvers import (
    BDF2,
    SDIRK2,
    SDIRK3,
    CartesianGrid,
    Explicit,
    ThetaMethod,
    discretize,
    solve,
)

from ..evidence import order

GROUP = "orders in time"
TIER = "verify"

CELLS = 8
METHODS = {
    "backward Euler": (ThetaMethod(1.0), 1, 64),
    "θ = 1/2": (ThetaMethod(0.5), 2, 16),
    "BDF2": (BDF2(), 2, 64),
    "SDIRK2": (SDIRK2(), 2, 16),
    "SDIRK3": (SDIRK3(), 3, 16),
    "Heun, explicit": (Explicit(diffrax.Heun()), 2, 128),
}


class CellValues(eqx.Module):
    """A function of x from its averages over the cells."""

    averages: jax.Array

    def __call__(self, x):
        return self.averages[:, jnp.floor(CELLS * x[0]).astype(int)]


def exact(t, x):
    return jnp.array([1.5 + jnp.cos(2.0 * x[0]) * jnp.sin(3.0 * t + 0.3)])


def march(method, *, steps: int, parts: int = 1):
    """The state after `parts` equal parts of the interval with `steps` steps each."""
    law = HeatConduction(Polynomial((0.1, 0.02)), 1.0)
    walls = {"x_min": NormalFlux(0.0), "x_max": Robin(1.0, 0.5)}
    stated = Problem(law, Box((0.0,), (1.0,)), walls, initial=0.0, interval=(0.0, 1.0))
    problem, grid = manufactured(stated, exact), CartesianGrid((CELLS,))
    state = discretize(problem, grid).project(problem.initial)
    for part in range(parts):
        interval = jnp.array([part, part + 1.0]) / parts
        there = dataclasses.replace(
            problem, initial=CellValues(state), interval=interval
        )
        scheme = discretize(there, grid)
        state = solve(scheme, steps=steps, method=method, tolerance=1e-13).final
    return state


def run():
    fine = march(SDIRK3(), steps=16, parts=128)
    for name, (method, expected, steps) in METHODS.items():
        coarse = march(method, steps=steps)
        if isinstance(method, BDF2):
            half = march(method, steps=2 * steps)
        else:
            half = march(method, steps=steps, parts=2)
        errors = [float(jnp.max(jnp.abs(end - fine))) for end in (coarse, half)]
        yield order(name, errors, expected=expected)
