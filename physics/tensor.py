"""Algebra of second-order tensors at a point, as (3, 3) arrays.

Written in elementwise operations: schemes evaluate a material at all their points at
once, with the points as the last axis, where a matrix product of 3 by 3 would move
them. Nothing here divides by zero or takes the root of it.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

Tensor = Float[Array, "3 3"]


def identity(like: Array) -> Tensor:
    """The unit tensor in the dtype of `like`."""
    return jnp.eye(3, dtype=like.dtype)


def trace(a: Tensor) -> Array:
    return a[0, 0] + a[1, 1] + a[2, 2]


def symmetric(a: Tensor) -> Tensor:
    """The symmetric part; of a displacement gradient the small strain."""
    return 0.5 * (a + a.T)


def deviator(a: Tensor) -> Tensor:
    """The part without trace."""
    return a - trace(a) / 3 * identity(a)


def product(a: Tensor, b: Tensor) -> Tensor:
    """The matrix product."""
    return sum(a[:, k, None] * b[None, k] for k in range(1, 3)) + a[:, 0, None] * b[0]


def contraction(a: Tensor, b: Tensor) -> Array:
    """a:b, the sum of the products of the entries."""
    return jnp.sum(a * b)


def cofactor(a: Tensor) -> Tensor:
    """det(a) times the inverse transpose of a, a polynomial."""
    rows = jnp.concatenate([a, a[:2]])
    twice = jnp.concatenate([rows, rows[:, :2]], axis=1)
    return twice[1:4, 1:4] * twice[2:5, 2:5] - twice[1:4, 2:5] * twice[2:5, 1:4]


def determinant(a: Tensor) -> Array:
    return jnp.sum(a[0] * cofactor(a)[0])


def inverse(a: Tensor) -> Tensor:
    """The inverse; of a singular tensor not finite."""
    minors = cofactor(a)
    return minors.T / jnp.sum(a[0] * minors[0])


def volume_change(grad_u: Tensor) -> Array:
    """det(1 + grad u) - 1, without cancellation where the strain is small."""
    t = trace(grad_u)
    second = 0.5 * (t * t - trace(product(grad_u, grad_u)))
    return t + second + determinant(grad_u)


def green_lagrange(grad_u: Tensor) -> Tensor:
    """Green-Lagrange strain E = (grad u + grad uᵀ + grad uᵀ grad u)/2 [-].

    Args:
        grad_u: displacement gradient [-], shape (3, 3).

    Returns:
        Symmetric strain, zero under any rotation, shape (3, 3).
    """
    return symmetric(grad_u) + 0.5 * product(grad_u.T, grad_u)
