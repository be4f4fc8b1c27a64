"""The root of an increasing function of one number, differentiated implicitly.

What a material needs where a stress is known and a strain is not: the stretch of a
sheet, the plastic flow of a step. Newton's method, kept between two bounds.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array

STEPS = 60
"""Most iterations: bisection alone would reach round-off in 53."""


def scalar_root(
    function: Callable[[Array], Array], lower: Array, upper: Array, start: Array
) -> Array:
    """Find s with function(s) = 0 between two bounds.

    Works under `jit` and `vmap`. Derivatives of any order, forward and reverse, are
    those of the implicit function and see neither the bounds nor the start.

    Args:
        function: increasing through its root, differentiable, with values of shape ().
        lower: function(lower) <= 0, shape ().
        upper: function(upper) >= 0, shape ().
        start: first guess, shape ().

    Returns:
        The root to round-off, shape (). Not finite where the function is not; a bound
        where there is no root.
    """
    start = jnp.clip(start, lower, upper)
    lower, upper = jax.lax.stop_gradient((lower, upper))
    eps = jnp.finfo(start.dtype).eps
    width = upper - lower

    def solve(function, guess):
        def unfinished(carry):
            _, _, s, step, count = carry
            # Newton doubles the digits: a step of this size was the last needed.
            small = eps**0.6 * jnp.abs(s) + 4 * eps * width
            return (jnp.abs(step) > small) & (count < STEPS)

        def improve(carry):
            lower, upper, s, _, count = carry
            value, slope = jax.jvp(function, (s,), (jnp.ones_like(s),))
            lower = jnp.where(value < 0, s, lower)
            upper = jnp.where(value > 0, s, upper)
            newton = s - value / slope
            inside = (newton >= lower) & (newton <= upper)
            new = jnp.where(inside, newton, 0.5 * (lower + upper))
            new = jnp.where(value == 0, s, new)
            return lower, upper, new, new - s, count + 1

        begin = (lower, upper, guess, jnp.full_like(guess, jnp.inf), 0)
        return jax.lax.while_loop(unfinished, improve, begin)[2]

    def solve_tangent(linear, y):
        return y / linear(jnp.ones_like(y))

    return jax.lax.custom_root(
        function, jax.lax.stop_gradient(start), solve, solve_tangent
    )
