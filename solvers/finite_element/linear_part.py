"""Where linear functions lie within those of elements of second order."""

from functools import lru_cache

import numpy as np

from ..sparse import LinearPart
from ..topology import Topology


@lru_cache(maxsize=8)
def linear_part(topology: Topology) -> LinearPart | None:
    """What every node takes of the corners of its cell; None for first order."""
    cell = topology.cell
    if cell.order == 1:
        return None
    weights = cell.linear.shape(cell.nodes)
    node, corner = np.nonzero(np.abs(weights) > 1e-12)
    rows, corners = topology.cells[:, node].ravel(), topology.cells[:, corner].ravel()
    each = np.broadcast_to(weights[node, corner], topology.cells[:, node].shape)
    pairs = rows.astype(np.int64) * topology.node_count + corners
    _, first = np.unique(pairs, return_index=True)
    return LinearPart(
        topology.node_count, rows[first], corners[first], each.ravel()[first]
    )
