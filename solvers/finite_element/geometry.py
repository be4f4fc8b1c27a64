"""Quadrature points, weights and inverse Jacobians of cells and facets."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from ..cells import Degree, ReferenceCell
from ..facets import FacetBlock
from ..mesh import Mesh, MeshBlock


class CellGeometry(NamedTuple):
    """Isoparametric cells at their quadrature points; cells are the last axis.

    Args:
        x: positions [m], (quadrature, dim, cells).
        inverse: d xi_i / d x_j [m^-1], (quadrature, dim, dim, cells); the first axis
            has length 1 on affine cells (P1), where it does not vary.
        weight: quadrature weight times volume ratio [m^dim], (quadrature, cells).
    """

    x: Float[Array, "quadrature dim cells"]
    inverse: Float[Array, "quadrature_or_1 dim dim cells"]
    weight: Float[Array, "quadrature cells"]


class FacetGeometry(NamedTuple):
    """Facets of one boundary part at their quadrature points.

    Args:
        x: positions [m], (quadrature, dim, facets).
        normal: outward unit normals, (quadrature, dim, facets).
        weight: quadrature weight times area ratio [m^(dim-1)], (quadrature, facets).
    """

    x: Float[Array, "quadrature dim facets"]
    normal: Float[Array, "quadrature dim facets"]
    weight: Float[Array, "quadrature facets"]


def gather_nodes(field: Array, nodes) -> Array:
    """Nodal values (components, nodes) at `nodes`: (components, *nodes.shape)."""
    return field.at[:, nodes].get(mode="promise_in_bounds")


def cell_geometry(mesh: Mesh | MeshBlock, degree: Degree = None) -> CellGeometry:
    """Map the quadrature points of degree `degree` into every cell, all of one type."""
    cell = mesh.cell
    points, weights = cell.quadrature(degree)
    corners = _corners(mesh.points, mesh.topology.cells.T)
    x = _product(cell.shape(points), corners)
    affine = cell.element == "P1"
    jacobian = _gradient_product(cell, points[:1] if affine else points, corners)
    inverse, determinant = inverse_and_determinant(jacobian)
    weight = jnp.asarray(weights, x.dtype)[:, None] * determinant
    return CellGeometry(x, inverse, weight)


def facet_block_geometry(points: Array, block: FacetBlock) -> FacetGeometry:
    """Map quadrature points onto facets of a mesh with these points."""
    facet = block.facet
    reference, weights = facet.quadrature()
    tangents = facet_tangents(points, block)
    if facet.dimension == 1:
        along = tangents[:, 0]
        area_vector = jnp.stack([along[:, 1], -along[:, 0]], axis=1)
    else:
        area_vector = jnp.cross(tangents[:, 0], tangents[:, 1], axis=1)
    area = jnp.sqrt(jnp.sum(area_vector**2, axis=1))
    weight = jnp.asarray(weights, area.dtype)[:, None] * area
    x = _product(facet.shape(reference), _corners(points, block.nodes))
    return FacetGeometry(x, area_vector / area[:, None], weight)


def facet_tangents(
    points: Array, block: FacetBlock
) -> Float[Array, "quadrature axes dim facets"]:
    """Derivatives of the position by the reference coordinates of each facet [m]."""
    reference, _ = block.facet.quadrature()
    return _gradient_product(block.facet, reference, _corners(points, block.nodes))


def _corners(points: Array, nodes):
    """Node coordinates, (k, dim, elements): the order that needs no transposition."""
    axes = gather_nodes(points.T, nodes)
    return jnp.stack(list(axes), axis=1)


def _product(shape, corners):
    return jnp.einsum("qk,kde->qde", jnp.asarray(shape, corners.dtype), corners)


def _gradient_product(cell: ReferenceCell, points, corners):
    """d x_j / d xi_i, (quadrature, i, j, cells)."""
    gradient = jnp.asarray(cell.shape_gradient(points), corners.dtype)
    return jnp.einsum("qik,kje->qije", gradient, corners)


def inverse_and_determinant(jacobian):
    """d xi_i / d x_j (quadrature, i, j, cells) and the determinant of d x_j / d xi_i.

    Args:
        jacobian: d x_j / d xi_i, (quadrature, i, j, cells).
    """
    determinant, adjugate = _adjugate(jacobian)
    return adjugate / determinant[:, None, None], determinant


def _adjugate(a):
    """Determinant and adjugate of a[:, i, j] = d x_j / d xi_i, giving d xi_i / d x_j.

    The adjugate carries the transpose: adjugate[:, i, j] / determinant is the change
    of xi_i with x_j.
    """
    if a.shape[1] == 2:
        determinant = a[:, 0, 0] * a[:, 1, 1] - a[:, 0, 1] * a[:, 1, 0]
        rows = [[a[:, 1, 1], -a[:, 1, 0]], [-a[:, 0, 1], a[:, 0, 0]]]
    else:
        rows = [
            [
                a[:, (i + 1) % 3, (j + 1) % 3] * a[:, (i + 2) % 3, (j + 2) % 3]
                - a[:, (i + 1) % 3, (j + 2) % 3] * a[:, (i + 2) % 3, (j + 1) % 3]
                for j in range(3)
            ]
            for i in range(3)
        ]
        products = [a[:, 0, j] * rows[0][j] for j in range(3)]
        determinant = sum(products[1:], products[0])
    return determinant, jnp.stack([jnp.stack(row, axis=1) for row in rows], axis=1)
