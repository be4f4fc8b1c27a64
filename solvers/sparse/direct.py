"""Direct solution of sparse systems: SuperLU on the host, differentiable in JAX."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax

from .factor_cache import FactorCache
from .linear_solver import AbstractLinearSolver, LinearSolution, as_status, check_square
from .matrix import SparseMatrix

_SHARED = FactorCache()


class DirectSolver(AbstractLinearSolver):
    """Sparse LU factorisation on the host (SciPy's SuperLU), in float64.

    For any square `SparseMatrix`. Factors are kept and found again by the content of
    the matrix: the derivative of a solve, more right-hand sides, and a second solve
    with the same values reuse them. A batch over right-hand sides is one call with
    one factorisation; a batch over matrices is factorised in parallel threads.

    A singular or non-finite matrix gives NaN and the status `NON_FINITE`.

    Attributes:
        cache: where factors are kept; shared by all direct solvers unless given.

    Reference:
        Li (2005), An overview of SuperLU, ACM TOMS 31, doi:10.1145/1089014.1089017.

    Example:
        >>> import scipy.sparse
        >>> matrix = SparseMatrix.from_scipy(scipy.sparse.eye(3) * 2.0)
        >>> DirectSolver().solve(matrix, jnp.ones(3)).value.tolist()
        [0.5, 0.5, 0.5]
    """

    cache: FactorCache = eqx.field(static=True, default=_SHARED)

    def solve(
        self, matrix: SparseMatrix, rhs: jax.Array, *, enough: jax.Array | float = 0.0
    ) -> LinearSolution:
        """Solve `matrix @ x = rhs` for `rhs` (n,), whatever is `enough`."""
        check_square(matrix, rhs)
        dtype = jnp.result_type(matrix.values, rhs)
        values = lax.stop_gradient(matrix.values).astype(dtype)
        on_host = partial(_solve_on_host, self.cache, matrix.pattern, values)
        value = lax.custom_linear_solve(
            matrix.mv,
            rhs.astype(dtype),
            lambda _, b: on_host(b, transposed=False),
            lambda _, b: on_host(b, transposed=True),
        )
        finite = jnp.isfinite(lax.stop_gradient(value)).all()
        status = as_status(finite, jnp.array(True))
        return LinearSolution(value, status, jnp.zeros((), jnp.int32))


def _solve_on_host(cache, pattern, values, rhs, *, transposed):
    return jax.pure_callback(
        partial(cache.solve, pattern, transposed=transposed),
        jax.ShapeDtypeStruct(rhs.shape, rhs.dtype),
        values,
        rhs,
        vmap_method="expand_dims",
    )
