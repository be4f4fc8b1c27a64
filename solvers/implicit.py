"""Implicit time methods: diagonally implicit Runge-Kutta and BDF2.

All march the stored amounts S: a stage solves S(t_i, U_i) - γ dt inflow(t_i, U_i) =
known with the essential values of the time t_i, and the last stage is the new state.
Boundary fluxes and sources are summed with the weights of the method, so that the
books close to the tolerance of Newton's method.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from .time_method import AbstractTimeMethod, Step, combine, rates, total_work

_SQRT2 = 2**0.5
_ROOT = 0.43586652150845899942
"""Root of γ³ - 3γ² + 3γ/2 - 1/6 that makes three stages L-stable."""


def _sdirk3_tableau():
    g = _ROOT
    b1 = -1.5 * g**2 + 4 * g - 0.25
    b2 = 1.5 * g**2 - 5 * g + 1.25
    return ((g, 0.0, 0.0), (0.5 * (1 - g), g, 0.0), (b1, b2, g))


def _step_with_stages(tableau, scheme, solve, t, dt, state):
    """One step of a stiffly accurate tableau; a zero first row is explicit."""
    nodes = np.sum(tableau, axis=1)
    stored = scheme.storage(t, state)
    states, supplies, roots = [], [], []
    for i, (row, node) in enumerate(zip(tableau, nodes, strict=True)):
        if row[i] == 0.0:
            states.append(state)
            supplies.append(scheme.inflow(t, state))
            continue
        time = t + node * dt
        known = stored
        for weight, supply in zip(row[:i], supplies, strict=True):
            known = known + weight * dt * supply
        root = solve(time, row[i] * dt, known, states[-1] if states else state)
        roots.append(root)
        states.append(root.state)
        if i + 1 < len(tableau):
            supplies.append(scheme.inflow(time, root.state))
    # The reaction at essential nodes takes what the storage there changed: Σ b = 1.
    storage_rate = (scheme.storage(t + dt, states[-1]) - stored) / dt
    weights, books = [], []
    for weight, node, stage in zip(tableau[-1], nodes, states, strict=True):
        weights.append(weight * dt)
        books.append(rates(scheme, t + node * dt, stage, storage_rate))
    amounts = combine(weights, books)
    return Step(states[-1], amounts, None, *total_work(roots))


class ThetaMethod(AbstractTimeMethod):
    """S1 - S0 = dt (θ inflow1 + (1 - θ) inflow0).

    θ = 1 is backward Euler (order 1, L-stable), θ = 1/2 the trapezoidal rule (order 2,
    A-stable: it does not damp the stiffest modes).

    Args:
        theta: weight of the end of the step, 1/2 to 1.
    """

    theta: float = eqx.field(static=True, default=1.0)

    def __check_init__(self) -> None:
        if not 0.5 <= self.theta <= 1.0:
            raise ValueError(f"theta = {self.theta} must lie between 0.5 and 1.")

    def start(self, scheme, t, state):
        return None

    def step(self, scheme, solve, t, dt, state, memory):
        tableau = ((0.0, 0.0), (1 - self.theta, self.theta))
        if self.theta == 1.0:
            tableau = ((1.0,),)
        return _step_with_stages(tableau, scheme, solve, t, dt, state)


class SDIRK2(AbstractTimeMethod):
    """Two stages, order 2, L-stable, γ = 1 - 1/√2.

    Reference:
        R. Alexander (1977), SIAM J. Numer. Anal. 14, 1006, doi:10.1137/0714068.
    """

    def start(self, scheme, t, state):
        return None

    def step(self, scheme, solve, t, dt, state, memory):
        g = 1 - 1 / _SQRT2
        tableau = ((g, 0.0), (1 - g, g))
        return _step_with_stages(tableau, scheme, solve, t, dt, state)


class SDIRK3(AbstractTimeMethod):
    """Three stages, order 3, L-stable; order 2 to 3 under moving Dirichlet data.

    Reference:
        R. Alexander (1977), SIAM J. Numer. Anal. 14, 1006, doi:10.1137/0714068.
    """

    def start(self, scheme, t, state):
        return None

    def step(self, scheme, solve, t, dt, state, memory):
        return _step_with_stages(_sdirk3_tableau(), scheme, solve, t, dt, state)


class BDF2(AbstractTimeMethod):
    """3/2 S2 - 2 S1 + 1/2 S0 = dt inflow2, order 2, L-stable, one solve per step.

    The first step is backward Euler, whose single error of order dt² keeps the order.

    Reference:
        E. Hairer and G. Wanner, Solving Ordinary Differential Equations II (1996),
        chapter V.1.
    """

    def start(self, scheme, t, state):
        """Change of the storage and the amounts of the step before, and its weight."""
        still = jnp.zeros_like(state)
        nothing = combine([0.0], [rates(scheme, t, state, still)])
        return still, nothing, jnp.zeros((), state.dtype)

    def step(self, scheme, solve, t, dt, state, memory):
        change, amounts, carried = memory
        supplied = (1 - carried) * dt
        stored = scheme.storage(t, state)
        root = solve(t + dt, supplied, stored + carried * change, state)
        new_change = scheme.storage(t + dt, root.state) - stored
        storage_rate = (new_change - carried * change) / supplied
        books = rates(scheme, t + dt, root.state, storage_rate)
        amounts = combine([carried, supplied], [amounts, books])
        memory = new_change, amounts, jnp.full_like(carried, 1 / 3)
        return Step(root.state, amounts, memory, *total_work([root]))
