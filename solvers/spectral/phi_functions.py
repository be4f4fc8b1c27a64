"""The functions φ of exponential integrators, of complex numbers and small matrices.

φ0(z) = e^z, φk+1(z) = (φk(z) - 1/k!) / z. M. Hochbruck and A. Ostermann (2010), Acta
Numerica 19, 209, section 2. Where the formula cancels a Taylor series takes its place;
matrices are halved until the series converges and doubled back.
"""

import math

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Complex

from .mode_matrix import identity_like, product

_TERMS = 20
_DOUBLINGS = 40


def phi_functions(
    matrix: Complex[Array, "n n *modes"], count: int
) -> list[Complex[Array, "n n *modes"]]:
    """φ0, ..., φcount of a matrix on every mode.

    Derivatives exist everywhere, also at zero. Complex symbols stay complex: the real
    part alone would lose the order of dispersive laws.

    Args:
        matrix: dt L, on every mode.
        count: highest index, at most 4.
    """
    if matrix.shape[0] == 1:
        return _of_numbers(matrix, count)
    return _of_matrices(matrix, count)


def _series(z, count: int, multiply, one):
    """φ0 to φcount where |z| <= 1: Σ z^n / (n + count)!, then φk = z φk+1 + 1/k!."""
    terms = jnp.array([1 / math.factorial(n + count) for n in range(_TERMS, -1, -1)])
    add = lambda total, term: (multiply(z, total) + one * term.astype(z.dtype), None)
    values = [lax.scan(add, jnp.zeros_like(one), terms)[0]]
    for k in reversed(range(count)):
        values.insert(0, multiply(z, values[0]) + one * (1 / math.factorial(k)))
    return values


def _of_numbers(z, count):
    small = jnp.abs(z) < 1
    # Both branches must be finite for derivatives of the one that is taken.
    near, far = jnp.where(small, z, 0.0), jnp.where(small, 1.0, z)
    series = _series(near, count, jnp.multiply, jnp.ones_like(z))
    values, formula = [jnp.exp(z)], jnp.exp(far)
    for k in range(1, count + 1):
        formula = (formula - 1 / math.factorial(k - 1)) / far
        values.append(jnp.where(small, series[k], formula))
    return values


def _of_matrices(z, count):
    """Scaling and doubling: φk(2z) = 2^-k (φ0 φk + Σ_j φj / (k - j)!)."""
    size = lax.stop_gradient(jnp.max(jnp.sum(jnp.abs(z), axis=1), axis=0))
    exponent = jnp.ceil(jnp.log2(jnp.maximum(size, 1.0)))
    doublings = jnp.minimum(exponent, _DOUBLINGS)
    scaled = z * jnp.exp2(-doublings)
    one = identity_like(z)
    start = _series(scaled, count, product, one)

    def double(values, n):
        doubled = [product(values[0], values[0])]
        for k in range(1, count + 1):
            total = product(values[0], values[k])
            for j in range(1, k + 1):
                total = total + values[j] / math.factorial(k - j)
            doubled.append(total / 2**k)
        more = n < doublings
        kept = [
            jnp.where(more, new, old) for new, old in zip(doubled, values, strict=True)
        ]
        return kept, None

    return lax.scan(double, start, jnp.arange(_DOUBLINGS))[0]
