"""What a layout is judged by: weighted compliance, and limits beside it."""

import equinox as eqx
from jaxtyping import Array, Float

from ...physics import Problem
from ...solvers import AbstractLinearSolver, Mesh
from .compliance import compliance, simp
from .limit import AbstractLimit


class Objective(eqx.Module):
    """Weighted compliance of the load cases as a function of densities.

    Attributes:
        weights: of the load cases.
        penalty: p of SIMP.
        void: stiffness of an empty cell relative to the material.
        linear_solver: that of `solve_steady` if `None`.
        limits: on stress, temperature.
    """

    weights: tuple[Array, ...]
    penalty: Array
    void: Array
    linear_solver: AbstractLinearSolver | None
    limits: tuple[AbstractLimit, ...] = ()

    def __call__(
        self,
        problems: tuple[Problem, ...],
        mesh: Mesh,
        density: Float[Array, " cells"],
    ) -> Array:
        """c [J], shape ()."""
        stiffness = simp(density, self.penalty, self.void)
        cases = [
            weight
            * compliance(
                problem,
                mesh,
                stiffness,
                density=density,
                linear_solver=self.linear_solver,
            )
            for weight, problem in zip(self.weights, problems, strict=True)
        ]
        return sum(cases[1:], start=cases[0])

    def uses(
        self,
        problems: tuple[Problem, ...],
        mesh: Mesh,
        density: Float[Array, " cells"],
    ) -> list[tuple[Array, Array]]:
        """p-norm and largest value over what is allowed, of every limit."""
        stiffness = simp(density, self.penalty, self.void)
        solver = self.linear_solver
        return [
            limit.use(problems, mesh, density, stiffness, solver)
            for limit in self.limits
        ]
