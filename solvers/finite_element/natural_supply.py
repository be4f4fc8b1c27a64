"""What natural conditions and follower loads of a boundary part give its facets."""

from jaxtyping import Array, Float

from ...physics import Problem
from ..facets import FacetBlock
from .boundary import natural_flux
from .follower import follower_flux, follower_matrix, follower_vector, follows
from .geometry import FacetGeometry
from .weak_form import facet_matrix, facet_vector


def natural_vector(
    problem: Problem,
    name: str,
    points: Float[Array, "nodes dim"],
    facets: FacetBlock,
    geometry: FacetGeometry,
    t: Array,
    nodal: Float[Array, "components k facets"],
) -> Float[Array, "components k facets"]:
    """The outward flux through facets of the part `name`, tested."""
    flux = natural_flux(problem, name)
    vector = facet_vector(facets.facet, geometry, flux, t, nodal)
    if follows(problem, name):
        turning = follower_flux(problem, name)
        vector = vector + follower_vector(points, facets, turning, t, nodal)
    return vector


def natural_matrix(
    problem: Problem,
    name: str,
    points: Float[Array, "nodes dim"],
    facets: FacetBlock,
    geometry: FacetGeometry,
    t: Array,
    nodal: Float[Array, "components k facets"],
) -> Float[Array, "components components k k facets"]:
    """Derivative of `natural_vector` by the nodal values."""
    flux = natural_flux(problem, name)
    matrix = facet_matrix(facets.facet, geometry, flux, t, nodal)
    if follows(problem, name):
        turning = follower_flux(problem, name)
        matrix = matrix + follower_matrix(points, facets, turning, t, nodal)
    return matrix
