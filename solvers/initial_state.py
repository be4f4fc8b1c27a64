"""The state at which a solve starts."""

import jax.numpy as jnp
from jaxtyping import Array

from .discretization import AbstractDiscretization


def initial_state(discretization: AbstractDiscretization) -> Array:
    """Project the initial state of the problem, or zero where it has none."""
    problem = discretization.problem
    shape = (len(problem.law.components),)

    def initial(x: Array) -> Array:
        value = 0.0 if problem.initial is None else problem.initial(x)
        return jnp.broadcast_to(jnp.asarray(value, x.dtype), shape)

    return discretization.project(initial)
