"""Smoothed-aggregation multigrid on a static hierarchy, values computed in JAX.

The tentative prolongator T reproduces the near-null space on each aggregate, the
prolongator is `P = T - 4/(3ρ) D⁻¹ A T`, the coarse matrix `Pᵀ A P`, the smoother a
Chebyshev polynomial of `D⁻¹ A`. A matrix is an array of blocks (entries, rows of a
block, columns of a block, batch), a vector (nodes, unknowns of a node, batch); the
batch axis has size 1 or that of the batch.

For elements of second order the first coarse space is that of linear functions.
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

from .block_operator import BlockOperator
from .hierarchy import Hierarchy, Level, LinearLevel
from .padded_rows import take
from .pattern import SparsityPattern

_POWER_STEPS = 8
_SMOOTHER_STEPS = 2
_SMOOTHED_FRACTION = 0.125
_COARSE_CYCLES = 2


class Smoother(eqx.Module):
    """Chebyshev iteration for one matrix.

    Attributes:
        matrix: the matrix.
        inverse_diagonal: (nodes, unknowns, batch).
        alone: (nodes, unknowns, batch) bool, rows without a neighbour.
        radius: (batch,) upper bound of the spectrum of `D⁻¹ A`.
    """

    matrix: BlockOperator
    inverse_diagonal: jax.Array
    alone: jax.Array
    radius: jax.Array

    @classmethod
    def of(
        cls, pattern: SparsityPattern, values: jax.Array, matrix: BlockOperator
    ) -> "Smoother":
        """Bound the spectrum of `matrix`, whose blocks are `values` on `pattern`."""
        diagonal, neighbours, alone = _rows(pattern, values)
        inverse = 1 / jnp.where(diagonal == 0, 1, diagonal)
        bound = jnp.max(1 + neighbours * jnp.abs(inverse), axis=(0, 1))
        inverse = inverse.astype(jnp.float32)
        estimate = 1.1 * _power_estimate(matrix, inverse)
        radius = jnp.minimum(bound.astype(jnp.float32), estimate)
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
            rhs: (nodes, unknowns, batch).
            correct: residual -> correction; None to smooth once only.
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


class Multigrid(eqx.Module):
    """A V-cycle for given values: a symmetric preconditioner.

    Attributes:
        smoothers: one per level, and one for a coarsest matrix without inverse.
        prolongators: one per level, from coarse to fine.
        restrictions: their transposes.
        coarsest: (batch, m, m) inverse of the coarsest matrix, or None.
        unit: (batch,) power of two that the matrix of the cycle is a multiple of, so
            that single precision can hold it.
        exact: (nodes, unknowns, batch) inverse diagonal of rows without a neighbour,
            0 in the others.
    """

    smoothers: tuple[Smoother, ...]
    prolongators: tuple[BlockOperator, ...]
    restrictions: tuple[BlockOperator, ...]
    coarsest: jax.Array | None
    unit: jax.Array
    exact: jax.Array

    @classmethod
    def of(cls, hierarchy: Hierarchy, values, near_null) -> "Multigrid":
        """Compute all levels, in the precision of `values`.

        The cycle itself is kept in single precision: a preconditioner may be rounded,
        and it moves half the memory. In single precision the coarse matrices of
        slender bodies would not stay positive definite.

        Args:
            hierarchy: the static plan.
            values: blocks of the finest matrix.
            near_null: (nodes, unknowns, modes, batch) fields that the matrix nearly
                annihilates.
        """
        near_null = jnp.asarray(near_null, values.dtype)
        values, unit, exact = _of_size_one(hierarchy.blocks, values)
        arranged = lambda pattern, blocks: BlockOperator.arranged(
            pattern, blocks.astype(jnp.float32)
        )
        matrix = arranged(hierarchy.blocks, values)
        smoothers, prolongators, restrictions = [], [], []
        for level in hierarchy.levels:
            smoother = Smoother.of(level.pattern, values, matrix)
            if isinstance(level, LinearLevel):
                prolongator = _linear(level, ~smoother.alone).astype(values.dtype)
                near_null = take(near_null, level.part.corners)
            else:
                tentative, near_null = _tentative(level, near_null, ~smoother.alone)
                prolongator = _smoothed(level, values, tentative, smoother)
            transposed, order = level.prolongator.transpose
            restriction = jnp.swapaxes(take(prolongator, order), 1, 2)
            image = level.image(values, prolongator)
            values = level.galerkin(restriction, image)
            values = _unit_where_empty(level.coarse, values)
            matrix = arranged(level.coarse, values)
            smoothers.append(smoother)
            prolongators.append(arranged(level.prolongator, prolongator))
            restrictions.append(arranged(transposed, restriction))
        inverse = None
        if hierarchy.dense:
            inverse = _inverse(hierarchy.coarsest, values).astype(jnp.float32)
        else:
            smoothers.append(Smoother.of(hierarchy.coarsest, values, matrix))
        steps = tuple(smoothers), tuple(prolongators), tuple(restrictions)
        return cls(*steps, inverse, unit, exact)

    def apply(self, rhs: jax.Array) -> jax.Array:
        """One V-cycle from zero for `rhs` (nodes, unknowns, batch) of size one."""
        found = self._cycle(0, rhs.astype(jnp.float32)).astype(rhs.dtype) / self.unit
        return jnp.where(self.exact == 0, found, self.exact * rhs)

    def _cycle(self, depth, rhs):
        if depth < len(self.prolongators):
            down, up = self.restrictions[depth], self.prolongators[depth]
            correct = lambda residual: up.apply(
                self._corrected(depth + 1, down.apply(residual))
            )
            return self.smoothers[depth].cycle(rhs, correct)
        if self.coarsest is None:
            return self.smoothers[depth].cycle(rhs, None)
        flat = rhs.reshape(-1, rhs.shape[-1])
        return jnp.einsum("bij,jb->ib", self.coarsest, flat).reshape(rhs.shape)

    def _corrected(self, depth, rhs):
        """Two cycles on a coarse level, which cost little there; one where it is solved
        exactly."""
        if depth == len(self.prolongators):
            return self._cycle(depth, rhs)
        matrix = self.smoothers[depth].matrix

        def again(_, x):
            return x + self._cycle(depth, rhs - matrix.apply(x))

        return lax.fori_loop(0, _COARSE_CYCLES, again, jnp.zeros_like(rhs))


def _rows(pattern, values):
    """Diagonal, sum of all other entries, and whether there are none: (nodes, unknowns,
    batch) each."""
    unknown = np.arange(values.shape[1])
    place = (pattern.diagonal[:, None], unknown, unknown)
    diagonal = values.at[place].get(mode="fill", fill_value=0)
    row = pattern.padded.sum(jnp.sum(jnp.abs(values), axis=2))
    neighbours = row - jnp.abs(diagonal)
    alone = neighbours <= jnp.finfo(values.dtype).eps * jnp.abs(diagonal)
    return diagonal, neighbours, alone


def _of_size_one(pattern, values):
    """Values over a power of two, 1 in rows without a neighbour; `unit`, `exact`."""
    diagonal, _, alone = _rows(pattern, values)
    largest = jnp.max(jnp.where(alone, 0, jnp.abs(diagonal)), axis=(0, 1))
    usable = (largest > 0) & jnp.isfinite(largest)
    _, exponent = jnp.frexp(jnp.where(usable, largest, 1))
    unit = jnp.ldexp(jnp.ones_like(largest), exponent - 1)
    exact = jnp.where(alone, 1 / jnp.where(diagonal == 0, 1, diagonal), 0)
    unknown = np.arange(values.shape[1])
    place = (pattern.diagonal[:, None], unknown, unknown)
    kept = jnp.where(alone, 1, diagonal / unit)
    return (values / unit).at[place].set(kept, mode="drop"), unit, exact


def _power_estimate(matrix, inverse_diagonal):
    """Rayleigh quotient of `D⁻¹ A` after a few power steps, (batch,)."""
    shape = (*inverse_diagonal.shape[:2], 1)
    start = np.random.default_rng(0).standard_normal(shape)
    vector = jnp.asarray(start, inverse_diagonal.dtype) + 0 * inverse_diagonal
    root = jnp.sqrt(jnp.abs(inverse_diagonal))

    def step(vector, _):
        image = root * matrix.apply(root * vector)
        square = jnp.sum(vector**2, axis=(0, 1))
        estimate = jnp.sum(vector * image, axis=(0, 1)) / square
        size = jnp.sqrt(jnp.sum(image**2, axis=(0, 1)))
        return image / jnp.where(size == 0, 1, size), estimate

    _, estimates = lax.scan(step, vector, length=_POWER_STEPS)
    return estimates[-1]


def _linear(level: LinearLevel, active):
    """Blocks of the interpolation from corners; what is eliminated takes no part."""
    pattern, part = level.prolongator, level.part
    unknowns = active.shape[1]
    weights = jnp.asarray(part.weights)[:, None, None]
    both = take(active, pattern.rows) & take(active, part.corners[pattern.indices])
    return jnp.eye(unknowns)[:, :, None] * (weights * both)[:, :, None]


def _tentative(level: Level, near_null, active):
    """Orthonormal columns (nodes, unknowns, modes, batch) per aggregate, and the
    near-null space (aggregates, modes, modes, batch) of the coarse matrix."""
    inside = jnp.asarray(level.member >= 0)[:, None, None]
    home = np.maximum(level.member, 0)
    candidates = jnp.where((active & inside)[:, :, None], near_null, 0)
    modes = near_null.shape[2]
    total = lambda field: level.members.padded.sum(jnp.sum(field, axis=1))
    spread = lambda share: take(share, home)[:, None]
    columns, factors = [], []
    for q in range(modes):
        column = candidates[:, :, q]
        before = jnp.sqrt(total(column**2))
        row = [jnp.zeros_like(before)] * modes
        for _ in range(2):
            for p, other in enumerate(columns):
                share = total(other * column)
                column = column - other * spread(share)
                row[p] = row[p] + share
        norm = jnp.sqrt(total(column**2))
        small = norm <= 1e3 * jnp.finfo(norm.dtype).eps * before
        scale = jnp.where(small, 0, 1 / jnp.where(small, 1, norm))
        columns.append(column * spread(scale))
        row[q] = jnp.where(small, 0, norm)
        factors.append(jnp.stack(row, axis=1))
    return jnp.stack(columns, axis=2), jnp.stack(factors, axis=2)


def _smoothed(level: Level, values, tentative, smoother):
    """Blocks of `T - 4/(3ρ) D⁻¹ A T` on the pattern of the prolongator."""
    tentative = take(tentative, level.homes)
    image = level.smoothing(values, tentative)
    weight = 4 / (3 * smoother.radius) * smoother.inverse_diagonal
    image = -take(weight, level.prolongator.rows)[:, :, None] * image
    own = image.at[level.own].add(tentative)
    return own * take(~smoother.alone, level.prolongator.rows)[:, :, None]


def _unit_where_empty(pattern, values):
    unknown = np.arange(values.shape[1])
    place = (pattern.diagonal[:, None], unknown, unknown)
    diagonal = values.at[place].get(mode="promise_in_bounds")
    return values.at[place].set(jnp.where(diagonal == 0, 1, diagonal))


def _inverse(pattern, values):
    size, batch = values.shape[1], values.shape[-1]
    count = pattern.shape[0]
    dense = jnp.zeros((batch, count, size, count, size), values.dtype)
    blocks = jnp.transpose(values, (0, 3, 1, 2))
    dense = dense.at[:, pattern.rows, :, pattern.indices].set(blocks)
    dense = dense.reshape(batch, count * size, count * size)
    scale = jnp.max(jnp.abs(values), axis=(0, 1, 2))[:, None, None]
    identity = jnp.eye(count * size, dtype=values.dtype)
    dense = dense + 10 * jnp.finfo(values.dtype).eps * scale * identity
    factor = jnp.linalg.cholesky(dense)
    half = jax.scipy.linalg.solve_triangular(
        factor, jnp.broadcast_to(identity, dense.shape), lower=True
    )
    return jnp.swapaxes(half, 1, 2) @ half
