"""Restarted GMRES for operators that are not symmetric or have no matrix."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jax.scipy.sparse.linalg import gmres

from .linear_solver import AbstractLinearSolver, LinearSolution, as_status

_TOLERANCE = {"float32": 1e-5, "float64": 1e-12}


class Krylov(AbstractLinearSolver):
    """Restarted GMRES, matrix-free.

    The operator is anything with a method `mv`, or a linear function of a flat
    vector. The status is `OK` if the true relative residual ends below ten times the
    tolerance. Iterations are not counted: `steps` is 0.

    Attributes:
        tolerance: relative residual; None for 1e-5 in float32 and 1e-12 in float64.
        restart: directions kept between restarts.
        max_restarts: limit of restarts.
        preconditioner: linear function close to the inverse of the operator, a
            callable pytree; None for the method `precondition` of the operator, if it
            has one. Its derivative does not matter.

    Reference:
        Saad, Schultz (1986), GMRES, SIAM J. Sci. Stat. Comput. 7,
        doi:10.1137/0907058.
    """

    tolerance: float | None = eqx.field(static=True, default=None)
    restart: int = eqx.field(static=True, default=30)
    max_restarts: int = eqx.field(static=True, default=20)
    preconditioner: Callable | None = None

    def solve(
        self, matrix: Any, rhs: jax.Array, *, enough: jax.Array | float = 0.0
    ) -> LinearSolution:
        """Solve `matrix @ x = rhs` for `rhs` (n,) to the looser of two tolerances."""
        multiply = getattr(matrix, "mv", matrix)
        tolerance = self.tolerance
        if tolerance is None:
            tolerance = _TOLERANCE[rhs.dtype.name]
        tolerance = jnp.maximum(tolerance, lax.stop_gradient(enough))
        improve = self._preconditioner(matrix)

        def run(operator, b, improve):
            found, _ = gmres(
                operator,
                b,
                tol=tolerance,
                restart=min(self.restart, b.size),
                maxiter=self.max_restarts,
                M=improve,
                solve_method="incremental",
            )
            return found

        def transposed(operator, b):
            back = improve and jax.linear_transpose(improve, b)
            return run(operator, b, back and (lambda r: back(r)[0]))

        value = lax.custom_linear_solve(
            multiply, rhs, lambda operator, b: run(operator, b, improve), transposed
        )
        value_, rhs_ = lax.stop_gradient((value, rhs))
        left = jnp.linalg.norm(rhs_ - lax.stop_gradient(multiply(value_)))
        converged = left <= 10 * tolerance * jnp.linalg.norm(rhs_)
        status = as_status(jnp.isfinite(left), converged)
        return LinearSolution(value, status, jnp.zeros((), jnp.int32))

    def _preconditioner(self, matrix):
        preconditioner = self.preconditioner
        if preconditioner is None:
            preconditioner = getattr(matrix, "precondition", None)
        if preconditioner is None:
            return None
        arrays, static = eqx.partition(preconditioner, eqx.is_array)
        return eqx.combine(lax.stop_gradient(arrays), static)
