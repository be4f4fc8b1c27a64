"""Whether a steady problem has one answer, judged at the state found."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from ..physics.cell_field import cell_fields, with_cell_values
from .discretization import AbstractDiscretization


def diffuses_backwards(
    scheme: AbstractDiscretization, t: Array, state: Array
) -> Bool[Array, ""]:
    """Whether somewhere a component's flux can grow along its own gradient.

    The tensor -d flux/d grad u of each component is judged by the eigenvalues of its
    symmetric part, as a constant conductivity is; zero eigenvalues are admitted.
    """
    law = scheme.problem.law
    points = scheme.coordinates().astype(state.dtype)
    values = scheme.collocate(state)
    fields = [field.values for field in cell_fields(law)]
    if fields:
        nodes = scheme.mesh.topology.cells  # pyright: ignore[reportAttributeAccessIssue]
        points, values = points[nodes].mean(axis=1), values[:, nodes].mean(axis=2)

    def at_point(x, u, own):
        law = with_cell_values(scheme.problem.law, own)
        still = jnp.zeros((u.shape[0], x.shape[0]), u.dtype)
        slope = jax.jacfwd(lambda gradient: law.flux(t, x, u, gradient))(still)
        own = -jnp.einsum("cdce->cde", slope)
        return jnp.any(jax.vmap(_indefinite)(0.5 * (own + own.mT)))

    return jnp.any(jax.vmap(at_point, (0, 1, 0))(points, values, fields))


def _indefinite(matrix: Float[Array, "n n"]) -> Bool[Array, ""]:
    """Whether a small symmetric matrix has a negative eigenvalue, by its pivots."""
    limits = jnp.finfo(matrix.dtype)
    size = jnp.max(jnp.abs(matrix))
    rest = matrix + (32 * limits.eps * size + limits.tiny) * jnp.eye(len(matrix))
    pivots = []
    for k in range(len(matrix)):
        pivots.append(rest[k, k])
        rest = rest - jnp.outer(rest[:, k], rest[k]) / rest[k, k]
    # Beyond a pivot that is not positive the others mean nothing; NaN counts as none.
    return jnp.any(jnp.stack(pivots) <= 0)


def level_is_free(
    scheme: AbstractDiscretization, t: Array, state: Array
) -> Bool[Array, ""]:
    """Whether some mix of components is supplied alike in every state.

    The sum of its equations is then free of unknowns and the Jacobian singular.
    """

    def supply(state):
        outflow = scheme.boundary_flux(t, state)
        return scheme.source_integral(t, state) - sum(outflow.values())

    def slope(key):
        change = jax.random.uniform(key, state.shape, state.dtype, 0.5, 1.5)
        return jax.jvp(supply, (state,), (change,))[1]

    keys = jax.random.split(jax.random.key(0), state.shape[0])
    slopes = jnp.stack([slope(key) for key in keys])
    size = jnp.max(jnp.abs(slopes), axis=0)
    scaled = slopes / jnp.where(size > 0, size, 1.0)
    least = jnp.linalg.svd(scaled, compute_uv=False)[-1]
    return least <= 1e3 * jnp.finfo(state.dtype).eps
