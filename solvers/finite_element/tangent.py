"""The tangent of a solid at a point: whether its material would give off energy."""

import itertools
from typing import cast

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from ...physics import AbstractLinearElasticMaterial
from ...physics.cell_field import cell_fields, with_cell_values
from ...physics.solid import AbstractSolid
from .element_block import ElementBlock
from .geometry import CellGeometry, cell_geometry
from .weak_form import interpolated


def loses_ellipticity(scheme, t: Array, state: Array) -> Bool[Array, ""]:
    """Whether the tangent A = d stress / d grad u is inadmissible in some cell.

    A linear material must store energy in every strain: no negative eigenvalue of A. In
    finite strain that is too much to ask (a compressed strut may buckle and is still
    made of a sound material): there n·A·n, which drives waves along n, must have none,
    for the axes and diagonals n. Judged at the middle of every cell.

    Args:
        scheme: a `FiniteElement` of a solid.
        t: time [s].
        state: displacements [m], (components, nodes).

    Reference:
        J. E. Marsden and T. J. R. Hughes, Mathematical Foundations of Elasticity
        (1983), section 4.3.
    """
    found = [_block_loses_ellipticity(block, t, state) for block in scheme.blocks]
    return jnp.any(jnp.stack(found))


def _block_loses_ellipticity(block: ElementBlock, t, state) -> Bool[Array, ""]:
    mesh, solid = block.mesh, cast(AbstractSolid, block.law)
    linear = isinstance(solid.material, AbstractLinearElasticMaterial)
    full = cell_geometry(mesh, 0)
    middle = CellGeometry(*(part[:1] for part in full))
    nodal = block.gather(state)
    u, grad_u = (field[0] for field in interpolated(mesh.cell, middle, nodal, 0))

    def at_point(own, x, u, grad_u):
        law = with_cell_values(solid, own)
        slope = -jax.jacfwd(lambda g: law.flux(t, x, u, g))(grad_u)
        if linear:
            size = grad_u.size
            matrices = slope.reshape(1, size, size)
        else:
            ways = jnp.asarray(_directions(len(x)), grad_u.dtype)
            matrices = jnp.einsum("cjdl,nj,nl->ncd", slope, ways, ways)
        return jnp.any(jax.vmap(indefinite)(0.5 * (matrices + matrices.mT)))

    own = [field.values for field in cell_fields(solid)]
    in_cells = jax.vmap(at_point, in_axes=(0, -1, -1, -1))
    return jnp.any(in_cells(own, middle.x[0], u, grad_u))


def _directions(dimension: int) -> np.ndarray:
    """Unit vectors along axes and diagonals, one of each opposite pair."""
    ways = np.array(list(itertools.product((-1.0, 0.0, 1.0), repeat=dimension)))
    half = ways[len(ways) // 2 + 1 :]
    return half / np.linalg.norm(half, axis=1, keepdims=True)


def indefinite(matrix: Float[Array, "n n"]) -> Bool[Array, ""]:
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
