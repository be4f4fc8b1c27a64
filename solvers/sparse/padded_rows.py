"""Rows of a sparse structure padded to common widths, summed by unrolled gathers."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

_TOLERATED_PADDING = 1.25
_UNROLLED_ROWS = 32768
_LOOP_SLOTS = 4
_SINGLE_GROUP_ROWS = 1024


class PaddedRows:
    """Positions of the entries of every row, rows of similar length side by side.

    Row sums written as one fused expression `e[p0] + e[p1] + ...` over columns of
    this table are several times faster on a CPU than a segment sum. Many rows are split
    into a few groups of equal width where padding would cost over a quarter. Fewer
    rows are summed in a loop of short bodies, which compiles faster.

    Host object: NumPy only.

    Attributes:
        entry_count: number of entries; a padded slot holds this number, one past
            the last valid position.
        groups: one int32 table (width, rows in group) of entry positions per group.
        order: rows in the order of the groups, or None for the natural order.
        inverse: place of every row in the grouped result, or None.
    """

    def __init__(self, indptr: np.ndarray, *, looped: bool = False):
        """Lay out the rows that `indptr` (rows + 1,) delimits.

        Args:
            indptr: where each row starts, and the end.
            looped: sum in loops however many rows there are, for slots whose terms
                are long to compile.
        """
        counts = np.diff(indptr)
        self._looped = looped or counts.size <= _UNROLLED_ROWS
        self.entry_count = int(indptr[-1])
        self.row_count = counts.size
        limits = _group_limits(counts)
        if len(limits) == 1:
            self.order = self.inverse = None
            members = [np.arange(counts.size)]
        else:
            group = np.searchsorted(limits, counts)
            order = np.argsort(group, kind="stable").astype(np.int32)
            inverse = np.empty_like(order)
            inverse[order] = np.arange(order.size, dtype=np.int32)
            self.order, self.inverse = order, inverse
            members = [np.flatnonzero(group == g) for g in range(len(limits))]
        self.groups = tuple(
            _positions(indptr, rows, int(width), self.entry_count, self._looped)
            for rows, width in zip(members, limits, strict=True)
        )

    def gather(
        self, per_entry: np.ndarray, missing: int | None = None
    ) -> tuple[np.ndarray, ...]:
        """Host table of `per_entry` in this layout.

        Padding holds `missing` or, without it, repeats a row's last.
        """
        if missing is not None:
            padded = np.append(per_entry, missing).astype(np.int32)
            return tuple(padded[positions] for positions in self.groups)
        tables = []
        for positions in self.groups:
            valid = positions < self.entry_count
            last = np.maximum(valid.sum(axis=0) - 1, 0)
            fallback = np.take_along_axis(positions, last[None], axis=0)
            filled = np.where(valid, positions, fallback)
            padded = np.append(per_entry, np.zeros(1, per_entry.dtype))
            tables.append(padded[filled])
        return tuple(tables)

    def arrange(self, entries: jax.Array) -> tuple[jax.Array, ...]:
        """Entries (entry_count, *batch) as padded groups (width, rows, *batch)."""
        return tuple(_filled(entries, positions) for positions in self.groups)

    def sum(self, entries: jax.Array) -> jax.Array:
        """Sum of the entries (entry_count, *batch) of every row: (rows, *batch)."""
        groups = self.device_groups()
        return self.reduce(lambda g, k: _filled(entries, groups[g][k]))

    def device_groups(self) -> tuple[jax.Array, ...]:
        """`groups` as JAX arrays, which a traced slot may index."""
        return tuple(jnp.asarray(positions) for positions in self.groups)

    def reduce(self, term: Callable) -> jax.Array:
        """Sum over the slots of every row.

        Args:
            term: `term(group, slot)` gives the contributions (rows, *batch) of one
                slot; `slot` may be traced.

        Returns:
            The sums in natural row order, (rows, *batch).
        """
        parts = [
            _slot_sum(lambda k, g=g: term(g, k), positions.shape[0], self._looped)
            for g, positions in enumerate(self.groups)
        ]
        if self.inverse is None:
            return parts[0]
        return take(jnp.concatenate(parts), self.inverse)


def frozen(array) -> np.ndarray:
    """A read-only int32 copy."""
    copy = np.array(array, dtype=np.int32)
    copy.setflags(write=False)
    return copy


def take(array: jax.Array, positions: np.ndarray) -> jax.Array:
    """`array[positions]` along the first axis for positions known to be valid."""
    array = jnp.asarray(array)
    dimensions = lax.GatherDimensionNumbers(
        offset_dims=tuple(
            range(np.ndim(positions), np.ndim(positions) + array.ndim - 1)
        ),
        collapsed_slice_dims=(0,),
        start_index_map=(0,),
    )
    return lax.gather(
        array,
        jnp.asarray(positions)[..., None],
        dimensions,
        (1, *array.shape[1:]),
        mode=lax.GatherScatterMode.PROMISE_IN_BOUNDS,
    )


def stored(x: jax.Array, witness: jax.Array) -> jax.Array:
    """`x`, computed once before it is gathered from.

    XLA on CPU fuses the expression for `x` into the gathers and computes it again
    for every entry, 60 times slower in a smoother. It drops an `optimization_barrier`
    before it fuses, but not a branch on numbers of `witness` that it cannot decide.
    """
    if witness.size == 0:
        return x
    entry = witness.ravel()[0]
    return lax.cond((entry <= 0) | (entry != 0), lambda x: x, jnp.zeros_like, x)


def _filled(entries, positions):
    return jnp.asarray(entries).at[positions].get(mode="fill", fill_value=0)


def _slot_sum(term, width, looped):
    if not looped or width <= _LOOP_SLOTS:
        total = term(0)
        for slot in range(1, width):
            total = total + term(slot)
        return total

    # a loop of short bodies: unrolled, few rows take longer to compile than to sum
    def some_slots(turn, total):
        for slot in range(_LOOP_SLOTS):
            total = total + term(_LOOP_SLOTS * turn + slot)
        return total

    like = jax.eval_shape(term, 0)
    nothing = jnp.zeros(like.shape, like.dtype)
    return lax.fori_loop(0, width // _LOOP_SLOTS, some_slots, nothing)


def _positions(indptr, rows, width, sentinel, looped):
    width = max(width, 1)
    if looped and width > _LOOP_SLOTS:
        width = -(-width // _LOOP_SLOTS) * _LOOP_SLOTS
    slots = np.arange(width)[:, None]
    start, stop = indptr[rows][None], indptr[rows + 1][None]
    positions = start + slots
    return np.where(positions < stop, positions, sentinel).astype(np.int32)


def _group_limits(counts):
    """Widths of the groups that minimise the padded size, widest last."""
    if counts.size == 0:
        return [1]
    lengths, rows = np.unique(counts, return_counts=True)
    few = counts.size <= _SINGLE_GROUP_ROWS
    if few or lengths[-1] * counts.size <= _TOLERATED_PADDING * max(counts.sum(), 1):
        return [lengths[-1]]
    if lengths.size > 256:
        keep = np.unique(np.linspace(0, lengths.size - 1, 256).astype(int))
        edges = np.searchsorted(keep, np.arange(lengths.size))
        rows = np.bincount(edges, weights=rows, minlength=keep.size)
        lengths = lengths[keep]
    size = lengths.size
    groups = 4 if counts.size > _UNROLLED_ROWS else 2
    below = np.concatenate([[0], np.cumsum(rows)])
    # cost[j]: least padded size of the rows with the j shortest lengths
    cost = np.full(size + 1, np.inf)
    cost[0] = 0
    choices = []
    for _ in range(min(groups, size)):
        table = cost[:-1, None] + (below[None, 1:] - below[:-1, None]) * lengths
        table[np.tril_indices(size, -1)] = np.inf
        choices.append(np.argmin(table, axis=0))
        cost = np.concatenate([[0], np.min(table, axis=0)])
    limits, end = [], size
    for choice in reversed(choices):
        if end == 0:
            break
        limits.append(lengths[end - 1])
        end = choice[end - 1]
    return limits[::-1]
