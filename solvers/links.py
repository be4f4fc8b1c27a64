"""Dependent unknowns as linear functions of the others, imposed exactly.

With u = T u_i + c, the free rows of a balance F(u) become Tᵀ F(T u_i + c) and its
Jacobian Tᵀ J T, which stays symmetric and positive where J is. The constraint forces
are those of Lagrange multipliers: Aᵀ λ with A_dᵀ λ = -F_d.
"""

from functools import lru_cache
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .elimination import Elimination
from .sparse import AbstractLinearSolver, LinearSolution, SparseMatrix
from .sparse.congruence import Congruence
from .sparse.products import AnyPattern


class Links(eqx.Module):
    """u_d = C u_i + c with numbers.

    Attributes:
        plan: which unknowns depend on which.
        factors: (entries of C,).
        offsets: c, (equations,), in the order of the plan.
        squares: A_d of the clusters, (n, s, s) for each group.
    """

    plan: Elimination = eqx.field(static=True)
    factors: Float[Array, " entries"]
    offsets: Float[Array, " equations"]
    squares: tuple[Float[Array, "n s s"], ...]

    @classmethod
    def of(
        cls,
        plan: Elimination,
        coefficients: Float[Array, " entries"],
        right: Float[Array, " equations"],
    ) -> "Links":
        """Solve the equations of a plan.

        Args:
            plan: made from the places of the same entries.
            coefficients: of every entry.
            right: b of every equation.
        """
        factors, offsets, squares = [], [], []
        for group in plan.groups:
            (n, s), m = group.equations.shape, group.others.shape[1]

            def filled(entries, width, n=n, s=s):
                which, where = entries
                flat = jnp.zeros(n * s * width, coefficients.dtype)
                return flat.at[where].add(coefficients[which]).reshape(n, s, width)

            square, rest = filled(group.square, s), filled(group.rest, m)
            known = right[group.equations][:, :, None]
            solved = _solve(square, jnp.concatenate([-rest, known], axis=2))
            factors.append(solved[:, :, :m].ravel())
            offsets.append(solved[:, :, m].ravel())
            squares.append(square)
        return cls(
            plan, jnp.concatenate(factors), jnp.concatenate(offsets), tuple(squares)
        )

    def write(self, state: Array) -> Array:
        """Give dependent unknowns of a state the values that the others imply."""
        flat = state.ravel()
        values = self._product(self.factors, flat) + self.offsets.astype(flat.dtype)
        return flat.at[self.plan.dependents].set(values).reshape(state.shape)

    def gather(self, balance: Array) -> Array:
        """Tᵀ F: add what dependent rows carry to the rows that they depend on."""
        flat = balance.ravel()
        carried = flat[self.plan.dependents][self.plan.rows]
        flat = flat.at[self.plan.columns].add(self.factors.astype(flat.dtype) * carried)
        return flat.at[self.plan.dependents].set(0.0).reshape(balance.shape)

    def spread(self, change: Array) -> Array:
        """Add to a change of dependent unknowns what the free ones imply."""
        flat = change.ravel()
        factors = jnp.where(self.plan.loose, self.factors, 0.0)
        moved = flat.at[self.plan.dependents].add(self._product(factors, flat))
        return moved.reshape(change.shape)

    def reduce(self, matrix: SparseMatrix) -> SparseMatrix:
        """Tᵀ J T; rows and columns of dependent unknowns mean nothing.

        A matrix of the first unknowns only takes the links between those.
        """
        mine, congruence = _congruence(self.plan, matrix.pattern)
        values = congruence(matrix.values, self.factors[mine])
        return SparseMatrix(values, congruence.pattern)

    def multipliers(self, balance: Array) -> Float[Array, " equations"]:
        """λ of every equation, so that Aᵀ λ + F vanishes on dependent rows."""
        flat = balance.ravel()
        found = jnp.zeros(len(self.plan.equations), flat.dtype)
        for group, square in zip(self.plan.groups, self.squares, strict=True):
            carried = -flat[group.dependents][:, :, None]
            solved = _solve(jnp.swapaxes(square, 1, 2).astype(flat.dtype), carried)
            found = found.at[group.equations].set(solved[:, :, 0])
        return found

    def _product(self, factors, flat):
        terms = factors.astype(flat.dtype) * flat[self.plan.columns]
        zeros = jnp.zeros(len(self.plan.dependents), flat.dtype)
        return zeros.at[self.plan.rows].add(terms)


class LinkedSolver(AbstractLinearSolver):
    """Solves with Tᵀ J T and then moves the dependent unknowns along.

    Together that is the inverse of the Jacobian of the free rows and of
    u_d - (C u_i + c), which is not symmetric.

    Args:
        solver: of the symmetric part.
        links: what depends on what.
    """

    solver: AbstractLinearSolver
    links: Links

    def solve(
        self, matrix: Any, rhs: Array, *, enough: Array | float = 0.0
    ) -> LinearSolution:
        """Solve for `rhs` (n,), whose dependent rows are those of u_d."""
        found = self.solver.solve(matrix, rhs, enough=enough)
        return LinearSolution(self.links.spread(found.value), found.status, found.steps)


def linked(solver: AbstractLinearSolver, links: Links | None) -> AbstractLinearSolver:
    """The solver of a discretisation with these links."""
    return solver if links is None else LinkedSolver(solver, links)


@lru_cache(maxsize=8)
def _congruence(plan: Elimination, pattern: AnyPattern):
    """Which entries of C lie in a matrix of the first unknowns, and its product."""
    rows = plan.dependents[plan.rows]
    mine = np.flatnonzero((rows < pattern.shape[0]) & (plan.columns < pattern.shape[0]))
    return mine, Congruence(pattern, rows[mine], plan.columns[mine])


def _solve(square, right):
    """Small systems (n, s, s) and (n, s, columns)."""
    if square.shape[1] == 1:
        return right / square
    return jnp.linalg.solve(square, right)
