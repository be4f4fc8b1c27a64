"""Solids of revolution, x = (r, z), under loads that do not depend on the angle.

The balance of momentum, multiplied by the radius so that its fluxes are forces per
radian:

    d(-r P_rr)/dr + d(-r P_rz)/dz = r f_r - P_θθ
    d(-r P_zr)/dr + d(-r P_zz)/dz = r f_z

P first Piola-Kirchhoff stress [Pa], P_θθ hoop stress, f body force [N m^-3]. S. P.
Timoshenko and J. N. Goodier, Theory of Elasticity (1970), chapters 4 and 12.
"""

from collections.abc import Callable

import jax.numpy as jnp
from jaxtyping import Array

from .balance_law import Component
from .boundary import AbstractNaturalCondition
from .elastic import AbstractElasticMaterial
from .parameter import function_parameter
from .solid import (
    AbstractSolid,
    check_gradient,
    displacement_components,
    force_at,
)
from .tensor import identity


class Axisymmetric(AbstractSolid):
    """A solid of revolution without twist, x = (r, z) with r >= 0.

    Every integral over the mesh is one per radian: 2π times a reaction is the force on
    the whole ring. Loads are given as they act, in pascals, inside `PerRadian`, which
    multiplies them by r; `Problem` refuses a load without it. On the axis the condition
    is `Dirichlet(0.0, ("displacement_r",))` and nothing along z.

    Stress and strain have the axes r, z, θ in this order, which are also the axes 1, 2,
    3 of an orthotropic material.

    Args:
        material: stress from deformation, such as `IsotropicElastic`.
        body_force: f [N m^-3]: (2,) numbers (f_r, f_z) or a callable pytree f(t, x).
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
        return displacement_components("rz")

    def deformation(self, t, x, u, grad_u):
        plane = jnp.pad(check_gradient(self, grad_u, 2), ((0, 1), (0, 1)))
        on_axis = x[0] == 0
        # On the axis u_r / r has the limit du_r/dr.
        hoop = jnp.where(on_axis, grad_u[0, 0], u[0] / jnp.where(on_axis, 1.0, x[0]))
        return plane + hoop * jnp.diag(identity(plane)[2])

    def momentum_flux(self, x, stress):
        return -x[0] * stress[:2, :2]

    def momentum_source(self, t, x, stress):
        hoop = jnp.stack([stress[2, 2], jnp.zeros_like(stress[2, 2])])
        return x[0] * force_at(self.body_force, t, x, stress) - hoop

    def measure(self, x):
        return x[0]


class PerRadian(AbstractNaturalCondition):
    """A load on an axisymmetric solid, given as it acts and multiplied by r here.

    Args:
        condition: any natural condition, such as `Pressure(2e6)` or `NormalFlux(0.0)`.

    Example:
        >>> inside = PerRadian(Pressure(2e6))
    """

    condition: AbstractNaturalCondition

    def __init__(self, condition: AbstractNaturalCondition) -> None:
        self.condition = condition

    def __check_init__(self) -> None:
        if not isinstance(self.condition, AbstractNaturalCondition):
            raise TypeError(
                f"condition = {self.condition!r} prescribes no flux; give a natural "
                "condition such as Pressure or Traction, and Dirichlet as it is."
            )

    @property
    def component_names(self) -> tuple[str, ...] | None:
        return self.condition.component_names

    def normal_flux(self, t, x, normal, u):
        return x[0] * self.condition.normal_flux(t, x, normal, u)

    def residual(self, t, x, normal, u, grad_u, normal_flux):
        return normal_flux - self.normal_flux(t, x, normal, u)


def is_per_radian(law) -> bool:
    """Whether the fluxes of a law are those of an axisymmetric solid."""
    return isinstance(law, Axisymmetric) or isinstance(
        getattr(law, "solid", None), Axisymmetric
    )


def lame_cylinder(
    radius: Array,
    young_modulus: Array,
    poisson_ratio: Array,
    *,
    inner_radius: Array,
    outer_radius: Array,
    inner_pressure: Array,
    outer_pressure: Array = 0.0,
) -> Array:
    """Exact radial displacement [m] of a thick cylinder that keeps its length.

    u = (1 + ν)/E ((1 - 2ν) A r + B/r), with the stresses A - B/r² along r and A + B/r²
    along the hoop. Isotropic and of small strain.

    Args:
        radius: r [m].
        young_modulus: E [Pa].
        poisson_ratio: ν [-].
        inner_radius: a [m].
        outer_radius: b [m].
        inner_pressure: [Pa], positive when it pushes outwards.
        outer_pressure: [Pa], positive when it pushes inwards.

    Returns:
        Radial displacement [m], shape of `radius`.

    Reference:
        Timoshenko and Goodier (1970), section 28.
    """
    a2, b2 = inner_radius**2, outer_radius**2
    mean = (inner_pressure * a2 - outer_pressure * b2) / (b2 - a2)
    swing = (inner_pressure - outer_pressure) * a2 * b2 / (b2 - a2)
    plane = (1 - 2 * poisson_ratio) * mean * radius + swing / radius
    return (1 + poisson_ratio) / young_modulus * plane
