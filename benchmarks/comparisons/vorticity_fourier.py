"""Decaying plane turbulence on 256² points, double precision, equal errors.

The peer marches vorticity in advective form with exponential Runge-Kutta steps, five
transforms each; both cut products off at two thirds. First the same method with the
same steps, where errors are equal; then each side's best: our multistep method
evaluates the law once per step, and takes twice the peer's steps at a smaller error.
The reference is our ETDRK4 with a quarter of the peer's step.
"""

import statistics
import tempfile
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from froude.physics import Box, PlaneVorticity, Problem
from froude.solvers import (
    ExponentialAdamsBashforth,
    ExponentialRungeKutta,
    FourierGrid,
    Truncated,
    discretize,
    solve,
)

from ..bench import Comparison, timed
from ..peer import run_peer

DTYPE = "float64"
POINTS, VISCOSITY, END = 256, 1e-3, 1.0
BOX = Box((0.0, 0.0), (2 * np.pi, 2 * np.pi), (True, True))
RUNS = (
    ("per step, ETDRK2", 2, 200, ExponentialRungeKutta(2), 200),
    ("per step, ETDRK4", 4, 100, ExponentialRungeKutta(4), 100),
    ("best of each", 4, 100, ExponentialAdamsBashforth(4), 200),
)


class PointValues:
    """A function of x from its values at the points of the grid."""

    def __init__(self, values):
        self.values = jnp.asarray(values)

    def __call__(self, x):
        index = jnp.floor(x * POINTS / (2 * np.pi)).astype(int)
        return self.values[index[0], index[1]][None]


def run():
    """Yield the comparisons; the peer runs before and after, in the same minutes."""
    initial = _vortices()
    fine = _march(initial, ExponentialRungeKutta(4), 400)().final[0]
    with tempfile.TemporaryDirectory() as folder:
        start, output = Path(folder) / "initial.npy", Path(folder) / "final.npy"
        np.save(start, initial)
        for words, order, peer_steps, method, steps in RUNS:
            arguments = (start, VISCOSITY, END, order, peer_steps, 3, output)
            before = run_peer("exponax_vorticity", *arguments)
            error_peer = _error(np.load(output), fine)
            cold, warm, solution = timed(_march(initial, method, steps))
            after = run_peer("exponax_vorticity", *arguments)
            yield Comparison(
                name=f"plane vorticity, {POINTS}² points, {words}",
                ours=f"{type(method).__name__}({method.order}), {steps} steps",
                peer=f"Exponax, ETDRK{order}, {peer_steps} steps",
                peer_version=before["version"],
                peer_s=statistics.median(before["seconds"][1:] + after["seconds"][1:]),
                error_ours=_error(solution.final[0], fine),
                error_peer=error_peer,
                cold_s=cold,
                warm_s=warm,
                dtype=DTYPE,
            )


def _march(initial, method, steps):
    problem = Problem(
        PlaneVorticity(VISCOSITY), BOX, initial=PointValues(initial), interval=(0, END)
    )
    grid = FourierGrid((POINTS, POINTS))
    scheme = discretize(problem, grid, dealiasing=Truncated())
    return lambda: solve(scheme, steps=steps, method=method)


def _vortices():
    """Vorticity of unit root mean square in the modes up to 8, (256, 256)."""
    waves = jnp.fft.fftfreq(POINTS, 1 / POINTS)
    square = waves[:, None] ** 2 + waves[: POINTS // 2 + 1] ** 2
    noise = jax.random.normal(jax.random.key(0), (POINTS, POINTS))
    kept = jnp.where((square > 0) & (square <= 64), jnp.fft.rfft2(noise), 0.0)
    values = jnp.fft.irfft2(kept, s=(POINTS, POINTS))
    return np.asarray(values / jnp.sqrt(jnp.mean(values**2)))


def _error(found, fine):
    return float(jnp.max(jnp.abs(found - fine)) / jnp.max(jnp.abs(fine)))
