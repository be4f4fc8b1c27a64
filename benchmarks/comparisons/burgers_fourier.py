"""Burgers from -sin(πx) to t = 1 at ν = 0.01/π, pseudo-spectral, errors near 1e-6.

The peer cuts products off at two thirds of its 1024 points and takes exponential
steps, which the stiff diffusion does not limit; ours pads products and takes the
explicit steps of diffrax near their stability limit. The reference is Cole-Hopf.
"""

import statistics
import tempfile
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from froude.physics import Box, Burgers, Problem, burgers_cole_hopf
from froude.solvers import Explicit, FourierGrid, discretize, solve

from ..bench import Comparison, timed
from ..peer import run_peer

DTYPE = "float64"
POINTS, STEPS = 640, 1000
PEER_POINTS, PEER_STEPS = 1024, 500
VISCOSITY = 0.01 / np.pi


def run():
    """Yield the comparison; the peer runs before and after, in the same minutes."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "final.npy"
        arguments = (PEER_POINTS, PEER_STEPS, VISCOSITY, 3, output)
        before = run_peer("exponax_burgers", *arguments)
        corners = -1.0 + 2.0 * jnp.arange(PEER_POINTS) / PEER_POINTS
        error_peer = _error(np.load(output), corners)
        cold, warm, solution = _ours()
        after = run_peer("exponax_burgers", *arguments)
    centres = solution.discretization.coordinates()[:, 0]
    yield Comparison(
        name="Burgers at 0.01/π to t = 1, pseudo-spectral",
        ours=f"Fourier, {POINTS} points, {STEPS} steps of Tsit5",
        peer=f"Exponax, {PEER_POINTS} points, {PEER_STEPS} steps of ETDRK4",
        peer_version=before["version"],
        peer_s=statistics.median(before["seconds"][1:] + after["seconds"][1:]),
        error_ours=_error(solution.final[0], centres),
        error_peer=error_peer,
        cold_s=cold,
        warm_s=warm,
        dtype=DTYPE,
    )


def _ours():
    import diffrax

    problem = Problem(
        Burgers(viscosity=VISCOSITY),
        Box((-1.0,), (1.0,), periodic=(True,)),
        initial=lambda x: -jnp.sin(jnp.pi * x),
        interval=(0.0, 1.0),
    )
    discretization = discretize(problem, FourierGrid((POINTS,)))
    method = Explicit(diffrax.Tsit5())
    return timed(lambda: solve(discretization, steps=STEPS, method=method))


def _error(found, x):
    exact = jax.vmap(lambda at: burgers_cole_hopf(1.0, at[None], VISCOSITY)[0])(x)
    return float(jnp.max(jnp.abs(found - exact)))
