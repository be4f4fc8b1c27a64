"""Slope limiters: the change of u across a cell from the changes to its neighbours.

Each maps the differences to the left and right neighbour to one slope per cell and
keeps a monotone profile monotone; `unlimited` does not. P. K. Sweby (1984), SIAM J.
Numer. Anal. 21, 995; R. J. LeVeque (2002), section 6.11. Second order on smooth
monotone data, first order at extrema except for `unlimited`.
"""

import jax.numpy as jnp
from jaxtyping import Array


def minmod(left: Array, right: Array) -> Array:
    """The smaller difference, zero at an extremum: the most dissipative."""
    smaller = jnp.where(jnp.abs(left) < jnp.abs(right), left, right)
    return jnp.where(left * right > 0, smaller, 0)


def van_leer(left: Array, right: Array) -> Array:
    """Harmonic mean, smooth except at extrema (B. van Leer 1974)."""
    product = left * right
    monotone = product > 0
    total = jnp.where(monotone, left + right, 1)
    return jnp.where(monotone, 2 * product / total, 0)


def monotonized_central(left: Array, right: Array) -> Array:
    """Central slope, at most twice either difference (B. van Leer 1977)."""
    return minmod(0.5 * (left + right), 2 * minmod(left, right))


def superbee(left: Array, right: Array) -> Array:
    """The steepest slope that keeps monotonicity (P. L. Roe 1985)."""
    first, second = minmod(2 * left, right), minmod(left, 2 * right)
    return jnp.where(jnp.abs(first) > jnp.abs(second), first, second)


def unlimited(left: Array, right: Array) -> Array:
    """Central slope: second order everywhere on smooth data, oscillates at jumps."""
    return 0.5 * (left + right)
