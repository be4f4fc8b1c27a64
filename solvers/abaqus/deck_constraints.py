"""Equations of a deck as multi-point constraints of its mesh."""

from collections.abc import Collection

import numpy as np

from ...physics import Elastodynamics
from ..finite_element import LinearConstraint
from .constraint_rows import Row
from .deck_mesh import DeckNodes
from .ties import Ties


def deck_constraints(
    ties: Ties, nodes: DeckNodes, taken: Collection[str], law
) -> tuple[dict[str, LinearConstraint], dict[str, list[Row]]]:
    """One constraint for all equations, one for each coupling.

    Args:
        ties: equations between displacements of the mesh.
        nodes: where node numbers are in the mesh.
        taken: names of conditions.
        law: the solid; in motion its velocities follow the same equations.

    Returns:
        Constraints by name, and the rows of the deck that their equations come from.
    """
    rows: dict[str, list[Row]] = {}
    for row in ties.rows:
        name = f"{row.name} tie" if row.name in taken else row.name
        rows.setdefault(name, []).append(row)
    moves = isinstance(law, Elastodynamics)
    found = {name: _constraint(each, nodes) for name, each in rows.items()}
    if moves:
        found = {name: _with_velocity(c, ties.dimension) for name, c in found.items()}
        rows = {name: each + each for name, each in rows.items()}
    return found, rows


def _constraint(rows: list[Row], nodes: DeckNodes) -> LinearConstraint:
    """Short rows repeat their first unknown with the coefficient zero."""
    width = max(1, *(len(row.terms) for row in rows))
    numbers = np.zeros((len(rows), width), int)
    dofs, factors = np.ones_like(numbers), np.zeros(numbers.shape)
    for k, row in enumerate(rows):
        unknowns = list(row.terms) or [(int(nodes.numbers[0]), 1)]
        unknowns += unknowns[:1] * (width - len(unknowns))
        numbers[k], dofs[k] = np.transpose(unknowns)
        factors[k, : len(row.terms)] = list(row.terms.values())
    members = nodes.rows(numbers.ravel()).reshape(numbers.shape)
    right = np.array([row.right for row in rows])
    return LinearConstraint(members, dofs - 1, factors, right)


def _with_velocity(constraint: LinearConstraint, dimension: int) -> LinearConstraint:
    terms = constraint.terms
    twice = lambda array: np.concatenate([np.asarray(array)] * 2)
    components = np.concatenate([terms.components, terms.components + dimension])
    right = np.zeros(2 * len(constraint.value))
    return LinearConstraint(
        twice(terms.nodes), components, twice(constraint.coefficients), right
    )
