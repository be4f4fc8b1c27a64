"""Exponential Adams-Bashforth: one evaluation of the law per step."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp

from .exponential import ExponentialRungeKutta
from .modal_method import AbstractModalMethod
from .mode_matrix import times
from .phi_functions import phi_functions


class ExponentialAdamsBashforth(AbstractModalMethod):
    """The linear part exactly, the rest as a polynomial through its last values.

    One evaluation per step where `ExponentialRungeKutta` of order 4 takes four, and
    stable for shorter steps only. The first steps are those of
    `ExponentialRungeKutta(4)`.

    Args:
        order: 2 to 4.

    Reference:
        S. M. Cox and P. C. Matthews (2002), J. Comput. Phys. 176, 430, section 2.1,
        doi:10.1006/jcph.2002.6995; S. P. Nørsett (1969), Lect. Notes Math. 109, 214.
    """

    order: int = eqx.field(static=True, default=4)

    def __check_init__(self) -> None:
        if self.order not in (2, 3, 4):
            raise ValueError(f"order = {self.order!r} must be 2, 3 or 4.")

    def coefficients(self, operator, dt):
        """φ0, the weights of the values now and before, and those of the start.

        Weights are integrals of exp((1 - s) dt L) with the polynomials of Newton's
        backward differences, 1, s, s (s + 1)/2 and s (s + 1) (s + 2)/6.
        """
        zero, one, two, *rest = phi_functions(dt * operator, self.order)
        weights = [one, two]
        if self.order > 2:
            weights.append(rest[0] + two / 2)
        if self.order > 3:
            weights.append(rest[1] + rest[0] + two / 3)
        values = []
        for age in range(self.order):
            terms = [
                (-1) ** age * math.comb(power, age) * weight
                for power, weight in enumerate(weights)
                if power >= age
            ]
            values.append(dt * sum(terms[1:], start=terms[0]))
        return zero, values, ExponentialRungeKutta(4).coefficients(operator, dt)

    def past(self, modes):
        return [jnp.zeros_like(modes) for _ in range(self.order - 1)]

    def advance(self, coefficients, splitting, t, dt, modes, past):
        whole, weights, start = coefficients
        now = splitting.remainder(t, modes)

        def first():
            method = ExponentialRungeKutta(4)
            return method.advance(start, splitting, t, dt, modes, None)[0]

        def later():
            end = times(whole, modes)
            for weight, rest in zip(weights, [now, *past], strict=True):
                end = end + times(weight, rest)
            return end

        # By the time and not by a count, which a batch would turn into both branches.
        young = t - splitting.start < (self.order - 1.5) * dt
        return jax.lax.cond(young, first, later), [now, *past[:-1]]
