"""Aggregates of strongly connected nodes, and colours of coarse nodes (host only)."""

import numpy as np

_SEED = 20
_UNDECIDED, _CHOSEN = 1, 2


def aggregate(graph) -> tuple[np.ndarray, int]:
    """Group the nodes of a graph around roots three edges or more apart.

    Roots are a maximal set with no two within distance 2, drawn with fixed random
    priorities; neighbours join their root and the rest the aggregate that touches
    them most often. Vectorised: about 0.1 s per 10⁶ edges.

    Args:
        graph: symmetric SciPy `csr_matrix`, its entries the edges.

    Returns:
        (nodes,) aggregate of every node, -1 for nodes without an edge to another
        node, and the number of aggregates.

    Reference:
        Bell, Dalton, Olson (2012), Exposing fine-grained parallelism in algebraic
        multigrid methods, SIAM J. Sci. Comput. 34, algorithms 5 and 6.
    """
    nodes = graph.shape[0]
    member = np.full(nodes, -1, np.int64)
    rows, cols = _edges(graph)
    connected = np.zeros(nodes, bool)
    connected[rows] = True
    roots = np.flatnonzero(_independent(nodes, rows, cols, connected))
    member[roots] = np.arange(roots.size)
    near = member[cols] >= 0
    member[rows[near]] = member[cols[near]]
    left = connected[rows] & (member[rows] < 0) & (member[cols] >= 0)
    key, votes = np.unique(
        rows[left] * max(roots.size, 1) + member[cols[left]], return_counts=True
    )
    node, choice = np.divmod(key, max(roots.size, 1))
    best = np.lexsort((votes, node))
    member[node[best]] = choice[best]
    return member, roots.size


def colour(graph) -> np.ndarray:
    """Colour nodes so that no two within distance 2 share a colour.

    Args:
        graph: symmetric SciPy `csr_matrix`.

    Returns:
        (nodes,) colours 0, 1, ...

    Reference:
        Jones, Plassmann (1993), A parallel graph coloring heuristic, SIAM J. Sci.
        Comput. 14, doi:10.1137/0914041.
    """
    nodes = graph.shape[0]
    rows, cols = _edges(graph @ graph)
    rank = np.random.default_rng(_SEED).permutation(nodes)
    colours = np.full(nodes, -1, np.int64)
    # every edge is owned by its end of lower rank, which waits for the other
    lower = rank[rows] < rank[cols]
    waiting_rows, waiting_cols = rows[lower], cols[lower]
    starts = np.searchsorted(rows, np.arange(nodes + 1))
    while (colours < 0).any():
        ready = colours < 0
        ready[waiting_rows] = False
        chosen = np.flatnonzero(ready)
        counts = starts[chosen + 1] - starts[chosen]
        owner = np.repeat(np.arange(chosen.size), counts)
        offset = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        seen = colours[cols[starts[chosen][owner] + offset]]
        used = np.zeros((chosen.size, colours.max() + 2), bool)
        used[owner[seen >= 0], seen[seen >= 0]] = True
        colours[chosen] = np.argmin(used, axis=1)
        still = colours[waiting_cols] < 0
        waiting_rows, waiting_cols = waiting_rows[still], waiting_cols[still]
    return colours


def _edges(graph):
    """Ends of all edges between different nodes, sorted by the first."""
    graph = graph.tocsr()
    counts = np.diff(graph.indptr)
    rows = np.repeat(np.arange(graph.shape[0], dtype=np.int64), counts)
    cols = graph.indices.astype(np.int64)
    apart = rows != cols
    return rows[apart], cols[apart]


def _independent(nodes, rows, cols, connected):
    """A maximal set of connected nodes no two of which are within distance 2."""
    index = np.arange(nodes, dtype=np.int64)
    priority = np.random.default_rng(_SEED).permutation(nodes).astype(np.int64)
    state = np.where(connected, _UNDECIDED, 0).astype(np.int64)
    own = (priority << 1) | 1  # unique per node
    by_row = np.flatnonzero(np.append(True, np.diff(rows) != 0)[: rows.size])
    heads = rows[by_row]
    while (state == _UNDECIDED).any():
        key = (state << 40) | np.where(state > 0, own, 0)
        reach = key
        for _ in range(2):
            spread = reach.copy()
            if heads.size:
                around = np.maximum.reduceat(reach[cols], by_row)
                spread[heads] = np.maximum(spread[heads], around)
            reach = spread
        undecided = state == _UNDECIDED
        winner = undecided & (reach == key)
        covered = undecided & (reach >> 40 == _CHOSEN)
        state[covered] = 0
        state[index[winner]] = _CHOSEN
    return state == _CHOSEN
