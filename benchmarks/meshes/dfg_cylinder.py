"""The channel of the DFG benchmark: a ring of quad9 around the cylinder, then a wake.

2.2 by 0.41 m, the cylinder of radius 0.05 at (0.2, 0.2). All nodes of its surface lie
on the circle. M. Schäfer and S. Turek (1996), Benchmark computations of laminar flow
around a cylinder, Notes Numer. Fluid Mech. 52, 547.
"""

import numpy as np

from froude.solvers import Mesh

CENTRE, RADIUS = np.array([0.2, 0.2]), 0.05
LENGTH, HEIGHT = 2.2, 0.41
_QUAD9 = ((0, 0), (2, 0), (2, 2), (0, 2), (1, 0), (2, 1), (1, 2), (0, 1), (1, 1))


def cylinder_channel(n: int) -> Mesh:
    """4 n by n cells around the cylinder and 2 n by n behind them."""
    cell = np.linspace(0.0, 1.0, 2 * n + 1)
    square = HEIGHT * np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)])
    grids = [
        _sector(start, end, cell)
        for start, end in zip(square[:-1], square[1:], strict=True)
    ]
    along = np.linspace(0.0, 1.0, 4 * n + 1)
    x = HEIGHT + (LENGTH - HEIGHT) * (0.45 * along + 0.55 * along**2)
    grids.append(np.stack(np.meshgrid(x, HEIGHT * cell, indexing="ij"), axis=-1))

    points = np.concatenate([grid.reshape(-1, 2) for grid in grids])
    _, first, number = np.unique(
        np.round(points, 9), axis=0, return_index=True, return_inverse=True
    )
    points, number, start, cells = points[first], number.ravel(), 0, []
    for grid in grids:
        count = grid.shape[0] * grid.shape[1]
        nodes = number[start : start + count].reshape(grid.shape[:2])
        start += count
        ends = [size - 3 for size in nodes.shape]
        corners = [
            nodes[i : ends[0] + i + 1 : 2, j : ends[1] + j + 1 : 2] for i, j in _QUAD9
        ]
        cells.append(np.stack([c.ravel() for c in corners], axis=1))
    return _named(points, np.concatenate(cells))


def _sector(start, end, cell) -> np.ndarray:
    """Between the circle and one side, closer to the circle; (around, out, 2)."""
    side = start + cell[:, None] * (end - start)
    angles = [np.arctan2(*(p - CENTRE)[::-1]) for p in (start, end)]
    turned = angles[0] + cell * ((angles[1] - angles[0]) % (2 * np.pi))
    circle = CENTRE + RADIUS * np.stack([np.cos(turned), np.sin(turned)], axis=1)
    out = (0.35 * cell + 0.65 * cell**2)[None, :, None]
    # from the circle outwards, then around: counter-clockwise
    return np.swapaxes((1 - out) * circle[:, None] + out * side[:, None], 0, 1)


def _named(points: np.ndarray, cells: np.ndarray) -> Mesh:
    edges = np.concatenate([cells[:, [k, (k + 1) % 4]] for k in range(4)])
    _, first, count = np.unique(
        np.sort(edges, axis=1), axis=0, return_index=True, return_counts=True
    )
    edges = edges[first[count == 1]]
    middle = points[edges].mean(axis=1)
    near = lambda value, wanted: np.abs(value - wanted) < 1e-9
    walls = near(middle[:, 1], 0.0) | near(middle[:, 1], HEIGHT)
    inflow, outflow = near(middle[:, 0], 0.0), near(middle[:, 0], LENGTH)
    chosen = {
        "inflow": inflow,
        "outflow": outflow,
        "walls": walls,
        "cylinder": ~(inflow | outflow | walls),
    }
    boundaries = {name: edges[mask] for name, mask in chosen.items()}
    return Mesh.from_cells(points, "quad9", cells, boundaries=boundaries)
