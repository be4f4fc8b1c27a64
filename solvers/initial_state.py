"""The state at which a solve starts."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..physics import (
    AbstractBoundaryCondition,
    AbstractEssentialCondition,
    AbstractIncompressible,
    Radiation,
    Robin,
    acts_on,
)
from ..physics.solid import AbstractSolid
from .discretization import AbstractDiscretization


def initial_state(discretization: AbstractDiscretization) -> Array:
    """Project the initial state of the problem.

    Where it has none, the state is uniform: 1 % above the mean of the prescribed and
    the ambient values, where radiation has a slope and so has a film coefficient that
    vanishes at the ambient value; zero where there are no such values, and for solids
    and incompressible media, which are at rest.
    """
    problem = discretization.problem
    shape = (len(problem.law.components),)
    rests = isinstance(problem.law, AbstractSolid | AbstractIncompressible)
    level = (
        0.0 if rests or problem.initial is not None else _surroundings(discretization)
    )

    def initial(x: Array) -> Array:
        value = level if problem.initial is None else problem.initial(x)
        return jnp.broadcast_to(jnp.asarray(value, x.dtype), shape)

    return discretization.project(initial)


def _surroundings(discretization) -> Float[Array, " components"]:
    """A level slightly off the mean of all prescribed and ambient values."""
    problem, points = discretization.problem, discretization.coordinates()
    count = len(problem.law.components)
    t = jnp.zeros((), points.dtype)
    if problem.interval is not None:
        t = problem.interval[0].astype(points.dtype)
    total, number = jnp.zeros(count, points.dtype), jnp.zeros(count, int)
    for conditions in problem.conditions.values():
        for condition in conditions:
            far = _far_value(condition)
            if far is None:
                continue
            at_point = lambda x, far=far: jnp.broadcast_to(far(t, x), (count,))
            values = jax.vmap(at_point)(points)
            # A function given for one part may not be finite at all points.
            counted = acts_on(condition, problem.law) & jnp.isfinite(values)
            total = total + jnp.sum(jnp.where(counted, values, 0.0), axis=0)
            number = number + jnp.sum(counted, axis=0)
    mean = total / jnp.maximum(number, 1)
    return jnp.where(number > 0, 1.01 * mean + 0.01, 0.0)


def _far_value(condition: AbstractBoundaryCondition) -> Callable[..., Array] | None:
    if isinstance(condition, AbstractEssentialCondition):
        return condition.value
    if isinstance(condition, Robin | Radiation):
        return condition.ambient
    return None
