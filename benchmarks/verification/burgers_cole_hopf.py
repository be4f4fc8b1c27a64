"""Viscous Burgers from -sin(πx) against the Cole-Hopf quadrature at t = 0.5 s.

Viscosity 0.05 m² s^-1. Finite volumes hold u = 0 at x = ±1 m, the Fourier scheme is
periodic; both march by the method of Dormand and Prince with fixed steps.
"""

import diffrax
import jax.numpy as jnp

from froude.physics import Box, Burgers, Dirichlet, Problem, burgers_cole_hopf
from froude.solvers import CartesianGrid, Explicit, FourierGrid, discretize, solve

from ..evidence import below, order

GROUP = "Burgers"
TIER = "verify"

_END, _SOURCE = 0.5, "Basdevant et al. (1986), Computers & Fluids 14, 23, eq. 2.2"


def _exact(x):
    return burgers_cole_hopf(jnp.asarray(_END), x, jnp.asarray(0.05))


def _march(where, steps):
    """The end of a march in `where`, and the exact solution there."""
    box = Box((-1.0,), (1.0,), (isinstance(where, FourierGrid),))
    walls = dict.fromkeys(box.boundary_names, Dirichlet(0.0))
    start = lambda x: -jnp.sin(jnp.pi * x)
    problem = Problem(Burgers(0.05), box, walls, start, (0.0, _END))
    scheme = discretize(problem, where)
    march = solve(scheme, steps=steps, method=Explicit(diffrax.Dopri5()))
    return march.final, scheme.project(_exact)


def run():
    """Yield errors of both schemes and the order of the finite volumes."""
    errors = []
    for cells, steps in ((128, 400), (256, 1600)):
        final, exact = _march(CartesianGrid(cells), steps)
        errors.append(float(jnp.mean(jnp.abs(final - exact))))
    yield below(
        "mean error, finite volumes, 256 cells",
        errors[-1],
        limit=1e-4,
        source=_SOURCE,
        unit="m s-1",
    )
    yield order("order, finite volumes with van Leer limiter", errors, expected=2.0)
    final, exact = _march(FourierGrid(96), 1000)
    yield below(
        "largest error, Fourier, 96 points",
        jnp.max(jnp.abs(final - exact)),
        limit=1e-9,
        source=_SOURCE,
        unit="m s-1",
    )
