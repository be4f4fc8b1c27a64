"""Products of two sparse block matrices on patterns that are planned on the host."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from .padded_rows import PaddedRows, take
from .pattern import SparsityPattern


class PairSum:
    """The entries of a product `A B`, each a sum over pairs of an entry of A and of B.

    Host object; what is multiplied is given when it is called.

    Attributes:
        pattern: of the product.
    """

    def __init__(self, left: SparsityPattern, right: SparsityPattern):
        """Plan the product of a matrix on `left` and one on `right`."""
        counts = np.diff(right.indptr)[left.indices]
        first = np.repeat(np.arange(left.nnz), counts)
        offset = np.arange(first.size) - np.repeat(np.cumsum(counts) - counts, counts)
        second = right.indptr[left.indices[first]] + offset
        self.pattern, summed = SparsityPattern.from_coo(
            left.rows[first],
            right.indices[second],
            (left.shape[0], right.shape[1]),
        )
        self._padded = PaddedRows(summed.starts, looped=True)
        self._left = self._padded.gather(first[summed.order], missing=left.nnz)
        self._right = self._padded.gather(second[summed.order].astype(np.int32))

    def __call__(self, left: jax.Array, right: jax.Array) -> jax.Array:
        """Entries of the product, (entries, rows, columns, batch).

        Args:
            left: (entries of A, rows, inner, batch).
            right: (entries of B, inner, columns, batch).
        """
        tables = tuple(map(jnp.asarray, self._left))
        others = tuple(map(jnp.asarray, self._right))

        def term(group, slot):
            own = left.at[tables[group][slot]].get(mode="fill", fill_value=0)
            return block_product(own, take(right, others[group][slot]))

        return self._padded.reduce(term)


def block_product(left: jax.Array, right: jax.Array) -> jax.Array:
    """Products of small blocks (entries, rows, inner, batch), the sum written out.

    XLA on a CPU runs a product or a reduction over such short axes ten times slower.
    """
    terms = (left[:, :, k, None] * right[:, None, k] for k in range(left.shape[2]))
    return functools.reduce(jnp.add, terms)
