"""Reference cells: nodes, shape functions, facets and quadrature, host arrays only.

Cells carry their meshio name and VTK node order. Simplices live on the unit simplex,
quadrilaterals and hexahedra on [-1, 1]^dim, wedges on the unit triangle times [-1, 1].
Order 1 and 2 are the Lagrange families P1, P2 (simplices) and Q1, Q2 (tensor products),
used for geometry and unknowns alike. S2 is the serendipity family, Q2 without the
monomials that are quadratic in more than one coordinate and without the nodes inside
faces and cells. It holds all quadratics on parallelograms and parallelepipeds only.
Wedges are W1, P1 times Q1, and W2 with its nodes on the edges: P2 times {1, ζ} and P1
times ζ². D. N. Arnold, D. Boffi and R. S. Falk (2002), Approximation by quadrilateral
finite elements, Math. Comp. 71, 909.
"""

import dataclasses
import itertools
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np

Degree = int | tuple[int, int] | None
"""Degree of a quadrature rule; for wedges also that in the triangle and along the axis;
None for that of the mass matrix."""


class FacetShape(NamedTuple):
    """The facets of one shape of a cell.

    Args:
        facet: their reference cell.
        nodes: cell node indices, (facets, nodes of a facet), corners first,
            counter-clockwise from outside.
    """

    facet: "ReferenceCell"
    nodes: np.ndarray


@dataclasses.dataclass(frozen=True)
class ReferenceCell:
    """A reference cell with nodal shape functions.

    Args:
        name: the meshio cell type, such as "triangle6".
        element: the family and order, such as "P2".
        dimension: number of reference coordinates.
        order: polynomial order, 1 or 2.
        corners: number of corner nodes; they come first in the node order.
        facet_names: the cell types of the facets; none for lines.
        facet_corners: corner indices of each facet, counter-clockwise from outside.
    """

    name: str
    element: str
    dimension: int
    order: int
    corners: int
    facet_names: tuple[str, ...]
    facet_corners: tuple[tuple[int, ...], ...]

    @property
    def simplex(self) -> bool:
        return self.element.startswith("P")

    @property
    def wedge(self) -> bool:
        return self.element.startswith("W")

    @property
    def facet(self) -> "ReferenceCell":
        """The reference cell of the facets.

        Raises:
            ValueError: facets of several shapes.
        """
        if len(self.facet_names) != 1:
            raise ValueError(
                f"a {self.name} has facets of the shapes {self.facet_names}; use "
                "facet_shapes."
            )
        return CELLS[self.facet_names[0]]

    @property
    def linear(self) -> "ReferenceCell":
        """The reference cell of first order with the same corners."""
        return self if self.order == 1 else CELLS[_LINEAR[self.name]]

    @cached_property
    def nodes(self) -> np.ndarray:
        """Reference coordinates of the nodes, (nodes, dimension), in VTK order."""
        corners = _CORNERS[self.name.rstrip("0123456789")]
        if self.order == 1:
            return corners
        parts = [corners]
        for group in _MIDPOINTS[self.name]:
            parts.append(corners[list(group)].mean(axis=0, keepdims=True))
        return np.concatenate(parts)

    @cached_property
    def facet_shapes(self) -> tuple[FacetShape, ...]:
        """The facets, by shape."""
        found = []
        for name in self.facet_names:
            facet = CELLS[name]
            shape = facet.linear.shape(facet.nodes)
            rows = []
            for corners in self.facet_corners:
                if len(corners) == facet.corners:
                    where = shape @ self.nodes[list(corners)]
                    distance = np.abs(where[:, None] - self.nodes[None]).sum(axis=-1)
                    rows.append(distance.argmin(axis=1))
            found.append(FacetShape(facet, np.asarray(rows)))
        return tuple(found)

    @cached_property
    def _exponents(self) -> np.ndarray:
        powers = itertools.product(range(self.order + 1), repeat=self.dimension)
        if self.wedge:
            total = {0: self.order, 1: self.order, 2: 1}
            powers = (p for p in powers if sum(p[:2]) <= total[p[2]])
        elif self.simplex:
            powers = (p for p in powers if sum(p) <= self.order)
        elif self.element == "S2":
            powers = (p for p in powers if p.count(2) <= 1)
        return np.asarray(list(powers))

    @cached_property
    def _coefficients(self) -> np.ndarray:
        return np.linalg.inv(_monomials(self.nodes, self._exponents))

    def shape(self, points: np.ndarray) -> np.ndarray:
        """Values of the shape functions.

        Args:
            points: reference coordinates, (points, dimension).

        Returns:
            (points, nodes).
        """
        return _monomials(points, self._exponents) @ self._coefficients

    def shape_gradient(self, points: np.ndarray) -> np.ndarray:
        """Reference gradients of the shape functions.

        Args:
            points: reference coordinates, (points, dimension).

        Returns:
            (points, dimension, nodes).
        """
        columns = []
        for axis in range(self.dimension):
            factor = self._exponents[:, axis]
            lowered = self._exponents.copy()
            lowered[:, axis] = np.maximum(factor - 1, 0)
            columns.append((factor * _monomials(points, lowered)) @ self._coefficients)
        return np.stack(columns, axis=1)

    def quadrature(self, degree: Degree = None) -> tuple[np.ndarray, np.ndarray]:
        """A quadrature rule with positive weights.

        Args:
            degree: total degree integrated exactly; by default exact for the mass
                matrix of an affine cell, which keeps the order in L2 optimal. On wedges
                also a pair, in the triangle and along the axis.

        Returns:
            points (points, dimension) and weights (points,).
        """
        degree = 2 * self.order if degree is None else degree
        pair = degree if isinstance(degree, tuple) else (degree, degree)
        if self.wedge:
            return _wedge_rule(*pair)
        rule = _simplex_rule if self.simplex else _tensor_rule
        return rule(self.dimension, pair[0])


