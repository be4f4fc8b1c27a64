"""The interface of linear solvers: a matrix and a right-hand side in, a value and its
status out."""

import abc
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from ..status import Status


class LinearSolution(eqx.Module):
    """What a linear solver found.

    Attributes:
        value: (n,) solution; NaN where a direct solve failed, the last iterate where
            an iteration did.
        status: () int8, a `Status`; `OK`, `NOT_CONVERGED`, `NON_FINITE` or
            `PRECISION`.
        steps: () int32, iterations taken, 0 for a direct solve.
    """

    value: jax.Array
    status: jax.Array
    steps: jax.Array

    @property
    def ok(self) -> jax.Array:
        """() bool, whether the status is `OK`."""
        return self.status == Status.OK


class AbstractLinearSolver(eqx.Module):
    """Solves `A x = b` differentiably.

    Every solver can be differentiated in `A` and `b` in both modes by the rule
    `dx = A⁻¹ (db - dA x)`, batched with `jax.vmap` over either or both, and compiled.
    A failed member of a batch never changes the others and never raises.
    """

    @abc.abstractmethod
    def solve(
        self, matrix: Any, rhs: jax.Array, *, enough: jax.Array | float = 0.0
    ) -> LinearSolution:
        """Solve for one right-hand side.

        Args:
            matrix: square operator of size n, a `SparseMatrix` unless the solver says
                otherwise.
            rhs: (n,) right-hand side.
            enough: relative residual at which an iteration may stop although its own
                tolerance is tighter; a direct solver takes no notice of it.
        """


def check_square(matrix: Any, rhs: jax.Array) -> None:
    """Refuse a matrix that is not square or a right-hand side that does not fit."""
    rows, columns = matrix.shape
    if rows != columns:
        raise ValueError(
            f"`matrix` has shape {matrix.shape}; a linear solver needs a square one."
        )
    if rhs.shape != (rows,):
        raise ValueError(
            f"`rhs` has shape {rhs.shape} and the matrix {matrix.shape}; give a flat "
            f"vector ({rows},), and use jax.vmap for several."
        )


def as_status(finite: jax.Array, converged: jax.Array) -> jax.Array:
    """int8 status of a solve from whether it stayed finite and whether it converged."""
    unfinished = jnp.where(finite, Status.NOT_CONVERGED, Status.NON_FINITE)
    return jnp.where(finite & converged, Status.OK, unfinished).astype(jnp.int8)
