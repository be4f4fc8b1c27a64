"""Probability laws of design variables, given by their quantile functions.

A law is cut off at the bounds of its variable: the quantile of p is
F^-1(F(lower) + p (F(upper) - F(lower))) with F the law's cumulative distribution.
"""

import abc
import dataclasses
import math

import numpy as np


class AbstractDistribution(abc.ABC):
    """A law of one real variable."""

    @abc.abstractmethod
    def quantile(self, p: np.ndarray, lower: float, upper: float) -> np.ndarray:
        """Values whose probability, within the bounds, is `p` (same shape as `p`)."""

    @abc.abstractmethod
    def mass(self, lower: float, upper: float) -> float:
        """Probability of the interval between the bounds."""

    @abc.abstractmethod
    def check(self, lower: float, upper: float) -> None:
        """Raise ValueError if the law and the bounds don't fit together."""


@dataclasses.dataclass(frozen=True)
class Uniform(AbstractDistribution):
    """Every value between `lower` and `upper` equally likely.

    Args:
        lower, upper: the support, inside the bounds of the variable [its unit].
    """

    lower: float
    upper: float

    def quantile(self, p: np.ndarray, lower: float, upper: float) -> np.ndarray:
        return self.lower + (self.upper - self.lower) * np.asarray(p)

    def mass(self, lower: float, upper: float) -> float:
        inside = min(upper, self.upper) - max(lower, self.lower)
        return max(inside, 0.0) / (self.upper - self.lower)

    def check(self, lower: float, upper: float) -> None:
        _require_finite(self)
        if not lower <= self.lower < self.upper <= upper:
            raise ValueError(
                f"Uniform({self.lower}, {self.upper}) is not inside the bounds "
                f"[{lower}, {upper}]; give a support with lower < upper inside them."
            )


@dataclasses.dataclass(frozen=True)
class Normal(AbstractDistribution):
    """The normal law, cut off at the bounds.

    Args:
        mean: mean before the cut [unit of the variable].
        deviation: standard deviation before the cut [unit of the variable].
    """

    mean: float
    deviation: float

    def quantile(self, p: np.ndarray, lower: float, upper: float) -> np.ndarray:
        from scipy.stats import truncnorm

        a, b = ((v - self.mean) / self.deviation for v in (lower, upper))
        return truncnorm.ppf(p, a, b, loc=self.mean, scale=self.deviation)

    def mass(self, lower: float, upper: float) -> float:
        return _normal_mass(
            (lower - self.mean) / self.deviation, (upper - self.mean) / self.deviation
        )

    def check(self, lower: float, upper: float) -> None:
        _require_finite(self)
        _require_positive(self, "deviation")
        _require_mass(self, lower, upper)


@dataclasses.dataclass(frozen=True)
class LogNormal(AbstractDistribution):
    """The law of a variable whose logarithm is normal, cut off at the bounds.

    Args:
        median: median before the cut [unit of the variable].
        deviation: standard deviation of the natural logarithm [1].
    """

    median: float
    deviation: float

    def quantile(self, p: np.ndarray, lower: float, upper: float) -> np.ndarray:
        from scipy.stats import truncnorm

        a, b = self._standard(lower), self._standard(upper)
        return self.median * np.exp(self.deviation * truncnorm.ppf(p, a, b))

    def mass(self, lower: float, upper: float) -> float:
        return _normal_mass(self._standard(lower), self._standard(upper))

    def check(self, lower: float, upper: float) -> None:
        _require_finite(self)
        _require_positive(self, "median")
        _require_positive(self, "deviation")
        if lower < 0:
            raise ValueError(
                f"LogNormal has the support (0, inf) but the lower bound is {lower}; "
                "raise the bound to zero or above, or use another law."
            )
        _require_mass(self, lower, upper)

    def _standard(self, value: float) -> float:
        if value <= 0:
            return -math.inf
        return math.log(value / self.median) / self.deviation


def to_record(distribution: AbstractDistribution) -> dict:
    """A JSON object that `from_record` turns back into the law."""
    numbers = vars(distribution).items()
    return {"law": type(distribution).__name__, **{k: float(v) for k, v in numbers}}


def from_record(record: dict) -> AbstractDistribution:
    """The law written by `to_record`."""
    laws = {law.__name__: law for law in (Uniform, Normal, LogNormal)}
    numbers = {name: value for name, value in record.items() if name != "law"}
    if record.get("law") not in laws:
        raise ValueError(
            f"Unknown law {record.get('law')!r} of a design variable; "
            f"known are {', '.join(laws)}."
        )
    return laws[record["law"]](**numbers)


def _normal_mass(a: float, b: float) -> float:
    from scipy.special import ndtr

    if a > 0:  # the upper tail loses digits as a difference of numbers near one
        a, b = -b, -a
    return float(ndtr(b) - ndtr(a))


def _require_finite(law: AbstractDistribution) -> None:
    for name, value in vars(law).items():
        if not math.isfinite(value):
            raise ValueError(
                f"{type(law).__name__}.{name} is {value}; give a finite number."
            )


def _require_positive(law: AbstractDistribution, name: str) -> None:
    if getattr(law, name) <= 0:
        raise ValueError(
            f"{type(law).__name__}.{name} is {getattr(law, name)}; it must be positive."
        )


def _require_mass(law: AbstractDistribution, lower: float, upper: float) -> None:
    mass = law.mass(lower, upper)
    if mass < 1e-3:
        raise ValueError(
            f"The bounds [{lower}, {upper}] hold only {mass:.1e} of the mass of {law}; "
            "widen the bounds or move the law."
        )
