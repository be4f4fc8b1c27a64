"""Conjugate gradients with smoothed-aggregation multigrid, as a linear solver."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from ..status import Status
from .batch_last import native_batch_last
from .block_operator import BlockOperator
from .conjugate_gradient import conjugate_gradient
from .hierarchy import hierarchy_of
from .linear_part import LinearPart
from .linear_solver import AbstractLinearSolver, LinearSolution, as_status, check_square
from .matrix import SparseMatrix
from .multigrid import Multigrid

_TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
_ROUND_OFF = {"float32": 1e-3, "float64": 1e-9}


class MultigridCG(AbstractLinearSolver):
    """Conjugate gradients with smoothed-aggregation multigrid, all in JAX.

    For symmetric positive definite `SparseMatrix`. Derivatives solve with the
    transpose, so a slightly unsymmetric matrix, on which the iteration converges more
    slowly or stagnates, is not taken for its symmetric neighbour; use `DirectSolver`
    where accuracy matters there. Aggregates and the sparsity of all levels are planned
    once per pattern on the host; their values are recomputed in every solve. Rows and
    columns eliminated to the identity are allowed.

    The iteration ends when the relative residual is below the tolerance. The status
    is `PRECISION` if round-off keeps the true residual above ten times the tolerance
    and above 1e-3 in float32 or 1e-9 in float64.

    Attributes:
        tolerance: relative residual; None for 1e-5 in float32 and 1e-12 in float64.
        max_steps: limit of iterations.
        components: unknowns per node; unknown `c * nodes + i` is component `c` of
            node `i`.
        near_null: (n, modes) vectors that the operator without boundary conditions
            annihilates (rigid motions for elasticity); None for one constant per
            component.
        linear_part: for elements of second order, whose first coarse space it is.

    Example:
        >>> import scipy.sparse
        >>> matrix = SparseMatrix.from_scipy(scipy.sparse.eye(3) * 2.0)
        >>> MultigridCG().solve(matrix, jnp.ones(3)).value.round(6).tolist()
        [0.5, 0.5, 0.5]
    """

    tolerance: float | None = eqx.field(static=True, default=None)
    max_steps: int = eqx.field(static=True, default=200)
    components: int = eqx.field(static=True, default=1)
    near_null: jax.Array | None = None
    linear_part: LinearPart | None = eqx.field(static=True, default=None)

    def __check_init__(self) -> None:
        if self.components < 1:
            raise ValueError(f"components = {self.components} must be at least 1.")

    def solve(
        self, matrix: SparseMatrix, rhs: jax.Array, *, enough: jax.Array | float = 0.0
    ) -> LinearSolution:
        """Solve `matrix @ x = rhs` for `rhs` (n,) to the looser of two tolerances."""
        check_square(matrix, rhs)
        if getattr(matrix.pattern, "components", None) != self.components:
            matrix = matrix.by_entries
        dtype = jnp.result_type(matrix.values, rhs)
        values = lax.stop_gradient(matrix.values).astype(dtype)
        near_null = self._near_null(matrix.shape[0])
        modes = near_null.shape[1]
        if not matrix.pattern.is_symmetric:
            raise ValueError(
                f"the pattern {matrix.pattern} is not symmetric; conjugate gradients "
                "need a symmetric matrix. Use DirectSolver or Krylov."
            )
        hierarchy = hierarchy_of(
            matrix.pattern, self.components, modes, self.linear_part
        )
        tolerance = self.tolerance
        if tolerance is None:
            tolerance = _TOLERANCE[dtype.name]
        tolerance = jnp.maximum(tolerance, lax.stop_gradient(enough)).astype(dtype)
        iterate = native_batch_last(
            partial(
                _iterate,
                hierarchy=hierarchy,
                max_steps=self.max_steps,
            )
        )

        def solve_with(values, b):
            fixed = lax.stop_gradient(near_null)
            value, status, steps = iterate(values, fixed, b, tolerance)
            return value, (status, steps)

        # k(T) makes a matrix slightly unsymmetric. The iteration then still ends, and
        # an adjoint that took the matrix for symmetric would be wrong without a word.
        value, (status, steps) = lax.custom_linear_solve(
            matrix.mv,
            rhs.astype(dtype),
            lambda _, b: solve_with(values, b),
            lambda _, b: solve_with(matrix.pattern.transposed(values)[1], b),
            has_aux=True,
        )
        return LinearSolution(value, status, steps)

    def _near_null(self, size):
        if self.near_null is not None:
            shape = jnp.shape(self.near_null)
            if len(shape) != 2 or shape[0] != size:
                raise ValueError(
                    f"near_null has shape {shape}; a matrix of {size} unknowns needs "
                    f"({size}, modes)."
                )
            return self.near_null
        component = np.arange(size) * self.components // max(size, 1)
        return np.eye(self.components)[component]


@partial(jax.jit, static_argnames=("hierarchy", "max_steps"))
def _iterate(values, near_null, rhs, tolerance, *, hierarchy, max_steps):
    """Solution (n, batch), status and steps (batch,), all with the batch last."""
    batch = max(values.shape[-1], near_null.shape[-1], rhs.shape[-1])
    nodes = hierarchy.blocks.shape[0]
    # unknowns of a node side by side: (components * nodes) to (nodes, components)
    by_node = lambda field: field.reshape(-1, nodes, *field.shape[1:]).swapaxes(0, 1)
    rhs = by_node(jnp.broadcast_to(rhs, (rhs.shape[0], batch)))
    # of size one, so that squares neither overflow nor vanish
    largest = jnp.max(jnp.abs(rhs), axis=(0, 1))
    size = jnp.where((largest > 0) & jnp.isfinite(largest), largest, 1)
    rhs = rhs / size
    blocks = hierarchy.blocks_of(values)
    multigrid = Multigrid.of(hierarchy, blocks, by_node(near_null))
    multiply = BlockOperator.arranged(hierarchy.blocks, blocks).apply
    found = conjugate_gradient(
        multiply, multigrid.apply, rhs, tolerance=tolerance, max_steps=max_steps
    )
    norm = jnp.sqrt(jnp.sum(rhs**2, axis=(0, 1)))
    left = jnp.sqrt(jnp.sum((rhs - multiply(found.value)) ** 2, axis=(0, 1)))
    accepted = jnp.maximum(10 * tolerance, _ROUND_OFF[rhs.dtype.name])
    status = as_status(found.finite, found.residual <= tolerance)
    rounded = (status == Status.OK) & ~(left <= accepted * norm)
    status = jnp.where(rounded, Status.PRECISION, status).astype(jnp.int8)
    value = (size * found.value).swapaxes(0, 1).reshape(-1, batch)
    return value, status, found.steps
