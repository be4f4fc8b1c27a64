"""Smoothed-aggregation multigrid on a static hierarchy, values computed in JAX.

The tentative prolongator T reproduces the near-null space on each aggregate, the
prolongator is `P = T - 4/(3ρ) D⁻¹ A T`, the coarse matrix `Pᵀ A P`, the smoother a
Chebyshev polynomial of `D⁻¹ A`. The batch axis is last everywhere and has size 1
or that of the batch.

Rows without neighbours (eliminated boundary values) take no part in coarsening and
are solved exactly.

References:
    Vaněk, Mandel, Brezina (1996), Algebraic multigrid by smoothed aggregation,
    Computing 56, doi:10.1007/BF02238511.
    Adams, Brezina, Hu, Tuminaro (2003), Parallel multigrid smoothing: polynomial
    versus Gauss-Seidel, J. Comput. Phys. 188, doi:10.1016/S0021-9991(03)00194-3.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .hierarchy import Hierarchy, Level
from .padded_operator import PaddedOperator
from .padded_rows import take
from .pattern import SparsityPattern

_POWER_STEPS = 8
_SMOOTHER_STEPS = 2
_SMOOTHED_FRACTION = 0.125
_PROBE_WIDTH = 16


class Smoother(eqx.Module):
    """Chebyshev iteration for one matrix.

    Attributes:
        matrix: the matrix.
        inverse_diagonal: (n, batch).
        alone: (n, batch) bool, rows without a neighbour.
        radius: (batch,) upper bound of the spectrum of `D⁻¹ A`.
    """

    matrix: PaddedOperator
    inverse_diagonal: jax.Array
    alone: jax.Array
    radius: jax.Array

    @classmethod
    def of(
        cls, pattern: SparsityPattern, values: jax.Array, matrix: PaddedOperator
    ) -> "Smoother":
        """Bound the spectrum of `matrix` with `values` (nnz, batch) on `pattern`."""
        diagonal = values.at[pattern.diagonal].get(mode="fill", fill_value=0)
        inverse = 1 / jnp.where(diagonal == 0, 1, diagonal)
        beside = values.at[pattern.diagonal].set(0, mode="drop")
        neighbours = pattern.padded.sum(jnp.abs(beside))
        alone = neighbours <= jnp.finfo(values.dtype).eps * jnp.abs(diagonal)
        bound = jnp.max(1 + neighbours * jnp.abs(inverse), axis=0)
        radius = jnp.minimum(bound, 1.1 * _power_estimate(matrix, inverse))
        return cls(matrix, inverse, alone, radius)

    def weights(self) -> tuple[jax.Array, jax.Array]:
        """Factors of one smoothing, (steps, batch) each.

        A step changes x by `d`, which becomes `first * d + second * D⁻¹ residual`.
        """
        upper, lower = self.radius, _SMOOTHED_FRACTION * self.radius
        centre, width = (upper + lower) / 2, (upper - lower) / 2
        ratio = width / centre
        first, second = [jnp.zeros_like(centre)], [1 / centre]
        for _ in range(_SMOOTHER_STEPS - 1):
            following = 1 / (2 * centre / width - ratio)
            first.append(following * ratio)
            second.append(2 * following / width)
            ratio = following
        return jnp.stack(first), jnp.stack(second)

    def cycle(self, rhs: jax.Array, correct: Callable | None) -> jax.Array:
        """Smooth from zero, correct on the coarse level, smooth again.

        One loop whose body holds the only product with the matrix: compiling the
        products takes longer than anything else.

        Args:
            rhs: (n, batch).
            correct: residual (n, batch) -> correction; None to smooth once only.
        """
        first, second = self.weights()
        stages = _SMOOTHER_STEPS
        if correct is not None:
            first = jnp.concatenate([first, first[:1], first])
            second = jnp.concatenate([second, second[:1], second])
            stages = 2 * _SMOOTHER_STEPS + 1

        def smooth(stage, change, residual):
            step = second[stage] * self.inverse_diagonal * residual
            return first[stage] * change + step

        def advance(stage, state):
            x, change, residual = state
            residual = residual - self.matrix.apply(change)
            if correct is None:
                change = smooth(stage, change, residual)
            else:
                change = lax.cond(
                    stage == _SMOOTHER_STEPS,
                    correct,
                    lambda residual: smooth(stage, change, residual),
                    residual,
                )
            return x + change, change, residual

        change = second[0] * self.inverse_diagonal * rhs
        x, _, _ = lax.fori_loop(1, stages, advance, (change, change, rhs))
        return jnp.where(self.alone, self.inverse_diagonal * rhs, x)


class Transfer(eqx.Module):
    """Prolongator and its transpose between two levels."""

    up: PaddedOperator
    down: PaddedOperator

    def prolong(self, x: jax.Array) -> jax.Array:
        """Coarse (aggregates * modes, batch) to fine (n, batch)."""
        modes = self.up.entries[0].shape[2]
        blocks = x.reshape(-1, modes, x.shape[-1])
        return self.up.apply(blocks, lambda p, c: jnp.sum(p * c, axis=1))

    def restrict(self, x: jax.Array) -> jax.Array:
        """Fine (n, batch) to coarse (aggregates * modes, batch)."""
        coarse = self.down.apply(x, lambda p, f: p * f[:, None])
        return coarse.reshape(-1, x.shape[-1])


class Multigrid(eqx.Module):
    """A V-cycle for given values: a symmetric preconditioner.

    Attributes:
        matrix: the finest matrix.
        smoothers: one per level, and one for a coarsest matrix without inverse.
        transfers: one per level.
        coarsest: (batch, m, m) inverse of the coarsest matrix, or None.
    """

    matrix: PaddedOperator
    smoothers: tuple[Smoother, ...]
    transfers: tuple[Transfer, ...]
    coarsest: jax.Array | None

    @classmethod
    def of(cls, hierarchy: Hierarchy, values, near_null) -> "Multigrid":
        """Compute all levels.

        Args:
            hierarchy: the static plan.
            values: (nnz, batch) of the finest matrix.
            near_null: (n, modes, batch) vectors that the matrix nearly annihilates.
        """
        near_null = jnp.asarray(near_null, values.dtype)
        matrix = finest = PaddedOperator.arranged(hierarchy.finest, values)
        smoothers, transfers = [], []
        for level in hierarchy.levels:
            smoother = Smoother.of(level.pattern, values, matrix)
            tentative, near_null = _tentative(level, near_null, ~smoother.alone)
            prolongator = _smoothed(level, values, tentative, smoother)
            transfer = _transfer(level, prolongator)
            values = _galerkin(level, smoother.matrix, transfer)
            values = _unit_where_empty(level.coarse, values)
            matrix = PaddedOperator.arranged(level.coarse, values)
            smoothers.append(smoother)
            transfers.append(transfer)
        inverse = None
        if hierarchy.dense:
            inverse = _inverse(hierarchy.coarsest, values)
        else:
            smoothers.append(Smoother.of(hierarchy.coarsest, values, matrix))
        return cls(finest, tuple(smoothers), tuple(transfers), inverse)

    def apply(self, rhs: jax.Array) -> jax.Array:
        """One V-cycle from zero for `rhs` (n, batch)."""
        return self._cycle(0, rhs)

    def _cycle(self, depth, rhs):
        if depth < len(self.transfers):
            transfer = self.transfers[depth]
            coarse = lambda residual: self._cycle(
                depth + 1, transfer.restrict(residual)
            )
            correct = lambda residual: transfer.prolong(coarse(residual))
            return self.smoothers[depth].cycle(rhs, correct)
        if self.coarsest is None:
            return self.smoothers[depth].cycle(rhs, None)
        return jnp.einsum("bij,jb->ib", self.coarsest, rhs)


def _power_estimate(matrix, inverse_diagonal):
    """Rayleigh quotient of `D⁻¹ A` after a few power steps, (batch,)."""
    rows = inverse_diagonal.shape[0]
    start = np.random.default_rng(0).standard_normal((rows, 1))
    vector = jnp.asarray(start, inverse_diagonal.dtype) + 0 * inverse_diagonal
    root = jnp.sqrt(jnp.abs(inverse_diagonal))

    def step(vector, _):
        image = root * matrix.apply(root * vector)
        square = jnp.sum(vector**2, axis=0)
        estimate = jnp.sum(vector * image, axis=0) / square
        size = jnp.sqrt(jnp.sum(image**2, axis=0))
        return image / jnp.where(size == 0, 1, size), estimate

    _, estimates = lax.scan(step, vector, length=_POWER_STEPS)
    return estimates[-1]


def _tentative(level: Level, near_null, active):
    """Orthonormal columns (n, modes, batch) per aggregate; coarse near-null space."""
    inside = jnp.asarray(level.member >= 0)[:, None]
    home = np.maximum(level.member, 0)
    candidates = jnp.where((active & inside)[:, None], near_null, 0)
    columns, factors = [], []
    for q in range(level.modes):
        column = candidates[:, q]
        before = jnp.sqrt(level.members.padded.sum(column**2))
        row = [jnp.zeros_like(before)] * level.modes
        for _ in range(2):
            for p, other in enumerate(columns):
                share = level.members.padded.sum(other * column)
                column = column - other * take(share, home)
                row[p] = row[p] + share
        norm = jnp.sqrt(level.members.padded.sum(column**2))
        small = norm <= 1e3 * jnp.finfo(norm.dtype).eps * before
        scale = jnp.where(small, 0, 1 / jnp.where(small, 1, norm))
        columns.append(column * take(scale, home))
        row[q] = jnp.where(small, 0, norm)
        factors.append(jnp.stack(row, axis=1))
    coarse = jnp.stack(factors, axis=2)  # (aggregates, mode, candidate, batch)
    return jnp.stack(columns, axis=1), coarse.reshape(-1, *coarse.shape[2:])


def _smoothed(level: Level, values, tentative, smoother):
    """Entries (nnz of the prolongator, modes, batch) of `T - 4/(3ρ) D⁻¹ A T`."""
    columns = take(tentative, level.pattern.indices[level.kept])
    image = level.smoothing.padded.sum(take(values, level.kept)[:, None] * columns)
    weight = 4 / (3 * smoother.radius) * smoother.inverse_diagonal
    image = -take(weight, level.prolongator.rows)[:, None] * image
    own = image.at[level.own].add(tentative, mode="drop")
    return own * take(~smoother.alone, level.prolongator.rows)[:, None]


def _transfer(level: Level, entries):
    transposed, order = level.prolongator.transpose
    return Transfer(
        PaddedOperator.arranged(level.prolongator, entries),
        PaddedOperator.arranged(transposed, take(entries, order)),
    )


def _galerkin(level: Level, matrix: PaddedOperator, transfer: Transfer):
    """Coarse values (nnz, batch), a few colours of coarse columns at a time.

    Columns of one colour share no row of the coarse matrix, so that one product
    `Pᵀ A P z` with their sum reveals all their entries (Curtis, Powell, Reid 1974).
    """
    modes = level.modes
    batch = transfer.up.entries[0].shape[-1]
    total = int(level.colours.max()) + 1
    width = min(total, max(1, _PROBE_WIDTH // (modes * batch)))
    chunks = -(-total // width)
    shade = tuple(
        jnp.asarray(level.colours[c]) for c in level.prolongator.padded_columns
    )

    def probe(first):
        wanted = first + jnp.arange(width, dtype=jnp.int32)
        columns = transfer.up.padded.reduce(
            lambda g, k: jnp.where(
                (shade[g][k][..., None] == wanted)[..., None, None],
                transfer.up.entries[g][k][..., None, :, :],
                0,
            )
        )
        columns = columns.reshape(columns.shape[0], width * modes, batch)
        image = matrix.apply(columns, lambda a, x: a[:, None] * x)
        rows = transfer.down.apply(image, lambda p, f: p[:, :, None] * f[:, None])
        return rows.reshape(-1, width * modes, batch)

    found = lax.map(probe, width * jnp.arange(chunks, dtype=jnp.int32))
    row, column = level.probes
    chunk, place = np.divmod(column, width * modes)
    return found.at[chunk, row, place].get(mode="promise_in_bounds")


def _unit_where_empty(pattern, values):
    diagonal = take(values, pattern.diagonal)
    return values.at[pattern.diagonal].set(jnp.where(diagonal == 0, 1, diagonal))


def _inverse(pattern, values):
    size, batch = pattern.shape[0], values.shape[-1]
    dense = jnp.zeros((batch, size, size), values.dtype)
    dense = dense.at[:, pattern.rows, pattern.indices].set(values.T)
    scale = jnp.max(jnp.abs(values), axis=0)[:, None, None]
    identity = jnp.eye(size, dtype=values.dtype)
    dense = dense + 10 * jnp.finfo(values.dtype).eps * scale * identity
    factor = jnp.linalg.cholesky(dense)
    half = jax.scipy.linalg.solve_triangular(
        factor, jnp.broadcast_to(identity, dense.shape), lower=True
    )
    return jnp.swapaxes(half, 1, 2) @ half