def _monomials(points: np.ndarray, exponents: np.ndarray) -> np.ndarray:
    return np.prod(points[:, None, :] ** exponents[None], axis=-1)


@lru_cache(maxsize=64)
def _tensor_rule(dimension: int, degree: int) -> tuple[np.ndarray, np.ndarray]:
    x, w = np.polynomial.legendre.leggauss(degree // 2 + 1)
    grids = np.meshgrid(*[x] * dimension, indexing="ij")
    weights = np.meshgrid(*[w] * dimension, indexing="ij")
    points = np.stack([g.ravel() for g in grids], axis=-1)
    return points, np.prod([g.ravel() for g in weights], axis=0)


@lru_cache(maxsize=64)
def _wedge_rule(triangle: int, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Every point of the triangle at every height, heights last."""
    (flat, areas), (heights, lengths) = (
        _simplex_rule(2, triangle),
        _tensor_rule(1, axis),
    )
    points = [(*place, height) for (height,) in heights for place in flat]
    return np.asarray(points), np.outer(lengths, areas).ravel()


@lru_cache(maxsize=64)
def _simplex_rule(dimension: int, degree: int) -> tuple[np.ndarray, np.ndarray]:
    if dimension == 2 and degree <= 1:
        return np.full((1, 2), 1 / 3), np.array([0.5])
    if dimension == 2 and degree <= 2:
        return _orbits(2, [(1 / 3, (1 / 6, 1 / 6, 2 / 3))])
    if dimension == 2 and degree <= 4:
        # Strang and Fix (1973), six points, in closed form.
        root = np.sqrt(38 - 44 * np.sqrt(2 / 5))
        a, b = (8 - np.sqrt(10) + root) / 18, (8 - np.sqrt(10) - root) / 18
        root = np.sqrt(213125 - 53320 * np.sqrt(10))
        weights = (620 + root) / 3720, (620 - root) / 3720
        return _orbits(
            2, [(weights[0], (a, a, 1 - 2 * a)), (weights[1], (b, b, 1 - 2 * b))]
        )
    if dimension == 3 and degree <= 2:
        a = (5 - np.sqrt(5)) / 20
        return _orbits(3, [(1 / 4, (a, a, a, 1 - 3 * a))])
    if dimension == 3 and degree <= 5:
        # Walkington (2000), 14 points of degree 5.
        a, b, c = (
            0.31088591926330060980,
            0.092735250310891226402,
            0.045503704125649649492,
        )
        return _orbits(
            3,
            [
                (0.11268792571801585080, (a, a, a, 1 - 3 * a)),
                (0.073493043116361949544, (b, b, b, 1 - 3 * b)),
                (0.042546020777081466438, (c, c, 0.5 - c, 0.5 - c)),
            ],
        )
    return _conical_rule(dimension, degree)


def _orbits(dimension: int, orbits) -> tuple[np.ndarray, np.ndarray]:
    """All distinct permutations of barycentric points; weights sum to the volume."""
    points, weights = [], []
    for weight, barycentric in orbits:
        for point in sorted(set(itertools.permutations(barycentric))):
            points.append(point[1:])
            weights.append(weight)
    volume = 0.5 if dimension == 2 else 1 / 6
    weights = np.asarray(weights)
    return np.asarray(points), weights * (volume / weights.sum())


def _conical_rule(dimension: int, degree: int) -> tuple[np.ndarray, np.ndarray]:
    """Stroud's conical product of Gauss-Jacobi rules, for any degree."""
    from scipy.special import roots_jacobi

    count = degree // 2 + 1
    axes = []
    for power in range(dimension):
        x, w = roots_jacobi(count, power, 0)
        axes.append((0.5 * (x + 1), w / 2 ** (power + 1)))
    points, weights = [], []
    for index in itertools.product(range(count), repeat=dimension):
        remaining, weight, point = 1.0, 1.0, np.zeros(dimension)
        for power in reversed(range(dimension)):
            x, w = axes[power][0][index[power]], axes[power][1][index[power]]
            point[power] = remaining * x
            remaining *= 1 - x
            weight *= w
        points.append(point)
        weights.append(weight)
    return np.asarray(points), np.asarray(weights)


_CORNERS = {
    "line": np.array([[-1.0], [1.0]]),
    "triangle": np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]),
    "tetra": np.array(
        [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    ),
    "quad": np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]]),
    "hexahedron": np.array(
        [
            [-1.0, -1.0, -1.0],
            [1.0, -1.0, -1.0],
            [1.0, 1.0, -1.0],
            [-1.0, 1.0, -1.0],
            [-1.0, -1.0, 1.0],
            [1.0, -1.0, 1.0],
            [1.0, 1.0, 1.0],
            [-1.0, 1.0, 1.0],
        ]
    ),
}
_CORNERS["wedge"] = np.array(
    [(x, y, z) for z in (-1.0, 1.0) for x, y in _CORNERS["triangle"]]
)
_TRIANGLE_FACETS = ((0, 1), (1, 2), (2, 0))
_QUAD_FACETS = ((0, 1), (1, 2), (2, 3), (3, 0))
_TETRA_FACETS = ((0, 2, 1), (0, 1, 3), (1, 2, 3), (0, 3, 2))
_WEDGE_FACETS = ((0, 2, 1), (3, 4, 5), (0, 1, 4, 3), (1, 2, 5, 4), (2, 0, 3, 5))
_WEDGE_EDGES = (
    *((0, 1), (1, 2), (2, 0), (3, 4), (4, 5), (5, 3)),
    *((0, 3), (1, 4), (2, 5)),
)
_HEXAHEDRON_FACETS = (
    (0, 4, 7, 3),
    (1, 2, 6, 5),
    (0, 1, 5, 4),
    (3, 7, 6, 2),
    (0, 3, 2, 1),
    (4, 5, 6, 7),
)
_HEXAHEDRON_EDGES = (
    *((0, 1), (1, 2), (2, 3), (3, 0), (4, 5), (5, 6), (6, 7), (7, 4)),
    *((0, 4), (1, 5), (2, 6), (3, 7)),
)
# Corners whose mean is each further node, in the order of VTK and meshio.
_MIDPOINTS = {
    "line3": ((0, 1),),
    "triangle6": _TRIANGLE_FACETS,
    "tetra10": ((0, 1), (1, 2), (0, 2), (0, 3), (1, 3), (2, 3)),
    "wedge15": _WEDGE_EDGES,
    "quad8": _QUAD_FACETS,
    "quad9": (*_QUAD_FACETS, (0, 1, 2, 3)),
    "hexahedron20": _HEXAHEDRON_EDGES,
    "hexahedron27": (*_HEXAHEDRON_EDGES, *_HEXAHEDRON_FACETS, tuple(range(8))),
}
_LINEAR = {
    "line3": "line",
    "triangle6": "triangle",
    "quad8": "quad",
    "quad9": "quad",
    "tetra10": "tetra",
    "wedge15": "wedge",
    "hexahedron20": "hexahedron",
    "hexahedron27": "hexahedron",
}

