"""Numerical flux through one face from the law's own flux.

Laws with waves use the local Lax-Friedrichs (Rusanov) flux, the average of both sides
minus half the largest wave speed times the jump of the storage; V. V. Rusanov (1961),
J. Comput. Math. Phys. USSR 1, 267. Other laws use the flux of the average state.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from ...physics import AbstractBalanceLaw, AbstractHyperbolicLaw


def flux_between(
    law: AbstractBalanceLaw,
    axis: int,
    t: Array,
    x: Float[Array, " dim"],
    left: Float[Array, " components"],
    right: Float[Array, " components"],
    gradient: Float[Array, "components dim"],
) -> Float[Array, " components"]:
    """Flux along +axis through a face at `x` [flux unit].

    Args:
        law: the balance law.
        axis: axis normal to the face.
        t: time [s].
        x: face centre [m].
        left: state on the side of lower coordinates.
        right: state on the other side.
        gradient: gradient on the face.
    """
    if isinstance(law, AbstractHyperbolicLaw):
        return flux_rusanov(law, axis, t, x, left, right, gradient)
    return law.flux(t, x, 0.5 * (left + right), gradient)[:, axis]


def flux_rusanov(
    law: AbstractHyperbolicLaw,
    axis: int,
    t: Array,
    x: Float[Array, " dim"],
    left: Float[Array, " components"],
    right: Float[Array, " components"],
    gradient: Float[Array, "components dim"],
) -> Float[Array, " components"]:
    """Local Lax-Friedrichs flux along +axis; arguments as `flux_between`."""
    average = 0.5 * (
        law.flux(t, x, left, gradient)[:, axis]
        + law.flux(t, x, right, gradient)[:, axis]
    )
    normal = jnp.zeros_like(x).at[axis].set(1.0)
    speed = jnp.maximum(
        law.max_wave_speed(t, x, left, normal),
        law.max_wave_speed(t, x, right, normal),
    )
    jump = law.storage(t, x, right) - law.storage(t, x, left)
    return average - 0.5 * speed * jump
