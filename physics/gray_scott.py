"""Gray-Scott reaction: a feed u and a catalyst v that diffuse and react.

    du/dt = Du ∇²u - u v² + F (1 - u),   dv/dt = Dv ∇²v + u v² - (F + k) v

u, v fractions; Du, Dv diffusivities, F feed rate, k kill rate. P. Gray and S. K. Scott
(1984), Chem. Eng. Sci. 39, 1087; J. E. Pearson (1993), Science 261, 189, with
Du = 2e-5, Dv = 1e-5 on a box of 2.5.
"""

import jax.numpy as jnp
from jaxtyping import Array

from .balance_law import AbstractBalanceLaw, Component
from .parameter import parameter


class GrayScott(AbstractBalanceLaw):
    """Two reactants that make spots and stripes.

    Args:
        feed: F [s^-1].
        kill: k [s^-1].
        feed_diffusivity: Du [m² s^-1], >= 0.
        catalyst_diffusivity: Dv [m² s^-1], >= 0.
    """

    feed: Array = parameter("feed", shape=())
    kill: Array = parameter("kill", shape=())
    feed_diffusivity: Array = parameter(
        "feed_diffusivity", minimum=0.0, shape=(), default=2e-5
    )
    catalyst_diffusivity: Array = parameter(
        "catalyst_diffusivity", minimum=0.0, shape=(), default=1e-5
    )

    @property
    def components(self) -> tuple[Component, ...]:
        """Fractions of feed and catalyst."""
        return (
            Component("feed", "1", "fraction of feed"),
            Component("catalyst", "1", "fraction of catalyst"),
        )

    def storage(self, t, x, u):
        return u

    def flux(self, t, x, u, grad_u):
        feed = -self.feed_diffusivity * grad_u[0]
        return jnp.stack([feed, -self.catalyst_diffusivity * grad_u[1]])

    def source(self, t, x, u, grad_u):
        reaction = u[0] * u[1] ** 2
        fed = self.feed * (1 - u[0]) - reaction
        return jnp.stack([fed, reaction - (self.feed + self.kill) * u[1]])
