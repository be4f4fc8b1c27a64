"""Viscous Burgers equation: du/dt + div(b u²/2 - ν grad u) = 0.

u velocity [m s^-1], b direction of transport, ν viscosity [m² s^-1]. J. M. Burgers
(1948), Adv. Appl. Mech. 1, 171; one-dimensional with b = (1,).
"""

import jax.numpy as jnp
from jax.scipy.special import logsumexp
from jaxtyping import Array, Float

from .balance_law import AbstractHyperbolicLaw, Component
from .parameter import as_vector, parameter


class Burgers(AbstractHyperbolicLaw):
    """Scalar viscous Burgers equation.

    Args:
        viscosity: ν [m² s^-1], >= 0.
        direction: b [-], shape (dim,).
    """

    viscosity: Array = parameter("viscosity", minimum=0.0, shape=())
    direction: Float[Array, " dim"] = parameter("direction", default=(1.0,))

    @property
    def components(self) -> tuple[Component, ...]:
        """The velocity [m s^-1]."""
        return (Component("velocity", "m s-1", "velocity"),)

    def storage(self, t, x, u):
        return u

    def flux(self, t, x, u, grad_u):
        b = as_vector(self.direction, "direction", x)
        # A matrix product: XLA on the CPU is slow to sum the transpose of a broadcast.
        return 0.5 * (u * u)[:, None] @ b[None] - self.viscosity * grad_u

    def source(self, t, x, u, grad_u):
        return jnp.zeros_like(u)

    def max_wave_speed(self, t, x, u, normal):
        return jnp.abs(u[0] * jnp.dot(self.direction, normal))


def burgers_travelling_front(
    t: Array, x: Float[Array, " 1"], viscosity: Array, left: Array, right: Array
) -> Float[Array, " 1"]:
    """Exact shock profile that joins `left` at -inf to `right` < `left` at +inf.

    u = s - a tanh(a (x - s t) / 2ν), s = (left + right)/2, a = (left - right)/2.

    Reference:
        G. B. Whitham, Linear and Nonlinear Waves (1974), equation 4.23.
    """
    s, a = 0.5 * (left + right), 0.5 * (left - right)
    return s - a * jnp.tanh(0.5 * a * (x - s * t) / viscosity)


def burgers_cole_hopf(
    t: Array, x: Float[Array, " 1"], viscosity: Array, *, nodes: int = 1024
) -> Float[Array, " 1"]:
    """Exact solution for u(0, x) = -sin(πx), by quadrature of the Cole-Hopf integrals.

    With η = x - z sqrt(4νt) both integrals have the weight exp(-z²) and an entire
    integrand, so the trapezoidal rule converges geometrically; 1024 nodes reach
    round-off for ν >= 0.01/π and 0 < t <= 1.

    Args:
        t: time [s], >= 0, shape ().
        x: position [m], shape (1,).
        viscosity: ν [m² s^-1].
        nodes: quadrature nodes.

    Returns:
        Velocity [m s^-1], shape (1,).

    Reference:
        C. Basdevant et al. (1986), Computers & Fluids 14, 23, equation 2.2;
        J. D. Cole (1951), Q. Appl. Math. 9, 225.
    """
    width = jnp.sqrt(4 * viscosity * t)
    reach = 7.0 + jnp.sqrt(t / (4 * viscosity))
    z = jnp.linspace(-1.0, 1.0, nodes, dtype=x.dtype) * reach
    eta = x[0] - width * z
    exponent = -z * z - jnp.cos(jnp.pi * eta) / (2 * jnp.pi * viscosity)
    weight = jnp.exp(exponent - logsumexp(exponent))
    return -jnp.sum(weight * jnp.sin(jnp.pi * eta))[None]
