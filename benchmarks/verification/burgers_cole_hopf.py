"""Viscous Burgers from -sin(πx) against the Cole-Hopf quadrature at t = 0.5 s.

Viscosity 0.05 m² s^-1. Finite volumes hold u = 0 at x = ±1 m, the Fourier scheme is
periodic; both march by the classical Runge-Kutta method with fixed steps.
"""

import equinox as eqx
import jax
import jax.numpy as jnp

from froude.physics import Box, Burgers, Dirichlet, Problem, burgers_cole_hopf
from froude.solvers.finite_volume import CartesianGrid, FiniteVolume
from froude.solvers.spectral import Fourier, FourierGrid

from ..evidence import below, order

GROUP = "Burgers"
TIER = "verify"

_END, _SOURCE = 0.5, "Basdevant et al. (1986), Computers & Fluids 14, 23, eq. 2.2"


def _exact(x):
    return burgers_cole_hopf(jnp.asarray(_END), x, jnp.asarray(0.05))


@eqx.filter_jit
def _march(scheme, steps):
    start = scheme.project(lambda x: -jnp.sin(jnp.pi * x))
    dt = _END / steps

    def step(u, _):
        k1 = scheme.rhs(0.0, u)
        k2 = scheme.rhs(0.0, u + 0.5 * dt * k1)
        k3 = scheme.rhs(0.0, u + 0.5 * dt * k2)
        k4 = scheme.rhs(0.0, u + dt * k3)
        return u + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4), None

    final, _ = jax.lax.scan(step, start, length=steps)
    return final, scheme.project(_exact)


def run():
    """Yield errors of both schemes and the order of the finite volumes."""
    walls = {"x_min": Dirichlet(0.0), "x_max": Dirichlet(0.0)}
    bounded = Problem(Burgers(0.05), Box((-1.0,), (1.0,)), walls)
    errors = []
    for cells, steps in ((128, 400), (256, 1600)):
        scheme = FiniteVolume(bounded, CartesianGrid(cells))
        final, exact = _march(scheme, steps)
        errors.append(float(jnp.mean(jnp.abs(final - exact))))
    yield below(
        "mean error, finite volumes, 256 cells",
        errors[-1],
        limit=1e-4,
        source=_SOURCE,
        unit="m s-1",
    )
    yield order("order, finite volumes with van Leer limiter", errors, expected=2.0)
    periodic = Problem(Burgers(0.05), Box((-1.0,), (1.0,), (True,)))
    final, exact = _march(Fourier(periodic, FourierGrid(96)), 1000)
    yield below(
        "largest error, Fourier, 96 points",
        jnp.max(jnp.abs(final - exact)),
        limit=1e-9,
        source=_SOURCE,
        unit="m s-1",
    )
