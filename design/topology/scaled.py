"""Problems whose material is partly there, cell by cell."""

from collections.abc import Callable

import equinox as eqx
from jaxtyping import Array, Float

from ...physics import AbstractSolid, HeatConduction, Problem, ScaledElastic
from ...physics.cell_field import CellField


class Scaled(eqx.Module):
    """A function of a law, such as a body force f(t, x), times a factor."""

    function: Callable[..., Array]
    factor: CellField

    def __call__(self, *args: Array) -> Array:
        return self.factor * self.function(*args)  # pyright: ignore[reportOperatorIssue]


def scaled_problem(
    problem: Problem,
    stiffness: Float[Array, " cells"],
    density: Float[Array, " cells"] | None = None,
) -> Problem:
    """The problem with the material of each cell scaled in stiffness and weight.

    Args:
        problem: a linear solid.
        stiffness: of each cell relative to the material, (cells,).
        density: share of material in each cell, which scales the body force, (cells,);
            `None` leaves the body force as it is.

    Raises:
        TypeError: a law that is no solid.
    """
    law = problem.law
    if not isinstance(law, AbstractSolid):
        raise TypeError(
            f"problem.law is a {type(law).__name__}; topology optimisation for "
            "stiffness needs a solid: Solid, PlaneStress, PlaneStrain or Axisymmetric."
        )
    material = ScaledElastic(law.material, CellField(stiffness))
    scaled = eqx.tree_at(lambda p: p.law.material, problem, material)
    force = problem.law.body_force  # pyright: ignore[reportAttributeAccessIssue]
    if force is None or density is None:
        return scaled
    weight = Scaled(force, CellField(density))
    return eqx.tree_at(lambda p: p.law.body_force, scaled, weight)


def scaled_conduction(
    problem: Problem, conductivity: Float[Array, " cells"]
) -> Problem:
    """The problem with the conductivity of each cell scaled.

    Raises:
        TypeError: a law that is no heat conduction.
    """
    law = problem.law
    if not isinstance(law, HeatConduction):
        raise TypeError(
            f"problem.law is a {type(law).__name__}; a temperature limit needs "
            "HeatConduction."
        )
    scaled = Scaled(law.conductivity, CellField(conductivity))
    return eqx.tree_at(lambda p: p.law.conductivity, problem, scaled)
