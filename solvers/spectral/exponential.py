"""Exponential time differencing: the linear part of a law is solved exactly."""

import equinox as eqx

from .modal_method import AbstractModalMethod
from .mode_matrix import times
from .phi_functions import phi_functions


class ExponentialRungeKutta(AbstractModalMethod):
    """ETDRK1 to ETDRK4: exact for linear laws with constant coefficients.

    Stiff linear terms do not limit the step; the rest of the law is explicit and does.
    The functions φ are complex, so that dispersive laws keep their order, and matrices
    where components couple. Order 4 evaluates the law four times per step, order 2
    twice.

    Args:
        order: 1 to 4.

    Reference:
        S. M. Cox and P. C. Matthews (2002), J. Comput. Phys. 176, 430, equations 4, 22,
        23 to 25 and 26 to 29, doi:10.1006/jcph.2002.6995; A.-K. Kassam and L. N.
        Trefethen (2005), SIAM J. Sci. Comput. 26, 1214, doi:10.1137/S1064827502410633.
    """

    order: int = eqx.field(static=True, default=4)

    def __check_init__(self) -> None:
        if self.order not in _ADVANCE:
            raise ValueError(f"order = {self.order!r} must be 1, 2, 3 or 4.")

    def coefficients(self, operator, dt):
        whole = phi_functions(dt * operator, min(self.order, 3))
        if self.order <= 2:
            return [whole[0], *(dt * phi for phi in whole[1:])]
        half = phi_functions(0.5 * dt * operator, 1)
        _, one, two, three = whole
        first = dt * (one - 3 * two + 4 * three)
        last = dt * (4 * three - two)
        if self.order == 3:
            middle = dt * (4 * two - 8 * three)
            return whole[0], half[0], 0.5 * dt * half[1], dt * one, first, middle, last
        middle = dt * (2 * two - 4 * three)
        return whole[0], half[0], 0.5 * dt * half[1], first, middle, last

    def past(self, modes):
        return None

    def advance(self, coefficients, splitting, t, dt, modes, past):
        rest = splitting.remainder
        return _ADVANCE[self.order](coefficients, rest, t, dt, modes), None


def _first(coefficients, rest, t, dt, u):
    whole, one = coefficients
    return times(whole, u) + times(one, rest(t, u))


def _second(coefficients, rest, t, dt, u):
    whole, one, two = coefficients
    start = rest(t, u)
    a = times(whole, u) + times(one, start)
    return a + times(two, rest(t + dt, a) - start)


def _third(coefficients, rest, t, dt, u):
    whole, half, to_half, to_end, first, middle, last = coefficients
    start = rest(t, u)
    at_half = rest(t + 0.5 * dt, times(half, u) + times(to_half, start))
    grown = times(whole, u)
    at_end = rest(t + dt, grown + times(to_end, 2 * at_half - start))
    return grown + times(first, start) + times(middle, at_half) + times(last, at_end)


def _fourth(coefficients, rest, t, dt, u):
    whole, half, to_half, first, middle, last = coefficients
    start, grown = rest(t, u), times(half, u)
    a = grown + times(to_half, start)
    at_a = rest(t + 0.5 * dt, a)
    at_b = rest(t + 0.5 * dt, grown + times(to_half, at_a))
    at_c = rest(t + dt, times(half, a) + times(to_half, 2 * at_b - start))
    inner = times(middle, at_a + at_b)
    return times(whole, u) + times(first, start) + inner + times(last, at_c)


_ADVANCE = {1: _first, 2: _second, 3: _third, 4: _fourth}
