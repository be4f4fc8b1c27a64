"""Levenberg-Marquardt with geodesic acceleration, for a few thousand weights.

Minimises |r(p)|² over the leaves of a pytree p. One step solves
(JᵀJ + λ D) v = -Jᵀr for a handful of dampings λ, adds the second-order correction
(JᵀJ + λ D) a = -½ Jᵀ r''(v, v), and keeps the trial with the smallest true loss along
p + τ v + τ² a. On small PINNs the correction gains orders of magnitude: the valleys
are narrow and curved, and it follows the bend for the price of one more solve.
"""

import functools
import math
import operator
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, PyTree

from ..datasets.arguments import require_between, require_count
from ..solvers.status import Status

_CHUNK = 2000
_THREADS = 2
_STRETCHES = (0.5, 1.0, 2.0)
_DAMPING_FACTOR = 3.0


class Rows(NamedTuple):
    """Residual rows `function(parameters, point)`, one call for every point.

    Args:
        function: callable pytree; its value is an array of any shape.
        points: pytree of arrays with one leading axis, the points.
    """

    function: Callable[[Any, Any], Array]
    points: PyTree


class LeastSquaresFit(NamedTuple):
    """What `levenberg_marquardt` found.

    Attributes:
        parameters: the pytree with the smallest loss of the last rows.
        loss: |r|² there.
        history: `loss` and `damping` after every step, NumPy arrays (steps taken,).
        status: `OK`, `NOT_CONVERGED`, `NON_FINITE` or `PRECISION`.
    """

    parameters: PyTree
    loss: float
    history: dict[str, np.ndarray]
    status: Status


def levenberg_marquardt(
    rows: Rows | Sequence[Rows],
    parameters: PyTree,
    *,
    steps: int = 100,
    tolerance: float | None = None,
    damping: float = 1.0,
    resample: Callable[[PyTree, int], Sequence[Rows]] | None = None,
    resample_every: int = 5,
    callback: Callable[[int, float, PyTree], Any] | None = None,
) -> LeastSquaresFit:
    """Minimise the sum of squares of residual rows.

    The loop runs on the host: Jacobians come from JAX in chunks of points, the
    normal equations (parameters, parameters) are factored in float64 by LAPACK. Time
    per step grows like rows · parameters² + parameters³: meant for up to about 5,000
    parameters.

    Args:
        rows: the residual, as one or several `Rows`.
        parameters: pytree; its floating-point leaves are fitted.
        steps: largest number of steps, each with one Jacobian.
        tolerance: stop once |r|² is at most this; `None` runs all steps.
        damping: first λ, relative to the diagonal of JᵀJ.
        resample: gives new rows from (parameters, step), for collocation points that
            move with the solution; keep the shapes to compile once.
        resample_every: steps between two calls of `resample`.
        callback: called with (step, loss, parameters) after every step; a true value
            ends the fit.

    Returns:
        The fit. Its status is `OK` if the tolerance was met, or if none was given and
        the loss did not stall in float32; `PRECISION` if it stalled in float32.

    Raises:
        ValueError: no floating-point leaf in `parameters`, no rows, or a number out of
            range.

    Reference:
        M. K. Transtrum, J. P. Sethna (2012), arXiv:1201.5885.

    Example:
        >>> import jax.numpy as jnp
        >>> decay = lambda p, point: p[0] * jnp.exp(-p[1] * point[0]) - point[1]
        >>> s = jnp.linspace(0.0, 1.0, 20)
        >>> points = (s, 2.0 * jnp.exp(-3.0 * s))
        >>> fit = levenberg_marquardt(Rows(decay, points), jnp.ones(2))
        >>> [round(float(value), 3) for value in fit.parameters]
        [2.0, 3.0]
    """
    from threadpoolctl import threadpool_limits

    require_count("steps", steps, 1)
    require_count("resample_every", resample_every, 1)
    require_between("damping", damping, 0.0, math.inf)
    if tolerance is not None:
        require_between("tolerance", tolerance, 0.0, math.inf, ends=True)
    blocks = _as_blocks(rows)
    fitted, fixed = eqx.partition(parameters, eqx.is_inexact_array)
    start, unravel = ravel_pytree(fitted)
    if start.size == 0:
        raise ValueError("parameters has no floating-point array to fit.")
    model = _Model(fixed, unravel, start.dtype)
    # Threaded BLAS spins at every barrier: on a busy machine 5 times slower.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(_THREADS) as pool:
        return _iterate(
            model,
            blocks,
            np.asarray(start, np.float64),
            pool,
            steps,
            tolerance,
            damping,
            resample,
            resample_every,
            callback,
        )


