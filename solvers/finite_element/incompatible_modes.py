"""Incompatible modes: bending without shear locking on quadrilaterals and hexahedra.

Each displacement gets the internal shapes 1 - ξ_i², which vanish at the nodes. With
their gradients taken as

    grad M_i = (det J0 / det J) J0^-T e_i (-2 ξ_i),   J0 the Jacobian at the centre,

their integral over the cell is zero, so that a constant stress does no work on them
and the patch test passes on any shape of cell. The internal unknowns α make the stored
energy least, ∫ P : grad M = 0, and are eliminated cell by cell. E. L. Wilson, R. L.
Taylor, W. P. Doherty and J. Ghaboussi (1973); R. L. Taylor, P. J. Beresford and E. L.
Wilson (1976), A non-conforming element for stress analysis, IJNME 10, 1211 (QM6).
"""

import jax
import jax.numpy as jnp
import numpy as np

from ...physics import AbstractLinearElasticMaterial, Axisymmetric
from ...physics.solid import AbstractSolid
from .formulation import (
    AbstractFormulation,
    pointwise_deformation,
    pointwise_supply,
)
from .geometry import inverse_and_determinant


class IncompatibleModes(AbstractFormulation):
    """QM6 in two dimensions, C3D8I in three: for bending with few cells.

    For `Solid`, `PlaneStrain` and `PlaneStress` of a linear material, where eliminating
    the internal unknowns is exact. In finite strain these elements can buckle inside
    themselves, and in `Axisymmetric` they fail the patch test: both are refused.
    """

    def check(self, law, cell):
        if not isinstance(law, AbstractSolid) or isinstance(law, Axisymmetric):
            raise TypeError(
                "formulation = IncompatibleModes() needs Solid, PlaneStrain or "
                f"PlaneStress, not {type(law).__name__}."
            )
        if not isinstance(law.material, AbstractLinearElasticMaterial):
            raise TypeError(
                "formulation = IncompatibleModes() needs a linear material, not "
                f"{type(law.material).__name__}; use MeanDilatation or elements of "
                "second order in finite strain."
            )
        if cell.element != "Q1":
            raise ValueError(
                "formulation = IncompatibleModes() needs quadrilaterals or hexahedra "
                f"of first order, not {cell.name}."
            )

    def degree(self, cell):
        return None

    def supply(self, law, cell, t, geometry, u, grad_u):
        enhanced = _enhanced(law, cell, t, geometry, u, grad_u)
        return pointwise_supply(law, t, geometry, u, enhanced)

    def deformation(self, law, cell, t, geometry, u, grad_u):
        enhanced = _enhanced(law, cell, t, geometry, u, grad_u)
        return pointwise_deformation(law, t, geometry, u, enhanced)


def _enhanced(law, cell, t, geometry, u, grad_u):
    """grad u with the part of the internal unknowns, (quadrature, C, dim, cells)."""
    modes = _mode_gradients(cell, geometry)
    components, cells = grad_u.shape[1], grad_u.shape[-1]
    count = modes.shape[1] * components

    def with_internal(internal):
        shaped = internal.reshape(-1, components, cells)
        return grad_u + jnp.einsum("mce,qmje->qcje", shaped, modes)

    def work(internal):
        """Derivative of the energy by every internal unknown, (count, cells)."""
        _, flux = pointwise_supply(law, t, geometry, u, with_internal(internal))
        tested = jnp.einsum("qcje,qmje,qe->mce", flux, modes, geometry.weight)
        return tested.reshape(count, cells)

    rest, slope = jax.linearize(work, jnp.zeros((count, cells), grad_u.dtype))
    each = jnp.eye(count, dtype=grad_u.dtype)[:, :, None]
    stiffness = jax.vmap(slope)(jnp.broadcast_to(each, (count, count, cells)))
    # (column, row, cells), symmetric; the linear material needs one step
    matrix = jnp.transpose(stiffness, (2, 1, 0))
    internal = -jnp.linalg.solve(matrix, rest.T[..., None])[..., 0].T
    return with_internal(internal)


def _mode_gradients(cell, geometry):
    """grad M_i at every quadrature point [m^-1], (quadrature, modes, dim, cells)."""
    points, weights = cell.quadrature()
    # The cell of first order is fixed by its quadrature points as by its nodes.
    slope = cell.shape_gradient(np.zeros((1, cell.dimension)))[0]
    to_nodes = np.linalg.inv(cell.shape(points))
    table = jnp.asarray(slope @ to_nodes, geometry.x.dtype)
    centre = jnp.einsum("iq,qje->ije", table, geometry.x)[None]
    inverse, determinant = inverse_and_determinant(centre)
    at_points = geometry.weight / jnp.asarray(weights, geometry.x.dtype)[:, None]
    ratio = determinant / at_points
    steep = jnp.asarray(-2.0 * points, geometry.x.dtype)[:, :, None, None]
    return steep * ratio[:, None, None] * inverse
