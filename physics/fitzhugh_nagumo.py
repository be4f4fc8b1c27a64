"""FitzHugh-Nagumo equations: dv/dt = D ∇²v + v - v³/3 - w + I, dw/dt = e (v + a - b w).

v membrane potential, w recovery, D diffusivity, I current, e ratio of time scales;
dimensionless. R. FitzHugh (1961), Biophys. J. 1, 445, equations 1 and 2; J. Nagumo, S.
Arimoto and S. Yoshizawa (1962), Proc. IRE 50, 2061.
"""

import jax.numpy as jnp
from jaxtyping import Array

from .balance_law import AbstractBalanceLaw, Component
from .parameter import parameter


class FitzHughNagumo(AbstractBalanceLaw):
    """An excitable medium: pulses, spirals.

    Args:
        diffusivity: D, >= 0.
        time_scale: e.
        excitability: a.
        recovery: b.
        current: I.
    """

    diffusivity: Array = parameter("diffusivity", minimum=0.0, shape=())
    time_scale: Array = parameter("time_scale", shape=(), default=0.08)
    excitability: Array = parameter("excitability", shape=(), default=0.7)
    recovery: Array = parameter("recovery", shape=(), default=0.8)
    current: Array = parameter("current", shape=(), default=0.0)

    @property
    def components(self) -> tuple[Component, ...]:
        """Membrane potential and recovery."""
        return (
            Component("potential", "1", "membrane potential"),
            Component("recovery", "1", "recovery"),
        )

    def storage(self, t, x, u):
        return u

    def flux(self, t, x, u, grad_u):
        return jnp.stack([-self.diffusivity * grad_u[0], jnp.zeros_like(grad_u[1])])

    def source(self, t, x, u, grad_u):
        v, w = u
        excited = v - v**3 / 3 - w + self.current
        return jnp.stack(
            [excited, self.time_scale * (v + self.excitability - self.recovery * w)]
        )
