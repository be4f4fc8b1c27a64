"""Element types of Abaqus decks: node order, faces, what they approximate.

Nodes keep the order of the deck: corners, then the middles of the edges. It is VTK's
order too for every type here. A face S1 ... S6 lists its corners counter-clockwise
seen from outside, then the middles of its edges in the same order.
"""

import dataclasses
from functools import cached_property

import numpy as np


@dataclasses.dataclass(frozen=True)
class ElementShape:
    """Corners, edges and faces of a reference element.

    Args:
        cell_type: the meshio name, such as `"hexahedron20"`.
        corner_points: reference coordinates of the corners.
        edges: the two corners of each edge that has a middle node, in node order.
        face_corners: corners of S1, S2, ..., counter-clockwise seen from outside.
    """

    cell_type: str
    corner_points: tuple[tuple[float, ...], ...]
    edges: tuple[tuple[int, int], ...]
    face_corners: tuple[tuple[int, ...], ...]

    @property
    def dimension(self) -> int:
        return len(self.corner_points[0])

    @property
    def corner_count(self) -> int:
        return len(self.corner_points)

    @property
    def node_count(self) -> int:
        return self.corner_count + len(self.edges)

    @cached_property
    def points(self) -> np.ndarray:
        """Reference coordinates of all nodes, (nodes, dimension)."""
        corners = np.asarray(self.corner_points)
        middles = [corners[list(edge)].mean(axis=0) for edge in self.edges]
        return np.vstack([corners, *middles])

    @cached_property
    def faces(self) -> tuple[tuple[int, ...], ...]:
        """Nodes of S1, S2, ...: corners, then the middle of each edge from corner to
        next corner."""
        middle = {
            frozenset(edge): self.corner_count + number
            for number, edge in enumerate(self.edges)
        }
        rows = []
        for corners in self.face_corners:
            pairs = zip(corners, (*corners[1:], corners[0]), strict=True)
            pairs = list(pairs)[: 1 if len(corners) == 2 else None]
            found = [middle[frozenset(p)] for p in pairs if frozenset(p) in middle]
            rows.append((*corners, *found))
        return tuple(rows)


@dataclasses.dataclass(frozen=True)
class ElementType:
    """An element type of a deck.

    Args:
        name: as in `*ELEMENT, TYPE=`, in capitals.
        shape: nodes and faces.
        formulation: `"solid"`, `"heat"`, `"plane stress"`, `"plane strain"` or
            `"axisymmetric"` (x radial, y axial).
        reduced: reduced integration (names that end in R).
        incompatible: incompatible bending modes (names that end in I).
    """

    name: str
    shape: ElementShape
    formulation: str
    reduced: bool
    incompatible: bool

    @property
    def node_count(self) -> int:
        return self.shape.node_count

    @property
    def faces(self) -> tuple[tuple[int, ...], ...]:
        """Indices into the nodes of an element, for S1, S2, ..."""
        return self.shape.faces


_TRIANGLE = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
_QUAD = ((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0))
_TETRA = ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
_WEDGE = tuple((x, y, z) for z in (-1.0, 1.0) for x, y in _TRIANGLE)
_HEXAHEDRON = tuple((x, y, z) for z in (-1.0, 1.0) for x, y in _QUAD)

_TRIANGLE_EDGES = ((0, 1), (1, 2), (2, 0))
_QUAD_EDGES = ((0, 1), (1, 2), (2, 3), (3, 0))
_TETRA_EDGES = ((0, 1), (1, 2), (2, 0), (0, 3), (1, 3), (2, 3))
_WEDGE_EDGES = (
    *((0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3)),
    *((0, 3), (1, 4), (2, 5)),
)
_HEXAHEDRON_EDGES = (
    *((0, 1), (1, 2), (2, 3), (3, 0), (4, 5), (5, 6), (6, 7), (7, 4)),
    *((0, 4), (1, 5), (2, 6), (3, 7)),
)
# The manuals list the corners of solid faces clockwise seen from outside.
_TETRA_FACES = ((0, 2, 1), (0, 1, 3), (1, 2, 3), (0, 3, 2))
_WEDGE_FACES = ((0, 2, 1), (3, 4, 5), (0, 1, 4, 3), (1, 2, 5, 4), (2, 0, 3, 5))
_HEXAHEDRON_FACES = (
    *((0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4)),
    *((1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)),
)

SHAPES = {
    shape.cell_type: shape
    for shape in (
        ElementShape("triangle", _TRIANGLE, (), _TRIANGLE_EDGES),
        ElementShape("triangle6", _TRIANGLE, _TRIANGLE_EDGES, _TRIANGLE_EDGES),
        ElementShape("quad", _QUAD, (), _QUAD_EDGES),
        ElementShape("quad8", _QUAD, _QUAD_EDGES, _QUAD_EDGES),
        ElementShape("tetra", _TETRA, (), _TETRA_FACES),
        ElementShape("tetra10", _TETRA, _TETRA_EDGES, _TETRA_FACES),
        ElementShape("wedge", _WEDGE, (), _WEDGE_FACES),
        ElementShape("wedge15", _WEDGE, _WEDGE_EDGES, _WEDGE_FACES),
        ElementShape("hexahedron", _HEXAHEDRON, (), _HEXAHEDRON_FACES),
        ElementShape("hexahedron20", _HEXAHEDRON, _HEXAHEDRON_EDGES, _HEXAHEDRON_FACES),
    )
}

_SOLID = {
    "4": "tetra",
    "10": "tetra10",
    "6": "wedge",
    "15": "wedge15",
    "8": "hexahedron",
    "20": "hexahedron20",
}
_PLANE = {"3": "triangle", "4": "quad", "6": "triangle6", "8": "quad8"}
_FAMILIES = (
    ("C3D", "solid", _SOLID, ("8R", "8I", "20R")),
    ("DC3D", "heat", _SOLID, ()),
    ("CPS", "plane stress", _PLANE, ("4R", "4I", "8R")),
    ("CPE", "plane strain", _PLANE, ("4R", "4I", "8R")),
    ("CAX", "axisymmetric", _PLANE, ("4R", "8R")),
)


ELEMENT_TYPES = {
    prefix + size: ElementType(
        prefix + size,
        SHAPES[shapes[size.rstrip("RI")]],
        formulation,
        size.endswith("R"),
        size.endswith("I"),
    )
    for prefix, formulation, shapes, variants in _FAMILIES
    for size in (*shapes, *variants)
}
"""Every supported element type by name."""


def refused_element(name: str) -> str:
    """Say why a type is not supported and what to do."""
    reasons = (
        (("S3", "S4", "S6", "S8", "STRI", "SC", "M3D"), "shells and membranes"),
        (("SAX", "MAX"), "axisymmetric shells"),
        (("B2", "B3", "PIPE", "T2D", "T3D"), "beams, pipes and trusses"),
        (("SPRING", "DASHPOT", "MASS", "ROTARYI"), "springs, dashpots and masses"),
        (("CONN", "GAP", "ITT"), "connectors and gaps"),
        (("R2D", "R3D", "RAX", "SFM"), "rigid and surface elements"),
    )
    if name[:-1] in ELEMENT_TYPES or name[:-2] in ELEMENT_TYPES:
        return (
            "hybrid, modified, incompatible and coupled variants are not; use "
            f"{name[:-1] if name[:-1] in ELEMENT_TYPES else name[:-2]}"
        )
    for prefixes, what in reasons:
        if name.startswith(prefixes):
            return (
                f"{what} are not supported; model the part with solid elements, or "
                "delete these elements if they only mark a surface"
            )
    return f"supported are {', '.join(ELEMENT_TYPES)}"
