"""The host side of `eigenpairs`: shift-invert Lanczos with SciPy, member by member."""

import numpy as np

from ..status import Status
from .factor_cache import factorize
from .pattern import SparsityPattern

NUDGE = 1e-9
"""The shift is lowered by this part of the largest K_ii / M_ii."""

ROUND_OFF = 1e-12
"""Part of the largest K_ii / M_ii below which an eigenvalue is round-off."""

_ACCEPTED_RESIDUAL = 1e-6
_ASYMMETRY = 1e-9
_DENSE_PER_PAIR = 4


def solve_on_host(
    stiffness_pattern: SparsityPattern,
    mass_pattern: SparsityPattern,
    count: int,
    stiffness,
    mass,
    shift,
):
    """Eigenpairs of a batch of matrices, as `jax.pure_callback` asks for them.

    Args:
        stiffness_pattern: of all K.
        mass_pattern: of all M.
        count: number of pairs.
        stiffness: (*batch, nnz), batch axes of full size or 1.
        mass: likewise.
        shift: (*batch,) likewise.

    Returns:
        Values (*batch, count), vectors (*batch, n, count), status (*batch,).
    """
    stiffness, mass, shift = map(np.asarray, (stiffness, mass, shift))
    batch = np.broadcast_shapes(stiffness.shape[:-1], mass.shape[:-1], shift.shape)
    size = stiffness_pattern.shape[0]
    values = np.full((*batch, count), np.nan, stiffness.dtype)
    vectors = np.full((*batch, size, count), np.nan, stiffness.dtype)
    status = np.zeros(batch, np.int8)
    spread = lambda array: np.broadcast_to(array, (*batch, array.shape[-1]))
    stiffness, mass = spread(stiffness), spread(mass)
    shift = np.broadcast_to(shift, batch)
    for member in np.ndindex(batch):
        values[member], vectors[member], status[member] = _solve(
            _matrix(stiffness_pattern, stiffness[member]),
            _matrix(mass_pattern, mass[member]),
            float(shift[member]),
            count,
        )
    return values, vectors, status


def _matrix(pattern, values):
    from scipy.sparse import csr_matrix

    tables = (np.asarray(values, np.float64), pattern.indices, pattern.indptr)
    return csr_matrix(tables, shape=pattern.shape)


def _solve(stiffness, mass, shift, count):
    nothing = np.nan, np.nan
    if not (np.isfinite(stiffness.data).all() and np.isfinite(mass.data).all()):
        return *nothing, Status.NON_FINITE
    weight = mass.diagonal()
    if np.any(weight <= 0) or not (_symmetric(stiffness) and _symmetric(mass)):
        return *nothing, Status.INFEASIBLE
    scale = float(np.max(np.abs(stiffness.diagonal()) / weight))
    found, status = _subspace(stiffness, mass, shift - NUDGE * scale, count)
    if found is None:
        return *nothing, status
    values, vectors = _ritz(stiffness, mass, found)
    defect = np.linalg.norm(stiffness @ vectors - mass @ vectors * values, axis=0)
    size = np.linalg.norm(mass @ vectors, axis=0)
    allowed = _ACCEPTED_RESIDUAL * np.abs(values) + ROUND_OFF * scale
    if status == Status.OK and not np.all(defect <= allowed * size):
        status = Status.NOT_CONVERGED
    return values, _signed(vectors), status


def _symmetric(matrix) -> bool:
    return abs(matrix - matrix.T).max() <= _ASYMMETRY * abs(matrix).max()


def _subspace(stiffness, mass, shift, count):
    """Vectors (n, count) that span the wanted eigenvectors, and a status."""
    from scipy.linalg import LinAlgError, eigh
    from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

    size = stiffness.shape[0]
    if size <= _DENSE_PER_PAIR * count:
        try:
            values, vectors = eigh(stiffness.toarray(), mass.toarray())
        except LinAlgError:
            return None, Status.INFEASIBLE
        nearest = np.argsort(np.abs(values - shift))[:count]
        return vectors[:, nearest], Status.OK
    shifted = (stiffness - shift * mass).tocsr()
    shifted.sort_indices()
    pattern = SparsityPattern(shifted.indptr, shifted.indices, shifted.shape)
    factor = factorize(pattern, shifted.data)
    if factor is None:
        return None, Status.SINGULAR
    solve = lambda rhs: factor(rhs.reshape(size, -1), False).reshape(rhs.shape)
    inverse = LinearOperator(  # made by a factory that its stub does not show
        shifted.shape,  # pyright: ignore[reportCallIssue]
        matvec=solve,  # pyright: ignore[reportCallIssue]
        dtype=np.float64,  # pyright: ignore[reportCallIssue]
    )
    start = np.random.default_rng(0).uniform(0.5, 1.0, size)
    options = {"sigma": shift, "OPinv": inverse, "v0": start}
    try:
        _, vectors = eigsh(stiffness, count, mass, **options)
    except ArpackError:
        return None, Status.NOT_CONVERGED
    finally:
        # SciPy frees a factor only in the thread that made it: this one, now.
        factor.factors = None
    return vectors, Status.OK


def _ritz(stiffness, mass, basis):
    """Eigenpairs within the span of `basis`, ascending, M-orthonormal."""
    from scipy.linalg import eigh

    project = lambda matrix: basis.T @ (matrix @ basis)
    values, turn = eigh(project(stiffness), project(mass))
    return values, basis @ turn


def _signed(vectors):
    """The first of the largest entries of each column is made positive."""
    large = np.abs(vectors) > (1 - 1e-6) * np.abs(vectors).max(axis=0)
    leading = vectors[np.argmax(large, axis=0), np.arange(vectors.shape[1])]
    return vectors * np.where(leading < 0, -1.0, 1.0)
