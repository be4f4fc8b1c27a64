"""Linear elasticity up to ν = 1/2, with the pressure as an unknown of its own.

    div(p 1 - 2 G dev ε) = f,   0 = tr ε + p/K,   1/K = 3 (1 - 2ν)/E

ε = sym(grad u) small strain [-] in three dimensions, u displacement [m], p pressure
[Pa] (minus the mean stress), G = E/(2 (1 + ν)) shear and K bulk modulus [Pa]. At
ν = 1/2 volume is kept and K is infinite. L. R. Herrmann (1965), Elasticity equations
for incompressible and nearly incompressible materials by a variational theorem, AIAA
J. 3, 1896.
"""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array

from .balance_law import Component
from .incompressible import (
    PRESSURE,
    AbstractIncompressible,
    body_force_at,
    check_dimension,
    momentum_flux,
    parts,
)
from .parameter import function_parameter, parameter
from .solid import displacement_components


class IncompressibleElastic(AbstractIncompressible):
    """Components displacement_x, …, pressure; in two dimensions plane strain.

    Args:
        young_modulus: E [Pa], > 0.
        poisson_ratio: ν [-], above -1 and up to 0.5, where volume is kept exactly.
        body_force: f [N m^-3]: (dim,) numbers or a callable pytree f(t, x).
        dimension: 2 (plane strain) or 3.
    """

    young_modulus: Array = parameter("young_modulus", above=0.0, shape=())
    poisson_ratio: Array = parameter("poisson_ratio", above=-1.0, shape=(), default=0.5)
    body_force: Callable[..., Array] | None = function_parameter(
        "body_force", ("t", "x"), optional=True, default=None
    )
    dimension: int = eqx.field(static=True, default=2)

    def __check_init__(self) -> None:
        check_dimension(self, self.dimension)
        ratio = self.poisson_ratio
        if not isinstance(ratio, Tracer) and np.any(np.asarray(ratio) > 0.5):
            raise ValueError(
                f"poisson_ratio = {ratio} is above 0.5, where a body under pressure "
                "would grow; give poisson_ratio <= 0.5."
            )

    @property
    def components(self) -> tuple[Component, ...]:
        return (*displacement_components("xyz"[: self.dimension]), PRESSURE)

    def storage(self, t, x, u):
        return jnp.zeros_like(u)

    def flux(self, t, x, u, grad_u):
        _, gradient, pressure = parts(self, u, grad_u)
        shear = 0.5 * self.young_modulus / (1 + self.poisson_ratio)
        mean = jnp.trace(gradient) / 3 * jnp.eye(len(gradient), dtype=u.dtype)
        return momentum_flux(pressure, shear * (gradient + gradient.T - 2 * mean))

    def source(self, t, x, u, grad_u):
        _, gradient, pressure = parts(self, u, grad_u)
        compliance = 3 * (1 - 2 * self.poisson_ratio) / self.young_modulus
        force = body_force_at(self.body_force, t, x, u)
        return jnp.append(force, jnp.trace(gradient) + compliance * pressure)