def _iterate(
    model, blocks, vector, pool, steps, tolerance, damping, resample, every, callback
) -> LeastSquaresFit:
    scale, status = None, Status.OK
    loss, history = np.inf, []
    for step in range(steps):
        if resample is not None and step % every == 0:
            blocks = _as_blocks(resample(model.parameters(vector), step))
        loss, gradient, normal = _normal_equations(model, blocks, vector, pool)
        if not (np.isfinite(loss) and np.all(np.isfinite(normal))):
            status = Status.NON_FINITE
            break
        diagonal = np.diag(normal)
        scale = diagonal if scale is None else np.maximum(0.9 * scale, diagonal)
        search = _Search(model, blocks, vector, loss, gradient, normal, scale)
        found = search.best_of(damping)
        if found is not None:
            loss, damping, vector = found
        history.append((loss, damping))
        stop = callback is not None and callback(step, loss, model.parameters(vector))
        if stop or (tolerance is not None and loss <= tolerance):
            break
        if found is None and model.dtype != np.float64:
            status = Status.PRECISION
            break
        if found is None and resample is None:
            break
        if found is None:
            damping = 1.0
    if status == Status.OK and tolerance is not None and not loss <= tolerance:
        status = Status.NOT_CONVERGED
    columns = np.array(history, float).reshape(-1, 2).T
    record = {"loss": columns[0], "damping": columns[1]}
    return LeastSquaresFit(model.parameters(vector), float(loss), record, status)


class _Model(eqx.Module):
    """A flat vector of weights and back."""

    fixed: PyTree
    unravel: Callable[[Array], PyTree] = eqx.field(static=True)
    dtype: np.dtype = eqx.field(static=True)

    def parameters(self, vector: Any) -> PyTree:
        return eqx.combine(self.unravel(jnp.asarray(vector, self.dtype)), self.fixed)

    def residual(self, vector: Array, blocks: Sequence[Rows]) -> Array:
        parameters = self.parameters(vector)
        return jnp.concatenate(
            [
                jax.vmap(lambda point, f=f: f(parameters, point))(points).ravel()
                for f, points in blocks
            ]
        )


def _as_blocks(rows: Rows | Sequence[Rows]) -> tuple[Rows, ...]:
    blocks = (rows,) if isinstance(rows, Rows) else tuple(rows)
    if not blocks:
        raise ValueError("rows is empty; give at least one Rows(function, points).")
    return blocks


def _count(points: PyTree) -> int:
    return jax.tree.leaves(points)[0].shape[0]


def _normal_equations(model, blocks, vector, pool):
    """|r|², Jᵀr and JᵀJ in float64, one chunk of points per thread at a time."""
    chunks = [
        Rows(function, jax.tree.map(lambda a, b=begin: a[b : b + _CHUNK], points))
        for function, points in blocks
        for begin in range(0, _count(points), _CHUNK)
    ]

    def share(first):
        loss, size = 0.0, vector.size
        gradient, normal = np.zeros(size), np.zeros((size, size))
        for rows in chunks[first::_THREADS]:
            r, jacobian = _linearise(model, vector, rows)
            r, jacobian = np.asarray(r, np.float64), np.asarray(jacobian, np.float64)
            loss += r @ r
            gradient += r @ jacobian
            normal += jacobian.T @ jacobian
        return loss, gradient, normal

    shares = pool.map(share, range(min(_THREADS, len(chunks))))
    return functools.reduce(lambda a, b: tuple(map(operator.add, a, b)), shares)


