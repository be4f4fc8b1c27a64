"""Burgers with ν = 0.01/π by a PINN, a short fit: 4 x 20 tanh, hard conditions."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from froude.physics import Box, Burgers, Dirichlet, Problem, burgers_cole_hopf
from froude.surrogates import PINN, fit_pinn
from froude.surrogates.networks import MLP

from ..evidence import below

GROUP = "physics-informed networks"
TIER = "verify"

VISCOSITY = 0.01 / np.pi
SOURCE = "Cole-Hopf quadrature on 100 x 256 points; Basdevant et al. 1986"


def sine(x):
    return -jnp.sin(jnp.pi * x)


def problem() -> Problem:
    walls = {"x_min": Dirichlet(0.0), "x_max": Dirichlet(0.0)}
    box = Box((-1.0,), (1.0,))
    return Problem(Burgers(VISCOSITY), box, walls, initial=sine, interval=(0.0, 1.0))


def reference(nodes: int = 1024):
    """Points t (n,), x (n, 1) and exact velocity (n, 1)."""
    times, places = jnp.linspace(0.0, 1.0, 100), jnp.linspace(-1.0, 1.0, 256)
    t, x = (a.ravel() for a in jnp.meshgrid(times, places, indexing="ij"))
    x = x[:, None]

    def exact(t, x):
        return burgers_cole_hopf(t, x, VISCOSITY, nodes=nodes)

    return t, x, jax.jit(jax.vmap(exact))(t, x)


def relative_error(found, truth) -> float:
    return float(jnp.linalg.norm(found - truth) / jnp.linalg.norm(truth))


def fit(seed: int, **options):
    """Fit from one seed and give the PINN."""
    for_network, for_points = jax.random.split(jax.random.key(seed))
    stated = problem()
    network = MLP(PINN.inputs(stated), 1, widths=(20,) * 4, key=for_network)
    return fit_pinn(PINN(stated, network), key=for_points, **options).pinn


def run():
    t, x, truth = reference()
    _, _, finer = reference(nodes=2048)
    yield below(
        "relative error of the reference itself, 1024 against 2048 nodes",
        relative_error(truth, finer),
        limit=1e-12,
        source="trapezoidal rule, geometric convergence",
    )
    pinn = fit(0, steps=100, points=3000, polish_steps=0)
    found = eqx.filter_jit(jax.vmap(pinn))(t, x)
    yield below(
        "relative L2 error after 100 steps, seed 0",
        relative_error(found, truth),
        limit=1e-3,
        source=SOURCE,
    )
