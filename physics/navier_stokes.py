"""Incompressible flow: ρ (∂u/∂t + u·grad u) + div(p 1 - τ) = f, div u = 0.

u velocity [m s^-1], p pressure [Pa], ρ density [kg m^-3], μ viscosity [Pa s], f force
per volume [N m^-3]. The convective form u·grad u is a source of momentum, so that
flux·n holds stresses only: zero is a free outlet, and the flux through a wall its
force. G. K. Batchelor, An Introduction to Fluid Dynamics (1967), section 3.3.
"""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .incompressible import (
    AbstractViscousFlow,
    AbstractViscousStress,
    SymmetricStress,
    body_force_at,
    parts,
)
from .parameter import function_parameter, parameter


class NavierStokes(AbstractViscousFlow):
    """Components velocity_x, …, pressure; momentum is stored.

    Args:
        density: ρ [kg m^-3], > 0.
        viscosity: μ [Pa s], > 0; μ = ρ ν.
        body_force: f [N m^-3]: (dim,) numbers or a callable pytree f(t, x).
        viscous_stress: `SymmetricStress()`, whose flux is minus the traction, or
            `GradientStress()`, for boundaries that cut a flow.
        dimension: 2 or 3.
    """

    density: Array = parameter("density", above=0.0, shape=())
    viscosity: Array = parameter("viscosity", above=0.0, shape=())
    body_force: Callable[..., Array] | None = function_parameter(
        "body_force", ("t", "x"), optional=True, default=None
    )
    viscous_stress: AbstractViscousStress = SymmetricStress()
    dimension: int = eqx.field(static=True, default=2)

    def storage(self, t, x, u):
        return jnp.append(self.density * u[:-1], jnp.zeros_like(u[-1]))

    def source(self, t, x, u, grad_u):
        velocity, gradient, _ = parts(self, u, grad_u)
        force = body_force_at(self.body_force, t, x, u)
        carried = self.density * jnp.sum(gradient * velocity[None], axis=1)
        return jnp.append(force - carried, jnp.trace(gradient))


def kovasznay(t: Array, x: Float[Array, " 2"], reynolds: Array) -> Float[Array, " 3"]:
    """Exact steady flow behind a grid, for ρ = 1 and μ = 1/Re.

        u = 1 - e^(λx) cos 2πy,  v = λ/(2π) e^(λx) sin 2πy,  p = (1 - e^(2λx))/2,
        λ = Re/2 - sqrt(Re²/4 + 4π²)

    Args:
        t: time [s], shape (); the flow is steady.
        x: position [m], shape (2,).
        reynolds: Re [-].

    Returns:
        Velocity [m s^-1] and pressure [Pa], shape (3,).

    Reference:
        L. I. G. Kovasznay (1948), Laminar flow behind a two-dimensional grid, Math.
        Proc. Camb. Phil. Soc. 44, 58.
    """
    rate = 0.5 * reynolds - jnp.sqrt(0.25 * reynolds**2 + 4 * jnp.pi**2)
    growth, turn = jnp.exp(rate * x[0]), 2 * jnp.pi * x[1]
    return jnp.stack(
        [
            1 - growth * jnp.cos(turn),
            rate / (2 * jnp.pi) * growth * jnp.sin(turn),
            0.5 * (1 - growth**2),
        ]
    )
