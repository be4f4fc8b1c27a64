"""Where products of a Fourier scheme are evaluated so that they do not alias.

S. A. Orszag (1971), J. Atmos. Sci. 28, 1074: quadratic products of N modes are exact
on 3N/2 points, or on N points when only the lower 2N/3 modes are kept.
"""

import abc

import equinox as eqx


class AbstractDealiasing(eqx.Module):
    """Points for products and modes that take part, along one axis."""

    @abc.abstractmethod
    def points(self, modes: int) -> int:
        """Points along an axis where flux and source are evaluated."""

    @abc.abstractmethod
    def largest(self, modes: int) -> float:
        """Largest wave index along an axis that takes part."""


class Padded(AbstractDealiasing):
    """Evaluate on 3/2 as many points; every mode takes part."""

    def points(self, modes: int) -> int:
        return -(-3 * modes // 2)

    def largest(self, modes: int) -> float:
        return modes / 2


class Truncated(AbstractDealiasing):
    """Evaluate on the grid with the modes below N/3; others neither act nor move."""

    def points(self, modes: int) -> int:
        return modes

    def largest(self, modes: int) -> float:
        return (modes - 1) // 3


class Aliased(AbstractDealiasing):
    """Evaluate on the grid with every mode: cheapest, for smooth resolved fields."""

    def points(self, modes: int) -> int:
        return modes

    def largest(self, modes: int) -> float:
        return modes / 2
