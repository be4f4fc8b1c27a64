"""Loads that follow the surface of a solid as it turns and stretches.

A pressure p acts on the deformed surface along its normal. Per reference area Nanson's
formula n da = J F^-T N dA makes it P·N = -p J F^-T N, with F = 1 + grad u. Only
derivatives along the surface enter. J. Bonet and R. D. Wood, Nonlinear Continuum
Mechanics for Finite Element Analysis (2008), sections 4.7 and 8.5.
"""

import abc
from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .boundary import AbstractBoundaryCondition
from .parameter import function_parameter
from .tensor import cofactor


class AbstractFollowerLoad(AbstractBoundaryCondition):
    """A condition that prescribes the outward normal flux, given u and grad u.

    Like natural conditions, follower loads add up on one boundary part.
    """

    @abc.abstractmethod
    def normal_flux(
        self,
        t: Array,
        x: Float[Array, " dim"],
        normal: Float[Array, " dim"],
        u: Float[Array, " components"],
        grad_u: Float[Array, "components dim"],
    ) -> Float[Array, " components"]:
        """Outward flux·normal [flux unit], which sees only grad u along the surface."""


class FollowerPressure(AbstractFollowerLoad):
    """P·N = -p J F^-T N: a pressure along the normal of the deformed surface.

    For `Solid` and `PlaneStrain` in finite strain, on finite elements. Its tangent is
    symmetric only where the pressure is uniform and its edges are held, so the default
    linear solver is the direct one.

    Args:
        pressure: p [Pa], positive when it pushes on the solid: a number or a callable
            pytree p(t, x) of the reference place.
        component_names: components acted on; `None` for all.

    Example:
        >>> inflated = FollowerPressure(2e5)
    """

    pressure: Callable[..., Array] = function_parameter(
        "pressure", ("t", "x"), shape=()
    )
    component_names: tuple[str, ...] | None = eqx.field(static=True, default=None)

    def normal_flux(self, t, x, normal, u, grad_u):
        dim = x.shape[0]
        deformed = jnp.eye(3, dtype=grad_u.dtype).at[:dim, :dim].add(grad_u)
        area = cofactor(deformed)[:dim, :dim] @ normal
        return self.pressure(t, x) * area

    def residual(self, t, x, normal, u, grad_u, normal_flux):
        return normal_flux - self.normal_flux(t, x, normal, u, grad_u)
