"""Wave equation: du/dt = v, dv/dt - div(c² grad u) = 0.

u displacement [m], v velocity [m s^-1], c wave speed [m s^-1]. L. C. Evans, Partial
Differential Equations (2010), section 2.4.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from .balance_law import AbstractBalanceLaw, Component
from .parameter import parameter


class Wave(AbstractBalanceLaw):
    """Small waves without damping; the energy ∫ (v² + c² |grad u|²)/2 is kept.

    Args:
        speed: c [m s^-1].
    """

    speed: Array = parameter("speed", shape=())

    @property
    def components(self) -> tuple[Component, ...]:
        """Displacement [m] and velocity [m s^-1]."""
        return (
            Component("displacement", "m", "displacement"),
            Component("velocity", "m s-1", "velocity"),
        )

    def storage(self, t, x, u):
        return u

    def flux(self, t, x, u, grad_u):
        return jnp.stack([jnp.zeros_like(grad_u[0]), -(self.speed**2) * grad_u[0]])

    def source(self, t, x, u, grad_u):
        return jnp.stack([u[1], jnp.zeros_like(u[1])])


def standing_wave(
    t: Array, x: Float[Array, " dim"], speed: Array, wavenumber: Float[Array, " dim"]
) -> Float[Array, " 2"]:
    """Exact solution u = cos(κ·x) cos(c |κ| t) and its velocity.

    Args:
        t: time [s], shape ().
        x: position [m], shape (dim,).
        speed: c [m s^-1].
        wavenumber: κ [rad m^-1], shape (dim,).

    Returns:
        Displacement [m] and velocity [m s^-1], shape (2,).
    """
    frequency = speed * jnp.linalg.norm(wavenumber)
    shape = jnp.cos(jnp.dot(wavenumber, x))
    turn = jnp.stack([jnp.cos(frequency * t), -frequency * jnp.sin(frequency * t)])
    return shape * turn
