"""Explicit time stepping with the Runge-Kutta methods of diffrax."""

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from .status import Status
from .time_method import AbstractTimeMethod, Step, combine, rates

if TYPE_CHECKING:
    import diffrax


class Explicit(AbstractTimeMethod):
    """dU/dt = rhs(t, U) with an explicit Runge-Kutta method and fixed steps.

    The stages of diffrax's tableau are laid out one after the other, which is a quarter
    faster than its own stage loop (docs/decisions.md). Boundary fluxes and sources are
    integrated beside the state by the same weights. Their books close to round-off for
    laws whose storage is linear in u. Steps above the stability limit end with the
    status `NON_FINITE`.

    Args:
        solver: a diffrax Runge-Kutta method; `Heun` (order 2) when omitted.

    Reference:
        P. Kidger (2021), On Neural Differential Equations, University of Oxford.
    """

    solver: Any = None

    def _tableau(self) -> "diffrax.ButcherTableau":
        import diffrax

        solver = diffrax.Heun() if self.solver is None else self.solver
        tableau = getattr(solver, "tableau", None)
        explicit = isinstance(solver, diffrax.AbstractERK)
        if not explicit or not isinstance(tableau, diffrax.ButcherTableau):
            raise TypeError(
                f"solver is a {type(solver).__name__}; give an explicit Runge-Kutta "
                "method of diffrax such as Heun() or Tsit5(). For implicit steps use "
                "ThetaMethod, SDIRK2, SDIRK3 or BDF2."
            )
        return tableau

    def start(self, scheme, t, state):
        return None

    def step(self, scheme, solve, t, dt, state, memory):
        tableau = self._tableau()
        count = len(tableau.b_sol)
        # A last stage without weight only estimates the error of an adaptive step.
        while tableau.b_sol[count - 1] == 0.0:
            count -= 1
        times, states = [t], [state]
        slopes = [scheme.rhs(t, state)]
        for row, c in zip(tableau.a_lower[: count - 1], tableau.c, strict=False):
            times.append(t + c * dt)
            within = _ahead(state, dt * row, slopes)
            states.append(scheme.constrain(times[-1], within))
            slopes.append(scheme.rhs(times[-1], states[-1]))
        weights = dt * tableau.b_sol[:count]
        end = scheme.hold(t + dt, _ahead(state, weights, slopes))
        # The reaction at essential nodes takes what the storage there changed: Σ b = 1.
        storage_rate = (scheme.storage(t + dt, end) - scheme.storage(t, state)) / dt
        books = [
            rates(scheme, time, stage, storage_rate)
            for time, stage in zip(times, states, strict=True)
        ]
        finite = jnp.all(jnp.isfinite(end))
        status = jnp.where(finite, Status.OK, Status.NON_FINITE).astype(jnp.int8)
        nothing = jnp.zeros((), jnp.int32)
        none = jnp.zeros((), state.dtype)
        return Step(end, combine(weights, books), None, status, nothing, nothing, none)


def _ahead(state, weights, slopes):
    return state + combine(weights.astype(state.dtype), slopes)
