"""Velocities at the centres of cells by cubics through four faces.

The mean of two faces would err by sin²(π/N), more than the solver does.
"""

import functools

import numpy as np

from .boundary_part import PERIODIC
from .staggered_grid import StaggeredGrid


@functools.lru_cache(maxsize=64)
def cubic_weights(
    grid: StaggeredGrid, axis: int, kind: str
) -> tuple[np.ndarray, np.ndarray]:
    """Which of n + 1 faces make each centre, and with which weights, both (n, 4)."""
    edges = grid.relative_edges(axis)
    n = edges.size - 1
    first = np.arange(n) - 1
    if kind != PERIODIC:
        first = np.clip(first, 0, n - 3)
    index = first[:, None] + np.arange(4)
    turn, place = np.divmod(index, n)
    if kind != PERIODIC:
        turn, place = np.zeros_like(index), index
    nodes = edges[place] + turn
    centre = 0.5 * (edges[:-1] + edges[1:])
    weights = np.ones((n, 4))
    for k in range(4):
        for other in range(4):
            if other != k:
                weights[:, k] *= (centre - nodes[:, other]) / (
                    nodes[:, k] - nodes[:, other]
                )
    return place, weights
