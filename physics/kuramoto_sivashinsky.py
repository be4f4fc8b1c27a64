"""Kuramoto-Sivashinsky equation: du/dt + div(b u²/2) + a ∇²u + c ∇⁴u = 0.

u velocity of a front, b direction, a instability, c hyperviscosity; dimensionless with
a = c = 1. As a balance law with w = ∇²u that stores nothing:
du/dt + div(b u²/2 + c grad w) = -a w. Y. Kuramoto and T. Tsuzuki (1976), Prog. Theor.
Phys. 55, 356; G. I. Sivashinsky (1977), Acta Astronaut. 4, 1177.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from .balance_law import AbstractBalanceLaw, Component
from .parameter import as_vector, parameter


class KuramotoSivashinsky(AbstractBalanceLaw):
    """Long waves grow, short ones decay, steepening moves energy between them: chaos.

    Args:
        instability: a.
        hyperviscosity: c, >= 0.
        direction: b, shape (dim,).
    """

    instability: Array = parameter("instability", shape=(), default=1.0)
    hyperviscosity: Array = parameter(
        "hyperviscosity", minimum=0.0, shape=(), default=1.0
    )
    direction: Float[Array, " dim"] = parameter("direction", default=(1.0,))

    @property
    def components(self) -> tuple[Component, ...]:
        """The velocity and its Laplacian, which stores nothing."""
        return (
            Component("velocity", "1", "velocity of the front"),
            Component("curvature", "1", "Laplacian of the velocity"),
        )

    def storage(self, t, x, u):
        return jnp.stack([u[0], jnp.zeros_like(u[0])])

    def flux(self, t, x, u, grad_u):
        b = as_vector(self.direction, "direction", x)
        moved = 0.5 * u[0] ** 2 * b + self.hyperviscosity * grad_u[1]
        return jnp.stack([moved, -grad_u[0]])

    def source(self, t, x, u, grad_u):
        return jnp.stack([-self.instability * u[1], -u[1]])
