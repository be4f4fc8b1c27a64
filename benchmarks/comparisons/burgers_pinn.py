"""Burgers at ν = 0.01/π by a physics-informed network, both sides for one minute.

The peer cannot reach our error in any time that is practical here, so both get the
same seconds, compilation included, and the errors are what to compare; the ratio
column then only states how alike the seconds were.
"""

import tempfile
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from froude.physics import Box, Burgers, Dirichlet, Problem, burgers_cole_hopf
from froude.surrogates import PINN, fit_pinn
from froude.surrogates.networks import MLP

from ..bench import Comparison
from ..peer import run_peer

DTYPE = "float64"
SECONDS = 60.0
VISCOSITY = 0.01 / np.pi


def run():
    """Yield the comparison; errors are relative L2 over 100 times and 256 points."""
    t, x = jnp.linspace(0.01, 1.0, 100), jnp.linspace(-1.0, 1.0, 256)
    exact = _on_grid(lambda t, x: burgers_cole_hopf(t, x, VISCOSITY), t, x)
    with tempfile.TemporaryDirectory() as folder:
        reference = Path(folder) / "reference.npz"
        np.savez(reference, t=t, x=x, u=exact)
        theirs = run_peer("deepxde_burgers", SECONDS, reference)
    start = time.perf_counter()
    pinn = _ours(start)
    seconds = time.perf_counter() - start
    error = jnp.linalg.norm(_on_grid(pinn, t, x) - exact) / jnp.linalg.norm(exact)
    yield Comparison(
        name="Burgers network, one minute of training",
        ours="PINN, 4 x 20 tanh, Levenberg-Marquardt",
        peer="DeepXDE on JAX, 3 x 20 tanh, Adam, float32",
        peer_version=theirs["version"],
        peer_s=theirs["seconds"][0],
        error_ours=float(error),
        error_peer=theirs["error"],
        cold_s=seconds,
        warm_s=seconds,
        dtype=DTYPE,
    )


def _ours(start):
    problem = Problem(
        Burgers(viscosity=VISCOSITY),
        Box((-1.0,), (1.0,)),
        {"x_min": Dirichlet(0.0), "x_max": Dirichlet(0.0)},
        initial=lambda x: -jnp.sin(jnp.pi * x),
        interval=(0.0, 1.0),
    )
    network = MLP(PINN.inputs(problem), 1, widths=(20,) * 4, key=jax.random.key(0))
    return fit_pinn(
        PINN(problem, network),
        callback=lambda *_: time.perf_counter() - start > SECONDS,
        key=jax.random.key(1),
    ).pinn


def _on_grid(field, t, x):
    each_x = jax.vmap(lambda t, x: field(t, x[None])[0], (None, 0))
    return jax.jit(jax.vmap(each_x, (0, None)))(t, x)
