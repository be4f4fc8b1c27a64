"""Mean dilatation (B-bar): one volume change per cell, against volumetric locking.

In small strain H = grad u has its trace replaced by the mean of the cell,

    H' = H + (mean tr H - tr H)/3 1,

in finite strain the deformation gradient F = 1 + H its determinant,

    F' = (mean J / J)^(1/3) F.

The stress of H' is pulled back by the transposed derivative of this map, so that the
element forces are the derivative of the stored energy of H' and their tangent is
symmetric. T. J. R. Hughes (1980), Generalization of selective integration procedures to
anisotropic and nonlinear media, IJNME 15, 1413; J. C. Simo, R. L. Taylor and K. S.
Pister (1985), Comput. Methods Appl. Mech. Eng. 51, 177.
"""

import jax
import jax.numpy as jnp

from ...physics import AbstractSmallStrainMaterial, PlaneStress
from ...physics.solid import AbstractSolid
from ...physics.tensor import volume_change
from .cell_density import at_every_point
from .formulation import (
    AbstractFormulation,
    pointwise_deformation,
    stress_at,
)


class MeanDilatation(AbstractFormulation):
    """B-bar on quadrilaterals and hexahedra of first order: no locking as ν → 1/2.

    For `Solid`, `PlaneStrain` and `Axisymmetric`. Means are over the volume of the
    undeformed cell, in `Axisymmetric` that of revolution.
    """

    def check(self, law, cell):
        if not isinstance(law, AbstractSolid) or isinstance(law, PlaneStress):
            raise TypeError(
                "formulation = MeanDilatation() needs Solid, PlaneStrain or "
                f"Axisymmetric, not {type(law).__name__}; a sheet in plane stress "
                "changes its thickness and does not lock."
            )
        if cell.element != "Q1":
            raise ValueError(
                "formulation = MeanDilatation() needs quadrilaterals or hexahedra of "
                f"first order, not {cell.name}; use ReducedIntegration on S2."
            )

    def degree(self, cell):
        return None

    def supply(self, law, cell, t, geometry, u, grad_u):
        measure = _measure(law, geometry)
        seen = pointwise_deformation(law, t, geometry, u, grad_u)
        shared, pull_back = jax.vjp(lambda h: _shared(law, measure, h), seen)
        stress = stress_at(law, t, geometry, shared)
        (work,) = pull_back(measure[:, None, None] * stress)
        balanced = work / measure[:, None, None]
        flux = at_every_point(lambda law, x, p: law.momentum_flux(x, p), law)
        source = at_every_point(lambda law, x, p: law.momentum_source(t, x, p), law)
        return source(geometry.x, balanced), flux(geometry.x, balanced)

    def deformation(self, law, cell, t, geometry, u, grad_u):
        seen = pointwise_deformation(law, t, geometry, u, grad_u)
        return _shared(law, _measure(law, geometry), seen)


def _measure(law, geometry):
    """Volume of every quadrature point [m^3], or per metre or radian."""
    measure = at_every_point(lambda law, x: law.measure(x), law)
    return geometry.weight * measure(geometry.x)


def _shared(law, measure, seen):
    """The displacement gradients (q, 3, 3, cells) with one dilatation per cell."""
    mean = lambda field: jnp.sum(measure * field, axis=0) / jnp.sum(measure, axis=0)
    one = jnp.eye(3, dtype=seen.dtype)[:, :, None]
    if isinstance(law.material, AbstractSmallStrainMaterial):
        trace = jnp.trace(seen, axis1=1, axis2=2)
        return seen + ((mean(trace) - trace) / 3)[:, None, None] * one
    change = at_every_point(lambda law, h: volume_change(h), law)(seen)
    stretch = jnp.expm1((jnp.log1p(mean(change)) - jnp.log1p(change)) / 3)
    return seen + stretch[:, None, None] * (one + seen)
