"""Sparsity patterns: which entries of a matrix exist, known on the host."""

from functools import cached_property
from hashlib import blake2b

import jax
import numpy as np

from .assembly import Assembly
from .padded_rows import PaddedRows, frozen, take


class SparsityPattern:
    """Places of the entries of a sparse matrix, row by row.

    A host object with NumPy tables, equal and hashed by content, so that it can be
    a static field: programs are compiled once per pattern, whatever the values.

    Attributes:
        indptr: (rows + 1,) int32, where each row starts in `indices`.
        indices: (nnz,) int32, columns, increasing within each row, none twice.
        shape: (rows, columns).
    """

    def __init__(self, indptr, indices, shape: tuple[int, int]):
        """Check and freeze the tables of a compressed-row pattern.

        Raises:
            ValueError: if the tables do not describe sorted, unique columns inside
                `shape`.
        """
        self.indptr = frozen(indptr)
        self.indices = frozen(indices)
        self.shape = (int(shape[0]), int(shape[1]))
        _check(self.indptr, self.indices, self.shape)
        digest = blake2b(repr(self.shape).encode(), digest_size=16)
        digest.update(self.indptr.tobytes())
        digest.update(self.indices.tobytes())
        self.digest = digest.digest()

    @classmethod
    def from_coo(cls, rows, cols, shape: tuple[int, int]):
        """Pattern of a list of contributions, and the map that adds them up.

        Args:
            rows: (contributions,) row of every contribution; repeats are summed.
            cols: (contributions,) its column.
            shape: (rows, columns) of the matrix.

        Returns:
            The pattern, and an `Assembly` that turns contributions into values.
        """
        from scipy.sparse import coo_matrix

        rows, cols = np.ravel(rows), np.ravel(cols)
        if rows.shape != cols.shape:
            raise ValueError(
                f"`rows` has {rows.size} and `cols` has {cols.size} entries; give one "
                "row and one column per contribution."
            )
        for name, index, bound in (("rows", rows, shape[0]), ("cols", cols, shape[1])):
            if index.size and (index.min() < 0 or index.max() >= bound):
                raise ValueError(
                    f"`{name}` reaches from {index.min()} to {index.max()}; for shape "
                    f"{tuple(shape)} it must lie in [0, {bound})."
                )
        count = np.arange(rows.size, dtype=np.int32)
        listed = coo_matrix(
            (count, (rows.astype(np.int32), cols.astype(np.int32))), shape=shape
        )
        ordered = _rows_sorted(listed, shape)
        row = np.repeat(np.arange(shape[0]), np.diff(ordered.indptr))
        first = np.ones(rows.size, bool)
        first[1:] = (np.diff(ordered.indices) != 0) | (np.diff(row) != 0)
        indptr = np.concatenate([[0], np.cumsum(first)])[ordered.indptr]
        pattern = cls(indptr, ordered.indices[first], shape)
        starts = np.append(np.flatnonzero(first), rows.size)
        return pattern, Assembly(starts, ordered.data)

    @classmethod
    def from_scipy(cls, matrix):
        """Pattern of the stored entries of a SciPy sparse matrix."""
        matrix = matrix.tocsr(copy=True)
        matrix.sum_duplicates()
        return cls(matrix.indptr, matrix.indices, matrix.shape)

    def __hash__(self):
        return hash(self.digest)

    def __eq__(self, other):
        return isinstance(other, SparsityPattern) and self.digest == other.digest

    def __repr__(self):
        return f"SparsityPattern(shape={self.shape}, nnz={self.nnz})"

    @property
    def nnz(self) -> int:
        """Number of stored entries."""
        return self.indices.size

    @cached_property
    def rows(self) -> np.ndarray:
        """Row of every entry, (nnz,) int32."""
        counts = np.diff(self.indptr)
        return frozen(np.repeat(np.arange(self.shape[0], dtype=np.int32), counts))

    @cached_property
    def transpose(self) -> tuple["SparsityPattern", np.ndarray]:
        """The transposed pattern, and where each of its entries is found in this."""
        order = np.argsort(self.indices, kind="stable")
        counts = np.bincount(self.indices, minlength=self.shape[1])
        indptr = np.concatenate([[0], np.cumsum(counts)])
        pattern = SparsityPattern(indptr, self.rows[order], self.shape[::-1])
        return pattern, frozen(order)

    @property
    def entries(self) -> tuple["SparsityPattern", None]:
        """This pattern, and no other order of its values; see `BlockPattern`."""
        return self, None

    def transposed(self, values: jax.Array) -> tuple["SparsityPattern", jax.Array]:
        """Pattern and values (nnz, *batch) of the transposed matrix."""
        pattern, order = self.transpose
        return pattern, take(values, order)

    @cached_property
    def is_symmetric(self) -> bool:
        """Whether an entry (i, j) implies an entry (j, i)."""
        return self.shape[0] == self.shape[1] and self.transpose[0] == self

    @cached_property
    def diagonal(self) -> np.ndarray:
        """Position of each diagonal entry, `nnz` where there is none."""
        size = min(self.shape)
        positions = np.full(size, self.nnz, dtype=np.int32)
        on_diagonal = np.flatnonzero(self.rows == self.indices)
        positions[self.indices[on_diagonal]] = on_diagonal
        return frozen(positions)

    @cached_property
    def padded(self) -> PaddedRows:
        """Padded layout of the rows, for products."""
        return PaddedRows(self.indptr)

    @cached_property
    def padded_columns(self) -> tuple[np.ndarray, ...]:
        """Column of every slot of `padded`."""
        return self.padded.gather(self.indices)


def _rows_sorted(listed, shape):
    """Compressed rows with sorted columns, duplicates kept."""
    from scipy.sparse import csr_matrix

    order = np.argsort(listed.row, kind="stable")
    counts = np.bincount(listed.row, minlength=shape[0])
    indptr = np.concatenate([[0], np.cumsum(counts)])
    ordered = csr_matrix(
        (listed.data[order], listed.col[order], indptr), shape=shape, copy=False
    )
    ordered.sort_indices()
    return ordered


def _check(indptr, indices, shape):
    if indptr.shape != (shape[0] + 1,) or indptr[0] != 0 or indptr[-1] != indices.size:
        raise ValueError(
            f"`indptr` of shape {indptr.shape} ending in {indptr[-1:]} does not fit "
            f"shape {shape} with {indices.size} entries; it needs rows + 1 numbers "
            "from 0 to the number of entries."
        )
    if indices.size == 0:
        return
    if np.any(np.diff(indptr) < 0):
        raise ValueError("`indptr` decreases; row starts must not decrease.")
    if indices.min() < 0 or indices.max() >= shape[1]:
        raise ValueError(
            f"`indices` reaches from {indices.min()} to {indices.max()}; for shape "
            f"{shape} columns must lie in [0, {shape[1]})."
        )
    rising = np.diff(indices) > 0
    starts = indptr[1:-1]
    rising[starts[(starts > 0) & (starts < indices.size)] - 1] = True
    if not rising.all():
        raise ValueError(
            "`indices` must increase within each row without repeats; build the "
            "pattern with SparsityPattern.from_coo to sort and merge entries."
        )
