"""Explicit time stepping with the Runge-Kutta methods of diffrax."""

from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import jax.numpy as jnp

from .status import Status
from .time_method import AbstractTimeMethod, Amounts, Step, rates

if TYPE_CHECKING:
    import diffrax


class Explicit(AbstractTimeMethod):
    """dU/dt = rhs(t, U) with an explicit diffrax solver and fixed steps.

    Boundary fluxes and sources are integrated beside the state by the same method.
    Their books close to round-off for laws whose storage is linear in u. Steps above
    the stability limit end with the status `NON_FINITE`.

    Args:
        solver: a diffrax Runge-Kutta method; `Heun` (order 2) when omitted.

    Reference:
        P. Kidger (2021), On Neural Differential Equations, University of Oxford.
    """

    solver: Any = None

    def _solver(self) -> "diffrax.AbstractERK":
        import diffrax

        solver = diffrax.Heun() if self.solver is None else self.solver
        if not isinstance(solver, diffrax.AbstractERK):
            raise TypeError(
                f"solver is a {type(solver).__name__}; give an explicit Runge-Kutta "
                "method of diffrax such as Heun() or Tsit5(). For implicit steps use "
                "ThetaMethod, SDIRK2, SDIRK3 or BDF2."
            )
        # Loops of fixed length differentiate in both modes.
        return eqx.tree_at(
            lambda s: s.scan_kind, solver, "bounded", is_leaf=lambda leaf: leaf is None
        )

    def start(self, scheme, t, state):
        solver = self._solver()
        return solver.init(_term(scheme), t, t, _with_books(scheme, t, state), None)

    def step(self, scheme, solve, t, dt, state, memory):
        start = _with_books(scheme, t, state)
        (end, amounts), _, _, memory, _ = self._solver().step(
            _term(scheme), t, t + dt, start, None, memory, made_jump=False
        )
        finite = jnp.all(jnp.isfinite(end))
        status = jnp.where(finite, Status.OK, Status.NON_FINITE).astype(jnp.int8)
        nothing = jnp.zeros((), jnp.int32)
        residual = jnp.zeros((), state.dtype)
        return Step(end, amounts, memory, status, nothing, nothing, residual)


def _term(scheme) -> "diffrax.ODETerm":
    import diffrax

    def field(t, augmented, args):
        state = scheme.constrain(t, augmented[0])
        rate = scheme.rhs(t, state)
        _, storage_rate = jax.jvp(scheme.storage, (t, state), (jnp.ones_like(t), rate))
        return rate, rates(scheme, t, state, storage_rate)

    return diffrax.ODETerm(field)


def _with_books(scheme, t, state) -> tuple[Any, Amounts]:
    books = eqx.filter_eval_shape(rates, scheme, t, state, state)
    return state, jax.tree.map(lambda b: jnp.zeros(b.shape, b.dtype), books)
