"""Manufactured problems: any smooth function made the exact solution of a law.

The source, the boundary data and the initial state that make it so are derived from
the law and the conditions themselves. P. J. Roache (2002), J. Fluids Eng. 124, 4.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from .balance_law import AbstractBalanceLaw, AbstractHyperbolicLaw, Component
from .boundary import (
    AbstractBoundaryCondition,
    AbstractEssentialCondition,
    AbstractNaturalCondition,
    Dirichlet,
    Outflow,
    acts_on,
)
from .incompressible import AbstractIncompressible
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

    Raises:
        TypeError: a law with memory, or a condition that cannot be shifted.
    """
    law = problem.law
    if not isinstance(law, AbstractBalanceLaw):
        raise TypeError(
            f"problem.law is a {type(law).__name__}, which is no AbstractBalanceLaw; "
            "a law with memory has no manufactured solutions."
        )
    forced = _Forced
    if isinstance(law, AbstractHyperbolicLaw):
        forced = _ForcedHyperbolic
    elif isinstance(law, AbstractIncompressible):
        forced = _ForcedIncompressible
    conditions = {
        name: _forced_conditions(law, conditions, exact)
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


class _ForcedHyperbolic(_Forced, AbstractHyperbolicLaw):
    law: AbstractHyperbolicLaw

    def max_wave_speed(self, t, x, u, normal):
        return self.law.max_wave_speed(t, x, u, normal)


class _ForcedIncompressible(_Forced, AbstractIncompressible):
    law: AbstractIncompressible


class _ExactInitial(eqx.Module):
    exact: Exact
    start: Array

    def __call__(self, x: Array) -> Array:
        return self.exact(self.start, x)


class _ForcedFlux(AbstractNaturalCondition):
    """The flux conditions of one part, shifted so that `exact` fulfils their sum."""

    law: AbstractBalanceLaw
    conditions: tuple[AbstractNaturalCondition | Outflow, ...]
    exact: Exact
    component_names: tuple[str, ...] | None = eqx.field(static=True)

    def _given_flux(self, t, x, normal, u):
        total = jnp.zeros_like(u)
        for condition in self.conditions:
            if isinstance(condition, Outflow):
                still = jnp.zeros((u.shape[0], x.shape[0]), u.dtype)
                leaving = self.law.flux(t, x, u, still) @ normal
            else:
                leaving = condition.normal_flux(t, x, normal, u)
            total = total + jnp.where(acts_on(condition, self.law), leaving, 0.0)
        return total

    def normal_flux(self, t, x, normal, u):
        value = self.exact(t, x)
        gradient = jax.jacfwd(lambda y: self.exact(t, y))(x)
        wanted = self.law.flux(t, x, value, gradient) @ normal
        missing = wanted - self._given_flux(t, x, normal, value)
        return self._given_flux(t, x, normal, u) + missing

    def residual(self, t, x, normal, u, grad_u, normal_flux):
        return normal_flux - self.normal_flux(t, x, normal, u)


def _forced_conditions(
    law: AbstractBalanceLaw,
    conditions: tuple[AbstractBoundaryCondition, ...],
    exact: Exact,
) -> tuple[AbstractBoundaryCondition, ...]:
    forced: list[AbstractBoundaryCondition] = []
    fluxes: list[AbstractNaturalCondition | Outflow] = []
    for condition in conditions:
        if isinstance(condition, AbstractEssentialCondition):
            forced.append(Dirichlet(exact, condition.component_names))
        elif isinstance(condition, AbstractNaturalCondition | Outflow):
            fluxes.append(condition)
        else:
            raise TypeError(
                f"manufactured cannot shift a {type(condition).__name__} condition; it "
                "knows essential and natural conditions and Outflow."
            )
    if fluxes:
        acted = np.any([acts_on(flux, law) for flux in fluxes], axis=0)
        names = tuple(
            component.name
            for component, acts in zip(law.components, acted, strict=True)
            if acts
        )
        forced.append(_ForcedFlux(law, tuple(fluxes), exact, names))
    return tuple(forced)
