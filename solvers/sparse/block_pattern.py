"""Patterns of matrices whose nodes all carry the same few unknowns."""

from functools import cached_property

import jax
import jax.numpy as jnp
import numpy as np

from .padded_rows import frozen, take
from .pattern import SparsityPattern


class BlockPattern:
    """Places of the entries of a matrix of nodes with several unknowns each.

    Unknown `c * nodes + i` is component `c` of node `i`. The values are those of dense
    blocks, one per pair of coupled nodes in the order of `nodes`, row by row. Tables of
    the pattern are as long as the number of blocks and not of entries, which for
    solids is a ninth.

    A host object, equal and hashed by content, like `SparsityPattern`.

    Attributes:
        nodes: pattern of the blocks, nodes by nodes.
        components: unknowns of a node.
    """

    def __init__(self, nodes: SparsityPattern, components: int):
        """Give every entry of `nodes` a block of `components` by `components`."""
        self.nodes, self.components = nodes, components
        self.digest = nodes.digest + components.to_bytes(2, "big")

    def __hash__(self):
        return hash(self.digest)

    def __eq__(self, other):
        return isinstance(other, BlockPattern) and self.digest == other.digest

    def __repr__(self):
        return f"BlockPattern(shape={self.shape}, nnz={self.nnz})"

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) of the matrix."""
        rows, columns = self.nodes.shape
        return rows * self.components, columns * self.components

    @property
    def nnz(self) -> int:
        """Number of stored entries."""
        return self.nodes.nnz * self.components**2

    @property
    def is_symmetric(self) -> bool:
        """Whether an entry (i, j) implies an entry (j, i)."""
        return self.nodes.is_symmetric

    @cached_property
    def diagonal(self) -> np.ndarray:
        """Position of each diagonal entry, `nnz` where there is none."""
        count = self.components
        on_diagonal = np.arange(count)[:, None] * (count + 1)
        return frozen((self.nodes.diagonal * count**2 + on_diagonal).ravel()).clip(
            max=self.nnz
        )

    @cached_property
    def entries(self) -> tuple[SparsityPattern, np.ndarray]:
        """The pattern entry by entry, and where each is found in the values."""
        rows, columns = self.nodes.shape
        inside = np.arange(self.components, dtype=np.int32)
        row = self.nodes.rows[:, None, None] + rows * inside[:, None]
        column = self.nodes.indices[:, None, None] + columns * inside
        row, column = np.broadcast_arrays(row, column)
        order = np.lexsort((column.ravel(), row.ravel()))
        counts = np.bincount(row.ravel(), minlength=self.shape[0])
        starts = np.concatenate([[0], np.cumsum(counts)])
        pattern = SparsityPattern(starts, column.ravel()[order], self.shape)
        return pattern, frozen(order)

    def transposed(self, values: jax.Array) -> tuple["BlockPattern", jax.Array]:
        """Pattern and values (nnz, *batch) of the transposed matrix."""
        nodes, order = self.nodes.transpose
        blocks = jnp.swapaxes(take(self.blocks(values), order), 1, 2)
        return BlockPattern(nodes, self.components), blocks.reshape(values.shape)

    def blocks(self, values: jax.Array) -> jax.Array:
        """Values (nnz, *batch) as (blocks, components, components, *batch)."""
        shape = (self.nodes.nnz, self.components, self.components)
        return values.reshape(*shape, *values.shape[1:])

    def by_node(self, field: jax.Array) -> jax.Array:
        """Unknowns (components * nodes, *rest) as (nodes, components, *rest)."""
        split = field.reshape(self.components, -1, *field.shape[1:])
        return jnp.swapaxes(split, 0, 1)

    def by_component(self, field: jax.Array) -> jax.Array:
        """The inverse of `by_node`."""
        return jnp.swapaxes(field, 0, 1).reshape(-1, *field.shape[2:])
