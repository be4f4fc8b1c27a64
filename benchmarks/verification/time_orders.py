"""Time steppers reach their order on nonlinear conduction with moving boundary data.

One problem, manufactured, on a grid fine enough that the error of the march is that of
the time step: each march is compared with one of the same scheme and 4096 steps.
"""

import diffrax
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

METHODS = {
    "backward Euler": (ThetaMethod(1.0), 1, (64, 128)),
    "θ = 1/2": (ThetaMethod(0.5), 2, (16, 32)),
    "BDF2": (BDF2(), 2, (64, 128)),
    "SDIRK2": (SDIRK2(), 2, (16, 32)),
    "SDIRK3": (SDIRK3(), 3, (16, 32)),
    "Heun, explicit": (Explicit(diffrax.Heun()), 2, (128, 256)),
}


def exact(t, x):
    return jnp.array([1.5 + jnp.cos(2.0 * x[0]) * jnp.sin(3.0 * t + 0.3)])


def run():
    law = HeatConduction(Polynomial((0.1, 0.02)), 1.0)
    walls = {"x_min": NormalFlux(0.0), "x_max": Robin(1.0, 0.5)}
    stated = Problem(law, Box((0.0,), (1.0,)), walls, initial=0.0, interval=(0.0, 1.0))
    scheme = discretize(manufactured(stated, exact), CartesianGrid((8,)))
    fine = solve(scheme, steps=2048, method=SDIRK3(), tolerance=1e-13).final
    for name, (method, expected, counts) in METHODS.items():
        ends = [
            solve(scheme, steps=n, method=method, tolerance=1e-13).final for n in counts
        ]
        errors = [float(jnp.max(jnp.abs(end - fine))) for end in ends]
        yield order(name, errors, expected=expected)
