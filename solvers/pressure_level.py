"""What a march and a steady solve do about pressures whose level nothing fixes."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool

from .discretization import AbstractDiscretization
from .finite_element import FiniteElement, free_level

_INCOMPATIBLE = 1e-2


def with_levels(scheme: AbstractDiscretization, t: Array) -> AbstractDiscretization:
    """Equal to this one, with the free levels of mixed elements found once.

    Args:
        scheme: any discretisation.
        t: time [s].
    """
    mixed = isinstance(scheme, FiniteElement) and scheme.linear_rows is not None
    return free_level.with_levels(scheme, t) if mixed else scheme


def without_free_level(scheme: AbstractDiscretization, t: Array, state: Array) -> Array:
    """The state of a solve, pressures whose level is free at mean zero.

    Args:
        scheme: any discretisation; only mixed finite elements have such a level.
        t: time [s].
        state: what a solve found.
    """
    if not isinstance(scheme, FiniteElement) or scheme.linear_rows is None:
        return state
    return free_level.without_mean(scheme.levels(t), scheme.linear_rows.rows, state)


def lets_in_on_balance(
    scheme: AbstractDiscretization, t: Array, state: Array
) -> Bool[Array, ""]:
    """Whether boundary data let more into a closed vessel than out of it.

    By more than a hundredth of what the speeds there could carry, which no
    interpolation of compatible data does.
    """
    if not isinstance(scheme, FiniteElement) or scheme.linear_rows is None:
        return jnp.zeros((), bool)
    rows, levels, verdicts = scheme.linear_rows.rows, scheme.levels(t), []
    state = jax.lax.stop_gradient(state)
    for free, row in zip(levels.free, rows, strict=True):
        net, weights = jax.value_and_grad(
            lambda u, row=row: scheme.source_integral(t, u)[row]
        )(state)
        # along the normal or not: a lid that slides lets nothing in
        speed, area = (jnp.sum(a**2, axis=0) for a in (state, weights))
        passing = jnp.sum(jnp.sqrt(speed * area))
        verdicts.append(free & (jnp.abs(net) > _INCOMPATIBLE * passing))
    return jnp.any(jnp.stack(verdicts))
