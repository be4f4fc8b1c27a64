"""The product Tᵀ A T with a T that is the identity but for some rows."""

from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np

from .block_pattern import BlockPattern
from .pattern import SparsityPattern

if TYPE_CHECKING:
    from .products import AnyPattern


class Congruence:
    """Moves rows, then columns, of a matrix to those that they are multiples of.

    What is moved stays where it was as well, and means nothing there. A host object;
    its work and tables are as long as the rows that are moved.

    Attributes:
        pattern: of the product, of the kind of that of A.
    """

    def __init__(self, pattern: "AnyPattern", rows: np.ndarray, columns: np.ndarray):
        """Plan the product.

        Args:
            pattern: of A, structurally symmetric.
            rows: (entries,) unknown that is moved.
            columns: (entries,) unknown that takes it, none of `rows`.
        """
        from scipy.sparse import csr_matrix

        blocks = isinstance(pattern, BlockPattern)
        nodes = pattern.nodes if blocks else pattern
        c, count = pattern.components if blocks else 1, nodes.shape[0]
        ones = lambda n: np.ones(n, np.float32)
        (own, node), (new, goal) = (np.divmod(a, count) for a in (rows, columns))
        old = csr_matrix((ones(nodes.nnz), nodes.indices, nodes.indptr), nodes.shape)
        moves = csr_matrix((ones(len(rows)), (node, goal)), nodes.shape)
        moves += csr_matrix((ones(count), (range(count), range(count))), nodes.shape)
        half = csr_matrix(old @ moves)
        found = SparsityPattern.from_scipy(moves.T @ half)
        self.pattern = BlockPattern(found, c) if blocks else found
        keys = found.rows * np.int64(count) + found.indices

        def place(row_node, row, column_node, column):
            """Positions of entries in the values, one row of the result per block."""
            block = np.searchsorted(keys, row_node * np.int64(count) + column_node)
            return ((block[:, None] * c + row) * c + column).ravel()

        across = np.arange(c)
        self._kept = place(
            nodes.rows, np.repeat(across, c), nodes.indices, np.tile(across, c)
        )
        entry, other = _in_rows(old, node)
        here, there = own[entry][:, None], new[entry][:, None]
        self._rows = (
            np.repeat(entry, c),
            place(node[entry], here, other, across),
            place(goal[entry], there, other, across),
        )
        # the matrix is symmetric: a row of the half is a column of its transpose
        entry, other = _in_rows(half, node)
        here, there = own[entry][:, None], new[entry][:, None]
        self._columns = (
            np.repeat(entry, c),
            place(other, across, node[entry], here),
            place(other, across, goal[entry], there),
        )

    def __call__(self, values: jax.Array, factors: jax.Array) -> jax.Array:
        """Values on `pattern`.

        Args:
            values: (nnz,) of A.
            factors: (entries,) multiples.
        """
        moved = jnp.zeros(self.pattern.nnz, values.dtype).at[self._kept].set(values)
        for entry, source, goal in (self._rows, self._columns):
            each = factors.astype(values.dtype)[entry]
            moved = moved.at[goal].add(each * moved[source])
        return moved


def _in_rows(matrix, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each of `rows`, repeated for each column there: its place, and the column."""
    lengths = np.diff(matrix.indptr)[rows]
    which = np.repeat(np.arange(len(rows)), lengths)
    offset = np.arange(len(which)) - (np.cumsum(lengths) - lengths)[which]
    return which, matrix.indices[matrix.indptr[rows][which] + offset].astype(np.int64)
