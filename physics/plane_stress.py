"""Plane stress: a thin sheet whose faces carry no load, P·e_z = 0.

The sheet is free to change its thickness. What it does is found at each point from the
material itself, so that every elastic material works here. S. P. Timoshenko and J. N.
Goodier, Theory of Elasticity (1970), chapter 2.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array

from .balance_law import Component
from .elastic import AbstractElasticMaterial, AbstractLinearElasticMaterial
from .parameter import function_parameter
from .scalar_root import scalar_root
from .solid import (
    AbstractSolid,
    check_gradient,
    displacement_components,
    force_at,
)
from .tensor import Tensor, identity, inverse, volume_change

LARGEST_LOG_STRETCH = 4.0
"""The thickness is searched between 1/55 and 55 times the original."""


class PlaneStress(AbstractSolid):
    """A thin sheet in its plane, x = (x, y), per metre of thickness.

    With a linear material the strains across the thickness follow from P·e_z = 0 in one
    step, also where the material axes are tilted out of the plane. With any other
    material the stretch λ across the thickness follows from P_zz = 0 by Newton's
    method; its derivatives are those of the implicit function. The sheet stays flat, so
    such a material must be symmetric about the plane; isotropic ones are. Where no
    thickness is free of load (St Venant-Kirchhoff collapses), nothing is finite.

    Args:
        material: stress from deformation, such as `IsotropicElastic`.
        body_force: f [N m^-3]: (2,) numbers or a callable pytree f(t, x).
        temperature: T [K]: a number or a callable pytree T(t, x); `None` without
            thermal strain.
    """

    material: AbstractElasticMaterial
    body_force: Callable[..., Array] | None = function_parameter(
        "body_force", ("t", "x"), optional=True, default=None
    )
    temperature: Callable[..., Array] | None = function_parameter(
        "temperature", ("t", "x"), optional=True, default=None
    )

    @property
    def components(self) -> tuple[Component, ...]:
        return displacement_components("xy")

    def deformation(self, t, x, u, grad_u):
        sheet = jnp.pad(check_gradient(self, grad_u, 2), ((0, 1), (0, 1)))
        temperature = self.temperature_at(t, x)
        stress = lambda full: self.material.stress(full, temperature)
        if isinstance(self.material, AbstractLinearElasticMaterial):
            return _free_faces(stress, sheet)
        return _free_thickness(stress, sheet)

    def momentum_flux(self, x, stress):
        return -stress[:2, :2]

    def momentum_source(self, t, x, stress):
        return force_at(self.body_force, t, x, stress)

    def measure(self, x):
        return jnp.ones_like(x[0])


def _free_faces(stress: Callable[[Tensor], Tensor], sheet: Tensor) -> Tensor:
    """The third column of grad u that frees the faces, for a linear material."""
    axes = identity(sheet)
    place = lambda across: sheet + across[:, None] * axes[2]
    loaded, slope = jax.linearize(lambda a: stress(place(a))[:, 2], sheet[:, 2])
    stiffness = jax.vmap(slope, out_axes=1)(axes)
    return place(-jnp.sum(inverse(stiffness) * loaded, axis=1))


def _free_thickness(stress: Callable[[Tensor], Tensor], sheet: Tensor) -> Tensor:
    """grad u with the stretch across the thickness that frees the faces."""
    across = jnp.diag(identity(sheet)[2])
    place = lambda log: sheet + jnp.expm1(log) * across
    bound = jnp.full_like(sheet[2, 2], LARGEST_LOG_STRETCH)
    # A sheet that keeps its volume is the start from which rubber converges.
    kept = -jnp.log1p(jnp.maximum(volume_change(sheet), -0.98))
    log = scalar_root(lambda s: stress(place(s))[2, 2], -bound, bound, kept)
    return place(jnp.where(jnp.abs(log) < 0.99 * bound, log, jnp.nan))
