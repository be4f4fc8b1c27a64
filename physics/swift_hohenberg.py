"""Swift-Hohenberg equation: du/dt = r u - (q² + ∇²)² u + g u² - u³.

u amplitude of a pattern, r distance from onset, q its wave number, g asymmetry;
dimensionless. As a balance law with w = ∇²u that stores nothing:
du/dt + div(grad w) = (r - q⁴) u - 2 q² w + g u² - u³. J. Swift and P. C. Hohenberg
(1977), Phys. Rev. A 15, 319.
"""

import jax.numpy as jnp
from jaxtyping import Array

from .balance_law import AbstractBalanceLaw, Component
from .parameter import parameter


class SwiftHohenberg(AbstractBalanceLaw):
    """Patterns of one wavelength, as in convection near its onset.

    Args:
        growth: r.
        wave_number: q.
        asymmetry: g.
    """

    growth: Array = parameter("growth", shape=())
    wave_number: Array = parameter("wave_number", shape=(), default=1.0)
    asymmetry: Array = parameter("asymmetry", shape=(), default=0.0)

    @property
    def components(self) -> tuple[Component, ...]:
        """The amplitude and its Laplacian, which stores nothing."""
        return (
            Component("amplitude", "1", "amplitude"),
            Component("curvature", "1", "Laplacian of the amplitude"),
        )

    def storage(self, t, x, u):
        return jnp.stack([u[0], jnp.zeros_like(u[0])])

    def flux(self, t, x, u, grad_u):
        return jnp.stack([grad_u[1], -grad_u[0]])

    def source(self, t, x, u, grad_u):
        square = self.wave_number**2
        linear = (self.growth - square**2) * u[0] - 2 * square * u[1]
        made = linear + self.asymmetry * u[0] ** 2 - u[0] ** 3
        return jnp.stack([made, -u[1]])
