"""A limit on the temperature of a layout that conducts heat."""

import math

import equinox as eqx
from jax.core import Tracer
from jaxtyping import Array

from ...physics import Problem
from ...physics.parameter import parameter
from ...solvers import FiniteElement
from .compliance import simp
from .equilibrium import at_rest, differentiable_state
from .limit import AbstractLimit
from .scaled import scaled_conduction


class TemperatureLimit(AbstractLimit):
    """The temperature at every node is at most `limit`.

    The material of the layout conducts; its conductivity follows the densities as the
    stiffness does. Heat sources do not depend on the design.

    Args:
        problem: steady `HeatConduction` on the mesh of the layout, linear.
        limit: [K].
        reference: temperature [K] that counts as none, such as that of the coolant; no
            temperature lies below it.
        penalty: p of the conductivity, at least 1.
        void: conductivity of an empty cell relative to the material.
        power: p of the p-norm.

    Raises:
        ValueError: a limit not above the reference, or a number out of range.
        TypeError: a problem without heat conduction.
    """

    problem: Problem
    limit: Array = parameter("limit", shape=())
    reference: Array = parameter("reference", shape=())
    penalty: float = eqx.field(static=True, default=3.0)
    void: float = eqx.field(static=True, default=1e-3)
    power: float = eqx.field(static=True, default=10.0)

    def __check_init__(self) -> None:
        traced = isinstance(self.limit, Tracer) or isinstance(self.reference, Tracer)
        if not traced and not float(self.limit) > float(self.reference):
            raise ValueError(
                f"limit = {float(self.limit)} K must exceed reference = "
                f"{float(self.reference)} K."
            )
        if not (0 < self.void < 1 and 2 <= self.power < math.inf):
            raise ValueError(
                f"void = {self.void} must lie between 0 and 1 and power = {self.power} "
                "be at least 2."
            )
        if not 1 <= self.penalty < math.inf:
            raise ValueError(
                f"penalty = {self.penalty} must be at least 1: below, half a cell of "
                "material conducts more than half as well."
            )

    def squares(self, problems, mesh, density, stiffness, linear_solver):
        share = simp(density, self.penalty, self.void)
        scheme = FiniteElement(scaled_conduction(self.problem, share), mesh)
        state = differentiable_state(at_rest(scheme, None))
        return ((state[0] - self.reference) / (self.limit - self.reference)) ** 2
