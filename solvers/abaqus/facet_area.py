"""The area of a surface that each of its nodes stands for."""

import numpy as np

from ..cells import CELLS
from .facets import surface_facets
from .model import Model

_FACETS = {
    2: {2: "line", 3: "line3"},
    3: {3: "triangle", 4: "quad", 6: "triangle6", 8: "quad8"},
}


def facet_areas(model: Model, surface: str) -> tuple[np.ndarray, np.ndarray]:
    """Integrate the shape functions of a surface of faces.

    Args:
        model: the deck.
        surface: name of a surface of element faces.

    Returns:
        Node numbers, ascending, and areas [m^2], or lengths [m] in the plane, which add
        up to that of the surface; negative at the corners of quadratic faces.
    """
    dimension = model.elements[0].element.shape.dimension
    numbers, areas = [], []
    for size, facets in surface_facets(model, surface).items():
        cell = CELLS[_FACETS[dimension][size]]
        points, weights = cell.quadrature(None)
        at = model.nodes.coordinates[model.rows_of_nodes(facets)]
        tangents = np.einsum("qik,fkd->fqid", cell.shape_gradient(points), at)
        if dimension == 2:
            area = np.linalg.norm(tangents[:, :, 0], axis=2)
        else:
            area = np.linalg.norm(
                np.cross(tangents[:, :, 0], tangents[:, :, 1]), axis=2
            )
        share = np.einsum("fq,q,qk->fk", area, weights, cell.shape(points))
        numbers.append(facets.ravel())
        areas.append(share.ravel())
    nodes, place = np.unique(np.concatenate(numbers), return_inverse=True)
    return nodes, np.bincount(place, np.concatenate(areas))
