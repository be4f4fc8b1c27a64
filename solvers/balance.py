"""The nonlinear equations that a steady state and an implicit stage solve."""

import abc
from typing import Self

import equinox as eqx
from jaxtyping import Array

from .discretization import AbstractDiscretization


class AbstractBalance(eqx.Module):
    """F(U) = 0 on the degrees of freedom of a discretisation."""

    discretization: eqx.AbstractVar[AbstractDiscretization]
    t: eqx.AbstractVar[Array]

    @abc.abstractmethod
    def residual(self, state: Array) -> Array:
        """F(U), shaped like the state; u - g on essential rows."""

    @abc.abstractmethod
    def jacobian(self, state: Array):
        """dF/dU at a state that holds the essential values."""

    def prepared(self) -> Self:
        """Equal to this one, with what does not depend on the state computed."""
        scheme = self.discretization.prepared(self.t)
        return eqx.tree_at(lambda this: this.discretization, self, scheme)


class SteadyBalance(AbstractBalance):
    """inflow(t, U) = 0.

    Args:
        discretization: the problem on its grid or mesh.
        t: time at which parameters are evaluated [s].
    """

    discretization: AbstractDiscretization
    t: Array

    def residual(self, state):
        return self.discretization.steady_residual(self.t, state)

    def jacobian(self, state):
        return self.discretization.jacobian(self.t, state, 0.0, 1.0)


class StageBalance(AbstractBalance):
    """storage(t, U) - inflow_weight inflow(t, U) = known.

    Args:
        discretization: the problem on its grid or mesh.
        t: time of the stage [s].
        inflow_weight: what the inflow counts for [s], such as γ dt.
        known: what earlier times and stages give [storage unit].
    """

    discretization: AbstractDiscretization
    t: Array
    inflow_weight: Array
    known: Array

    def residual(self, state):
        scheme, t = self.discretization, self.t
        held = scheme.constrain(t, state)
        supply = self.inflow_weight * scheme.inflow(t, held)
        balance = scheme.storage(t, held) - supply - self.known
        return scheme.close(state - held, scheme.gather(balance))

    def jacobian(self, state):
        return self.discretization.jacobian(self.t, state, 1.0, self.inflow_weight)
