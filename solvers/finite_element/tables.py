"""Host tables of a finite-element discretisation: who adds to which row and entry."""

import dataclasses
from functools import lru_cache

import numpy as np

from ..sparse import Assembly, SparsityPattern
from ..topology import Topology


@dataclasses.dataclass(frozen=True)
class MatrixTables:
    """Pattern of the Jacobian and the map of element entries onto it.

    Args:
        pattern: of the square matrix of all components and nodes; unknown
            `c * nodes + i` is component `c` at node `i`.
        assembly: adds up the entries of all cells, then of the facets of each part.
    """

    pattern: SparsityPattern
    assembly: Assembly


@lru_cache(maxsize=16)
def cell_rows(topology: Topology) -> Assembly:
    """Map from (nodes of a cell, cells) contributions to nodes."""
    return _rows(topology.cells.T, topology.node_count)


@lru_cache(maxsize=64)
def facet_rows(topology: Topology, name: str) -> Assembly:
    """Map from (nodes of a facet, facets) contributions of a part to nodes."""
    return _rows(topology.boundary(name).nodes, topology.node_count)


@lru_cache(maxsize=16)
def matrix_tables(
    topology: Topology, components: int, parts: tuple[str, ...]
) -> MatrixTables:
    """Tables for entries (component, component, test, trial, cell or facet)."""
    blocks = [topology.cells.T, *(topology.boundary(name).nodes for name in parts)]
    count = topology.node_count
    rows, cols = [], []
    for nodes in blocks:
        offset = count * np.arange(components)
        of = offset[:, None, None] + nodes
        shape = (components, components, len(nodes), len(nodes), nodes.shape[1])
        rows.append(np.broadcast_to(of[:, None, :, None], shape).ravel())
        cols.append(np.broadcast_to(of[None, :, None, :], shape).ravel())
    size = components * count
    pattern, assembly = SparsityPattern.from_coo(
        np.concatenate(rows), np.concatenate(cols), (size, size)
    )
    return MatrixTables(pattern, assembly)


def _rows(nodes: np.ndarray, count: int) -> Assembly:
    flat = nodes.ravel()
    order = np.argsort(flat, kind="stable").astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(np.bincount(flat, minlength=count))])
    return Assembly(starts.astype(np.int32), order)
