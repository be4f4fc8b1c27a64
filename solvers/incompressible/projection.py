"""Velocities without divergence, and the pressure that keeps them so."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..newton import norm
from ..pointwise import in_dtype
from .faces import along
from .flow_operators import pressure_operator
from .momentum import volume_flow
from .staggered import Staggered

_STABLE = 3**0.5


class Projected(NamedTuple):
    """A state whose velocity has no divergence, and what that took.

    `removed` is the norm of the change of the velocity over the norm of what it was.
    """

    state: Float[Array, " components *cells"]
    removed: Float[Array, ""]


def project_velocity(scheme: Staggered, t: Array, state: Array) -> Projected:
    """The nearest velocity without divergence, and the pressure that goes with it.

    `ProjectionRungeKutta` starts with it and reports `removed` as `residual_norm` in
    the statistics of the solution.

    Args:
        scheme: the discretised flow.
        t: time of the boundary values [s].
        state: any state (dim + 1, *cells).
    """
    scheme = in_dtype(scheme, state.dtype)
    t = jnp.asarray(t, state.dtype)
    given = scheme.constrain(t, state)[:-1]
    velocity, _ = without_divergence(scheme, t, given)
    removed, size = norm(velocity - given), norm(given)
    removed = removed / jnp.where(size > 0, size, 1.0)
    whole = jnp.concatenate([velocity, instant_pressure(scheme, t, velocity)[None]])
    return Projected(whole, removed)


def divergence(scheme: Staggered, t: Array, velocity: Array) -> Float[Array, " *cells"]:
    """Volume that leaves each cell per its volume [s^-1]."""
    layout = scheme.layout
    leaving = volume_flow(layout, layout.all_faces(t, velocity))
    return leaving / layout.cell_volume()


def gradient(scheme: Staggered, field: Array) -> Float[Array, " dim *cells"]:
    """Gradient at the stored faces, zero where a boundary holds the velocity."""
    supply = scheme.terms(field.dtype).pressure(field)
    return -scheme.terms(field.dtype).law.density * per_mass(scheme, supply)


def without_divergence(
    scheme: Staggered, t: Array, velocity: Array
) -> tuple[Float[Array, " dim *cells"], Float[Array, " *cells"]]:
    """Velocity less the gradient of a potential, and the potential [m^2 s^-1]."""
    leaving = divergence(scheme, t, velocity)
    potential = pressure_operator(scheme).solve(0, 1.0, leaving)
    potential = _without_mean(scheme, potential)
    return velocity - gradient(scheme, potential), potential


def instant_pressure(scheme: Staggered, t: Array, velocity: Array) -> Array:
    """Pressure [Pa] under which the divergence stays what it is, (*cells)."""
    terms = scheme.terms(velocity.dtype)
    faces = scheme.layout.all_faces(t, velocity)
    supply = terms.explicit(t, faces) + terms.viscous(t, faces)
    acceleration = per_mass(scheme, supply)
    still = jnp.zeros_like(acceleration)
    given = lambda time: divergence(scheme, time, still)
    at_rest, at_ends = jax.jvp(given, (t,), (jnp.ones_like(t),))
    leaving = divergence(scheme, t, acceleration) - at_rest + at_ends
    pressure = terms.law.density * pressure_operator(scheme).solve(0, 1.0, leaving)
    return _without_mean(scheme, pressure)


def per_mass(scheme: Staggered, supply: Array) -> Array:
    """Acceleration [m s^-2] from the supply of momentum to stored faces."""
    volume = scheme.volumes()[:-1]
    inverse = jnp.where(volume > 0, 1 / jnp.where(volume > 0, volume, 1.0), 0.0)
    return supply * inverse / scheme.terms(supply.dtype).law.density


def _without_mean(scheme: Staggered, field: Array) -> Array:
    """Level a pressure that has none: its mean over the volume is zero."""
    if not scheme.layout.is_closed():
        return field
    volume = jnp.broadcast_to(scheme.layout.cell_volume(), field.shape)
    return field - jnp.sum(volume * field) / jnp.sum(volume)


def largest_step(scheme: Staggered, state: Array) -> Float[Array, ""]:
    """Largest stable time step [s] of `ProjectionRungeKutta` for a state.

    √3 / max Σ |u_i| / h_i, where the eigenvalues of skew-symmetric convection reach
    the stability limit of three stages on the imaginary axis; a faster flow later on
    needs smaller ones. Diffusion is implicit and sets no limit.

    Args:
        scheme: the discretised flow.
        state: velocities on faces, (dim + 1, *cells).
    """
    scheme = in_dtype(scheme, state.dtype)
    layout = scheme.layout
    frequency = jnp.zeros((), state.dtype)
    for axis in range(layout.dimension):
        width = along(layout.lines[axis].width, axis, layout.dimension)
        frequency = frequency + jnp.abs(state[axis]) / width
    return _STABLE / jnp.max(frequency)
