"""Explicit time stepping with the Runge-Kutta methods of diffrax."""

from typing import TYPE_CHECKING, Any

import jax
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
        stages = [_stage(scheme, t, state)]
        for row, c in zip(tableau.a_lower[: count - 1], tableau.c, strict=False):
            within = _ahead(state, dt * row, [rate for rate, _ in stages])
            stages.append(_stage(scheme, t + c * dt, within))
        weights = dt * tableau.b_sol[:count]
        end = _ahead(state, weights, [rate for rate, _ in stages])
        amounts = combine(weights, [books for _, books in stages])
        finite = jnp.all(jnp.isfinite(end))
        status = jnp.where(finite, Status.OK, Status.NON_FINITE).astype(jnp.int8)
        nothing = jnp.zeros((), jnp.int32)
        return Step(
            end, amounts, None, status, nothing, nothing, jnp.zeros((), state.dtype)
        )


def _stage(scheme, t, state):
    """dU/dt and what crosses the boundary and is made, per second."""
    state = scheme.constrain(t, state)
    rate = scheme.rhs(t, state)
    _, storage_rate = jax.jvp(scheme.storage, (t, state), (jnp.ones_like(t), rate))
    return rate, rates(scheme, t, state, storage_rate)


def _ahead(state, weights, slopes):
    return state + combine(weights.astype(state.dtype), slopes)
