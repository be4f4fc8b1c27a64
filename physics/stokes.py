"""Stokes flow, so slow that inertia is nothing: div(p 1 - τ) = f, div u = 0.

u velocity [m s^-1], p pressure [Pa], μ viscosity [Pa s], f force per volume [N m^-3].
G. K. Batchelor, An Introduction to Fluid Dynamics (1967), section 4.8.
"""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from .incompressible import (
    AbstractViscousFlow,
    AbstractViscousStress,
    SymmetricStress,
    body_force_at,
    parts,
)
from .parameter import function_parameter, parameter


class Stokes(AbstractViscousFlow):
    """Components velocity_x, …, pressure; nothing is stored.

    Args:
        viscosity: μ [Pa s], > 0.
        body_force: f [N m^-3]: (dim,) numbers or a callable pytree f(t, x).
        viscous_stress: `SymmetricStress()`, whose flux is minus the traction, or
            `GradientStress()`, for boundaries that cut a flow.
        dimension: 2 or 3.

    Example:
        >>> [component.name for component in Stokes(1e-3).components]
        ['velocity_x', 'velocity_y', 'pressure']
    """

    viscosity: Array = parameter("viscosity", above=0.0, shape=())
    body_force: Callable[..., Array] | None = function_parameter(
        "body_force", ("t", "x"), optional=True, default=None
    )
    viscous_stress: AbstractViscousStress = SymmetricStress()
    dimension: int = eqx.field(static=True, default=2)

    def storage(self, t, x, u):
        return jnp.zeros_like(u)

    def source(self, t, x, u, grad_u):
        _, gradient, _ = parts(self, u, grad_u)
        force = body_force_at(self.body_force, t, x, u)
        return jnp.append(force, jnp.trace(gradient))
