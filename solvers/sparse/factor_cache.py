"""Sparse LU factors on the host, kept while their matrix is in use."""

import itertools
import os
import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import blake2b

import numpy as np

from .products import AnyPattern

# SuperLU keeps more than its entries: measured on a heat sink of 6,703 nodes.
_BYTES_PER_FACTOR_ENTRY = 20
_ACCEPTED_RESIDUAL = 1e-9


class FactorCache:
    """A bounded store of SuperLU factors, keyed by the content of the matrix.

    Safe to use from several threads. Every factor lives and dies in one of a few worker
    threads: SciPy frees the memory of a factor only in the thread that made it. The
    factor that a worker used least recently goes first when its share of the store is
    full; its newest always stays.

    Attributes:
        factorizations: how many matrices have been factorised so far.
    """

    def __init__(self, max_factors: int = 256, max_bytes: int = 3 * 2**30):
        """Keep about `max_factors` factors of together about `max_bytes` bytes."""
        self.max_factors, self.max_bytes = max_factors, max_bytes
        self._lock = threading.Lock()
        self._workers: list[_Worker] = []
        self._worker_of: dict[bytes, _Worker] = {}
        self._turns = itertools.count()

    @property
    def factorizations(self) -> int:
        return sum(worker.factorizations for worker in self._workers)

    def solve(self, pattern: AnyPattern, values, rhs, *, transposed: bool):
        """Solve a batch of systems, one factorisation per distinct matrix.

        Args:
            pattern: of all matrices.
            values: (*batch, nnz), batch axes of full size or 1.
            rhs: (*batch, n), likewise.
            transposed: whether to solve with the transposes.

        Returns:
            (*batch, n) solutions; NaN where a matrix is singular or not finite.
        """
        values, rhs = np.asarray(values), np.asarray(rhs)
        batch = np.broadcast_shapes(values.shape[:-1], rhs.shape[:-1])
        matrices = values.reshape(-1, values.shape[-1])
        number = np.arange(len(matrices)).reshape(values.shape[:-1])
        number = np.broadcast_to(number, batch).ravel()
        rhs = np.broadcast_to(rhs, (*batch, rhs.shape[-1])).reshape(number.size, -1)
        result = np.full(rhs.shape, np.nan, rhs.dtype)
        waiting = []
        for k, matrix in enumerate(matrices):
            members = np.flatnonzero(number == k)
            right = np.asarray(rhs[members].T, np.float64)
            solution = self._submit(pattern, matrix, right, transposed)
            waiting.append((members, solution))
        for members, solution in waiting:
            result[members] = solution.result().T
        return result.reshape(*batch, rhs.shape[-1])

    def _submit(self, pattern, values, rhs, transposed) -> Future:
        digest = blake2b(np.ascontiguousarray(values), digest_size=16)
        key = pattern.digest + digest.digest()
        with self._lock:
            if not self._workers:
                count = os.cpu_count() or 1
                self._workers = [_Worker() for _ in range(count)]
            workers = self._workers
            if key not in self._worker_of:
                # Half of these matrices or more are forgotten: start again. One that
                # is still kept may then be factorised once more.
                if len(self._worker_of) > 2 * self.max_factors:
                    self._worker_of.clear()
                turn = next(self._turns) % len(workers)
                self._worker_of[key] = workers[turn]
            worker = self._worker_of[key]
        limits = self.max_factors // len(workers), self.max_bytes // len(workers)
        return worker.pool.submit(
            worker.solve, key, pattern, values, rhs, transposed, limits
        )


class _Worker:
    """One thread and the factors that it made."""

    def __init__(self):
        self.pool = ThreadPoolExecutor(1)
        self.factors: OrderedDict[bytes, _Factor | None] = OrderedDict()
        self.factorizations = 0

    def solve(self, key, pattern, values, rhs, transposed, limits):
        if key not in self.factors:
            self.factorizations += 1
            self.factors[key] = factorize(pattern, values)
        self.factors.move_to_end(key)
        self._evict(*limits)
        factor = self.factors[key]
        return np.full(rhs.shape, np.nan) if factor is None else factor(rhs, transposed)

    def _evict(self, max_factors, max_bytes):
        total = sum(factor.size for factor in self.factors.values() if factor)
        while len(self.factors) > 1 and (
            len(self.factors) > max_factors or total > max_bytes
        ):
            _, oldest = self.factors.popitem(last=False)
            total -= oldest.size if oldest else 0


class _Factor:
    """LU factors with a check of the residual of every solution."""

    def __init__(self, matrix, factors, scale):
        self.matrix, self.factors, self.scale = matrix, factors, scale
        self.size = factors.nnz * _BYTES_PER_FACTOR_ENTRY

    def __call__(self, rhs, transposed):
        solution = self.factors.solve(rhs, trans="T" if transposed else "N")
        matrix = self.matrix.T if transposed else self.matrix
        residual = np.abs(matrix @ solution - rhs).max(axis=0, initial=0.0)
        size = self.scale * np.abs(solution).max(axis=0, initial=0.0)
        size = size + np.abs(rhs).max(axis=0, initial=0.0)
        accepted = np.isfinite(residual) & (residual <= _ACCEPTED_RESIDUAL * size)
        return np.where(accepted, solution, np.nan)


def factorize(pattern, values):
    """A `_Factor`, or None for a matrix that cannot be factorised."""
    from scipy.sparse import csc_matrix, csr_matrix
    from scipy.sparse.linalg import splu

    values = np.asarray(values, np.float64)
    if not np.isfinite(values).all():
        return None
    pattern, order = pattern.entries
    values = values if order is None else values[order]
    tables = (values, pattern.indices, pattern.indptr)
    matrix = csc_matrix(csr_matrix(tables, shape=pattern.shape))
    matrix.eliminate_zeros()  # SuperLU would fill in where rows are those of identity
    scale = np.abs(values).max(initial=0.0) * np.diff(pattern.indptr).max(initial=1)
    probe = matrix @ np.ones(pattern.shape[1])
    for options in _orderings(pattern):
        try:
            factor = _Factor(matrix, splu(matrix, **options), scale)
        except RuntimeError:
            continue
        if np.isfinite(factor(probe[:, None], False)).all():
            return factor
    return None


def _orderings(pattern):
    """SuperLU options to try, the cheapest for this pattern first."""
    # Without a diagonal, as in a saddle point, its pivots fill the whole matrix.
    if pattern.is_symmetric and (pattern.diagonal < pattern.nnz).all():
        yield {
            "permc_spec": "MMD_AT_PLUS_A",
            "diag_pivot_thresh": 0.01,
            "options": {"SymmetricMode": True},
        }
    yield {"permc_spec": "COLAMD"}
