"""Cahn-Hilliard equation: dc/dt - div(M grad μ) = 0, μ = a (c³ - c) - κ ∇²c.

c concentration between the phases -1 and 1, M mobility [m² s^-1], a barrier, κ gradient
energy [m²]; the potential μ stores nothing. Mass is kept, and the energy
∫ a (c² - 1)²/4 + κ |grad c|²/2 never grows. J. W. Cahn and J. E. Hilliard (1958), J.
Chem. Phys. 28, 258.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from .balance_law import AbstractBalanceLaw, Component
from .parameter import parameter


class CahnHilliard(AbstractBalanceLaw):
    """A mixture that separates into two phases.

    Args:
        gradient_energy: κ [m²], >= 0.
        mobility: M [m² s^-1], >= 0.
        barrier: a.
    """

    gradient_energy: Array = parameter("gradient_energy", minimum=0.0, shape=())
    mobility: Array = parameter("mobility", minimum=0.0, shape=(), default=1.0)
    barrier: Array = parameter("barrier", shape=(), default=1.0)

    @property
    def components(self) -> tuple[Component, ...]:
        """The concentration and its chemical potential, which stores nothing."""
        return (
            Component("concentration", "1", "concentration"),
            Component("potential", "1", "chemical potential"),
        )

    def storage(self, t, x, u):
        return jnp.stack([u[0], jnp.zeros_like(u[0])])

    def flux(self, t, x, u, grad_u):
        drift = -self.mobility * grad_u[1]
        return jnp.stack([drift, -self.gradient_energy * grad_u[0]])

    def source(self, t, x, u, grad_u):
        local = self.barrier * (u[0] ** 3 - u[0])
        return jnp.stack([jnp.zeros_like(u[0]), u[1] - local])

    def energy(
        self, u: Float[Array, " 2"], grad_u: Float[Array, "2 dim"]
    ) -> Float[Array, ""]:
        """Energy per volume at a point."""
        local = 0.25 * self.barrier * (u[0] ** 2 - 1) ** 2
        return local + 0.5 * self.gradient_energy * jnp.sum(grad_u[0] ** 2)


def cahn_hilliard_interface(
    t: Array, x: Float[Array, " dim"], gradient_energy: Array, barrier: Array
) -> Float[Array, " 2"]:
    """Exact interface at rest, tanh(x sqrt(a / 2κ)) with the potential zero.

    Reference:
        J. W. Cahn and J. E. Hilliard (1958), J. Chem. Phys. 28, 258, section III.
    """
    profile = jnp.tanh(x[0] * jnp.sqrt(barrier / (2 * gradient_energy))) + 0 * t
    return jnp.stack([profile, jnp.zeros_like(profile)])
