"""The generalised-α method: second order, with the damping of fast modes chosen.

The balance is met between the times of a step, the rate S' of the storage and the
supply at different points of it:

    αm S1' + (1 - αm) S0' = inflow(U0 + αf (U1 - U0)),
    S1 - S0 = dt (γ S1' + (1 - γ) S0').
"""

import equinox as eqx
import jax
import jax.numpy as jnp

from .time_method import AbstractTimeMethod, Amounts, Step, combine, rates, total_work


class GeneralizedAlpha(AbstractTimeMethod):
    """One solve per step, order 2, A-stable; modes far above 1/dt shrink by a factor.

    Slow modes keep their energy far better than with a method that wipes out the fast
    ones. Made for `Elastodynamics`, whose displacement and velocity it advances
    together. Books close to the tolerance of Newton's method for laws whose storage is
    linear in u, under prescribed values that are linear in time. The first rate needs
    a storage that can be inverted.

    The method of Newmark with β = 1/4 and γ = 1/2 is `ThetaMethod(0.5)`.

    Args:
        spectral_radius: ρ, factor per step of the fastest modes, 0 to 1: 1 is the
            midpoint rule and damps nothing, 0 removes them in one step.

    Reference:
        J. Chung and G. M. Hulbert (1993), J. Appl. Mech. 60, 371,
        doi:10.1115/1.2900803; K. E. Jansen, C. H. Whiting and G. M. Hulbert (2000),
        Comput. Methods Appl. Mech. Eng. 190, 305, doi:10.1016/S0045-7825(00)00203-6
        (first order in time, used here); C. Kadapa, W. G. Dettmer and D. Perić (2017),
        Comput. Struct. 193, 226, doi:10.1016/j.compstruc.2017.08.013 (for structures).
    """

    spectral_radius: float = eqx.field(static=True, default=0.8)

    def __check_init__(self) -> None:
        if not 0.0 <= self.spectral_radius <= 1.0:
            raise ValueError(
                f"spectral_radius = {self.spectral_radius} must lie between 0 and 1."
            )

    def start(self, scheme, t, state):
        """d storage/dt, and what crosses the boundary and is made, per second."""
        rate = scheme.rhs(t, state)
        one = jnp.ones_like(t)
        _, storage_rate = jax.jvp(scheme.storage, (t, state), (one, rate))
        return storage_rate, rates(scheme, t, state, storage_rate)

    def step(self, scheme, solve, t, dt, state, memory):
        rho = self.spectral_radius
        # Here γ = αf = 1/(1 + ρ), which makes the method of order 2.
        gamma, alpha = 1 / (1 + rho), 0.5 * (3 - rho) / (1 + rho)
        old_rate, old_books = memory
        stored, within = scheme.storage(t, state), t + gamma * dt
        weight = gamma**2 / alpha * dt
        known = stored - weight * (1 - alpha / gamma) * old_rate
        root = solve(within, weight, known, state)
        end = scheme.constrain(t + dt, state + (root.state - state) / gamma)
        change = (scheme.storage(t + dt, end) - stored) / dt
        new_rate = (change - (1 - gamma) * old_rate) / gamma
        middle = alpha * new_rate + (1 - alpha) * old_rate
        books = rates(scheme, within, root.state, middle)
        new_books = combine([1 / alpha, 1 - 1 / alpha], [books, old_books])
        amounts = combine([gamma * dt, (1 - gamma) * dt], [new_books, old_books])
        memory = new_rate, Amounts(*new_books)
        return Step(end, amounts, memory, *total_work([root]))
