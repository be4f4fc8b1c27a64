"""Small matrices, one per wave number, stored with the modes last."""

import jax.numpy as jnp
from jaxtyping import Array, Complex


def times(
    matrix: Complex[Array, " m n *modes"], vector: Complex[Array, " n *modes"]
) -> Complex[Array, " m *modes"]:
    """Matrix times vector on every mode."""
    if matrix.shape[:2] == (1, 1):
        return matrix[0] * vector
    return jnp.sum(matrix * vector[None], axis=1)


def product(
    left: Complex[Array, "m k *modes"], right: Complex[Array, "k n *modes"]
) -> Complex[Array, " m n *modes"]:
    """Matrix times matrix on every mode."""
    if left.shape[1] == 0:
        shape = (left.shape[0], *right.shape[1:])
        return jnp.zeros(shape, jnp.result_type(left, right))
    return jnp.sum(left[:, :, None] * right[None], axis=1)


def identity_like(matrix: Complex[Array, "n n *modes"]) -> Complex[Array, "n n *modes"]:
    """The identity on every mode."""
    eye = jnp.eye(matrix.shape[0], dtype=matrix.dtype)
    ones = [1] * (matrix.ndim - 2)
    return jnp.broadcast_to(eye.reshape(*eye.shape, *ones), matrix.shape)


def inverse(matrix: Complex[Array, "n n *modes"]) -> Complex[Array, "n n *modes"]:
    """Inverse on every mode."""
    if len(matrix) <= 1:
        return 1 / matrix
    moved = jnp.moveaxis(matrix, (0, 1), (-2, -1))
    return jnp.moveaxis(jnp.linalg.inv(moved), (-2, -1), (0, 1))
