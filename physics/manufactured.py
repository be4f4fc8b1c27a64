"""Manufactured problems: any smooth function made the exact solution of a law.

The source, the boundary data and the initial state that make it so are derived from
the law and the conditions themselves. P. J. Roache (2002), J. Fluids Eng. 124, 4.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from .balance_law import AbstractBalanceLaw, AbstractHyperbolicLaw, Component
from .boundary import (
    AbstractBoundaryCondition,
    AbstractEssentialCondition,
    AbstractNaturalCondition,
    Dirichlet,
    Outflow,
)
from .problem import Problem
from .residual import autodiff_jet, strong_residual

Exact = Callable[[Array, Array], Array]


def manufactured(problem: Problem, exact: Exact) -> Problem:
    """Return the problem of the same law and condition types that `exact` solves.

    Args:
        problem: law, domain and the kind of condition on each boundary part.
        exact: callable of (t, x) with values (components,), twice differentiable.

    Returns:
        A problem with a source added to the law, Dirichlet values taken from `exact`,
        natural conditions shifted so that `exact` fulfils them, and the initial state
        of `exact` at the start of the interval.
    """
    law = problem.law
    forced = _ForcedHyperbolic if isinstance(law, AbstractHyperbolicLaw) else _Forced
    conditions = {
        name: tuple(_forced_condition(law, held, exact) for held in conditions)
        for name, conditions in problem.conditions.items()
    }
    initial = None
    if problem.interval is not None:
        initial = _ExactInitial(exact, problem.interval[0])
    return Problem(
        forced(law, exact), problem.domain, conditions, initial, problem.interval
    )


def _forcing(law: AbstractBalanceLaw, exact: Exact, t: Array, x: Array) -> Array:
    return strong_residual(law, t, x, autodiff_jet(exact, t, x))


class _Forced(AbstractBalanceLaw):
    law: AbstractBalanceLaw
    exact: Exact

    @property
    def components(self) -> tuple[Component, ...]:
        return self.law.components

    def storage(self, t, x, u):
        return self.law.storage(t, x, u)

    def flux(self, t, x, u, grad_u):
        return self.law.flux(t, x, u, grad_u)

    def source(self, t, x, u, grad_u):
        forcing = _forcing(self.law, self.exact, t, x)
        return self.law.source(t, x, u, grad_u) + forcing


class _ForcedHyperbolic(AbstractHyperbolicLaw):
    law: AbstractHyperbolicLaw
    exact: Exact

    @property
    def components(self) -> tuple[Component, ...]:
        return self.law.components

    def storage(self, t, x, u):
        return self.law.storage(t, x, u)

    def flux(self, t, x, u, grad_u):
        return self.law.flux(t, x, u, grad_u)

    def source(self, t, x, u, grad_u):
        forcing = _forcing(self.law, self.exact, t, x)
        return self.law.source(t, x, u, grad_u) + forcing

    def max_wave_speed(self, t, x, u, normal):
        return self.law.max_wave_speed(t, x, u, normal)


class _ExactInitial(eqx.Module):
    exact: Exact
    start: Array

    def __call__(self, x: Array) -> Array:
        return self.exact(self.start, x)


class _ForcedFlux(AbstractNaturalCondition):
    """The given condition plus what is missing for `exact` to fulfil it."""

    law: AbstractBalanceLaw
    condition: AbstractNaturalCondition | Outflow
    exact: Exact
    component_names: tuple[str, ...] | None = eqx.field(static=True)

    def _free_flux(self, t, x, normal, u):
        if isinstance(self.condition, AbstractNaturalCondition):
            return self.condition.normal_flux(t, x, normal, u)
        still = jnp.zeros((u.shape[0], x.shape[0]), u.dtype)
        return self.law.flux(t, x, u, still) @ normal

    def normal_flux(self, t, x, normal, u):
        value = self.exact(t, x)
        gradient = jax.jacfwd(lambda y: self.exact(t, y))(x)
        wanted = self.law.flux(t, x, value, gradient) @ normal
        missing = wanted - self._free_flux(t, x, normal, value)
        return self._free_flux(t, x, normal, u) + missing

    def residual(self, t, x, normal, u, grad_u, normal_flux):
        return normal_flux - self.normal_flux(t, x, normal, u)


def _forced_condition(
    law: AbstractBalanceLaw, condition: AbstractBoundaryCondition, exact: Exact
) -> AbstractBoundaryCondition:
    if isinstance(condition, AbstractEssentialCondition):
        return Dirichlet(exact, condition.component_names)
    if isinstance(condition, AbstractNaturalCondition | Outflow):
        return _ForcedFlux(law, condition, exact, condition.component_names)
    raise TypeError(
        f"manufactured cannot shift a {type(condition).__name__} condition; it knows "
        "essential and natural conditions and Outflow."
    )
