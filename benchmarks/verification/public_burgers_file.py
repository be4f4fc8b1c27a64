"""The Burgers reference file that many PINN papers share, against Cole-Hopf.

Reads burgers_shock.mat of M. Raissi's PINNs repository (MIT licence).
"""

from pathlib import Path

import jax
import numpy as np

from froude.physics import burgers_cole_hopf

from ..evidence import below

GROUP = "public reference files"
TIER = "verify"
DATA = ("burgers_shock.mat",)


def run(data):
    from scipy.io import loadmat

    stored = loadmat(Path(data) / DATA[0])
    times, places = stored["t"].ravel(), stored["x"].ravel()
    grid_t, grid_x = np.meshgrid(times, places)
    exact = jax.jit(jax.vmap(lambda t, x: burgers_cole_hopf(t, x, 0.01 / np.pi)))
    truth = exact(grid_t.ravel(), grid_x.ravel()[:, None]).reshape(grid_t.shape)
    error = np.linalg.norm(stored["usol"] - truth) / np.linalg.norm(truth)
    yield below(
        "relative L2 difference between the file and the quadrature",
        error,
        limit=1e-7,
        source="file accurate to 6.1e-8 by an independent quadrature",
    )
