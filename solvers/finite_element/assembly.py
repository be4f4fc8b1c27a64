"""Host tables that add element contributions up to nodal vectors and matrices."""

from collections.abc import Sequence
from functools import lru_cache

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ..sparse import Assembly, BlockPattern, SparsityPattern
from ..sparse.padded_rows import stored
from ..topology import Topology


@lru_cache(maxsize=32)
def vector_assembly(
    topology: Topology, parts: tuple[str, ...], components: int
) -> Assembly:
    """Sum over cells, then facets of `parts`, each (components, nodes, elements).

    The result is (components * nodes,).
    """
    targets = [
        _dofs(nodes, components, topology.node_count).ravel()
        for nodes in _element_nodes(topology, parts)
    ]
    flat = np.concatenate(targets)
    order = np.argsort(flat, kind="stable")
    counts = np.bincount(flat, minlength=components * topology.node_count)
    return Assembly(np.concatenate([[0], np.cumsum(counts)]), order)


class MatrixAssembly:
    """The sum of element matrices (components, components, k, k, elements).

    Attributes:
        pattern: of the sum.
    """

    def __init__(self, topology: Topology, parts: tuple[str, ...], components: int):
        """Plan the sum over cells, then facets of `parts`."""
        rows, columns = [], []
        for nodes in _element_nodes(topology, parts):
            shape = (len(nodes), *nodes.shape)
            rows.append(np.broadcast_to(nodes[:, None], shape).ravel())
            columns.append(np.broadcast_to(nodes, shape).ravel())
        size = topology.node_count
        nodes, self._sum = SparsityPattern.from_coo(
            np.concatenate(rows), np.concatenate(columns), (size, size)
        )
        self._components = components
        self.pattern = nodes if components == 1 else BlockPattern(nodes, components)

    def __call__(self, matrices: Sequence[Array]) -> Array:
        """Values (nnz,) of `pattern` from the matrices of cells, then of facets."""
        count = self._components**2
        if count == 1:
            return self._sum(jnp.concatenate([m.ravel() for m in matrices]))
        pairs = jnp.concatenate([m.reshape(count, -1).T for m in matrices])
        # a node and its neighbour side by side: one row is gathered in place of nine
        return stored(self._sum(stored(pairs, pairs)), pairs).ravel()


@lru_cache(maxsize=8)
def matrix_assembly(
    topology: Topology, parts: tuple[str, ...], components: int
) -> MatrixAssembly:
    """The plan for these elements, made once."""
    return MatrixAssembly(topology, parts, components)


def identity_where_held(
    pattern: SparsityPattern | BlockPattern, values: Array, free: np.ndarray
) -> Array:
    """Values (nnz,) with the rows and columns that are not free set to the identity.

    Args:
        pattern: of the matrix.
        values: (nnz,).
        free: host array of booleans, (unknowns,).
    """
    if isinstance(pattern, BlockPattern):
        of_node = pattern.by_node(jnp.asarray(free))
        row, column = of_node[pattern.nodes.rows], of_node[pattern.nodes.indices]
        kept = row[:, :, None] & column[:, None]
        values = jnp.where(kept, pattern.blocks(values), 0).ravel()
    else:
        kept = free[pattern.rows] & free[pattern.indices]
        values = jnp.where(kept, values, 0)
    return values.at[pattern.diagonal[~free]].set(1)


def _element_nodes(topology: Topology, parts: tuple[str, ...]) -> list[np.ndarray]:
    cells = [block.cells.T for block in topology.blocks]
    facets = [block.nodes for name in parts for block in topology.boundary(name).blocks]
    return cells + facets


def _dofs(nodes: np.ndarray, components: int, node_count: int) -> np.ndarray:
    """Positions in the flattened state, (components, nodes, elements)."""
    return (
        nodes[None] + node_count * np.arange(components, dtype=np.int32)[:, None, None]
    )
