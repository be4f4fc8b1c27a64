"""Modes of the second difference along one line, found once on the host.

With widths m the operator m⁻¹K of a line is symmetric in the inner product of m, so
that K v = λ m v has real modes: R. E. Lynch, J. R. Rice and D. H. Thomas (1964), Direct
solution of partial difference equations by tensor product methods, Numer. Math. 6, 185.
"""

import dataclasses
import functools

import numpy as np

from .boundary_part import FREE, HELD, PERIODIC
from .staggered_grid import StaggeredGrid, relative_widths


@dataclasses.dataclass(frozen=True, eq=False)
class LineModes:
    """The second difference of a line of length 1 is `backward diag(values) forward`.

    Attributes:
        values: (n,), not positive; in the order of `numpy.fft.fft` without matrices.
        forward: (n, n), or `None` for the discrete Fourier transform.
        backward: (n, n), or `None`.
    """

    values: np.ndarray
    forward: np.ndarray | None
    backward: np.ndarray | None


@functools.lru_cache(maxsize=128)
def line_modes(
    grid: StaggeredGrid, axis: int, *, on_faces: bool, ends: tuple[str, str]
) -> LineModes:
    """Modes of a value at the centres or on the stored faces of an axis.

    Args:
        grid: cells along each axis.
        axis: the axis.
        on_faces: whether values lie on faces.
        ends: `held`, `free` or `periodic` at the lower and the upper end: a held value
            at a face is no unknown, at a centre it acts from half a cell away.
    """
    edges = grid.relative_edges(axis)
    n = edges.size - 1
    if ends[0] == PERIODIC and grid.is_uniform(axis):
        values = -2 * (1 - np.cos(2 * np.pi * np.arange(n) / n)) * n**2
        return LineModes(values, None, None)
    build = _on_faces if on_faces else _at_centres
    stiffness, weight = build(edges, ends)
    known = weight == 0
    root = np.sqrt(np.where(known, 1.0, weight))
    values, vectors = np.linalg.eigh(stiffness / root[:, None] / root)
    if np.abs(stiffness.sum(axis=1)).max() < 1e-9 * np.abs(stiffness).max():
        # The constant is in the null space: take it and its zero to the last bit.
        values[-1], vectors[:, -1] = 0.0, root / np.linalg.norm(root)
    backward = vectors / root[:, None]
    forward = vectors.T * root
    backward[known], forward[:, known] = 0.0, 0.0
    return LineModes(values, forward, backward)


def _at_centres(edges, ends):
    """Symmetric differences and widths of values at centres."""
    width, apart = relative_widths(edges, periodic=ends[0] == PERIODIC)
    n = width.size
    stiffness = np.zeros((n, n))
    for k in range(1, n):
        _link(stiffness, k - 1, k, 1 / apart[k])
    if ends[0] == PERIODIC:
        _link(stiffness, n - 1, 0, 1 / apart[0])
    for kind, slot, distance in ((ends[0], 0, apart[0]), (ends[1], n - 1, apart[-1])):
        if kind == HELD:
            stiffness[slot, slot] -= 1 / distance
    return stiffness, width


def _on_faces(edges, ends):
    """Symmetric differences and widths of values on the stored faces, 0 if held."""
    width, apart = relative_widths(edges, periodic=ends[0] == PERIODIC)
    n = width.size
    whole = np.zeros((n + 1, n + 1))
    for k in range(n):
        _link(whole, k, k + 1, 1 / width[k])
    if ends[0] == PERIODIC:
        whole[n] += whole[0]
        whole[:, n] += whole[:, 0]
        return whole[1:, 1:], apart[1:]
    weight = apart.copy()
    for kind, slot in ((ends[0], 0), (ends[1], n)):
        if kind == HELD:
            whole[slot], whole[:, slot], weight[slot] = 0.0, 0.0, 0.0
    kept = slice(0, n) if ends[0] == FREE else slice(1, n + 1)
    return whole[kept, kept], weight[kept]


def _link(matrix, i, j, strength):
    matrix[i, i] -= strength
    matrix[j, j] -= strength
    matrix[i, j] += strength
    matrix[j, i] += strength
