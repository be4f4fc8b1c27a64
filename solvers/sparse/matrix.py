"""Sparse matrices: values that JAX traces on a pattern that it does not."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from .padded_rows import take
from .pattern import SparsityPattern
from .products import AnyPattern, sparse_product


class SparseMatrix(eqx.Module):
    """A sparse matrix on a static pattern.

    A pytree with one leaf: `vmap` over `values` is a batch of matrices, gradients
    with respect to `values` are sparse.

    Attributes:
        values: (nnz,) entries in the order of the pattern.
        pattern: where they are: entry by entry, or block by block.

    Example:
        >>> import scipy.sparse
        >>> matrix = SparseMatrix.from_scipy(scipy.sparse.eye(3) * 2.0)
        >>> (matrix @ jnp.ones(3)).tolist()
        [2.0, 2.0, 2.0]
    """

    values: jax.Array
    pattern: AnyPattern = eqx.field(static=True)

    def __check_init__(self):
        shape = getattr(self.values, "shape", None)
        if shape is not None and shape[-1:] != (self.pattern.nnz,):
            raise ValueError(
                f"`values` has shape {shape} and the pattern {self.pattern.nnz} "
                "entries; give one value per entry."
            )

    @classmethod
    def from_scipy(cls, matrix) -> "SparseMatrix":
        """Matrix of the stored entries of a SciPy sparse matrix."""
        matrix = matrix.tocsr(copy=True)
        matrix.sum_duplicates()
        pattern = SparsityPattern(matrix.indptr, matrix.indices, matrix.shape)
        return cls(jnp.asarray(matrix.data), pattern)

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.pattern.shape

    @property
    def transpose(self) -> "SparseMatrix":
        """The transposed matrix."""
        pattern, values = self.pattern.transposed(self.values)
        return SparseMatrix(values, pattern)

    @property
    def by_entries(self) -> "SparseMatrix":
        """The same matrix on a `SparsityPattern`."""
        pattern, order = self.pattern.entries
        if order is None:
            return self
        return SparseMatrix(take(self.values, order), pattern)

    def mv(self, x: jax.Array) -> jax.Array:
        """Product with a vector (columns,): (rows,)."""
        if x.shape != self.shape[1:]:
            raise ValueError(
                f"`x` has shape {x.shape}; a matrix of shape {self.shape} multiplies "
                f"({self.shape[1]},). Use jax.vmap for several vectors."
            )
        return sparse_product(self.values, x, self.pattern)

    def __matmul__(self, x: jax.Array) -> jax.Array:
        return self.mv(x)

    def diagonal(self) -> jax.Array:
        """Diagonal entries (min(shape),), zero where none is stored."""
        return self.values.at[self.pattern.diagonal].get(mode="fill", fill_value=0)

    def to_scipy(self):
        """SciPy `csr_matrix` of concrete values, on the host."""
        from scipy.sparse import csr_matrix

        pattern, order = self.pattern.entries
        values = np.asarray(self.values)
        values = values if order is None else values[order]
        return csr_matrix((values, pattern.indices, pattern.indptr), shape=self.shape)
