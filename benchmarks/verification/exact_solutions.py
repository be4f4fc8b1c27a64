"""Exact solutions leave no strong residual: law, jet and solution agree.

The residual is taken at 256 random points and divided by the largest rate of change
there, so that round-off is what remains.
"""

import jax
import jax.numpy as jnp

from froude.physics import (
    AdvectionDiffusion,
    Burgers,
    HeatConduction,
    advected_mode,
    autodiff_jet,
    burgers_cole_hopf,
    burgers_travelling_front,
    heat_decaying_mode,
    strong_residual,
)

from ..evidence import below

GROUP = "laws"
TIER = "test"


def run():
    """Yield a row for each exact solution."""
    velocity, wavenumber = jnp.array([0.7, -0.4]), jnp.array([2.0, 3.0])
    viscosity = 0.01 / jnp.pi
    cases = (
        (
            "heat conduction, decaying mode in 3-D",
            HeatConduction(conductivity=0.3, heat_capacity=2.0),
            lambda t, x: heat_decaying_mode(t, x, 0.15),
            3,
            "Carslaw and Jaeger (1959), section 3.3",
        ),
        (
            "advection-diffusion, carried mode in 2-D",
            AdvectionDiffusion(velocity=velocity, diffusivity=0.05),
            lambda t, x: advected_mode(t, x, velocity, 0.05, wavenumber),
            2,
            "separation of variables",
        ),
        (
            "Burgers, travelling front",
            Burgers(viscosity=0.1),
            lambda t, x: burgers_travelling_front(t, x, 0.1, 1.0, -0.2),
            1,
            "Whitham (1974), equation 4.23",
        ),
        (
            "Burgers, Cole-Hopf at 0.01/π",
            Burgers(viscosity=viscosity),
            lambda t, x: burgers_cole_hopf(t, x, viscosity),
            1,
            "Basdevant et al. (1986), equation 2.2",
        ),
    )
    for words, law, exact, dimension, source in cases:
        residual, rate = _residual(law, exact, dimension)
        yield below(
            f"{words}: residual over rate", residual / rate, limit=1e-12, source=source
        )


def _residual(law, exact, dimension):
    times = jax.random.uniform(jax.random.key(0), (256,), minval=0.1, maxval=1.0)
    points = jax.random.uniform(jax.random.key(1), (256, dimension), minval=-1.0)

    @jax.jit
    @jax.vmap
    def at(t, x):
        jet = autodiff_jet(exact, t, x)
        return strong_residual(law, t, x, jet), jet.u_t

    residual, rate = at(times, points)
    return jnp.max(jnp.abs(residual)), jnp.max(jnp.abs(rate))
