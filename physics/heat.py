"""Heat conduction: d(c T)/dt + div(-k grad T) = q.

T temperature [K], c volumetric heat capacity [J m^-3 K^-1], k conductivity
[W m^-1 K^-1], q heat source [W m^-3]. H. S. Carslaw and J. C. Jaeger, Conduction of
Heat in Solids (1959), chapter 1.
"""

from collections.abc import Callable

import jax.numpy as jnp
from jaxtyping import Array, Float

from .balance_law import AbstractBalanceLaw, Component
from .parameter import down_gradient, function_parameter, parameter


class HeatConduction(AbstractBalanceLaw):
    """Linear or nonlinear heat conduction in a solid.

    Args:
        conductivity: k [W m^-1 K^-1], >= 0: a number, a (dim, dim) tensor, or a
            callable pytree k(T) that returns either. It is called with T, a scalar
            [K], and never with the position.
        heat_capacity: c, density times specific heat [J m^-3 K^-1], > 0. Steady
            problems do not use it.
        heat_source: q [W m^-3]: a number or a callable pytree q(t, x).
    """

    conductivity: Callable[..., Array] = function_parameter(
        "conductivity", ("T",), minimum=0.0
    )
    heat_capacity: Array = parameter("heat_capacity", above=0.0, default=1.0)
    heat_source: Callable[..., Array] = function_parameter(
        "heat_source", ("t", "x"), default=0.0
    )

    @property
    def components(self) -> tuple[Component, ...]:
        """The temperature [K]."""
        return (Component("temperature", "K", "temperature"),)

    def storage(self, t, x, u):
        return self.heat_capacity * u

    def flux(self, t, x, u, grad_u):
        try:
            k = self.conductivity(u[0])
        except IndexError as error:
            raise TypeError(
                "conductivity is called with T, a scalar [K], and the function given "
                f"cannot take it ({error}); write it as a function of one number, such "
                "as lambda T: 1.0 + 0.01 * T."
            ) from error
        return down_gradient(k, "conductivity", grad_u)

    def source(self, t, x, u, grad_u):
        return jnp.broadcast_to(self.heat_source(t, x), u.shape)


def heat_decaying_mode(
    t: Array, x: Float[Array, " dim"], diffusivity: Array
) -> Float[Array, " 1"]:
    """Exact solution exp(-a dim π² t) prod sin(π x_i) with a = k/c, q = 0.

    Args:
        t: time [s], shape ().
        x: position [m], shape (dim,).
        diffusivity: a = conductivity / heat_capacity [m² s^-1].

    Returns:
        Temperature [K], shape (1,).

    Reference:
        Carslaw and Jaeger (1959), section 3.3, first term of the series.
    """
    decay = jnp.exp(-diffusivity * x.shape[0] * jnp.pi**2 * t)
    return (decay * jnp.prod(jnp.sin(jnp.pi * x)))[None]
