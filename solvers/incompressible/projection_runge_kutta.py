"""Three stages of convection with implicit diffusion and a projection in each.

With N the convection and force, L the diffusion, G the gradient (all per mass),

    u* = u_(k-1) + dt (γ_k N_(k-1) + ζ_k N_(k-2) + α_k L u_(k-1) + β_k L u*
                       - (α_k + β_k) G p_(k-1))
    u_k = u* - G φ,  div u_k = 0,   p_k = p_(k-1) + ρ φ / ((α_k + β_k) dt) - ...

P. R. Spalart, R. D. Moser and M. M. Rogers (1991), Spectral methods for the Navier-Stokes
equations with one infinite and two periodic directions, J. Comput. Phys. 96, 297,
appendix; the pressure of a stage as D. L. Brown, R. Cortez and M. L. Minion (2001), J.
Comput. Phys. 168, 464, equation (74).
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array

from ..pointwise import in_dtype
from ..status import Status
from ..time_method import AbstractTimeMethod, Amounts, Step, combine
from .flow_operators import velocity_operator
from .projection import (
    divergence,
    gradient,
    instant_pressure,
    per_mass,
    project_velocity,
    without_divergence,
)
from .staggered import Staggered

_GAMMA = (8 / 15, 5 / 12, 3 / 4)
_ZETA = (0.0, -17 / 60, -5 / 12)
_ALPHA = (29 / 96, -3 / 40, 1 / 6)
_BETA = (37 / 160, 5 / 24, 1 / 6)


class _Memory(NamedTuple):
    state: Array
    removed: Array


class ProjectionRungeKutta(AbstractTimeMethod):
    """Order 3 for convection, 2 for diffusion and at walls; for `Staggered` flows.

    The initial velocity is made free of divergence; `statistics.residual_norm` of the
    solution says how much of it that took away, relative to its norm. Convection limits
    the step, see `largest_step`; beyond it a march ends with the status `NON_FINITE`.
    """

    def start(self, scheme, t, state):
        if not isinstance(scheme, Staggered):
            raise TypeError(
                f"ProjectionRungeKutta marches a flow on a StaggeredGrid, not a "
                f"{type(scheme).__name__}; use SDIRK2() or Explicit()."
            )
        return _Memory(*project_velocity(scheme, t, state))

    def step(self, scheme, solve, t, dt, state, memory):
        scheme = in_dtype(scheme, state.dtype)
        terms, layout = scheme.terms(state.dtype), scheme.layout
        velocity, pressure = memory.state[:-1], memory.state[-1]
        density, viscosity = scheme.problem.law.density, scheme.problem.law.viscosity
        before, books, elapsed = jnp.zeros_like(velocity), [], 0.0
        convected = [g + z for g, z in zip(_GAMMA, (*_ZETA[1:], 0.0), strict=True)]
        for k in range(3):
            faces = layout.all_faces(t + elapsed * dt, velocity)
            now = per_mass(scheme, terms.explicit(t + elapsed * dt, faces))
            spread = per_mass(scheme, terms.viscous(t + elapsed * dt, faces))
            weights = (convected[k] * dt, _ALPHA[k] * dt, 0.0)
            at = t + elapsed * dt
            books.append(terms.wall_flux(at, faces, pressure, weights))
            forced = terms.force_sum(at) * (convected[k] * dt)
            books_force = forced if k == 0 else books_force + forced
            share = _ALPHA[k] + _BETA[k]
            elapsed = elapsed + share
            end = t + elapsed * dt
            known = velocity + dt * (
                _GAMMA[k] * now
                + _ZETA[k] * before
                + _ALPHA[k] * spread
                - (share / density) * gradient(layout, pressure)
            )
            velocity = _diffuse(scheme, end, _BETA[k] * dt, velocity, known)
            diffused = layout.all_faces(end, velocity)
            leaving = divergence(scheme, end, velocity)
            velocity, potential = without_divergence(scheme, end, velocity)
            impulse = share * dt * pressure + density * potential
            weights = (0.0, _BETA[k] * dt, 1.0)
            books.append(terms.wall_flux(end, diffused, impulse, weights))
            push = density * potential / (share * dt)
            pressure = pressure + push - (_BETA[k] / share) * viscosity * leaving
            before = now
        pressure = instant_pressure(scheme, t + dt, velocity)
        reached = jnp.concatenate([velocity, pressure[None]])
        finite = jnp.all(jnp.isfinite(reached))
        status = jnp.where(finite, Status.OK, Status.NON_FINITE).astype(jnp.int8)
        nothing = jnp.zeros((), jnp.int32)
        source = jnp.append(books_force, jnp.zeros((), state.dtype))
        amounts = Amounts(combine([1.0] * len(books), books), source)
        memory_ = _Memory(reached, jnp.zeros_like(memory.removed))
        return Step(reached, amounts, memory_, status, nothing, nothing, memory.removed)


def _diffuse(scheme, t, weight, velocity, known):
    """u* with u* - weight L u* = `known` and the boundary values of the time t."""
    state = jnp.concatenate([velocity, velocity[:1]])
    guess = scheme.constrain(t, state)[:-1]
    terms = scheme.terms(velocity.dtype)
    faces = scheme.layout.all_faces(t, guess)
    missing = known + weight * per_mass(scheme, terms.viscous(t, faces)) - guess
    missing = jnp.where(scheme.layout.free()[:-1], missing, 0.0)
    kinematic = scheme.problem.law.viscosity / scheme.problem.law.density
    corrections = [
        velocity_operator(scheme, component).solve(1.0, -weight * kinematic, row)
        for component, row in enumerate(missing)
    ]
    return guess + jnp.stack(corrections)
