"""Uniform strain: hexahedra of first order with one strain and hourglass control.

The law sees the mean gradient of the cell, b_I = ∫ grad N_I / V. Twelve motions, the
hourglasses, have none: with h_α the patterns ηζ, ζξ, ξη, ξηζ at the nodes,

    γ_αI = h_αI - b_I · Σ_J h_αJ x_J,   q_α = Σ_I γ_αI u_I

vanishes for every linear displacement, and springs K between the nodes hold the rest,

    force on node I = -K Σ_α γ_αI q_α,   K = hourglass E V Σ_I b_I · b_I.

D. P. Flanagan and T. Belytschko (1981), A uniform strain hexahedron and quadrilateral
with orthogonal hourglass control, IJNME 17, 679, with Young's modulus for theirs of
dilatational waves.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from ...physics import AbstractLinearElasticMaterial, Solid
from ..cells import ReferenceCell
from .formulation import (
    AbstractFormulation,
    at_every_point,
    pointwise_deformation,
    pointwise_supply,
)


class UniformStrain(AbstractFormulation):
    """The C3D8R of CalculiX: one strain per hexahedron, springs against hourglasses.

    For `Solid` of a linear material. Does not lock, costs no accuracy in uniform
    strain, and is soft where a cell bends: use several cells over a thickness. Loads
    are fully integrated. `strain_energy` leaves the springs out.

    Args:
        hourglass: stiffness of the springs against hourglasses over that of the cell
            [-], >= 0; CalculiX has 5e-4.

    Raises:
        ValueError: not one number, or springs that push.
    """

    hourglass: float | jax.Array = 5e-4

    def __check_init__(self) -> None:
        if isinstance(self.hourglass, Tracer):
            return
        if np.shape(self.hourglass) or not 0 <= self.hourglass < np.inf:
            raise ValueError(
                f"hourglass = {self.hourglass} must be one number, at least 0: a "
                "negative stiffness pushes hourglasses on."
            )

    def check(self, law, cell):
        if not isinstance(law, Solid) or not isinstance(
            law.material, AbstractLinearElasticMaterial
        ):
            material = getattr(law, "material", None)
            raise TypeError(
                "formulation = UniformStrain() needs Solid of a linear material, not "
                f"{type(law).__name__} of {type(material).__name__}."
            )
        if cell.name != "hexahedron":
            raise ValueError(
                "formulation = UniformStrain() needs hexahedra of first order, not "
                f"{cell.name}."
            )

    def degree(self, cell):
        return None

    def supply(self, law, cell, t, geometry, u, grad_u):
        mean = _mean(geometry, grad_u)
        source, flux = pointwise_supply(law, t, geometry, u, mean)
        force = self._springs(law, cell, t, geometry, u)
        # a density that the shape functions turn into this force
        share = jnp.asarray(_to_nodes(cell), u.dtype)
        density = jnp.einsum("kq,kce->qce", share, force) / geometry.weight[:, None]
        return source - density, flux

    def deformation(self, law, cell, t, geometry, u, grad_u):
        mean = _mean(geometry, grad_u)
        return pointwise_deformation(law, t, geometry, u, mean)

    def _springs(self, law, cell, t, geometry, u):
        """Force of a cell on its hourglasses [N], (nodes, components, cells)."""
        to_nodes = jnp.asarray(_to_nodes(cell), u.dtype)
        patterns = jnp.asarray(_patterns(cell), u.dtype)
        points, _ = cell.quadrature()
        slopes = jnp.asarray(cell.shape_gradient(points), u.dtype)
        volume = jnp.sum(geometry.weight, axis=0)
        gradient = jnp.einsum("qik,qije->qkje", slopes, geometry.inverse)
        gradient = jnp.sum(geometry.weight[:, None, None] * gradient, 0) / volume
        slanted = jnp.einsum("ka,kq,qje->aje", patterns, to_nodes, geometry.x)
        gamma = patterns[:, :, None] - jnp.einsum("kje,aje->kae", gradient, slanted)
        amount = jnp.einsum("kae,kq,qce->ace", gamma, to_nodes, u)
        young = at_every_point(lambda law, x: _young_modulus(law, t, x), law)
        young = jnp.mean(young(geometry.x), axis=0)
        size = jnp.sum(gradient**2, axis=(0, 1)) * volume
        stiffness = jnp.asarray(self.hourglass, u.dtype) * young * size
        return stiffness * jnp.einsum("kae,ace->kce", gamma, amount)


def _mean(geometry, grad_u):
    """The mean gradient of each cell, at every quadrature point."""
    weight = geometry.weight[:, None, None]
    mean = jnp.sum(weight * grad_u, axis=0) / jnp.sum(weight, axis=0)
    return jnp.broadcast_to(mean, grad_u.shape)


def _to_nodes(cell: ReferenceCell) -> np.ndarray:
    """Nodal values from those at the quadrature points, (nodes, quadrature)."""
    return np.linalg.inv(cell.shape(cell.quadrature()[0]))


def _patterns(cell: ReferenceCell) -> np.ndarray:
    """The hourglass patterns at the nodes, (nodes, 4)."""
    x, y, z = cell.nodes.T
    return np.stack([y * z, z * x, x * y, x * y * z], axis=1)


def _young_modulus(law, t, x):
    """E [Pa] from the stress under stretches of the axes, their mean."""
    temperature = law.temperature_at(t, x)
    stress = lambda stretch: jnp.diag(
        law.material.stress(jnp.diag(stretch), temperature)
    )
    slope = jax.jacfwd(stress)(jnp.zeros(3, x.dtype))
    own = jnp.trace(slope) / 3
    other = (jnp.sum(slope) - jnp.trace(slope)) / 6
    return (own - other) * (own + 2 * other) / (own + other)
