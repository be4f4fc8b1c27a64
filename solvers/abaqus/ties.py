"""Equations and couplings of a deck as equations between displacements of its mesh.

Reference nodes have displacements, and those of couplings rotations, that no element
has. They are eliminated: of all rows [A V] [u; v] = 0 as many as there are v give
v = -V⁻¹ A u, which the other rows and the work f·v of the loads at v then take.
"""

import dataclasses

import numpy as np

from .acting import Acting
from .carried_elements import carried_dimension
from .constraint_rows import Row, Unknown, coupling_rows, equation_rows
from .deck_mesh import DeckNodes
from .model import Model
from .record import refusal
from .step import Frequency

_NOTHING = 1e-10


@dataclasses.dataclass
class Ties:
    """What equations and couplings make of a step.

    Args:
        dimension: of the elements.
        rows: equations between displacements of the mesh.
        bare: node numbers that no element has and rows name.
        turning: node numbers of the reference nodes.
        forces: node number to the forces that its loads become, by unknown.
    """

    dimension: int
    rows: list[Row]
    bare: set[int]
    turning: set[int]
    forces: dict[int, dict[Unknown, float]] = dataclasses.field(default_factory=dict)

    def takes(self, dof: int) -> set[int]:
        """Nodes whose load or support in a direction is dealt with here."""
        return self.bare | (self.turning if dof > self.dimension else set())


def deck_ties(model: Model, acts: Acting, nodes: DeckNodes) -> Ties:
    """Eliminate what no element has.

    Args:
        model: the deck.
        acts: what acts in the step.
        nodes: where node numbers are in the mesh.

    Raises:
        ValueError: degrees of freedom that nothing has, a load that nothing resists, a
            coupling that is not carried.
    """
    inside, dimension = set(nodes.numbers.tolist()), carried_dimension(model)
    rows = equation_rows(model, inside, dimension)
    turning = {coupling.reference for coupling in model.couplings}
    for coupling in model.couplings:
        rows += coupling_rows(model, coupling, dimension)
    named = {unknown for row in rows for unknown in row.terms}
    bare = {node for node, _ in named} - inside
    ties = Ties(dimension, rows, bare, turning)
    ours = {(node, dof) for node, dof in named if node in ties.takes(dof)}
    held, loads = _acting(model, acts, ties, ours)
    for row in rows:
        row.right -= sum(row.terms.pop(u) * held[u] for u in held if u in row.terms)
    return _without(ties, ours - set(held), loads)


def _acting(model, acts, ties, ours):
    """What holds and loads the unknowns that no element has."""
    held: dict[Unknown, float] = {}
    loads: dict[Unknown, float] = {}
    still = isinstance(acts.step.procedure, Frequency)
    for entry in acts.boundaries:
        for node in model.nodes_of(entry.target).tolist():
            unknown = node, entry.first
            if unknown in ours:
                value = 0.0 if still else entry.value
                if held.setdefault(unknown, value) != value:
                    raise refusal(
                        entry.place,
                        "BOUNDARY",
                        f"holds node {node} in direction {entry.first} at {value:g} "
                        f"and another entry at {held[unknown]:g}; keep one",
                    )
    for entry in acts.node_loads:
        for node in model.nodes_of(entry.target).tolist():
            unknown = node, entry.dof
            if node not in ties.takes(entry.dof):
                continue
            if unknown not in ours:
                raise refusal(
                    entry.place,
                    "CLOAD",
                    f"acts on the degree of freedom {entry.dof} of node {node}, which "
                    "no element, equation or coupling has",
                )
            loads[unknown] = loads.get(unknown, 0.0) + entry.value
    # a support takes the load on it
    return held, {u: f for u, f in loads.items() if u not in held}


def _without(ties: Ties, ours: set[Unknown], loads) -> Ties:
    """Rows and forces of the mesh alone."""
    gone: set[int] = set()
    for cluster in _clusters(ties.rows, ours):
        rows = [ties.rows[k] for k in cluster]
        mine = sorted({u for row in rows for u in row.terms if u in ours})
        found = np.array([[row.terms.pop(u, 0.0) for u in mine] for row in rows])
        scale = np.abs(found).max(axis=0)
        scale = np.where(scale > 0, scale, 1.0)
        chosen, inverse = _independent(found / scale)
        inverse = inverse / scale[:, None]
        picked = [rows[k] for k in chosen]
        others = [row for k, row in enumerate(rows) if k not in set(chosen)]
        rest = np.delete(found, chosen, axis=0) @ inverse
        for row, factors in zip(others, rest, strict=True):
            largest = max(map(abs, (*row.terms.values(), *factors)), default=0.0)
            for factor, taken in zip(factors, picked, strict=True):
                row.right -= factor * taken.right
                for unknown, number in taken.terms.items():
                    row.terms[unknown] = row.terms.get(unknown, 0.0) - factor * number
            row.terms = {
                u: c for u, c in row.terms.items() if abs(c) > _NOTHING * largest
            }
        for k, unknown in enumerate(mine):
            if unknown not in loads:
                continue
            reached = inverse[k] @ found[chosen]
            if np.abs(reached - np.eye(len(mine))[k]).max() > 1e-6:
                raise refusal(
                    rows[0].place,
                    rows[0].keyword,
                    f"does not resist the load on node {unknown[0]} in direction "
                    f"{unknown[1]}; hold it or load other nodes",
                )
            forces = ties.forces.setdefault(unknown[0], {})
            for factor, taken in zip(inverse[k], picked, strict=True):
                for u, number in taken.terms.items():
                    change = -loads[unknown] * factor * number
                    forces[u] = forces.get(u, 0.0) + change
        gone.update(map(id, picked))
    ties.rows = [row for row in ties.rows if id(row) not in gone]
    return ties


def _independent(matrix: np.ndarray) -> tuple[list[int], np.ndarray]:
    """As many well-conditioned rows as the rank, and the pseudoinverse of these."""
    from scipy.linalg import qr

    found = qr(matrix.T, mode="r", pivoting=True)
    triangle, order = found  # pyright: ignore[reportAssignmentType]
    sizes = np.abs(np.diag(triangle))
    rank = int(np.sum(sizes > 1e-10 * sizes[0]))
    chosen = order[:rank].tolist()
    return chosen, np.linalg.pinv(matrix[chosen])


def _clusters(rows: list[Row], ours: set[Unknown]) -> list[list[int]]:
    """Rows that share unknowns of `ours`."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    number = {unknown: k for k, unknown in enumerate(sorted(ours))}
    pairs = [
        (k, number[u]) for k, row in enumerate(rows) for u in row.terms if u in ours
    ]
    if not pairs:
        return []
    row, unknown = np.array(pairs).T
    size = len(rows) + len(number)
    graph = coo_matrix((np.ones(len(row)), (row, unknown + len(rows))), (size, size))
    _, label = connected_components(graph, directed=False)
    touched = np.unique(row)
    found: dict[int, list[int]] = {}
    for k in touched.tolist():
        found.setdefault(int(label[k]), []).append(k)
    return list(found.values())
