"""The level of a pressure that nothing fixes, as in a closed vessel.

Where no boundary lets the medium in or out freely, a constant added to the pressure
changes no equation, and the equations of continuity sum to what flows in on the whole,
which the boundary data decide. Then

- continuity is asked for up to a uniform rate λ, which takes what the interpolated data
  let in on balance: the equations lose their sum;
- the pressure is that of mean zero.

Both are projections. The matrix stays singular but for one entry, the shift of one
diagonal. Equations without a sum are solved by it exactly, whatever the shift: it takes
no part in the answer. D. Boffi, F. Brezzi and M. Fortin (2013), Mixed Finite Element
Methods and Applications, section 3.2.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from ..mesh import Mesh
from ..sparse import SparseMatrix
from .geometry import cell_geometry
from .taylor_hood import LinearRows

_ROUND_OFF = 1e3


class Levels(NamedTuple):
    """Which linear components have a free level, and the weights of their mean.

    Args:
        free: one for each linear component.
        weight: integral of the linear shape functions [m^dim], zero at middle nodes.
    """

    free: Bool[Array, " rows"]
    weight: Float[Array, " nodes"]


# Traced once, though residual, matrix and verdicts ask for it.
@eqx.filter_jit
def find_levels(scheme, t: Array) -> Levels:
    """Judge the levels of a mixed `FiniteElement` at a time [s], which may be traced.

    A level is free if no equation changes with it.
    """
    rows, free = scheme.linear_rows.rows, scheme.free()
    unheld = free[:, scheme.linear_rows.corners].all(axis=1)
    rest = scheme.project(lambda x: jnp.zeros((), x.dtype))
    verdicts = []
    for row in rows:
        ahead = rest.at[row].set(1.0)
        inflow = lambda state: scheme.whole_inflow(t, state)
        supply = jax.lax.stop_gradient(jax.jvp(inflow, (rest,), (ahead,))[1])
        others = np.setdiff1d(np.arange(len(supply)), rows)
        acting = jnp.max(jnp.abs(jnp.where(free, supply, 0.0)[others]))
        # interior nodes cancel to round-off, boundary nodes keep the area next to them
        least = _ROUND_OFF * jnp.finfo(supply.dtype).eps * jnp.max(jnp.abs(supply))
        fixed = acting > least
        verdicts.append(~(fixed | jnp.any(supply[rows] != 0)) & bool(unheld[row]))
    return Levels(jnp.stack(verdicts), _integrals(scheme.mesh))


def with_levels(scheme, t: Array):
    """Equal to a mixed `FiniteElement`, with the levels found once."""
    levels, nothing = scheme.levels(t), lambda node: node is None
    return eqx.tree_at(lambda this: this._levels, scheme, levels, is_leaf=nothing)


def _integrals(mesh: Mesh) -> Float[Array, " nodes"]:
    """Integrals of the shape functions that are linear between corners [m^dim]."""
    total = jnp.zeros(len(mesh.points), mesh.points.dtype)
    for block in mesh.blocks:
        cell, cells = block.cell, block.topology.cells
        points, _ = cell.quadrature()
        shape = jnp.asarray(cell.linear.shape(points), total.dtype)
        each = jnp.einsum("qk,qe->ke", shape, cell_geometry(block).weight)
        total = total.at[cells[:, : cell.corners].T].add(each)
    return total


def without_sum(levels: Levels, rows, supply: Array) -> Array:
    """Equations of continuity that lost their sum where the level is free."""
    share = levels.weight / jnp.sum(levels.weight)
    for free, row in zip(levels.free, rows, strict=True):
        excess = jnp.where(free, jnp.sum(supply[row]), 0.0)
        supply = supply.at[row].add(-excess * share)
    return supply


def without_mean(levels: Levels, rows, state: Array) -> Array:
    """The state with pressures of mean zero where their level is free."""
    share = levels.weight / jnp.sum(levels.weight)
    for free, row in zip(levels.free, rows, strict=True):
        mean = jnp.where(free, share @ state[row], 0.0)
        state = state.at[row].add(-mean)
    return state


def shifted(levels: Levels, linear: LinearRows, matrix: SparseMatrix) -> SparseMatrix:
    """The matrix that a free level leaves singular, with one diagonal moved.

    The size of the shift is that of the Schur complement, so that the condition of the
    matrix stays what it is.
    """
    diagonal = jnp.abs(matrix.diagonal())
    nodes = len(levels.weight)
    largest = jnp.max(diagonal)
    for free, row in zip(levels.free, linear.rows, strict=True):
        place = int(row) * nodes + linear.corners[0]
        unit = jnp.zeros(matrix.shape[0], matrix.values.dtype).at[place].set(1.0)
        coupling = jnp.max(jnp.abs(matrix.mv(unit)))
        shift = jnp.where(free, coupling**2 / largest, 0.0)
        at = matrix.pattern.diagonal[place]
        matrix = SparseMatrix(matrix.values.at[at].add(-shift), matrix.pattern)
    return matrix
