"""Derivative of a staggered flow: an operator that has a sparse inverse."""

import functools
import itertools
from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array

from ..sparse import (
    AbstractLinearSolver,
    DirectSolver,
    LinearSolution,
    SparseMatrix,
    SparsityPattern,
)
from ..sparse.linear_solver import as_status

if TYPE_CHECKING:
    from .staggered import Staggered


class StaggeredJacobian(eqx.Module):
    """d/dU of storage_weight * storage - inflow_weight * inflow.

    Essential rows and columns are those of the identity. In a closed box the term that
    levels the pressure couples all cells; it is kept out of the sparse matrix and its
    inverse is taken by hand.

    Args:
        scheme: the discretised flow.
        t: time [s].
        state: where the derivative is taken.
        storage_weight: weight of the storage.
        inflow_weight: weight of the inflow.
        sparse: the derivative without that term, one diagonal of it moved.
    """

    scheme: "Staggered"
    t: Array
    state: Array
    storage_weight: Array
    inflow_weight: Array
    sparse: SparseMatrix

    @classmethod
    def at(cls, scheme, t, state, storage_weight, inflow_weight) -> "StaggeredJacobian":
        """Find the entries by products with vectors, one for each colour."""
        weights = storage_weight, inflow_weight
        layout = scheme.layout
        periodic = tuple(part is None for part in layout.parts)
        sides = tuple(
            -1 if layout.stores_lower(axis) else 1 for axis in range(layout.dimension)
        )
        stencil = build_stencil(scheme.grid.shape, periodic, sides)
        push = _derivative(scheme, t, state, *weights, leveled=False)
        seeds = jnp.arange(stencil.count)[:, None] == stencil.colours
        columns = jax.vmap(push)(seeds.astype(state.dtype))
        pattern = stencil.pattern
        values = columns[stencil.colours[pattern.indices], pattern.rows]
        if layout.is_closed():
            corner = pattern.diagonal[-1]
            shift = scheme.volumes()[-1].ravel()[-1] / scheme.problem.law.viscosity
            values = values.at[corner].add(inflow_weight * shift.astype(state.dtype))
        values = lax.stop_gradient(values)
        return cls(scheme, t, state, *weights, SparseMatrix(values, pattern))

    @property
    def shape(self) -> tuple[int, int]:
        """(unknowns, unknowns)."""
        return (self.state.size, self.state.size)

    def mv(self, vector: Array) -> Array:
        """Product with a flat vector."""
        weights = self.storage_weight, self.inflow_weight
        push = _derivative(self.scheme, self.t, self.state, *weights, leveled=True)
        return push(vector)

    def inverse(self, vector: Array) -> Array:
        """Solution of J x = `vector`.

        In a closed box the last rows w (V m/μ - leaving) = b, with the mean m of the
        pressure, sum to w Σ V m/μ = Σ b. What is left of b has no sum, so that the
        moved diagonal takes no part in the solution, whose mean is then corrected.
        """
        solve = lambda b: DirectSolver().solve(self.sparse, b).value
        if not self.scheme.layout.is_closed():
            return solve(vector)
        rows = vector.reshape(self.state.shape)
        volume = self.scheme.volumes()[-1].astype(vector.dtype)
        share = volume / jnp.sum(volume)
        excess = jnp.sum(rows[-1])
        rows = rows.at[-1].add(-share * excess)
        found = solve(rows.ravel()).reshape(self.state.shape)
        level = excess * self.scheme.terms(vector.dtype).law.viscosity
        level = level / (self.inflow_weight * jnp.sum(volume))
        correction = level - jnp.sum(share * found[-1])
        return found.at[-1].add(correction).ravel()


