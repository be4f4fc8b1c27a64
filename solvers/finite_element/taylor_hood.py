"""Mixed elements: some components linear where the others are quadratic.

The state keeps one value for every node. Those of a linear component at the middle
nodes are no unknowns: they are the means E of the corners, so that shape functions of
second order give the linear function, and their equations count for the corners, Eᵀ.
C. Taylor and P. Hood (1973), A numerical solution of the Navier-Stokes equations using
the finite element technique, Comput. Fluids 1, 73.
"""

from functools import lru_cache

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ...physics import AbstractBalanceLaw
from ..cells import ReferenceCell
from ..sparse import SparseMatrix
from ..sparse.products import AnyPattern
from ..topology import Topology
from .formulation import (
    AbstractPointwiseFormulation,
    pointwise_deformation,
    pointwise_supply,
)
from .linear_part import linear_part

_STABLE = ("P2", "Q2")


class TaylorHood(AbstractPointwiseFormulation):
    """P2/P1 and Q2/Q1: velocity or displacement quadratic, pressure linear.

    The pair satisfies the condition of Babuška and Brezzi, so that no checkerboard of
    the pressure is free. Third order in L2 of the velocity, second of the pressure. The
    default for laws that are `AbstractIncompressible`.

    Args:
        linear: names of the components that are linear between the corners.

    Reference:
        F. Brezzi and R. S. Falk (1991), Stability of higher-order Hood-Taylor methods,
        SIAM J. Numer. Anal. 28, 581.
    """

    linear: tuple[str, ...] = eqx.field(static=True, default=("pressure",))

    def check(self, law, cell):
        names = [component.name for component in law.components]
        if isinstance(self.linear, str) or not set(self.linear) <= set(names):
            raise ValueError(
                f"formulation = TaylorHood(linear={self.linear!r}) must be a tuple of "
                f"names of components, and {type(law).__name__} has {names}."
            )
        if cell.element not in _STABLE:
            raise ValueError(
                "formulation = TaylorHood() needs cells of second order with all their "
                f"nodes (triangle6, quad9, tetra10, hexahedron27), not {cell.name}; "
                "write the mesh with these, for example element='P2' or Gmsh's "
                "Mesh.ElementOrder = 2."
            )

    def degree(self, cell):
        return None

    def supply(self, law, cell, t, geometry, u, grad_u):
        return pointwise_supply(law, t, geometry, u, grad_u)

    def deformation(self, law, cell, t, geometry, u, grad_u):
        return pointwise_deformation(law, t, geometry, u, grad_u)


class LinearRows:
    """The components of a state that are linear, on one topology; a host object.

    Attributes:
        rows: their positions among the components.
        node_count: of the topology.
        corners: nodes where they are unknown.
    """

    def __init__(self, topology: Topology, rows: tuple[int, ...]):
        """Plan for these components."""
        self.rows, self.node_count = np.asarray(rows), topology.node_count
        part = linear_part(topology)
        assert part is not None  # `TaylorHood.check` admits second order only
        self.corners, self._pattern = part.corners, part.pattern
        self._weights = part.weights

    def spread(self, state: Array) -> Array:
        """E: the state with the values of the corners carried to middle nodes."""
        means = self._means(state)
        for row in self.rows:
            state = state.at[row].set(means @ state[row, self.corners])
        return state

    def fold(self, vector: Array) -> Array:
        """Eᵀ: equations of middle nodes counted for the corners."""
        transposed = self._means(vector).transpose
        for row in self.rows:
            folded = transposed @ vector[row]
            vector = vector.at[row].set(0.0).at[row, self.corners].set(folded)
        return vector

    def fold_matrix(self, cell: ReferenceCell, matrix: Array) -> Array:
        """Eᵀ K E of element matrices (components, components, k, k, elements)."""
        means = np.zeros((len(cell.nodes), len(cell.nodes)))
        means[:, : cell.corners] = cell.linear.shape(cell.nodes)
        table = jnp.asarray(means, matrix.dtype)
        for row in self.rows:
            rows = jnp.einsum("ka,ckle->cale", table, matrix[row])
            matrix = matrix.at[row].set(rows)
        for row in self.rows:
            columns = jnp.einsum("lb,ckle->ckbe", table, matrix[:, row])
            matrix = matrix.at[:, row].set(columns)
        return matrix

    def without_middles(self, free: np.ndarray) -> np.ndarray:
        """The mask (components, nodes) with False where nothing is unknown."""
        middle = np.setdiff1d(np.arange(self.node_count), self.corners)
        free = free.copy()
        free[np.ix_(self.rows, middle)] = False
        return free

    def tie_middles(self, matrix: SparseMatrix) -> SparseMatrix:
        """The matrix with the equations of middle nodes, x = E x, in rows that hold the
        identity."""
        places, weights = _ties(self, matrix.pattern)
        values = matrix.values.at[places].set(
            -jnp.asarray(weights, matrix.values.dtype)
        )
        return SparseMatrix(values, matrix.pattern)

    def middle_pairs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Middle nodes with each of their corners and what they take of it."""
        node, corner = self._pattern.rows, self.corners[self._pattern.indices]
        middle = ~np.isin(node, self.corners)
        return node[middle], corner[middle], self._weights[middle]

    def _means(self, like: Array) -> SparseMatrix:
        return SparseMatrix(jnp.asarray(self._weights, like.dtype), self._pattern)


@lru_cache(maxsize=8)
def _ties(linear: LinearRows, pattern: AnyPattern) -> tuple[np.ndarray, np.ndarray]:
    """Where a matrix holds what middle nodes take of corners, and how much it is."""
    node, corner, weight = linear.middle_pairs()
    entries, order = pattern.entries
    size = entries.shape[1]
    keys = entries.rows.astype(np.int64) * size + entries.indices
    found = [
        np.searchsorted(
            keys,
            (row * linear.node_count + node.astype(np.int64)) * size
            + (row * linear.node_count + corner),
        )
        for row in linear.rows
    ]
    places = np.concatenate(found)
    places = places if order is None else order[places]
    return places, np.tile(weight, len(found))


@lru_cache(maxsize=32)
def _linear_rows(topology: Topology, rows: tuple[int, ...]) -> LinearRows:
    return LinearRows(topology, rows)


def check_mixed(formulation, constraints) -> None:
    """Refuse mixed elements in some blocks only, or under constraints.

    Raises:
        ValueError: either.
    """
    several = formulation if isinstance(formulation, tuple) else (formulation,)
    named = [set(f.linear) if isinstance(f, TaylorHood) else set() for f in several]
    if any(names != named[0] for names in named):
        raise ValueError(
            f"formulation = {formulation} makes other components linear in some blocks "
            "of cells than in others; give one TaylorHood for all."
        )
    if named[0] and constraints:
        raise ValueError(
            f"constraints = {sorted(constraints)} cannot be imposed with "
            f"TaylorHood(linear={tuple(sorted(named[0]))}); hold components with "
            "Dirichlet conditions instead."
        )


def linear_rows(
    formulation, law: AbstractBalanceLaw, topology: Topology
) -> LinearRows | None:
    """The `LinearRows` of a formulation; None without linear components."""
    first = formulation[0] if isinstance(formulation, tuple) else formulation
    if not isinstance(first, TaylorHood) or not first.linear:
        return None
    names = [component.name for component in law.components]
    return _linear_rows(topology, tuple(sorted(names.index(n) for n in first.linear)))
