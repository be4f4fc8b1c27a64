"""Named design quantities of a solution."""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
from jax.scipy.special import logsumexp
from jaxtyping import Array

from .discretization import AbstractDiscretization
from .solution import Solution


class Quantity(eqx.Module):
    """One number an engineer asks of a solution.

    Args:
        name: identifier in data sets.
        unit: SI unit string.
        evaluate: (discretization, solution) -> scalar, smooth where derivatives are
            claimed.
        long_name: description; the name when omitted.
        report: (discretization, solution) -> scalar reported beside `evaluate` when
            that is a smooth stand-in, such as the true maximum.
    """

    name: str = eqx.field(static=True)
    unit: str = eqx.field(static=True)
    evaluate: Callable[[AbstractDiscretization, Solution], Array]
    long_name: str = eqx.field(static=True, default="")
    report: Callable[[AbstractDiscretization, Solution], Array] | None = None

    def __call__(self, solution: Solution) -> Array:
        return self.evaluate(solution.discretization, solution)


def smooth_maximum(values: Array, sharpness: Array | float) -> Array:
    """Smooth stand-in for the maximum, from below: log-mean-exp with a stated scale.

    log(mean(exp(sharpness * v))) / sharpness lies between the mean and the maximum and
    differs from the maximum by at most log(n) / sharpness.

    Args:
        values: any shape.
        sharpness: [1 / unit of values], > 0.

    Returns:
        Scalar in the unit of `values`.
    """
    flat = values.ravel()
    return (logsumexp(sharpness * flat) - jnp.log(flat.size)) / sharpness
