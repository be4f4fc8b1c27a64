"""A sparse matrix arranged for many products inside one loop, batch axis last."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp

from .padded_rows import PaddedRows, stored, take
from .pattern import SparsityPattern


class PaddedOperator(eqx.Module):
    """Entries and columns of a matrix in the padded layout of its rows.

    An entry may be a block: arrays of entries are (nnz, *block, batch). Arranging
    costs as much as a few products; a loop does it once.
    """

    entries: tuple[jax.Array, ...]
    columns: tuple[jax.Array, ...]
    padded: PaddedRows = eqx.field(static=True)

    @classmethod
    def arranged(cls, pattern: SparsityPattern, entries: jax.Array):
        """Arrange `entries` (nnz, *block, batch) of `pattern`."""
        columns = tuple(jnp.asarray(table) for table in pattern.padded_columns)
        return cls(pattern.padded.arrange(entries), columns, pattern.padded)

    def apply(
        self, x: jax.Array, multiply: Callable[..., jax.Array] = jnp.multiply
    ) -> jax.Array:
        """Sum of `multiply(entries, x[columns])` over every row.

        Args:
            x: (columns, *block, batch).
            multiply: product of the entries and values of one slot of the rows;
                reduces or broadcasts their block axes.

        Returns:
            (rows, *block, batch).
        """
        x = stored(x, self.entries[0])
        return self.padded.reduce(
            lambda g, k: multiply(self.entries[g][k], take(x, self.columns[g][k]))
        )
