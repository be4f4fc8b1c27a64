"""The Fourier tendency of smooth data equals the exact one to round-off.

Data are a few modes on boxes with unequal sides and sizes, even and odd; the exact
tendency comes from the strong residual of the same law.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from froude.physics import (
    Box,
    Burgers,
    HeatConduction,
    Polynomial,
    Problem,
    autodiff_jet,
    strong_residual,
)
from froude.solvers.spectral import Fourier, FourierGrid

from ..evidence import below

GROUP = "orders"
TIER = "verify"

_LENGTHS = np.array([2.0, 3.0, 1.0])


def _wave(t, x):
    phase = 2 * jnp.pi * x / _LENGTHS[: x.size]
    return 1.3 + jnp.prod(jnp.sin(phase + 0.3), keepdims=True)


@eqx.filter_jit
def _tendency_error(scheme):
    law, state = scheme.problem.law, scheme.project(lambda x: _wave(0.0, x))

    def residual(x):
        return strong_residual(law, 0.0, x, autodiff_jet(_wave, 0.0, x))

    exact = jax.vmap(residual)(scheme.coordinates()).T
    found = -scheme.collocate(scheme.inflow(0.0, state)) / scheme.lattice.volume
    return jnp.abs(found - exact).max() / jnp.abs(exact).max()


def run():
    """Yield the largest relative error of each law and grid."""
    heat = HeatConduction(Polynomial([1.0, 0.5]), 2.0)
    cases = (
        ("Burgers, 16 points", Burgers(0.1), (16,)),
        ("Burgers, 12 x 9 points", Burgers(0.1, (1.0, 0.5)), (12, 9)),
        ("heat with k(T), 15 points", heat, (15,)),
        ("heat with k(T), 9 x 10 x 8 points", heat, (9, 10, 8)),
    )
    for words, law, shape in cases:
        size = len(shape)
        box = Box(np.zeros(size), _LENGTHS[:size], (True,) * size)
        scheme = Fourier(Problem(law, box), FourierGrid(shape))
        error = _tendency_error(scheme)
        source = "strong residual of the same law"
        yield below(f"tendency error, {words}", error, limit=1e-12, source=source)
