"""Advection and diffusion of a scalar: du/dt + div(v u - D grad u) = s.

u amount per volume, v velocity [m s^-1], D diffusivity [m² s^-1], s production
[unit s^-1]. R. J. LeVeque, Finite Volume Methods for Hyperbolic Problems (2002),
chapters 2 and 9.
"""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .balance_law import AbstractHyperbolicLaw, Component
from .parameter import as_vector, down_gradient, function_parameter


class AdvectionDiffusion(AbstractHyperbolicLaw):
    """A scalar carried by a given velocity while it diffuses.

    Args:
        velocity: v [m s^-1]: (dim,) numbers or a callable pytree v(t, x).
        diffusivity: D [m² s^-1], >= 0: a number, a (dim, dim) tensor, or a callable
            pytree D(t, x).
        production: s [unit s^-1]: a number or a callable pytree s(t, x).
        component: name and unit of the scalar.
    """

    velocity: Callable[..., Array] = function_parameter("velocity", ("t", "x"))
    diffusivity: Callable[..., Array] = function_parameter(
        "diffusivity", ("t", "x"), minimum=0.0, default=0.0
    )
    production: Callable[..., Array] = function_parameter(
        "production", ("t", "x"), default=0.0
    )
    component: Component = eqx.field(
        static=True, default=Component("concentration", "mol m-3", "concentration")
    )

    @property
    def components(self) -> tuple[Component, ...]:
        """The scalar that is carried, as `component` describes it."""
        return (self.component,)

    def storage(self, t, x, u):
        return u

    def flux(self, t, x, u, grad_u):
        diffusive = down_gradient(self.diffusivity(t, x), "diffusivity", grad_u)
        return u[:, None] @ self._velocity(t, x)[None] + diffusive

    def source(self, t, x, u, grad_u):
        return jnp.broadcast_to(self.production(t, x), u.shape)

    def max_wave_speed(self, t, x, u, normal):
        return jnp.abs(jnp.dot(self._velocity(t, x), normal))

    def _velocity(self, t, x):
        return as_vector(self.velocity(t, x), "velocity", x)


def advected_mode(
    t: Array,
    x: Float[Array, " dim"],
    velocity: Float[Array, " dim"],
    diffusivity: Array,
    wavenumber: Float[Array, " dim"],
) -> Float[Array, " 1"]:
    """Exact solution exp(-D |κ|² t) sin(κ·(x - v t)) for constant v and D, s = 0.

    Args:
        t: time [s], shape ().
        x: position [m], shape (dim,).
        velocity: v [m s^-1], shape (dim,).
        diffusivity: D [m² s^-1].
        wavenumber: κ [rad m^-1], shape (dim,).

    Returns:
        Amount per volume, shape (1,).
    """
    decay = jnp.exp(-diffusivity * jnp.dot(wavenumber, wavenumber) * t)
    return (decay * jnp.sin(jnp.dot(wavenumber, x - velocity * t)))[None]
