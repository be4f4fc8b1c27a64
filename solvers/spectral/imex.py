"""Implicit-explicit Runge-Kutta methods on Fourier modes.

The linear part of a law is implicit, which costs one small system per wave number, set
up once per march; the rest is explicit.
"""

from typing import NamedTuple

import equinox as eqx
import numpy as np

from .modal_method import AbstractModalMethod
from .mode_matrix import identity_like, inverse, times

_GAMMA = 1 - 2**-0.5
_DELTA = 1 - 1 / (2 * _GAMMA)


class _Tableau(NamedTuple):
    """Weights of each stage: implicit ones of the stages so far, explicit ones of the
    remainder at the start and at the stages before. The last stage is the new state."""

    implicit: tuple[tuple[float, ...], ...]
    explicit: tuple[tuple[float, ...], ...]


_TABLEAUS = {
    1: _Tableau(implicit=((1.0,),), explicit=((1.0,),)),
    2: _Tableau(
        implicit=((_GAMMA,), (1 - _GAMMA, _GAMMA)),
        explicit=((_GAMMA,), (_DELTA, 1 - _DELTA)),
    ),
    3: _Tableau(
        implicit=(
            (1 / 2,),
            (1 / 6, 1 / 2),
            (-1 / 2, 1 / 2, 1 / 2),
            (3 / 2, -3 / 2, 1 / 2, 1 / 2),
        ),
        explicit=(
            (1 / 2,),
            (11 / 18, 1 / 18),
            (5 / 6, -5 / 6, 1 / 2),
            (1 / 4, 7 / 4, 3 / 4, -7 / 4),
        ),
    ),
}


class ImexRungeKutta(AbstractModalMethod):
    """ARS(1,1,1), ARS(2,2,2) and ARS(4,4,3): L-stable in the linear part.

    Damps the fastest modes where `ExponentialRungeKutta` follows them exactly, and
    bounds them where a linear part does not commute with the rest.

    Args:
        order: 1 (one evaluation of the law per step), 2 (two) or 3 (four).

    Reference:
        U. M. Ascher, S. J. Ruuth and R. J. Spiteri (1997), Appl. Numer. Math. 25, 151,
        sections 2.1, 2.6 and 2.8, doi:10.1016/S0168-9274(97)00056-1.
    """

    order: int = eqx.field(static=True, default=2)

    def __check_init__(self) -> None:
        if self.order not in _TABLEAUS:
            raise ValueError(f"order = {self.order!r} must be 1, 2 or 3.")

    def coefficients(self, operator, dt):
        """L, and the inverse of 1 - γ dt L: γ is the same in every stage."""
        gamma = _TABLEAUS[self.order].implicit[0][-1]
        solved = inverse(identity_like(operator) - gamma * dt * operator)
        return operator, solved

    def past(self, modes):
        return None

    def advance(self, coefficients, splitting, t, dt, modes, past):
        operator, solved = coefficients
        tableau = _TABLEAUS[self.order]
        stage, node, made, linear = modes, 0.0, [], []
        for implicit, explicit in zip(*tableau, strict=True):
            made.append(splitting.remainder(t + node * dt, stage))
            known = modes
            for weight, rest in zip(explicit, made, strict=True):
                known = known + weight * dt * rest
            for weight, rate in zip(implicit[:-1], linear, strict=True):
                known = known + weight * dt * rate
            stage, node = times(solved, known), sum(implicit)
            linear.append(times(operator, stage))
        return stage, None


_DECAY = (
    0.0,
    -567301805773 / 1357537059087,
    -2404267990393 / 2016746695238,
    -3550918686646 / 2091501179385,
    -1275806237668 / 842570457699,
)
_WEIGHTS = (
    1432997174477 / 9575080441755,
    5161836677717 / 13612068292357,
    1720146321549 / 2090206949498,
    3134564353537 / 4481467310338,
    2277821191437 / 14882151754819,
)
_NODES = (
    0.0,
    1432997174477 / 9575080441755,
    2526269341429 / 6820363962896,
    2006345519317 / 3224310063776,
    2802321613138 / 2924317926251,
    1.0,
)


class LowStorageCrankNicolson(AbstractModalMethod):
    """Five low-storage stages of order 4, with Crank-Nicolson in the linear part.

    Keeps two copies of the state. Order 2 in all, and order 4 where the linear part
    vanishes: for flows whose advection limits the step. It does not damp the fastest
    modes.

    Reference:
        M. H. Carpenter and C. A. Kennedy (1994), NASA TM-109112, table 1, for the
        explicit stages; P. R. Spalart, R. D. Moser and M. M. Rogers (1991), J. Comput.
        Phys. 96, 297, appendix A, for the combination.
    """

    def coefficients(self, operator, dt):
        """Per stage half its share of dt L, and the inverse of 1 minus that."""
        shares = 0.5 * np.diff(_NODES)
        halves = [float(share) * dt * operator for share in shares]
        return [(half, inverse(identity_like(half) - half)) for half in halves]

    def past(self, modes):
        return None

    def advance(self, coefficients, splitting, t, dt, modes, past):
        rest = 0.0
        for (half, solved), decay, weight, node in zip(
            coefficients, _DECAY, _WEIGHTS, _NODES[:-1], strict=True
        ):
            rest = splitting.remainder(t + node * dt, modes) + decay * rest
            known = modes + weight * dt * rest + times(half, modes)
            modes = times(solved, known)
        return modes, None
