"""The tangent of a solid at a point: whether its material would give off energy."""

import itertools
from typing import cast

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from ...physics import AbstractSmallStrainMaterial
from ...physics.cell_field import point_fields
from ...physics.solid import AbstractSolid
from .cell_density import at_every_point
from .element_block import ElementBlock
from .geometry import CellGeometry, cell_geometry
from .weak_form import interpolated


def loses_ellipticity(scheme, t: Array, state: Array) -> Bool[Array, ""]:
    """Whether the tangent A = d stress / d grad u is inadmissible in some cell.

    A material of small strain must store energy in every strain: no negative eigenvalue
    of A. In finite strain that is too much to ask (a compressed strut may buckle and is
    still made of a sound material): there n·A·n, which drives waves along n, must have
    none, for the axes and diagonals n. Judged at the middle of every cell, with a
    memory at all points that have one, where a metal that softens is found out.

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
    small = isinstance(solid.material, AbstractSmallStrainMaterial)
    if point_fields(solid):
        degree = block.formulation.degree(mesh.cell)
        points = cell_geometry(mesh, degree)
    else:
        degree = 0
        points = CellGeometry(*(part[:1] for part in cell_geometry(mesh, degree)))
    count = len(points.x)
    fields = interpolated(mesh.cell, points, block.gather(state), degree)
    u, grad_u = (field[:count] for field in fields)

    def at_point(law, x, u, grad_u):
        slope = -jax.jacfwd(lambda g: law.flux(t, x, u, g))(grad_u)
        if small:
            size = grad_u.size
            matrices = slope.reshape(1, size, size)
        else:
            ways = jnp.asarray(_directions(len(x)), grad_u.dtype)
            matrices = jnp.einsum("cjdl,nj,nl->ncd", slope, ways, ways)
        return jnp.any(jax.vmap(indefinite)(0.5 * (matrices + matrices.mT)))

    return jnp.any(at_every_point(at_point, solid)(points.x, u, grad_u))


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
