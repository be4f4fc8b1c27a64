"""Plane incompressible flow: dω/dt + div(u ω - ν grad ω) = f - a ω, -∇²ψ = ω.

ω vorticity [s^-1], ψ stream function [m² s^-1] with u = (dψ/dy, -dψ/dx), ν kinematic
viscosity [m² s^-1], f curl of the force per mass [s^-2], a linear drag [s^-1]. The
stream function stores nothing. G. K. Batchelor, An Introduction to Fluid Dynamics
(1967), sections 2.2 and 5.1.
"""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .balance_law import AbstractBalanceLaw, Component
from .parameter import function_parameter, parameter


class PlaneVorticity(AbstractBalanceLaw):
    """The Navier-Stokes equations in the plane, as vorticity and stream function.

    Args:
        viscosity: ν [m² s^-1], >= 0.
        forcing: f [s^-2]: a number or a callable pytree f(t, x), of mean zero; see
            `KolmogorovForcing`.
        drag: a [s^-1].
    """

    viscosity: Array = parameter("viscosity", minimum=0.0, shape=())
    forcing: Callable[..., Array] = function_parameter(
        "forcing", ("t", "x"), default=0.0
    )
    drag: Array = parameter("drag", shape=(), default=0.0)

    @property
    def components(self) -> tuple[Component, ...]:
        """Vorticity [s^-1] and stream function [m² s^-1]."""
        return (
            Component("vorticity", "s-1", "vorticity"),
            Component("stream_function", "m2 s-1", "stream function"),
        )

    def storage(self, t, x, u):
        return jnp.stack([u[0], jnp.zeros_like(u[0])])

    def flux(self, t, x, u, grad_u):
        velocity = stream_velocity(grad_u[1])
        return jnp.stack([u[0] * velocity - self.viscosity * grad_u[0], -grad_u[1]])

    def source(self, t, x, u, grad_u):
        made = jnp.asarray(self.forcing(t, x), u.dtype) - self.drag * u[0]
        return jnp.stack([made, u[0]])


class KolmogorovForcing(eqx.Module):
    """Curl -A κ cos(κ y) of the force (A sin(κ y), 0) that drives Kolmogorov flow.

    Args:
        amplitude: A [m s^-2].
        wavenumber: κ [rad m^-1].

    Reference:
        L. D. Meshalkin and Y. G. Sinai (1961), J. Appl. Math. Mech. 25, 1700.
    """

    amplitude: Array = parameter("amplitude", shape=(), default=1.0)
    wavenumber: Array = parameter("wavenumber", shape=(), default=4.0)

    def __call__(self, t: Array, x: Float[Array, " 2"]) -> Array:
        return -self.amplitude * self.wavenumber * jnp.cos(self.wavenumber * x[1])


def stream_velocity(gradient: Float[Array, " 2"]) -> Float[Array, " 2"]:
    """Velocity (dψ/dy, -dψ/dx) [m s^-1] of a gradient of the stream function."""
    return jnp.stack([gradient[1], -gradient[0]])


def taylor_green_vortex(
    t: Array, x: Float[Array, " 2"], viscosity: Array, wavenumber: Array = 1.0
) -> Float[Array, " 2"]:
    """Exact decaying array of vortices, ψ = cos(κx) cos(κy) exp(-2 ν κ² t), ω = 2κ²ψ.

    Args:
        t: time [s], shape ().
        x: position [m], shape (2,).
        viscosity: ν [m² s^-1].
        wavenumber: κ [rad m^-1].

    Returns:
        Vorticity [s^-1] and stream function [m² s^-1], shape (2,).

    Reference:
        G. I. Taylor and A. E. Green (1937), Proc. R. Soc. A 158, 499, section 2;
        G. I. Taylor (1923), Phil. Mag. 46, 671.
    """
    square = 2 * wavenumber**2
    psi = jnp.prod(jnp.cos(wavenumber * x)) * jnp.exp(-viscosity * square * t)
    return jnp.stack([square * psi, psi])
