"""Allen-Cahn equation: du/dt - D ∇²u = r (u - u³).

u order parameter between the phases -1 and 1, D diffusivity [m² s^-1], r rate [s^-1];
interfaces are sqrt(2 D/r) wide. S. M. Allen and J. W. Cahn (1979), Acta Metall. 27,
1085.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from .balance_law import AbstractBalanceLaw, Component
from .parameter import parameter


class AllenCahn(AbstractBalanceLaw):
    """Two phases whose interfaces move by their curvature.

    Args:
        diffusivity: D [m² s^-1], >= 0.
        rate: r [s^-1].
    """

    diffusivity: Array = parameter("diffusivity", minimum=0.0, shape=())
    rate: Array = parameter("rate", shape=(), default=1.0)

    @property
    def components(self) -> tuple[Component, ...]:
        """The order parameter."""
        return (Component("order_parameter", "1", "order parameter"),)

    def storage(self, t, x, u):
        return u

    def flux(self, t, x, u, grad_u):
        return -self.diffusivity * grad_u

    def source(self, t, x, u, grad_u):
        return self.rate * (u - u**3)


def allen_cahn_front(
    t: Array, x: Float[Array, " dim"], diffusivity: Array, rate: Array
) -> Float[Array, " 1"]:
    """Exact interface at rest, tanh(x sqrt(r / 2D)).

    Reference:
        S. M. Allen and J. W. Cahn (1979), Acta Metall. 27, 1085, equation 14.
    """
    return jnp.tanh(x[:1] * jnp.sqrt(rate / (2 * diffusivity))) + 0 * t
