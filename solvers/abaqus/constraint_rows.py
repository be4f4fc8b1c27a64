"""Equations and couplings of a deck as rows over displacements and rotations."""

import dataclasses
from collections.abc import Iterator

import numpy as np

from .facet_area import facet_areas
from .facets import surface_facets
from .model import Coupling, ElementSurface, Model
from .record import refusal

EQUATIONS = "equations"
_FIRST_ORDER = {2: {2}, 3: {3, 4}}

Unknown = tuple[int, int]
"""Node number and degree of freedom, from 1."""


@dataclasses.dataclass
class Row:
    """sum(terms[unknown] * u[unknown]) = right, said by a keyword at a place."""

    name: str
    terms: dict[Unknown, float]
    keyword: str
    place: str
    right: float = 0.0


def equation_rows(model: Model, inside: set[int], dimension: int) -> list[Row]:
    """Every `*EQUATION`.

    Args:
        model: the deck.
        inside: node numbers that elements have.
        dimension: of the elements.

    Raises:
        ValueError: a degree of freedom that a node does not have.
    """
    rows = []
    for equation in model.equations:
        terms: dict[Unknown, float] = {}
        numbers = equation.nodes.tolist(), equation.dofs.tolist()
        for node, dof, factor in zip(*numbers, equation.coefficients, strict=True):
            limit = dimension if node in inside else 3
            if dof > limit:
                raise refusal(
                    equation.place,
                    "EQUATION",
                    f"holds the degree of freedom {dof} of node {node}, which has 1 to "
                    f"{limit}",
                )
            terms[node, dof] = terms.get((node, dof), 0.0) + float(factor)
        rows.append(Row(EQUATIONS, terms, "EQUATION", equation.place))
    return rows


def coupling_rows(model: Model, coupling: Coupling, dimension: int) -> list[Row]:
    """A `*COUPLING` with displacements and rotations of its reference node.

    A kinematic one is u_i = u + θ × (x_i - x) for every node of the surface. A
    distributing one gives u and θ as the motion that a least-squares fit makes of the
    displacements of the surface, weighed with the areas of the nodes, as in CalculiX:
    loads are carried to the surface without making it stiff.

    Args:
        model: the deck.
        coupling: one of it.
        dimension: of the elements.

    Raises:
        ValueError: a coupling that is not carried.
    """
    refuse = lambda text: refusal(coupling.place, "COUPLING", f"{coupling.name} {text}")
    if coupling.orientation:
        raise refuse("has an ORIENTATION, which is not carried; use global axes")
    if model.elements[0].element.formulation == "axisymmetric":
        raise refuse("couples a ring, which is not carried; use *EQUATION")
    axes = range(1, dimension + 1)
    dofs = {d for first, last in coupling.dofs for d in range(first, last + 1)}
    surface = model.surfaces[coupling.surface]
    faces = isinstance(surface, ElementSurface)
    if coupling.kind == "DISTRIBUTING":
        if not faces:
            raise refuse("distributes over a surface of nodes; give it one of faces")
        if set(surface_facets(model, coupling.surface)) - _FIRST_ORDER[dimension]:
            raise refuse(
                "distributes over faces of second order, which is not carried; couple "
                "it with *KINEMATIC, or load the surface itself"
            )
        if not dofs.issuperset(axes):
            raise refuse("distributes some directions only, which is not carried")
    if faces:
        nodes, areas = facet_areas(model, coupling.surface)
    else:
        nodes = np.unique(surface.nodes)
        areas = np.ones(len(nodes))
    apart = nodes != coupling.reference
    nodes, areas = nodes[apart], areas[apart]
    place = lambda ids: model.nodes.coordinates[model.rows_of_nodes(ids)]
    arms = place(nodes) - place(np.array([coupling.reference]))
    motion = _Motion(coupling.reference, dimension)
    if coupling.kind == "KINEMATIC":
        coupled = sorted(dofs.intersection(axes))
        terms = motion.followed(nodes.tolist(), arms, coupled)
    else:
        terms = motion.fitted(nodes.tolist(), arms, areas / areas.sum())
    return [Row(coupling.name, t, "COUPLING", coupling.place) for t in terms]


class _Motion:
    """Displacement u and rotation θ of a reference node."""

    def __init__(self, reference: int, dimension: int):
        self.reference, self.axes = reference, range(dimension)
        self.turns = (6,) if dimension == 2 else (4, 5, 6)
        unit = np.eye(3)[[turn - 4 for turn in self.turns]]
        self._spins = np.stack([np.cross(e, np.eye(3)).T for e in unit])

    def swept(self, arms: np.ndarray) -> np.ndarray:
        """e × arm for the axis of each turn, (turns, nodes, 3)."""
        return np.einsum("tcd,nd->tnc", self._spins, arms)

    def followed(self, nodes: list[int], arms, dofs) -> Iterator[dict[Unknown, float]]:
        """u_i - u - θ × arm_i = 0."""
        swept = self.swept(arms)
        for i, node in enumerate(nodes):
            for dof in dofs:
                turned = zip(self.turns, -swept[:, i, dof - 1], strict=True)
                yield {
                    (node, dof): 1.0,
                    (self.reference, dof): -1.0,
                    **{(self.reference, turn): a for turn, a in turned if a},
                }

    def fitted(self, nodes: list[int], arms, share) -> Iterator[dict[Unknown, float]]:
        """u + θ × middle = Σ w u_i and Σ w |..|² θ = Σ w (arm_i - middle) × u_i."""
        middle = share @ arms
        lever = self.swept(middle[None])[:, 0]
        swept = self.swept(arms - middle)[:, :, self.axes]
        inertia = np.einsum("n,tnc,snc->ts", share, swept, swept)
        of_turns = lambda factors: {
            (self.reference, turn): a
            for turn, a in zip(self.turns, factors, strict=True)
        }
        for axis in self.axes:
            mean = {(n, axis + 1): -w for n, w in zip(nodes, share, strict=True)}
            own = {(self.reference, axis + 1): 1.0}
            yield own | of_turns(lever[:, axis]) | mean
        for own, weights in zip(inertia, share[:, None] * swept, strict=True):
            yield of_turns(own) | {
                (n, axis + 1): -weights[i, axis]
                for i, n in enumerate(nodes)
                for axis in self.axes
            }