@eqx.filter_jit
def _linearise(model, vector, rows):
    def at(vector, point):
        return rows.function(model.parameters(vector), point).ravel()

    r = jax.vmap(at, (None, 0))(vector, rows.points)
    jacobian = jax.vmap(jax.jacrev(at), (None, 0))(vector, rows.points)
    return r.ravel(), jacobian.reshape(-1, jacobian.shape[-1])


@eqx.filter_jit
def _bend(model, blocks, vector, direction):
    """½ Jᵀ d²r/dh² along `direction`."""

    def along(h):
        return model.residual(vector + h * direction, blocks)

    def slope(h):
        return jax.jvp(along, (h,), (jnp.ones_like(h),))[1]

    zero = jnp.zeros((), vector.dtype)
    curvature = jax.jvp(slope, (zero,), (jnp.ones_like(zero),))[1]
    _, pull = jax.vjp(lambda v: model.residual(v, blocks), vector)
    return 0.5 * pull(curvature)[0]


@eqx.filter_jit
def _losses(model, blocks, vector, step, bend):
    def at(stretch):
        r = model.residual(vector + stretch * step + stretch**2 * bend, blocks)
        return jnp.sum(r * r)

    return jax.lax.map(at, jnp.asarray(_STRETCHES, vector.dtype))


class _Search:
    """The search over dampings with one Jacobian."""

    def __init__(self, model, blocks, vector, loss, gradient, normal, scale):
        self.model, self.blocks, self.vector = model, blocks, vector
        self.loss, self.gradient, self.normal = loss, gradient, normal
        self.scale = scale + 1e-15 * scale.max() + np.finfo(float).tiny
        self.diagonal = np.diag_indices(vector.size)

    def best_of(self, damping: float) -> tuple[float, float, np.ndarray] | None:
        """Best (loss, damping, vector) near a damping, `None` if nothing descends."""
        best = self.trial(damping)
        for factor in (1 / _DAMPING_FACTOR, _DAMPING_FACTOR):
            tried = damping
            for _ in range(2):
                tried *= factor
                found = self.trial(tried)
                if not found[0] < best[0]:
                    break
                best = found
            if best[1] < damping:
                break
        for _ in range(10):
            if best[0] < self.loss:
                return best
            tried *= 10 * _DAMPING_FACTOR
            best = self.trial(tried)
        return best if best[0] < self.loss else None

    def trial(self, damping: float) -> tuple[float, float, np.ndarray]:
        from scipy.linalg import get_lapack_funcs

        failed = (np.inf, damping, self.vector)
        matrix = self.normal.copy()
        matrix[self.diagonal] += damping * self.scale
        # The transpose is a view in Fortran order: LAPACK factors it in place.
        factorise, solve = get_lapack_funcs(("potrf", "potrs"), (matrix,))
        factor, info = factorise(matrix.T, lower=1, overwrite_a=1, clean=0)
        if info != 0:
            return failed
        step = solve(factor, -self.gradient, lower=1)[0]
        forward = _bend(self.model, self.blocks, self.vector, step)
        bend = -solve(factor, np.asarray(forward, np.float64), lower=1)[0]
        losses = _losses(self.model, self.blocks, self.vector, step, bend)
        losses = np.nan_to_num(np.asarray(losses, np.float64), nan=np.inf)
        chosen = int(np.argmin(losses))
        if not np.isfinite(losses[chosen]):
            return failed
        stretch = _STRETCHES[chosen]
        vector = self.vector + stretch * step + stretch**2 * bend
        return float(losses[chosen]), damping, vector
