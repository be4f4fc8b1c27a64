"""Korteweg-de Vries equation: du/dt + a u du/dx + b d³u/dx³ = 0.

u elevation or velocity, a steepening, b dispersion; dimensionless with a = 6, b = 1. As
a balance law with w = d²u/dx² that stores nothing: du/dt + d(a u²/2 + b w)/dx = 0.
D. J. Korteweg and G. de Vries (1895), Phil. Mag. 39, 422; P. G. Drazin and R. S.
Johnson, Solitons (1989), equation 1.11.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .balance_law import AbstractBalanceLaw, Component
from .parameter import parameter


class KortewegDeVries(AbstractBalanceLaw):
    """Waves in one dimension that steepen and disperse.

    Args:
        steepening: a.
        dispersion: b.
    """

    steepening: Array = parameter("steepening", shape=(), default=6.0)
    dispersion: Array = parameter("dispersion", shape=(), default=1.0)

    @property
    def components(self) -> tuple[Component, ...]:
        """The elevation and its second derivative, which stores nothing."""
        return (
            Component("elevation", "1", "elevation"),
            Component("curvature", "1", "second derivative of the elevation"),
        )

    def storage(self, t, x, u):
        return jnp.stack([u[0], jnp.zeros_like(u[0])])

    def flux(self, t, x, u, grad_u):
        moved = 0.5 * self.steepening * u[0] ** 2 + self.dispersion * u[1]
        return jnp.stack([moved[None], -grad_u[0]])

    def source(self, t, x, u, grad_u):
        return jnp.stack([jnp.zeros_like(u[0]), -u[1]])


def korteweg_de_vries_soliton(
    t: Array,
    x: Float[Array, " 1"],
    speed: Array,
    *,
    steepening: Array = 6.0,
    dispersion: Array = 1.0,
) -> Float[Array, " 2"]:
    """Exact solitary wave (3c/a) sech²(sqrt(c/b) (x - c t)/2) and its curvature.

    Args:
        t: time, shape ().
        x: position, shape (1,).
        speed: c, of the sign of b.
        steepening: a.
        dispersion: b.

    Returns:
        Elevation and curvature, shape (2,).

    Reference:
        P. G. Drazin and R. S. Johnson, Solitons (1989), equation 1.14.
    """

    def wave(y):
        phase = 0.5 * jnp.sqrt(speed / dispersion) * (y - speed * t)
        return 3 * speed / (steepening * jnp.cosh(phase) ** 2)

    return jnp.stack([wave(x[0]), jax.grad(jax.grad(wave))(x[0])])
