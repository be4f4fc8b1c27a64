"""Explicit time stepping that keeps what forward Euler keeps."""

import jax.numpy as jnp

from .status import Status
from .time_method import AbstractTimeMethod, Step, combine, rates


class SSPRK3(AbstractTimeMethod):
    """Third order in three stages, each an average of steps of forward Euler.

    What a step of forward Euler keeps (positivity, no new extrema) it keeps up to the
    same time step. Books are kept as by `Explicit`, as is the status.

    Reference:
        C.-W. Shu and S. Osher (1988), J. Comput. Phys. 77, 439, equation 2.18.
    """

    def start(self, scheme, t, state):
        return None

    def step(self, scheme, solve, t, dt, state, memory):
        times, states, ahead = [t], [state], state
        for kept, c in ((0.0, 1.0), (0.75, 0.5), (1 / 3, 1.0)):
            moved = states[-1] + dt * scheme.rhs(times[-1], states[-1])
            ahead = kept * state + (1 - kept) * moved
            times.append(t + c * dt)
            states.append(scheme.constrain(times[-1], ahead))
        end = scheme.hold(t + dt, ahead)
        storage_rate = (scheme.storage(t + dt, end) - scheme.storage(t, state)) / dt
        books = [
            rates(scheme, time, stage, storage_rate)
            for time, stage in zip(times[:3], states[:3], strict=True)
        ]
        finite = jnp.all(jnp.isfinite(end))
        status = jnp.where(finite, Status.OK, Status.NON_FINITE).astype(jnp.int8)
        weights = dt * jnp.array([1 / 6, 1 / 6, 2 / 3], state.dtype)
        nothing = jnp.zeros((), jnp.int32)
        none = jnp.zeros((), state.dtype)
        return Step(end, combine(weights, books), None, status, nothing, nothing, none)
