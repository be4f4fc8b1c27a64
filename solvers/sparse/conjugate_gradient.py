"""Preconditioned conjugate gradients for a batch, each member until it is done."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax


class Iteration(NamedTuple):
    """Result of `conjugate_gradient`.

    Attributes:
        value: (*space, batch) last finite iterate.
        residual: (batch,) relative residual of the recursion.
        finite: (batch,) bool, whether everything stayed finite.
        steps: (batch,) int32, iterations of each member.
    """

    value: jax.Array
    residual: jax.Array
    finite: jax.Array
    steps: jax.Array


def conjugate_gradient(
    multiply: Callable,
    precondition: Callable,
    rhs: jax.Array,
    *,
    tolerance: jax.Array,
    max_steps: int,
) -> Iteration:
    """Solve `A x = b` for symmetric positive definite `A`.

    A member of the batch is frozen when its residual is below `tolerance` times its
    right-hand side, when a number stops being finite, or when a direction without
    positive curvature shows that its matrix is not positive definite.

    Args:
        multiply: `A` times (*space, batch).
        precondition: a symmetric positive definite approximation of `A⁻¹`, given
            residuals of norm one, so that it may compute in single precision.
        rhs: (*space, batch).
        tolerance: (batch,) or (1,) relative residual, Euclidean norm.
        max_steps: limit of iterations.

    Reference:
        Saad (2003), Iterative methods for sparse linear systems, algorithm 9.1.
    """
    space = tuple(range(rhs.ndim - 1))
    norm = jnp.sqrt(jnp.sum(rhs**2, axis=space))
    threshold = tolerance * norm

    def running(state):
        return state[-1].any() & (state[-2].max() < max_steps)

    def step(state):
        x, r, p, rz, residual, finite, steps, active = state
        size = jnp.where(jnp.isfinite(residual) & (residual > 0), residual, 1)
        z = size * precondition(r / size)
        rz_next = jnp.sum(r * z, axis=space)
        p = jnp.where(steps == 0, z, z + rz_next / rz * p)
        image = multiply(p)
        curvature = jnp.sum(p * image, axis=space)
        length = rz_next / curvature
        r_next = r - length * image
        residual_next = jnp.sqrt(jnp.sum(r_next**2, axis=space))
        usable = jnp.isfinite(length) & jnp.isfinite(residual_next)
        accepted = active & usable & (curvature > 0)
        x = jnp.where(accepted, x + length * p, x)
        r = jnp.where(accepted, r_next, r)
        residual = jnp.where(accepted, residual_next, residual)
        finite = finite & (usable | ~active)
        steps = steps + accepted
        active = accepted & (residual > threshold)
        return x, r, p, rz_next, residual, finite, steps, active

    finite = jnp.isfinite(norm)
    start = (jnp.zeros_like(rhs), jnp.where(finite, rhs, 0), jnp.zeros_like(rhs))
    steps = jnp.zeros(norm.shape, jnp.int32)
    active = finite & (norm > threshold)
    state = (*start, jnp.ones_like(norm), norm, finite, steps, active)
    x, _, _, _, residual, finite, steps, _ = lax.while_loop(running, step, state)
    return Iteration(x, residual / jnp.where(norm == 0, 1, norm), finite, steps)
