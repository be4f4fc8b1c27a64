"""Loads on facets that see the gradient along the surface."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ...physics import AbstractFollowerLoad, Problem
from ...physics.boundary import acts_on
from ..facets import FacetBlock
from .geometry import facet_block_geometry, facet_tangents
from .weak_form import slope_by_nodes


def follows(problem: Problem, name: str) -> bool:
    """Whether a boundary part has a follower load."""
    return any(isinstance(c, AbstractFollowerLoad) for c in problem.conditions[name])


def follower_flux(problem: Problem, name: str) -> Callable[..., Array]:
    """The flux (t, x, normal, u, grad_u) of all follower loads of a part."""
    law = problem.law

    def flux(t, x, normal, u, grad_u):
        total = jnp.zeros_like(u)
        for load in problem.conditions[name]:
            if isinstance(load, AbstractFollowerLoad):
                outward = load.normal_flux(t, x, normal, u, grad_u)
                total = total + jnp.where(acts_on(load, law), outward, 0.0)
        return total

    return flux


def follower_vector(
    points: Array,
    facets: FacetBlock,
    flux: Callable[..., Array],
    t: Array,
    nodal: Float[Array, "components k facets"],
) -> Float[Array, "components k facets"]:
    """Integrate flux(t, x, normal, u, grad u along the surface) v over every facet.

    `points` (nodes, dim) are those of the mesh.
    """
    geometry, facet = facet_block_geometry(points, facets), facets.facet
    reference, _ = facet.quadrature()
    shape = jnp.asarray(facet.shape(reference), nodal.dtype)
    slopes = jnp.asarray(facet.shape_gradient(reference), nodal.dtype)
    u = jnp.einsum("qk,cke->qce", shape, nodal)
    along = jnp.einsum("qik,cke->qice", slopes, nodal)
    duals = _duals(facet_tangents(points, facets))
    grad_u = jnp.einsum("qice,qije->qcje", along, duals)
    at_point = jax.vmap(
        lambda x, normal, u, grad_u: flux(t, x, normal, u, grad_u), -1, -1
    )
    values = jax.vmap(at_point)(geometry.x, geometry.normal, u, grad_u)
    return jnp.einsum("qk,qe,qce->cke", shape, geometry.weight, values)


def follower_matrix(
    points: Array,
    facets: FacetBlock,
    flux: Callable[..., Array],
    t: Array,
    nodal: Float[Array, "components k facets"],
) -> Float[Array, "components components k k facets"]:
    """Derivative of `follower_vector` by the nodal values."""
    vector = lambda nodal: follower_vector(points, facets, flux, t, nodal)
    return slope_by_nodes(vector, nodal)


def _duals(tangents: Float[Array, "q i dim facets"]) -> Float[Array, "q i dim facets"]:
    """Vectors in the surface whose products with the tangents are one or zero."""
    metric = jnp.einsum("qije,qkje->qike", tangents, tangents)
    if tangents.shape[1] == 1:
        return tangents / metric
    a, b, c = metric[:, 0, 0], metric[:, 0, 1], metric[:, 1, 1]
    first, second = tangents[:, 0], tangents[:, 1]
    determinant = (a * c - b * b)[:, None]
    return jnp.stack(
        [
            (c[:, None] * first - b[:, None] * second) / determinant,
            (a[:, None] * second - b[:, None] * first) / determinant,
        ],
        axis=1,
    )
