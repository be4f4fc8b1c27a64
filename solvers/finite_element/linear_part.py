"""Where linear functions lie within those of elements of second order."""

from functools import lru_cache

import numpy as np

from ..sparse import LinearPart
from ..topology import Topology


@lru_cache(maxsize=8)
def linear_part(topology: Topology) -> LinearPart | None:
    """What every node takes of the corners of its cell; None for first order."""
    if all(block.cell.order == 1 for block in topology.blocks):
        return None
    rows, corners, weights = [], [], []
    for block in topology.blocks:
        linear = block.cell.linear.shape(block.cell.nodes)
        node, corner = np.nonzero(np.abs(linear) > 1e-12)
        rows.append(block.cells[:, node].ravel())
        corners.append(block.cells[:, corner].ravel())
        weights.append(np.tile(linear[node, corner], len(block.cells)))
    row, corner = np.concatenate(rows), np.concatenate(corners)
    pairs = row.astype(np.int64) * topology.node_count + corner
    _, first = np.unique(pairs, return_index=True)
    weight = np.concatenate(weights)[first]
    return LinearPart(topology.node_count, row[first], corner[first], weight)
