"""The method of moving asymptotes, for a layout under several limits.

Near a design x every function is replaced by a convex one of the same value and slope,

    f(z) ≈ r + Σ_j p_j / (U_j - z_j) + q_j / (z_j - L_j),

with asymptotes L < z < U that close in where a variable goes back and forth. The
replaced problem is separable, so its dual, with one multiplier for each limit, is
solved at once. K. Svanberg (1987), The method of moving asymptotes, Int. J. Numer.
Methods Eng. 24, 359, doi:10.1002/nme.1620240207, equations 9 to 22.
"""

import dataclasses

import equinox as eqx
import numpy as np

_START, _CLOSE, _OPEN = 0.5, 0.7, 1.2
_NEAREST, _FARTHEST = 0.01, 10.0
_ALBEFA = 0.1
_CURVED = 1e-3
_FLAT = 1e-5
_LARGEST_MULTIPLIER = 1e4


class MovingAsymptotes(eqx.Module):
    """Svanberg's method, for any number of limits and sensitivities of any sign.

    Gradients are followed, so it does not go with a `SensitivityFilter`. Limits that a
    step cannot meet are missed by as little as possible.

    Args:
        move: largest change of a variable in one step, as a share of its range.
    """

    move: float = eqx.field(static=True, default=0.2)

    def __check_init__(self) -> None:
        if not 0 < self.move <= 1:
            raise ValueError(f"move = {self.move} must lie in (0, 1].")

    def start(
        self, design: np.ndarray, bounds: tuple[np.ndarray, np.ndarray]
    ) -> "Asymptotes":
        """Asymptotes of a first step from `design` (variables,) within `bounds`."""
        lower, upper = (np.asarray(b, float) for b in bounds)
        return Asymptotes(self.move, lower, upper, np.asarray(design, float))


@dataclasses.dataclass
class Asymptotes:
    """What the method remembers: asymptotes and the last two designs.

    Attributes:
        move: largest change of a variable, as a share of its range.
        lower: least design, (variables,).
        upper: greatest design, (variables,).
        design: x, the present one, (variables,).
        before: the designs before it, the latest last; at most two are needed.
        low: L, (variables,); `None` before the first step.
        high: U, (variables,); `None` before the first step.
    """

    move: float
    lower: np.ndarray
    upper: np.ndarray
    design: np.ndarray
    before: tuple[np.ndarray, ...] = ()
    low: np.ndarray | None = None
    high: np.ndarray | None = None

    def step(
        self, slope: np.ndarray, values: np.ndarray, slopes: np.ndarray
    ) -> np.ndarray:
        """Take one step and return the new design, (variables,).

        Args:
            slope: derivative of what is minimised, of the order of 1, (variables,).
            values: g of every limit g(x) <= 0, of the order of 1, (limits,).
            slopes: their derivatives, (limits, variables).
        """
        x, span = self.design, self.upper - self.lower
        free = span > 0
        span = np.where(free, span, 1.0)
        low, high = self._asymptotes(span)
        least = np.maximum(low + _ALBEFA * (x - low), x - self.move * span)
        most = np.minimum(high - _ALBEFA * (high - x), x + self.move * span)
        least, most = np.maximum(least, self.lower), np.minimum(most, self.upper)
        p, q = _coefficients(np.vstack([slope, slopes]), x, low, high, span)
        away = (p / (high - x) + q / (x - low))[1:].sum(axis=1)
        new = _separable_minimum(p, q, away - values, low, high, least, most)
        new = np.where(free, new, x)
        self.before, self.design = (*self.before[-1:], x), new
        self.low, self.high = low, high
        return new

    def _asymptotes(self, span):
        x = self.design
        if len(self.before) < 2 or self.low is None or self.high is None:
            return x - _START * span, x + _START * span
        older, old = self.before
        turned = (x - old) * (old - older)
        factor = np.where(turned < 0, _CLOSE, np.where(turned > 0, _OPEN, 1.0))
        near, far = _NEAREST * span, _FARTHEST * span
        below = np.clip(factor * (old - self.low), near, far)
        above = np.clip(factor * (self.high - old), near, far)
        return x - below, x + above


def _coefficients(slopes, x, low, high, span):
    """p and q of every function, (functions, variables), from its slopes."""
    rising, falling = np.maximum(slopes, 0.0), np.maximum(-slopes, 0.0)
    flat = _FLAT / span
    p = (high - x) ** 2 * ((1 + _CURVED) * rising + _CURVED * falling + flat)
    q = (x - low) ** 2 * (_CURVED * rising + (1 + _CURVED) * falling + flat)
    return p, q


def _separable_minimum(p, q, room, low, high, least, most):
    """The z where row 0 is least and rows 1, … are at most `room`, (variables,)."""
    from scipy.optimize import minimize

    def of(multipliers):
        weights = np.concatenate([[1.0], multipliers])
        up, down = np.sqrt(weights @ p), np.sqrt(weights @ q)
        z = np.clip((up * low + down * high) / (up + down), least, most)
        return z, p / (high - z) + q / (z - low)

    def dual(multipliers):
        _, terms = of(multipliers)
        totals = terms.sum(axis=1)
        excess = totals[1:] - room
        return -(totals[0] + multipliers @ excess), -excess

    found = minimize(
        dual,
        np.ones(len(room)),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, _LARGEST_MULTIPLIER)] * len(room),
        options={"ftol": 1e-15, "gtol": 1e-10, "maxiter": 500},
    )
    return of(found.x)[0]
