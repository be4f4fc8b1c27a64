"""Three stages of convection with implicit diffusion and a projection in each.

With N the convection and force, L the diffusion, G the gradient (all per mass),

    u* = u_(k-1) + dt (γ_k N_(k-1) + ζ_k N_(k-2) + α_k L u_(k-1) + β_k L u*
                       - (α_k + β_k) G p_(k-1) / ρ)
    u_k = u* - G φ,  div u_k = 0,
    p_k = p_(k-1) + ρ φ / ((α_k + β_k) dt) - μ β_k / (α_k + β_k) div u*

P. R. Spalart, R. D. Moser and M. M. Rogers (1991), Spectral methods for the
Navier-Stokes equations with one infinite and two periodic directions, J. Comput. Phys.
96, 297; the pressure of a stage as D. L. Brown, R. Cortez and M. L. Minion (2001),
Accurate projection methods for the incompressible Navier-Stokes equations, J. Comput.
Phys. 168, 464. The step ends with the pressure that keeps the divergence at zero.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array

from ..pointwise import in_dtype
from ..status import Status
from ..time_method import AbstractTimeMethod, Amounts, Step, combine, rates
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
_CARRIED = tuple(map(sum, zip(_GAMMA, (*_ZETA[1:], 0.0), strict=True)))
"""What the convection of a stage counts for in the whole step."""
_TABLE = tuple(zip(_GAMMA, _ZETA, _ALPHA, _BETA, _CARRIED, strict=True))


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
        none = jnp.zeros((), state.dtype)
        velocity, pressure = memory.state[:-1], memory.state[-1]
        books = jax.eval_shape(lambda: rates(scheme, t, state, state))
        books = jax.tree.map(lambda book: jnp.zeros(book.shape, book.dtype), books)
        first = _Stage(velocity, pressure, jnp.zeros_like(velocity), none, books)
        stage = lambda at, row: (_advance(scheme, t, dt, at, row), None)
        # One program serves all three stages: it takes a third of the time to compile.
        last, _ = lax.scan(stage, first, jnp.asarray(_TABLE, state.dtype))
        pressure = instant_pressure(scheme, t + dt, last.velocity)
        reached = jnp.concatenate([last.velocity, pressure[None]])
        finite = jnp.all(jnp.isfinite(reached))
        status = jnp.where(finite, Status.OK, Status.NON_FINITE).astype(jnp.int8)
        nothing = jnp.zeros((), jnp.int32)
        kept = _Memory(reached, jnp.zeros_like(memory.removed))
        work = (nothing, nothing, memory.removed)
        return Step(reached, last.amounts, kept, status, *work)


class _Stage(NamedTuple):
    velocity: Array
    pressure: Array
    before: Array
    elapsed: Array
    amounts: Amounts


def _advance(scheme, t, dt, at: _Stage, row) -> _Stage:
    """One stage: convection, half-implicit diffusion, projection, and the books."""
    gamma, zeta, alpha, beta, carried = row
    terms, layout, law = scheme.terms(row.dtype), scheme.layout, scheme.problem.law
    begin, share = t + at.elapsed * dt, alpha + beta
    end = begin + share * dt
    faces = layout.all_faces(begin, at.velocity)
    now = per_mass(scheme, terms.explicit(begin, faces))
    spread = per_mass(scheme, terms.viscous(begin, faces))
    push = gradient(scheme, at.pressure) / law.density
    change = gamma * now + zeta * at.before + alpha * spread - share * push
    known = at.velocity + dt * change
    diffused = _diffuse(scheme, end, beta * dt, at.velocity, known)
    leaving = divergence(scheme, end, diffused)
    velocity, potential = without_divergence(scheme, end, diffused)
    impulse = share * dt * at.pressure + law.density * potential
    pressure = impulse / (share * dt) - (beta / share) * law.viscosity * leaving
    explicit = terms.wall_flux(begin, faces, impulse, (carried * dt, alpha * dt, 0.0))
    implicit = terms.wall_flux(
        end, layout.all_faces(end, diffused), impulse, (0.0, beta * dt, 1.0)
    )
    force = jnp.append(carried * dt * terms.force_sum(begin), jnp.zeros_like(gamma))
    amounts = combine(
        [1.0, 1.0, 1.0],
        [
            at.amounts,
            Amounts(explicit, force),
            Amounts(implicit, jnp.zeros_like(force)),
        ],
    )
    return _Stage(velocity, pressure, now, at.elapsed + share, amounts)


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
