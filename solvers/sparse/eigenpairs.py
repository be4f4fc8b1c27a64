"""Eigenpairs of K φ = λ M φ, sparse and symmetric, differentiable in both matrices.

The pairs are found on the host. An eigenvalue changes by φᵀ(dK - λ dM)φ; a vector by
the solution of (K - λ M) dφ = -(dK - dλ M - λ dM) φ that keeps φᵀMφ = 1 (Nelson).
Within a cluster single pairs have no derivative; sums over the cluster have, and the
rule here gives them: the trace of the projected matrix.
"""

from functools import lru_cache, partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .direct import DirectSolver
from .eigensolver import ROUND_OFF, solve_on_host
from .matrix import SparseMatrix
from .pattern import SparsityPattern


class Eigenpairs(NamedTuple):
    """`values` λ ascending (count,), `vectors` φ (n, count) with φᵀMφ = 1, `status`.

    The largest entry of each vector is positive, the first of those that share it.
    """

    values: Float[Array, " count"]
    vectors: Float[Array, "n count"]
    status: Array


def round_off(stiffness: SparseMatrix, mass: SparseMatrix) -> Array:
    """The size below which an eigenvalue of K φ = λ M φ is round-off, shape ()."""
    ratio = jnp.abs(stiffness.diagonal()) / mass.diagonal()
    return ROUND_OFF * jax.lax.stop_gradient(jnp.max(ratio))


def together(values: Array, next_values: Array, tolerance: Array, noise: Array):
    """Whether eigenvalues belong to one cluster: a small gap, relative or in noise."""
    size = jnp.maximum(jnp.abs(values), jnp.abs(next_values))
    return jnp.abs(next_values - values) <= tolerance * size + noise


@eqx.filter_custom_jvp
def eigenpairs(
    stiffness: SparseMatrix,
    mass: SparseMatrix,
    shift: Array,
    cluster_tolerance: Array,
    *,
    count: int,
) -> Eigenpairs:
    """The pairs whose eigenvalues lie nearest to `shift`.

    Batched by `jax.vmap`, member after member. Derivatives of any order in both modes.

    Args:
        stiffness: K, symmetric.
        mass: M, symmetric and positive definite.
        shift: σ; nudged downwards, so that a K that is singular can be given with 0.
        cluster_tolerance: relative gap up to which eigenvalues belong together; their
            vectors then change out of their span only.
        count: how many pairs, at most n.

    Returns:
        Pairs with the status `OK`; `NON_FINITE` where a matrix is not finite;
        `SINGULAR` where K - σ M cannot be factorised; `INFEASIBLE` where K is not
        symmetric or M not positive definite; `NOT_CONVERGED`. Any but `OK` and
        `NOT_CONVERGED` comes with NaN.

    Reference:
        R. B. Nelson (1976), Simplified calculation of eigenvector derivatives, AIAA
        Journal 14, 1201, doi:10.2514/3.7211.
    """
    size = stiffness.shape[0]
    dtype = jnp.result_type(stiffness.values, mass.values)
    shapes = (
        jax.ShapeDtypeStruct((count,), dtype),
        jax.ShapeDtypeStruct((size, count), dtype),
        jax.ShapeDtypeStruct((), jnp.int8),
    )
    found = jax.pure_callback(
        partial(solve_on_host, stiffness.pattern, mass.pattern, count),
        shapes,
        stiffness.values,
        mass.values,
        jnp.asarray(shift, dtype),
        vmap_method="expand_dims",
    )
    return Eigenpairs(*found)


@eigenpairs.def_jvp
def _eigenpairs_jvp(primals, tangents, *, count):
    stiffness, mass, shift, tolerance = primals
    pairs = eigenpairs(stiffness, mass, shift, tolerance, count=count)
    values, vectors, _ = pairs
    bent = _product(stiffness.pattern, tangents[0].values, vectors)
    heavier = _product(mass.pattern, tangents[1].values, vectors)
    change = bent - heavier * values
    projected = vectors.T @ change
    gap = values - values[:, None]
    noise = round_off(stiffness, mass)
    apart = ~together(values, values[:, None], tolerance, noise)
    share = jnp.where(
        apart,
        projected / jnp.where(apart, gap, 1.0),
        -0.5 * vectors.T @ heavier,
    )
    outside = _outside(stiffness, mass, values, vectors, -change)
    moved = outside + vectors @ share
    return pairs, Eigenpairs(jnp.diagonal(projected), moved, None)


def _product(pattern, values, vectors):
    if values is None:
        return jnp.zeros_like(vectors)
    return jax.vmap(SparseMatrix(values, pattern).mv, 1, 1)(vectors)


def _outside(stiffness, mass, values, vectors, rhs):
    """Solve (K - λ M) x = rhs for x with ΦᵀM x = 0, one column per λ: (n, count).

    The border MΦ takes out what the singular matrix cannot balance.
    """
    size, count = vectors.shape
    pattern, assembly = _bordered(stiffness.pattern, mass.pattern, count)
    border = jax.vmap(mass.mv, 1, 1)(vectors)
    scale = jnp.max(jnp.abs(stiffness.values)) / jnp.max(jnp.abs(border))
    border = (jax.lax.stop_gradient(scale) * border).ravel()

    def solve(value, rhs):
        entries = (stiffness.values, -value * mass.values, border, border)
        matrix = SparseMatrix(assembly(jnp.concatenate(entries)), pattern)
        rhs = jnp.pad(rhs, (0, count))
        return DirectSolver().solve(matrix, rhs).value[:size]

    return jax.vmap(solve, (0, 1), 1)(values, rhs)


@lru_cache(maxsize=8)
def _bordered(stiffness: SparsityPattern, mass: SparsityPattern, count: int):
    """Pattern of [[K - λ M, B], [Bᵀ, 0]] and the sum of the entries of K, M, B, B."""
    size = stiffness.shape[0]
    row, column = (index.ravel() for index in np.indices((size, count)))
    rows = (stiffness.rows, mass.rows, row, size + column)
    columns = (stiffness.indices, mass.indices, size + column, row)
    return SparsityPattern.from_coo(
        np.concatenate(rows), np.concatenate(columns), (size + count, size + count)
    )
