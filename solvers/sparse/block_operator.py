"""A sparse matrix of small blocks arranged for many products, batch axis last."""

import equinox as eqx
import jax
import jax.numpy as jnp

from .padded_rows import PaddedRows, stored, take
from .pair_sum import block_product
from .pattern import SparsityPattern


class BlockOperator(eqx.Module):
    """Blocks and columns of a matrix in the padded layout of its rows.

    Arranging costs as much as a few products; a loop does it once.
    """

    entries: tuple[jax.Array, ...]
    columns: tuple[jax.Array, ...]
    padded: PaddedRows = eqx.field(static=True)

    @classmethod
    def arranged(cls, pattern: SparsityPattern, entries: jax.Array) -> "BlockOperator":
        """Arrange `entries` (nnz, rows, columns of a block, batch) of `pattern`."""
        columns = tuple(jnp.asarray(table) for table in pattern.padded_columns)
        return cls(pattern.padded.arrange(entries), columns, pattern.padded)

    def apply(self, x: jax.Array) -> jax.Array:
        """Multiply (columns, unknowns, batch), giving (rows, unknowns, batch)."""
        x = stored(x, self.entries[0])[:, :, None]
        product = self.padded.reduce(
            lambda g, k: block_product(self.entries[g][k], take(x, self.columns[g][k]))
        )
        return product[:, :, 0]
