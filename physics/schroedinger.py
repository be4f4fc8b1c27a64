"""Schrödinger equation: i dψ/dt = -d ∇²ψ + V(x) ψ + g |ψ|² ψ, with ψ = p + i q.

d = ħ/2m [m² s^-1], V potential over ħ [s^-1], g interaction over ħ. Linear for g = 0,
Gross-Pitaevskii otherwise. In real components: dp/dt + div(d grad q) = W q and
dq/dt - div(d grad p) = -W p, W = V + g (p² + q²). L. Pitaevskii and S. Stringari,
Bose-Einstein Condensation (2003), equation 5.2.
"""

from collections.abc import Callable

import jax.numpy as jnp
from jaxtyping import Array, Float

from .balance_law import AbstractBalanceLaw, Component
from .parameter import function_parameter, parameter


class Schroedinger(AbstractBalanceLaw):
    """A wave function, linear or with self-interaction.

    Args:
        dispersion: d [m² s^-1].
        interaction: g.
        potential: V [s^-1]: a number or a callable pytree V(t, x).
    """

    dispersion: Array = parameter("dispersion", shape=(), default=0.5)
    interaction: Array = parameter("interaction", shape=(), default=0.0)
    potential: Callable[..., Array] = function_parameter(
        "potential", ("t", "x"), default=0.0
    )

    @property
    def components(self) -> tuple[Component, ...]:
        """Real and imaginary part of the wave function."""
        return (
            Component("real", "1", "real part of the wave function"),
            Component("imaginary", "1", "imaginary part of the wave function"),
        )

    def storage(self, t, x, u):
        return u

    def flux(self, t, x, u, grad_u):
        return self.dispersion * jnp.stack([grad_u[1], -grad_u[0]])

    def source(self, t, x, u, grad_u):
        p, q = u
        w = self.potential(t, x) + self.interaction * (p**2 + q**2)
        return jnp.stack([w * q, -w * p])


def schroedinger_bright_soliton(
    t: Array,
    x: Float[Array, " 1"],
    amplitude: Array,
    speed: Array,
) -> Float[Array, " 2"]:
    """Exact a sech(a (x - v t)) exp(i (v x + (a² - v²) t/2)).

    For d = 1/2, g = -1, V = 0.

    Args:
        t: time [s], shape ().
        x: position [m], shape (1,).
        amplitude: a.
        speed: v [m s^-1].

    Returns:
        Real and imaginary part, shape (2,).

    Reference:
        V. E. Zakharov and A. B. Shabat (1972), Sov. Phys. JETP 34, 62, equation 13.
    """
    envelope = amplitude / jnp.cosh(amplitude * (x[0] - speed * t))
    phase = speed * x[0] + 0.5 * (amplitude**2 - speed**2) * t
    return envelope * jnp.stack([jnp.cos(phase), jnp.sin(phase)])
