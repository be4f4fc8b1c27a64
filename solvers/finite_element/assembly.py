"""Host tables that add element contributions up to nodal vectors and matrices."""

from functools import lru_cache

import numpy as np

from ..sparse import Assembly, SparsityPattern
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


@lru_cache(maxsize=8)
def matrix_assembly(
    topology: Topology, parts: tuple[str, ...], components: int
) -> tuple[SparsityPattern, Assembly]:
    """Pattern and sum of element matrices (components, components, k, k, elements)."""
    rows, columns = [], []
    for nodes in _element_nodes(topology, parts):
        dofs = _dofs(nodes, components, topology.node_count)
        row = dofs[:, None, :, None]
        column = dofs[None, :, None, :]
        shape = np.broadcast_shapes(row.shape, column.shape)
        rows.append(np.broadcast_to(row, shape).ravel())
        columns.append(np.broadcast_to(column, shape).ravel())
    size = components * topology.node_count
    return SparsityPattern.from_coo(
        np.concatenate(rows), np.concatenate(columns), (size, size)
    )


def _element_nodes(topology: Topology, parts: tuple[str, ...]) -> list[np.ndarray]:
    return [topology.cells.T, *(topology.boundary(name).nodes for name in parts)]


def _dofs(nodes: np.ndarray, components: int, node_count: int) -> np.ndarray:
    """Positions in the flattened state, (components, nodes, elements)."""
    return (
        nodes[None] + node_count * np.arange(components, dtype=np.int32)[:, None, None]
    )
