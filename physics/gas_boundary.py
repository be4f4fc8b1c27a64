"""What holds on the boundary of a gas, beside `Outflow` and `Dirichlet`.

`Dirichlet` of all components is the state outside of the box: what its waves carry
inwards is taken (supersonic inflow, far field). `Outflow` lets everything pass.
"""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from .boundary import AbstractBoundaryCondition
from .parameter import function_parameter


class SlipWall(AbstractBoundaryCondition):
    """v·n = 0: a wall without friction, or a plane of symmetry of a gas."""

    component_names: None = eqx.field(static=True, default=None, init=False)

    def residual(self, t, x, normal, u, grad_u, normal_flux):
        return jnp.zeros_like(u).at[0].set(jnp.dot(u[1:-1], normal) / u[0])


class PressureOutlet(AbstractBoundaryCondition):
    """p = pressure where the gas leaves slower than sound; elsewhere as `Outflow`.

    Args:
        pressure: static pressure outside [Pa], > 0, number or callable pytree of
            (t, x).
    """

    pressure: Callable[..., Array] = function_parameter("pressure", ("t", "x"))
    component_names: None = eqx.field(static=True, default=None, init=False)

    def residual(self, t, x, normal, u, grad_u, normal_flux):
        # The flux of momentum along the normal is p + ρ (v·n)².
        along = jnp.dot(u[1:-1], normal)
        pressure = jnp.dot(normal_flux[1:-1], normal) - along**2 / u[0]
        return jnp.zeros_like(u).at[-1].set(pressure - self.pressure(t, x))
