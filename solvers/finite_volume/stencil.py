"""Which cells a balance reads, and groups of columns that no row reads twice.

All columns of one colour are found by one Jacobian-vector product: A. R. Curtis,
M. J. D. Powell, J. K. Reid (1974), IMA J. Appl. Math. 13, 117. On a lattice the
colour w·i mod m is valid when w·(p - q) mod m is not zero for any two offsets p, q of
the stencil.
"""

import dataclasses
import functools
import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from ...physics import AbstractBalanceLaw
from ..sparse import SparsityPattern

Offset = tuple[int, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class Stencil:
    """Pattern of a finite-volume Jacobian and a colouring of its columns.

    Args:
        pattern: entries of the matrix; rows follow the flattened state.
        colours: colour of each column, shape (columns,).
        count: number of colours.
    """

    pattern: SparsityPattern
    colours: np.ndarray
    count: int

    def values(self, push) -> jax.Array:
        """Matrix entries (nnz,) from the product `push` (columns,) -> (rows,)."""
        seeds = jnp.arange(self.count)[:, None] == self.colours
        products = jax.vmap(push)(seeds)
        rows = np.repeat(
            np.arange(self.pattern.shape[0], dtype=np.int32),
            np.diff(self.pattern.indptr),
        )
        return products[self.colours[self.pattern.indices], rows]


@functools.lru_cache(maxsize=32)
def build_stencil(
    shape: tuple[int, ...],
    periodic: tuple[bool, ...],
    components: int,
    reach: int,
    crossed: bool,
    in_source: bool,
) -> Stencil:
    """Build the stencil of a Cartesian grid on the host, once per content.

    Args:
        shape: cells along each axis.
        periodic: one flag per axis.
        components: unknowns per cell, all coupled.
        reach: cells read to each side along an axis.
        crossed: whether face fluxes read tangential gradients.
        in_source: whether the source reads the gradient.
    """
    cells = int(np.prod(shape))
    everywhere, at_ends = _offsets(len(shape), reach, crossed, in_source)
    index = np.indices(shape).reshape(len(shape), -1)
    rows, columns = [], []
    for offset, axis in [(o, None) for o in everywhere] + at_ends:
        row, column = _pairs(index, shape, periodic, offset, axis)
        rows.append(row)
        columns.append(column)
    row, column = np.concatenate(rows), np.concatenate(columns)
    blocks = np.arange(components)[:, None, None] * cells
    row, column = np.broadcast_arrays(blocks + row, blocks.transpose(1, 0, 2) + column)
    total = components * cells
    pattern, _ = SparsityPattern.from_coo(row, column, (total, total))
    cell_pattern, _ = SparsityPattern.from_coo(
        np.concatenate(rows), np.concatenate(columns), (cells, cells)
    )
    offsets = sorted({*everywhere, *(offset for offset, _ in at_ends)})
    colour = _colour(index, shape, periodic, offsets, cell_pattern)
    per_cell = int(colour.max()) + 1
    colours = (np.arange(components)[:, None] * per_cell + colour).ravel()
    return Stencil(pattern, colours.astype(np.int32), components * per_cell)


def _offsets(
    dimension: int, reach: int, crossed: bool, in_source: bool
) -> tuple[list[Offset], list[tuple[Offset, int]]]:
    """Offsets that all cells read, and (offset, axis) read at the ends of an axis."""

    def along(*steps: tuple[int, int]) -> Offset:
        offset = [0] * dimension
        for axis, step in steps:
            offset[axis] = step
        return tuple(offset)

    everywhere, at_ends = {along()}, set()
    for axis in range(dimension):
        everywhere |= {along((axis, s)) for s in range(-reach, reach + 1)}
        if in_source:
            at_ends |= {(along((axis, s)), axis) for s in (-2, 2)}
    if crossed:
        for axis, other in itertools.permutations(range(dimension), 2):
            for near in (-1, 0, 1):
                step = (axis, near)
                everywhere |= {along(step, (other, s)) for s in (-1, 0, 1)}
                at_ends |= {(along(step, (other, s)), other) for s in (-2, 2)}
    return sorted(everywhere), sorted(at_ends)


def _pairs(
    index: np.ndarray,
    shape: tuple[int, ...],
    periodic: tuple[bool, ...],
    offset: Offset,
    end_axis: int | None,
) -> tuple[np.ndarray, np.ndarray]:
    target = index + np.array(offset)[:, None]
    inside = np.ones(index.shape[1], bool)
    for axis, n in enumerate(shape):
        if periodic[axis]:
            target[axis] %= n
        else:
            inside &= (target[axis] >= 0) & (target[axis] < n)
    if end_axis is not None:
        if periodic[end_axis]:
            return np.zeros(0, int), np.zeros(0, int)
        inside &= (index[end_axis] == 0) | (index[end_axis] == shape[end_axis] - 1)
    row = np.flatnonzero(inside)
    return row, np.asarray(np.ravel_multi_index(tuple(target[:, inside]), shape))


def _colour(
    index: np.ndarray,
    shape: tuple[int, ...],
    periodic: tuple[bool, ...],
    offsets: list[Offset],
    pattern: SparsityPattern,
) -> np.ndarray:
    width = 2 * max(max(map(abs, offset)) for offset in offsets)
    weights, modulus = _lattice(shape, periodic, offsets)
    colour = (np.array(weights) @ index) % modulus
    for axis, n in enumerate(shape):
        # A pattern that does not fit the period gets its own colours at the seam.
        if periodic[axis] and weights[axis] * n % modulus:
            colour = 2 * colour + (index[axis] >= n - width)
    colour = np.unique(colour, return_inverse=True)[1].ravel()
    if not _is_valid(colour, pattern):
        colour = _greedy(pattern)
    return colour


def _lattice(
    shape: tuple[int, ...], periodic: tuple[bool, ...], offsets: list[Offset]
) -> tuple[tuple[int, ...], int]:
    """Weights w and modulus m with the fewest colours, seams included."""
    points = np.array(offsets)
    apart = np.unique((points[:, None] - points).reshape(-1, points.shape[1]), axis=0)
    apart = apart[np.any(apart != 0, axis=1)]
    choices = itertools.product((1,), *((range(1, 26),) * (len(shape) - 1)))
    candidates = np.array(list(choices))
    steps = candidates @ apart.T
    best, fewest = None, np.inf
    modulus = len(offsets)
    while modulus < fewest:
        for weights in candidates[np.all(steps % modulus, axis=1)]:
            seams = [
                wraps and w * n % modulus
                for w, n, wraps in zip(weights, shape, periodic, strict=True)
            ]
            colours = modulus * 2 ** np.count_nonzero(seams)
            if colours < fewest:
                best, fewest = (tuple(int(w) for w in weights), modulus), colours
        modulus += 1
    assert best is not None
    return best


def _is_valid(colour: np.ndarray, pattern: SparsityPattern) -> bool:
    row = np.repeat(np.arange(pattern.shape[0]), np.diff(pattern.indptr))
    key = row * (int(colour.max()) + 1) + colour[pattern.indices]
    return np.unique(key).size == key.size


def _greedy(pattern: SparsityPattern) -> np.ndarray:
    from scipy.sparse import csr_matrix

    tables = (np.ones(pattern.nnz), pattern.indices, pattern.indptr)
    matrix = csr_matrix(tables, shape=pattern.shape)
    conflicts = (matrix.T @ matrix).tocsr()
    colour = np.full(pattern.shape[1], -1)
    for column in range(pattern.shape[1]):
        start, stop = conflicts.indptr[column : column + 2]
        taken = set(colour[conflicts.indices[start:stop]])
        colour[column] = next(c for c in itertools.count() if c not in taken)
    return colour


def reads_gradient(law: AbstractBalanceLaw, dimension: int) -> tuple[bool, bool]:
    """Whether fluxes read tangential gradients and whether the source reads any.

    Found by differentiating the law at random states with random parameters, so that
    a tensor counts as full whatever its entries; what cannot be evaluated counts as
    coupled.
    """
    random = np.random.default_rng(0)

    def draw(leaf):
        if eqx.is_inexact_array(leaf):
            return jnp.asarray(random.uniform(0.5, 1.5, leaf.shape), leaf.dtype)
        return leaf

    with jax.ensure_compile_time_eval():
        probe = jax.tree.map(draw, law)
        components = len(law.components)
        point = jnp.asarray(random.uniform(0.5, 1.5, dimension))
        state = jnp.asarray(random.uniform(0.5, 1.5, (3, components)))
        gradient = jnp.asarray(random.normal(size=(3, components, dimension)))
        found = _gradient_derivatives(probe, point, state, gradient)
    if any(isinstance(part, Tracer) for part in found):
        return True, True
    flux, source = (np.array(part) for part in found)
    axes = np.arange(dimension)
    flux[:, :, axes, :, axes] = 0
    return bool(np.any(flux != 0)), bool(np.any(source != 0))


@eqx.filter_jit
def _gradient_derivatives(law, point, states, gradients):
    time = jnp.ones((), point.dtype)

    def at(function):
        return jax.vmap(
            lambda u, g: jax.jacfwd(lambda v: function(time, point, u, v))(g)
        )(states, gradients)

    return at(law.flux), at(law.source)
