"""Solids whose material remembers what it went through, in small strain.

The history holds what part of the deformation is not elastic; the rest stresses the
elastic material of the solid. Over a step such a solid is one of a
`MaterialOverStep`, so whatever schemes do with a solid they do with it too.
"""

import abc
from typing import Any

import equinox as eqx
from jaxtyping import Array

from .balance_law import AbstractBalanceLaw, Component
from .elastic import AbstractSmallStrainMaterial
from .history_law import AbstractHistoryLaw, History, OverStep
from .solid import AbstractSolid
from .tensor import Tensor


class AbstractHistorySolid(AbstractHistoryLaw):
    """A solid at rest with memory; `solid` is its elastic part."""

    solid: eqx.AbstractVar[AbstractSolid]

    @abc.abstractmethod
    def elastic_part(self, grad_u: Tensor, history: History) -> Tensor:
        """The displacement gradient [-] that stresses the elastic material, (3, 3).

        Args:
            grad_u: displacement gradient [-] in three dimensions, shape (3, 3).
            history: of the same moment.
        """

    @abc.abstractmethod
    def advance(
        self, grad_u: Tensor, temperature: Array | None, history: History, dt: Array
    ) -> History:
        """History at the end of a step that ends with that displacement gradient.

        Args:
            grad_u: displacement gradient [-] in three dimensions, shape (3, 3).
            temperature: T [K] at the end, shape (), or `None`.
            history: at the start of the step.
            dt: length of the step [s].
        """

    @property
    def components(self) -> tuple[Component, ...]:
        return self.solid.components

    def storage(self, t, x, u):
        return self.solid.storage(t, x, u)

    def update(self, t, x, u, grad_u, history, dt):
        deformed = self.solid.deformation(t, x, u, grad_u)
        history = self.advance(deformed, self.solid.temperature_at(t, x), history, dt)
        stress = self.stress(t, x, u, grad_u, history)
        return self.solid.momentum_flux(x, stress), history

    def source(self, t, x, u, grad_u, history):
        stress = self.stress(t, x, u, grad_u, history)
        return self.solid.momentum_source(t, x, stress)

    def stress(self, t, x, u, grad_u, history: History) -> Tensor:
        """Stress [Pa] of a point with that history, shape (3, 3)."""
        elastic = self.elastic_part(self.solid.deformation(t, x, u, grad_u), history)
        return self.solid.material.stress(elastic, self.solid.temperature_at(t, x))


class MaterialOverStep(AbstractSmallStrainMaterial):
    """What the material of a solid with memory is over one step.

    Args:
        law: the solid with memory.
        history: at the start of the step.
        dt: length of the step [s].
    """

    law: AbstractHistorySolid
    history: History
    dt: Array

    def stress(self, grad_u, temperature=None):
        return self._material.stress(self._elastic(grad_u, temperature), temperature)

    def energy(self, grad_u, temperature=None):
        return self._material.energy(self._elastic(grad_u, temperature), temperature)

    def advanced(self, grad_u: Tensor, temperature: Array | None = None) -> History:
        """History at the end of the step."""
        return self.law.advance(grad_u, temperature, self.history, self.dt)

    @property
    def _material(self):
        return self.law.solid.material

    def _elastic(self, grad_u, temperature):
        return self.law.elastic_part(grad_u, self.advanced(grad_u, temperature))


def over_step(law: AbstractHistoryLaw, history: Any, dt: Any) -> AbstractBalanceLaw:
    """The balance law that a law with memory is over one step.

    Args:
        law: the law with memory.
        history: at the start of the step.
        dt: length of the step [s].

    Returns:
        For a solid with memory the solid of a `MaterialOverStep`, else an `OverStep`.
    """
    if isinstance(law, AbstractHistorySolid):
        material = MaterialOverStep(law, history, dt)
        return eqx.tree_at(lambda solid: solid.material, law.solid, material)
    return OverStep(law, history, dt)