class InverseSolver(AbstractLinearSolver):
    """Solves with a `StaggeredJacobian` by its own inverse."""

    def solve(
        self, matrix: Any, rhs: Array, *, enough: Array | float = 0.0
    ) -> LinearSolution:
        """Solve `matrix @ x = rhs` for `rhs` (n,), whatever is `enough`."""
        arrays, rest = eqx.partition(matrix, eqx.is_inexact_array)
        still = eqx.combine(lax.stop_gradient(arrays), rest)
        value = lax.custom_linear_solve(
            matrix.mv,
            rhs,
            lambda _, b: still.inverse(b),
            lambda _, b: jax.linear_transpose(still.inverse, b)(b)[0],
        )
        finite = jnp.isfinite(lax.stop_gradient(value)).all()
        status = as_status(finite, jnp.array(True))
        return LinearSolution(value, status, jnp.zeros((), jnp.int32))


def _derivative(scheme, t, state, storage_weight, inflow_weight, *, leveled):
    """Linear map of flat vectors."""

    def balance(flat):
        given = flat.reshape(state.shape)
        held = scheme.constrain(t, given)
        supply = inflow_weight * scheme.supply(t, held, leveled=leveled)
        rows = storage_weight * scheme.storage(t, held) - supply
        return scheme.close(given - held, rows).ravel()

    return jax.linearize(balance, state.ravel())[1]


class _Stencil:
    def __init__(self, pattern: SparsityPattern, colours: np.ndarray):
        self.pattern, self.colours = pattern, colours
        self.count = int(colours.max()) + 1


@functools.lru_cache(maxsize=16)
def build_stencil(
    shape: tuple[int, ...], periodic: tuple[bool, ...], sides: tuple[int, ...]
) -> _Stencil:
    """Which unknowns each balance reads, and a colouring of the columns.

    Args:
        shape: cells along each axis.
        periodic: one flag per axis.
        sides: 1 where the upper face of a cell is stored along an axis, else -1.
    """
    dimension, cells = len(shape), int(np.prod(shape))
    index = np.indices(shape).reshape(dimension, -1)
    rows, columns = [], []
    for row, column in itertools.product(range(dimension + 1), repeat=2):
        for offset in _offsets(row, column, sides):
            target, inside = index + offset[:, None], np.ones(cells, bool)
            for axis, n in enumerate(shape):
                if periodic[axis]:
                    target[axis] %= n
                else:
                    inside &= (target[axis] >= 0) & (target[axis] < n)
            flat = np.ravel_multi_index(tuple(target[:, inside]), shape)
            rows.append(row * cells + np.flatnonzero(inside))
            columns.append(column * cells + flat)
    last = (dimension + 1) * cells - 1
    rows.append(np.array([last]))
    columns.append(np.array([last]))
    pattern, _ = SparsityPattern.from_coo(
        np.concatenate(rows), np.concatenate(columns), (last + 1, last + 1)
    )
    colour = np.zeros(cells, int)
    for axis, n in enumerate(shape):
        # Balances read three neighbours in a row; what does not fit the period gets
        # colours of its own.
        place = index[axis] % 3
        if periodic[axis]:
            rest = n - n % 3
            place = np.where(index[axis] < rest, place, 3 + index[axis] - rest)
        colour = 5 * colour + place
    colour = np.unique(colour, return_inverse=True)[1].ravel()
    per_cell = int(colour.max()) + 1
    colours = (np.arange(dimension + 1)[:, None] * per_cell + colour).ravel()
    return _Stencil(pattern, colours.astype(np.int32))


def _offsets(row: int, column: int, sides: tuple[int, ...]) -> list[np.ndarray]:
    """Offsets in cells of what the balance `row` reads of the unknown `column`."""
    dimension = len(sides)
    unit = np.eye(dimension, dtype=int)
    if row == column == dimension:
        return []
    if row == column:
        star = [s * unit[axis] for axis in range(dimension) for s in (-1, 1)]
        return [np.zeros(dimension, int), *star]
    towards = [np.zeros(dimension, int)]
    if row < dimension:
        towards.append(sides[row] * unit[row])
    away = [np.zeros(dimension, int)]
    if column < dimension:
        away.append(-sides[column] * unit[column])
    return [a + b for a, b in itertools.product(towards, away)]