CELLS = {
    cell.name: cell
    for cell in (
        ReferenceCell("line", "Q1", 1, 1, 2, (), ()),
        ReferenceCell("line3", "Q2", 1, 2, 2, (), ()),
        ReferenceCell("triangle", "P1", 2, 1, 3, ("line",), _TRIANGLE_FACETS),
        ReferenceCell("triangle6", "P2", 2, 2, 3, ("line3",), _TRIANGLE_FACETS),
        ReferenceCell("quad", "Q1", 2, 1, 4, ("line",), _QUAD_FACETS),
        ReferenceCell("quad9", "Q2", 2, 2, 4, ("line3",), _QUAD_FACETS),
        ReferenceCell("quad8", "S2", 2, 2, 4, ("line3",), _QUAD_FACETS),
        ReferenceCell("tetra", "P1", 3, 1, 4, ("triangle",), _TETRA_FACETS),
        ReferenceCell("tetra10", "P2", 3, 2, 4, ("triangle6",), _TETRA_FACETS),
        ReferenceCell("wedge", "W1", 3, 1, 6, ("triangle", "quad"), _WEDGE_FACETS),
        ReferenceCell("wedge15", "W2", 3, 2, 6, ("triangle6", "quad8"), _WEDGE_FACETS),
        ReferenceCell("hexahedron", "Q1", 3, 1, 8, ("quad",), _HEXAHEDRON_FACETS),
        ReferenceCell("hexahedron27", "Q2", 3, 2, 8, ("quad9",), _HEXAHEDRON_FACETS),
        ReferenceCell("hexahedron20", "S2", 3, 2, 8, ("quad8",), _HEXAHEDRON_FACETS),
    )
}
