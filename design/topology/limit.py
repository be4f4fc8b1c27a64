"""Limits on what happens at every place of a layout, gathered into one number.

The largest value has no derivative; the p-norm below it has. Scaled so that both agreed
in the last steps, it meets the limit itself as the layout comes to rest: C. Le et al.
(2010), Stress-based topology optimization for continua, Struct. Multidisc. Optim. 41,
605, doi:10.1007/s00158-009-0440-y, section 5.
"""

import abc

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ...physics import Problem
from ...solvers import AbstractLinearSolver, Mesh


class AbstractLimit(eqx.Module):
    """A limit on a field that the layout determines."""

    power: eqx.AbstractVar[float]

    @abc.abstractmethod
    def squares(
        self,
        problems: tuple[Problem, ...],
        mesh: Mesh,
        density: Float[Array, " cells"],
        stiffness: Float[Array, " cells"],
        linear_solver: AbstractLinearSolver | None,
    ) -> Float[Array, " places"]:
        """Squares of value over limit at every place: differentiable where it is 0."""

    def use(self, *given) -> tuple[Array, Array]:
        """The p-norm and the largest of value over limit, each of shape ().

        The p-norm is a mean, (Σ v^p / n)^(1/p), and lies below the largest value.
        """
        squares = self.squares(*given)
        largest = jnp.sqrt(jnp.max(squares))
        mean = jnp.mean(squares ** (0.5 * self.power))
        return mean ** (1.0 / self.power), largest
