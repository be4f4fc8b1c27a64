"""Laws whose flux depends on the past: d storage/dt + div flux = source.

What a point went through is its history, a pytree of arrays that a scheme keeps at each
of its quadrature points and replaces when a step is accepted.
"""

import abc
from typing import Any

import equinox as eqx
from jaxtyping import Array, Float

from .balance_law import AbstractBalanceLaw, Component

History = Any
"""A pytree of arrays at one point, as the law defines it."""


class AbstractHistoryLaw(eqx.Module):
    """A balance law with memory, one point at a time.

    Over a step of length dt, from the history at its start,

        flux, history = update(t, x, u, grad_u, history, dt)
        d storage(t, x, u) / dt + div flux = source(t, x, u, grad_u, history)

    with u, grad_u and the returned history at the end of the step, and in `source` that
    returned history. Derivatives through `update` are the consistent tangent. Shapes
    are those of `AbstractBalanceLaw`.

    It is no `AbstractBalanceLaw`: a field at one time has no strong residual, so there
    are no physics-informed networks and no manufactured solutions of such a law.
    """

    @property
    @abc.abstractmethod
    def components(self) -> tuple[Component, ...]:
        """Names, units and long names of the unknowns, in order."""

    @property
    @abc.abstractmethod
    def history_components(self) -> tuple[Component, ...]:
        """Names, units and long names of the arrays of a history, in the order of its
        leaves."""

    @abc.abstractmethod
    def initial_history(self) -> History:
        """The history of a point to which nothing has happened."""

    @abc.abstractmethod
    def storage(
        self, t: Array, x: Float[Array, " dim"], u: Float[Array, " components"]
    ) -> Float[Array, " components"]:
        """Amount stored per volume [storage unit m^-dim]."""

    @abc.abstractmethod
    def update(
        self,
        t: Array,
        x: Float[Array, " dim"],
        u: Float[Array, " components"],
        grad_u: Float[Array, "components dim"],
        history: History,
        dt: Array,
    ) -> tuple[Float[Array, "components dim"], History]:
        """Flux and history at the end of a step."""

    @abc.abstractmethod
    def source(
        self,
        t: Array,
        x: Float[Array, " dim"],
        u: Float[Array, " components"],
        grad_u: Float[Array, "components dim"],
        history: History,
    ) -> Float[Array, " components"]:
        """Amount made per volume and second, with the history after the update."""


class OverStep(AbstractBalanceLaw):
    """The balance law that a law with memory is over one step.

    Args:
        law: the law with memory.
        history: at the start of the step.
        dt: length of the step [s].
    """

    law: AbstractHistoryLaw
    history: History
    dt: Array

    @property
    def components(self) -> tuple[Component, ...]:
        return self.law.components

    def storage(self, t, x, u):
        return self.law.storage(t, x, u)

    def flux(self, t, x, u, grad_u):
        return self.law.update(t, x, u, grad_u, self.history, self.dt)[0]

    def source(self, t, x, u, grad_u):
        history = self.advanced(t, x, u, grad_u)
        return self.law.source(t, x, u, grad_u, history)

    def advanced(self, t, x, u, grad_u) -> History:
        """History at the end of the step."""
        return self.law.update(t, x, u, grad_u, self.history, self.dt)[1]
