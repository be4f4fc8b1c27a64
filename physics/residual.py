"""The strong residual of a law on any function: algebra on a jet.

Whoever can differentiate a field (automatic differentiation of a network, a spectral
transform) supplies a `Jet`; the law is never differentiated through the field.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .balance_law import AbstractBalanceLaw


class Jet(NamedTuple):
    """Value and derivatives of a field at a point.

    Shapes: `u` and `u_t` (components,), `grad_u` (components, dim), `hess_u`
    (components, dim, dim).
    """

    u: Float[Array, " components"]
    u_t: Float[Array, " components"]
    grad_u: Float[Array, "components dim"]
    hess_u: Float[Array, "components dim dim"]


def autodiff_jet(
    field: Callable[[Array, Array], Array], t: Array, x: Float[Array, " dim"]
) -> Jet:
    """Differentiate `field(t, x) -> (components,)` by forward mode.

    Args:
        field: function of time and position.
        t: time [s], shape ().
        x: position [m], shape (dim,).

    Returns:
        The jet of the field at (t, x).
    """
    t, x = jnp.asarray(t), jnp.asarray(x)
    u, u_t = jax.jvp(lambda s: field(s, x), (t,), (jnp.ones_like(t),))
    gradient = jax.jacfwd(lambda y: field(t, y))
    return Jet(u, u_t, gradient(x), jax.jacfwd(gradient)(x))


def strong_residual(
    law: AbstractBalanceLaw, t: Array, x: Float[Array, " dim"], jet: Jet
) -> Float[Array, " components"]:
    """d storage/dt + div flux - source at a point.

    Args:
        law: the balance law.
        t: time [s], shape ().
        x: position [m], shape (dim,).
        jet: value and derivatives of the field there.

    Returns:
        Residual in the unit of the source, shape (components,).

    Raises:
        TypeError: a law with memory, which a field at one time cannot judge.
    """
    if not isinstance(law, AbstractBalanceLaw):
        raise TypeError(
            f"law is a {type(law).__name__}, which is no AbstractBalanceLaw; a strong "
            "residual exists only where the flux does not depend on the past."
        )
    u, u_t, grad_u, hess_u = jet
    t, x = jnp.asarray(t, u.dtype), jnp.asarray(x)
    _, storage_rate = jax.jvp(
        lambda s, v: law.storage(s, x, v), (t, u), (jnp.ones_like(t), u_t)
    )

    def along(direction: Array, du: Array, dgrad: Array) -> Array:
        _, change = jax.jvp(
            lambda y, v, g: law.flux(t, y, v, g),
            (x, u, grad_u),
            (direction, du, dgrad),
        )
        return change

    axes = jnp.eye(x.shape[0], dtype=x.dtype)
    changes = jax.vmap(along, in_axes=(0, 1, 2))(axes, grad_u, hess_u)
    divergence = jnp.trace(changes, axis1=0, axis2=2)
    return storage_rate + divergence - law.source(t, x, u, grad_u)
