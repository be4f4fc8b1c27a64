"""Staggered grids on exact flows: orders, kinetic energy, a uniform shear.

The decaying vortices of G. I. Taylor and A. E. Green (1937), Proc. R. Soc. A 158, 499,
in the plane: u = cos x sin y e^(-2νt), v = -sin x cos y e^(-2νt).
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from froude import budget, discretize, solve
from froude.physics import Box, NavierStokes, Problem
from froude.solvers import ProjectionRungeKutta, StaggeredGrid, project_velocity

from ..evidence import below, order

GROUP = "flow"
TIER = "verify"

_NU = 0.05


def _vortices(t, x, nu=_NU):
    decay = jnp.exp(-2 * nu * t)
    return jnp.stack(
        [
            jnp.cos(x[0]) * jnp.sin(x[1]) * decay,
            -jnp.sin(x[0]) * jnp.cos(x[1]) * decay,
            -0.25 * (jnp.cos(2 * x[0]) + jnp.cos(2 * x[1])) * decay**2,
        ]
    )


def _drifting(x):
    return _vortices(0.0, x) + jnp.array([1.0, 0.5, 0.0])


def _scheme(cells, nu, end, start, stretching=None):
    box = Box((0.0, 0.0), (2 * np.pi, 2 * np.pi), (True, True))
    problem = Problem(NavierStokes(1.0, nu), box, {}, start, (0.0, end))
    return discretize(problem, StaggeredGrid((cells, cells), stretching))


def _squeezed(s):
    return s + 0.04 * np.sin(2 * np.pi * s)


def run():
    """Yield errors and orders of a march, and the power of convection."""
    errors = []
    for cells in (16, 32, 64):
        scheme = _scheme(cells, _NU, 1.0, lambda x: _vortices(0.0, x))
        solution = solve(scheme, steps=20, method=ProjectionRungeKutta())
        exact = jax.vmap(lambda x: _vortices(1.0, x))(scheme.coordinates()).T
        errors.append(jnp.abs(scheme.collocate(solution.final) - exact)[:-1].max())
    source = "Taylor and Green (1937)"
    words = "Taylor-Green vortices at t = 1, 64² cells: largest velocity error"
    yield below(words, errors[-1], limit=5e-4, source=source, unit="m s-1")
    yield order("order in space, Taylor-Green, 16 to 64", errors, expected=2.0)
    imbalance = jnp.abs(budget(solution).imbalance).max()
    words = "momentum and volume out of balance, same march"
    yield below(words, imbalance, limit=1e-12, source="budget", unit="kg s-1")

    at = lambda steps: (
        solve(
            _scheme(16, 1e-6, 2.0, _drifting),
            steps=steps,
            method=ProjectionRungeKutta(),
        ).final
    )
    finest = at(320)
    errors = [jnp.abs(at(n) - finest)[:-1].max() for n in (20, 40)]
    yield order("order in time of convection, drifting vortices", errors, expected=3.0)

    @eqx.filter_jit
    def relative_power(scheme):
        state = project_velocity(scheme, 0.0, scheme.project(_tangled)).state
        t, velocity = jnp.zeros(()), state[:-1]
        faces = scheme.layout.all_faces(t, velocity)
        power = velocity * scheme.terms(state.dtype).explicit(t, faces)
        return jnp.abs(jnp.sum(power)) / jnp.sum(jnp.abs(power))

    for words, stretching in (("equal", None), ("stretched", _squeezed)):
        scheme = _scheme(32, 1e-6, 1.0, _tangled, stretching)
        quantity = f"kinetic energy that convection makes, {words} cells"
        power = relative_power(scheme)
        yield below(quantity, power, limit=1e-13, source="Verstappen, Veldman (2003)")


def _tangled(x):
    return jnp.stack(
        [
            jnp.sin(x[1] + 0.3) + jnp.cos(2 * x[0]) * jnp.sin(x[1]),
            jnp.cos(x[0]) + jnp.sin(x[0] + 2 * x[1]),
            0.0,
        ]
    )
