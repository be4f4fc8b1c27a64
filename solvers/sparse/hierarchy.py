"""Static sparsity of a smoothed-aggregation hierarchy, planned on the host."""

import threading
from collections import OrderedDict
from functools import cached_property

import numpy as np

from .aggregation import aggregate, colour
from .assembly import Assembly
from .padded_rows import frozen
from .pattern import SparsityPattern

_COARSEST = 200
_LARGEST_DENSE = 1000
_STALLED = 0.8
_KEPT_HIERARCHIES = 16


class Level:
    """One step from a fine matrix to a coarse one: patterns only.

    A coarse unknown is a pair (aggregate, mode), numbered aggregate * modes + mode.
    The prolongator stores one block of `modes` numbers per (unknown, aggregate).

    Attributes:
        pattern: fine matrix.
        member: (n,) aggregate of each unknown, -1 for none.
        aggregates: number of aggregates.
        prolongator: pattern (n, aggregates) of the prolongator.
        own: (n,) entry of `prolongator` of each unknown and its own aggregate.
        smoothing: map from the kept entries of the fine matrix to `prolongator`.
        kept: fine entries whose column has an aggregate.
        colours: (aggregates,) colours for the Galerkin product.
        coarse: pattern of the coarse matrix.
    """

    def __init__(self, pattern: SparsityPattern, nodes: np.ndarray, modes: int):
        """Plan the coarsening of `pattern` whose unknown `i` sits at `nodes[i]`."""
        from scipy.sparse import csr_matrix

        self.pattern, self.modes = pattern, modes
        count = int(nodes.max()) + 1
        graph = _merged(nodes[pattern.rows], nodes[pattern.indices], (count, count))
        group, self.aggregates = aggregate(graph)
        self.member = group[nodes]
        if self.aggregates == 0:
            return
        column = self.member[pattern.indices]
        self.kept = frozen(np.flatnonzero(column >= 0))
        shape = (pattern.shape[0], self.aggregates)
        self.prolongator, self.smoothing = SparsityPattern.from_coo(
            pattern.rows[self.kept], column[self.kept], shape
        )
        own = np.full(shape[0], self.prolongator.nnz, np.int32)
        at_home = np.flatnonzero(
            self.member[self.prolongator.rows] == self.prolongator.indices
        )
        own[self.prolongator.rows[at_home]] = at_home
        self.own = frozen(own)
        fine = csr_matrix(
            (np.ones(pattern.nnz, np.float32), pattern.indices, pattern.indptr),
            shape=pattern.shape,
        )
        tables = (self.prolongator.indices, self.prolongator.indptr)
        prolongator = csr_matrix(
            (np.ones(self.prolongator.nnz, np.float32), *tables), shape=shape
        )
        product = (prolongator.T @ (fine @ prolongator)).tocsr()
        product.sort_indices()
        self.colours = frozen(colour(product))
        self._blocks = SparsityPattern(product.indptr, product.indices, product.shape)

    @cached_property
    def members(self) -> Assembly:
        """Sum over the unknowns of every aggregate, as an `Assembly`.

        Its input is indexed by unknown; unknowns without aggregate are left out.
        """
        inside = np.flatnonzero(self.member >= 0)
        order = inside[np.argsort(self.member[inside], kind="stable")]
        counts = np.bincount(self.member[inside], minlength=self.aggregates)
        return Assembly(np.concatenate([[0], np.cumsum(counts)]), order)

    @cached_property
    def coarse(self) -> SparsityPattern:
        """Pattern of the coarse matrix, (aggregates * modes) squared."""
        k = self.modes
        if k == 1:
            return self._blocks
        mode = np.arange(k)
        rows = self._blocks.rows[:, None, None] * k + mode[:, None]
        cols = self._blocks.indices[:, None, None] * k + mode
        rows, cols = np.broadcast_arrays(rows, cols)
        size = self.aggregates * k
        return SparsityPattern.from_coo(rows, cols, (size, size))[0]

    @cached_property
    def probes(self) -> tuple[np.ndarray, np.ndarray]:
        """For each coarse entry, the row and the (colour, mode) that reveal it."""
        indices: np.ndarray = self.coarse.indices
        block, mode = np.divmod(indices, self.modes)
        return self.coarse.rows, frozen(self.colours[block] * self.modes + mode)


class Hierarchy:
    """Levels from the finest to a small coarsest matrix.

    Attributes:
        finest: pattern of the first matrix.
        levels: the steps, finest first; empty for a small or diagonal matrix.
        coarsest: pattern of the last matrix.
        dense: whether the last matrix is small enough to be inverted.
    """

    def __init__(self, pattern: SparsityPattern, nodes: np.ndarray, modes: int):
        """Coarsen until a dense inverse is cheap or nothing is left to merge."""
        levels = []
        self.finest = pattern
        while pattern.shape[0] > _COARSEST:
            level = Level(pattern, nodes, modes)
            size = level.aggregates * modes
            if size == 0 or size > _STALLED * pattern.shape[0]:
                break
            levels.append(level)
            pattern = level.coarse
            nodes = np.arange(size) // modes
        self.levels = tuple(levels)
        self.coarsest = pattern
        self.dense = pattern.shape[0] <= _LARGEST_DENSE


def hierarchy_of(pattern: SparsityPattern, components: int, modes: int) -> Hierarchy:
    """The hierarchy of a pattern, planned once and kept while it is in use.

    Args:
        pattern: square, structurally symmetric.
        components: unknowns per node; unknown `c * nodes + i` is component `c` of
            node `i`.
        modes: columns of the near-null space.

    Raises:
        ValueError: if the pattern cannot be a symmetric matrix with that many
            components.
    """
    if not pattern.is_symmetric:
        raise ValueError(
            f"`matrix` has the pattern {pattern}, which is not symmetric; multigrid "
            "needs a symmetric matrix. Use DirectSolver or Krylov."
        )
    if pattern.shape[0] % components:
        raise ValueError(
            f"`components` is {components}, which does not divide the "
            f"{pattern.shape[0]} unknowns of `matrix`."
        )
    key = (pattern.digest, components, modes)
    with _LOCK:
        if key not in _KEPT:
            size = pattern.shape[0]
            nodes = np.arange(size) % max(size // components, 1)
            _KEPT[key] = Hierarchy(pattern, nodes, modes)
        _KEPT.move_to_end(key)
        while len(_KEPT) > _KEPT_HIERARCHIES:
            _KEPT.popitem(last=False)
        return _KEPT[key]


_KEPT: OrderedDict[tuple, Hierarchy] = OrderedDict()
_LOCK = threading.Lock()


def _merged(rows, cols, shape):
    from scipy.sparse import csr_matrix

    graph = csr_matrix((np.ones(rows.size, np.float32), (rows, cols)), shape=shape)
    graph.sum_duplicates()
    return graph
