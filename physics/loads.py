"""Loads on the surface of a solid: tractions, pressure and elastic support.

The flux of momentum is minus the stress, so a traction q enters as flux·n = -q. Loads
act on the `dim` components of a law which balance momentum: the displacements of a
solid at rest, the velocities in `Elastodynamics`, those before the pressure of an
incompressible medium.

A support that lets the solid slide (roller, plane of symmetry) holds one displacement
and leaves the others free of load:

    (Dirichlet(0.0, ("displacement_x",)), NormalFlux(0.0, ("displacement_y",)))
"""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from .boundary import AbstractNaturalCondition
from .parameter import as_vector, function_parameter


class Traction(AbstractNaturalCondition):
    """P·n = q: a force per reference area that keeps its direction.

    Args:
        traction: q [Pa]: (dim,) numbers or a callable pytree q(t, x).
        component_names: components acted on; `None` for all.

    Example:
        >>> pull = Traction((1e6, 0.0, 0.0))
    """

    traction: Callable[..., Array] = function_parameter("traction", ("t", "x"))
    component_names: tuple[str, ...] | None = eqx.field(static=True, default=None)

    def normal_flux(self, t, x, normal, u):
        return _on_momentum(-as_vector(self.traction(t, x), "traction", x), u)

    def residual(self, t, x, normal, u, grad_u, normal_flux):
        return normal_flux - self.normal_flux(t, x, normal, u)


class Pressure(AbstractNaturalCondition):
    """P·n = -p n: a pressure along the normal of the undeformed surface.

    It is a dead load: it does not follow the surface as that turns and stretches, which
    matters only where deformations are large (`FollowerPressure` does).

    Args:
        pressure: p [Pa], positive when it pushes on the solid: a number or a callable
            pytree p(t, x).
        component_names: components acted on; `None` for all.
    """

    pressure: Callable[..., Array] = function_parameter(
        "pressure", ("t", "x"), shape=()
    )
    component_names: tuple[str, ...] | None = eqx.field(static=True, default=None)

    def normal_flux(self, t, x, normal, u):
        return _on_momentum(self.pressure(t, x) * normal, u)

    def residual(self, t, x, normal, u, grad_u, normal_flux):
        return normal_flux - self.normal_flux(t, x, normal, u)


class Spring(AbstractNaturalCondition):
    """P·n = -k u: an elastic foundation.

    Args:
        stiffness: k, force per area and displacement [N m^-3], >= 0: one number for
            all axes, (dim,) numbers, or a callable pytree of (t, x) that returns
            either.
        component_names: components acted on; `None` for all.
    """

    stiffness: Callable[..., Array] = function_parameter(
        "stiffness", ("t", "x"), minimum=0.0
    )
    component_names: tuple[str, ...] | None = eqx.field(static=True, default=None)

    def normal_flux(self, t, x, normal, u):
        stiffness = jnp.asarray(self.stiffness(t, x))
        if stiffness.ndim:
            stiffness = as_vector(stiffness, "stiffness", x)
        return _on_momentum(stiffness * u[: x.shape[0]], u)

    def residual(self, t, x, normal, u, grad_u, normal_flux):
        return normal_flux - self.normal_flux(t, x, normal, u)


def _on_momentum(flux: Array, u: Array) -> Array:
    """The flux of the momentum rows, nothing on the displacements before them or the
    pressure after them."""
    others = jnp.zeros_like(u[: len(u) - len(flux)])
    parts = [flux, others] if len(u) == len(flux) + 1 else [others, flux]
    return jnp.concatenate(parts)
