"""Static sparsity of a smoothed-aggregation hierarchy, planned on the host."""

import threading
from collections import OrderedDict

import jax
import numpy as np

from .aggregation import aggregate
from .assembly import Assembly
from .block_pattern import BlockPattern
from .linear_part import LinearPart
from .padded_rows import frozen
from .pair_sum import PairSum
from .pattern import SparsityPattern
from .products import AnyPattern

_COARSEST = 200
_LARGEST_DENSE = 1000
_STALLED = 0.8
_KEPT_HIERARCHIES = 16


class Level:
    """One step from a fine matrix to a coarse one: patterns of blocks only.

    The fine matrix has a block for each pair of coupled nodes, the coarse one a block
    of modes for each pair of coupled aggregates, the prolongator a block for each node
    and each aggregate that it takes part of.

    Attributes:
        pattern: fine matrix, nodes by nodes.
        member: (nodes,) aggregate of each node, -1 for none.
        aggregates: number of aggregates.
        members: sum over the nodes of every aggregate; nodes without one are left out.
        homes: the nodes that have an aggregate.
        smoothing: fine matrix times tentative prolongator, which has one entry for
            each of `homes`.
        prolongator: pattern of the prolongator, nodes by aggregates.
        own: (homes,) entry of the prolongator of each node and its own aggregate.
        image: fine matrix times prolongator.
        galerkin: transposed prolongator times `image`.
        coarse: pattern of the coarse matrix, aggregates by aggregates.
    """

    def __init__(self, pattern: SparsityPattern):
        """Plan the coarsening of a matrix on `pattern`."""
        from scipy.sparse import csr_matrix

        tables = (np.ones(pattern.nnz, np.float32), pattern.indices, pattern.indptr)
        self.pattern = pattern
        self.member, self.aggregates = aggregate(csr_matrix(tables, pattern.shape))
        if self.aggregates == 0:
            return
        self.homes = frozen(np.flatnonzero(self.member >= 0))
        shape = (pattern.shape[0], self.aggregates)
        tentative, _ = SparsityPattern.from_coo(
            self.homes, self.member[self.homes], shape
        )
        counts = np.bincount(self.member[self.homes], minlength=self.aggregates)
        order = np.argsort(self.member[self.homes], kind="stable")
        starts = np.concatenate([[0], np.cumsum(counts)])
        self.members = Assembly(starts, self.homes[order])
        self.smoothing = PairSum(pattern, tentative)
        self.prolongator = self.smoothing.pattern
        at_home = self.member[self.prolongator.rows] == self.prolongator.indices
        self.own = frozen(np.flatnonzero(at_home))
        self.image = PairSum(pattern, self.prolongator)
        transposed, _ = self.prolongator.transpose
        self.galerkin = PairSum(transposed, self.image.pattern)
        self.coarse = self.galerkin.pattern


class LinearLevel:
    """The step from quadratic to linear functions.

    Attributes:
        pattern: fine matrix, nodes by nodes.
        part: what every node takes of the corners.
        prolongator: pattern of `part`.
        image: fine matrix times prolongator.
        galerkin: transposed prolongator times `image`.
        coarse: pattern of the coarse matrix, corners by corners.
    """

    def __init__(self, pattern: SparsityPattern, part: LinearPart):
        """Plan the products of a matrix on `pattern`."""
        self.pattern, self.part, self.prolongator = pattern, part, part.pattern
        self.image = PairSum(pattern, self.prolongator)
        transposed, _ = self.prolongator.transpose
        self.galerkin = PairSum(transposed, self.image.pattern)
        self.coarse = self.galerkin.pattern


class Hierarchy:
    """Levels from the finest to a small coarsest matrix.

    Attributes:
        blocks: pattern of the blocks of the first matrix, nodes by nodes.
        levels: the steps, finest first; empty for a small or diagonal matrix.
        coarsest: pattern of the blocks of the last matrix.
        dense: whether the last matrix is small enough to be inverted.
    """

    def __init__(
        self,
        pattern: AnyPattern,
        components: int,
        modes: int,
        linear_part: LinearPart | None = None,
    ):
        """Coarsen until a dense inverse is cheap or nothing is left to merge."""
        self._first = pattern
        if isinstance(pattern, BlockPattern):
            self.blocks = pattern.nodes
        else:
            self.blocks, self._places = _blocks(pattern, components)
        levels, blocks, size = [], self.blocks, components
        if linear_part is not None and blocks.shape[0] * size > _COARSEST:
            levels.append(LinearLevel(blocks, linear_part))
            blocks = levels[0].coarse
        while blocks.shape[0] * size > _COARSEST:
            level = Level(blocks)
            smaller = level.aggregates * modes
            if smaller == 0 or smaller > _STALLED * blocks.shape[0] * size:
                break
            levels.append(level)
            blocks, size = level.coarse, modes
        self.levels = tuple(levels)
        self.coarsest = blocks
        self.dense = blocks.shape[0] * size <= _LARGEST_DENSE

    def blocks_of(self, values: jax.Array) -> jax.Array:
        """Values (nnz, batch) of the first matrix as (blocks, rows, columns, batch)."""
        if isinstance(self._first, BlockPattern):
            return self._first.blocks(values)
        return values.at[self._places].get(mode="fill", fill_value=0)


def hierarchy_of(
    pattern: AnyPattern,
    components: int,
    modes: int,
    linear_part: LinearPart | None = None,
) -> Hierarchy:
    """The hierarchy of a pattern, planned once and kept while it is in use.

    Args:
        pattern: square, structurally symmetric.
        components: unknowns per node; unknown `c * nodes + i` is component `c` of
            node `i`.
        modes: columns of the near-null space.
        linear_part: for elements of second order.

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
    key = (pattern.digest, components, modes, linear_part)
    with _LOCK:
        if key not in _KEPT:
            _KEPT[key] = Hierarchy(pattern, components, modes, linear_part)
        _KEPT.move_to_end(key)
        while len(_KEPT) > _KEPT_HIERARCHIES:
            _KEPT.popitem(last=False)
        return _KEPT[key]


_KEPT: OrderedDict[tuple, Hierarchy] = OrderedDict()
_LOCK = threading.Lock()


def _blocks(pattern, components):
    """Pattern of the nodes, and the entry at each place (blocks, components,
    components) of each block, the number of entries where there is none."""
    nodes = pattern.shape[0] // components
    row_component, row = np.divmod(pattern.rows, max(nodes, 1))
    column_component, column = np.divmod(pattern.indices, max(nodes, 1))
    blocks, merged = SparsityPattern.from_coo(row, column, (nodes, nodes))
    places = np.full((blocks.nnz, components, components), pattern.nnz, np.int32)
    places[merged.slots, row_component, column_component] = np.arange(pattern.nnz)
    return blocks, frozen(places)
