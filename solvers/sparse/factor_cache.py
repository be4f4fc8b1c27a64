"""Sparse LU factors on the host, kept while their matrix is in use."""

import os
import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import blake2b

import numpy as np

from .pattern import SparsityPattern

_BYTES_PER_FACTOR_ENTRY = 12
_ACCEPTED_RESIDUAL = 1e-9


class FactorCache:
    """A bounded store of SuperLU factors, keyed by the content of the matrix.

    Safe to use from several threads. The factor that was used least recently goes
    first when the store is full; the newest always stays.

    Attributes:
        factorizations: how many matrices have been factorised so far.
    """

    def __init__(self, max_factors: int = 256, max_bytes: int = 4 * 2**30):
        """Keep at most `max_factors` factors of together `max_bytes` bytes."""
        self.max_factors, self.max_bytes = max_factors, max_bytes
        self.factorizations = 0
        self._factors: OrderedDict[bytes, Future] = OrderedDict()
        self._lock = threading.Lock()

    def solve(self, pattern: SparsityPattern, values, rhs, *, transposed: bool):
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

        def solve_one(k):
            members = np.flatnonzero(number == k)
            right = np.asarray(rhs[members].T, np.float64)
            factor = self._factor(pattern, matrices[k])
            if factor is not None and members.size:
                result[members] = factor(right, transposed).T

        if len(matrices) == 1:
            solve_one(0)
        else:
            with ThreadPoolExecutor(min(os.cpu_count() or 1, len(matrices))) as pool:
                list(pool.map(solve_one, range(len(matrices))))
        return result.reshape(*batch, rhs.shape[-1])

    def _factor(self, pattern, values):
        digest = blake2b(np.ascontiguousarray(values), digest_size=16)
        key = pattern.digest + digest.digest()
        with self._lock:
            future = self._factors.get(key)
            mine = future is None
            if future is None:
                future = self._factors[key] = Future()
                self.factorizations += 1
            self._factors.move_to_end(key)
        if mine:
            future.set_result(_factorize(pattern, values))
            self._evict(key)
        return future.result()

    def _evict(self, newest):
        with self._lock:
            sizes = {
                key: (future.result() or _NO_FACTOR).size
                for key, future in self._factors.items()
                if future.done()
            }
            total, count = sum(sizes.values()), len(sizes)
            for key, size in sizes.items():
                if count <= self.max_factors and total <= self.max_bytes:
                    return
                if key != newest:
                    del self._factors[key]
                    total, count = total - size, count - 1


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


class _NoFactor:
    size = 0


_NO_FACTOR = _NoFactor()


def _factorize(pattern, values):
    """A `_Factor`, or None for a matrix that cannot be factorised."""
    from scipy.sparse import csc_matrix, csr_matrix
    from scipy.sparse.linalg import splu

    values = np.asarray(values, np.float64)
    if not np.isfinite(values).all():
        return None
    tables = (values, pattern.indices, pattern.indptr)
    matrix = csc_matrix(csr_matrix(tables, shape=pattern.shape))
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
    if pattern.is_symmetric:
        yield {
            "permc_spec": "MMD_AT_PLUS_A",
            "diag_pivot_thresh": 0.01,
            "options": {"SymmetricMode": True},
        }
    yield {"permc_spec": "COLAMD"}
