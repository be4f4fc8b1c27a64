"""A limit on the von Mises stress of a layout.

The stress in the material of a cell with density ρ is taken as ρ^q D ε, D ε that of the
solid at the strain of the cell. With q < p it goes to 0 with the density, so that
material can vanish where the solid would be over the limit. M. Bruggi (2008), On an
alternative approach to stress constraints relaxation in topology optimization, Struct.
Multidisc. Optim. 36, 125, doi:10.1007/s00158-007-0203-6; C. Le et al. (2010), ibid. 41,
605, doi:10.1007/s00158-009-0440-y (q = 1/2).
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from ...physics.parameter import parameter
from ...solvers import FiniteElement, quadrature_stress
from .equilibrium import at_rest, differentiable_state
from .limit import AbstractLimit
from .scaled import scaled_problem


class StressLimit(AbstractLimit):
    """The von Mises stress in the middle of every cell is at most `limit`.

    Of all load cases. The middle is the mean over the quadrature points, where the
    stress of low-order cells is best.

    Args:
        limit: [Pa], > 0.
        power: p of the p-norm.
        relaxation: q, from 0.5 to below the penalty of SIMP, which
            `minimize_compliance` checks.

    Raises:
        ValueError: a number out of range.
    """

    limit: Array = parameter("limit", above=0.0, shape=())
    power: float = eqx.field(static=True, default=10.0)
    relaxation: float = eqx.field(static=True, default=0.5)

    def __check_init__(self) -> None:
        if not (self.power >= 2 and self.relaxation >= 0.5):
            raise ValueError(
                f"power = {self.power} must be at least 2 and relaxation = "
                f"{self.relaxation} at least 0.5, or cells without material have no "
                "derivative."
            )

    def squares(self, problems, mesh, density, stiffness, linear_solver):
        material = density ** (2.0 * self.relaxation)
        found = []
        for problem in problems:
            scheme = FiniteElement(scaled_problem(problem, stiffness, density), mesh)
            state = differentiable_state(at_rest(scheme, linear_solver))
            _, stress = quadrature_stress(FiniteElement(problem, mesh), state)
            squared = jax.vmap(_von_mises_squared)(stress.mean(axis=1))
            found.append(material * squared / self.limit**2)
        return jnp.concatenate(found)


def _von_mises_squared(stress):
    deviator = stress - jnp.trace(stress) / 3.0 * jnp.eye(3, dtype=stress.dtype)
    return 1.5 * jnp.sum(deviator**2)
