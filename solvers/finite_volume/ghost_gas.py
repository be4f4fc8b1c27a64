"""Cells outside of a box that make a gas fulfil what holds at its boundary."""

from collections.abc import Callable

import jax.numpy as jnp
from jaxtyping import Array

from ...physics import (
    AbstractBoundaryCondition,
    AbstractGas,
    Dirichlet,
    Outflow,
    PressureOutlet,
    SlipWall,
)


def ghost_state(
    law: AbstractGas, condition: AbstractBoundaryCondition, axis: int, *, high: bool
) -> Callable[[Array, Array, Array, Array], Array]:
    """Function (t, x, nearest, mirror) -> conserved state of a cell outside.

    `x` is its centre, `nearest` the cell at the boundary and `mirror` the cell inside
    at the same distance.

    Args:
        law: the gas.
        condition: what holds at the boundary.
        axis: axis of the normal.
        high: whether the normal points along +axis.
    """
    if isinstance(condition, SlipWall):
        return lambda t, x, nearest, mirror: mirror.at[1 + axis].multiply(-1)
    if isinstance(condition, Dirichlet):
        return lambda t, x, nearest, mirror: jnp.broadcast_to(
            condition.value(t, x), nearest.shape
        )
    if isinstance(condition, PressureOutlet):
        sign = 1.0 if high else -1.0

        def outlet(t, x, nearest, mirror):
            w = law.primitive(nearest)
            leaves_fast = sign * w[1 + axis] >= law.sound_speed(w)
            outside = jnp.where(leaves_fast, w[-1], condition.pressure(t, x))
            return law.conserved(w.at[-1].set(outside))

        return outlet
    return lambda t, x, nearest, mirror: nearest


def the_condition(
    place: str, conditions: tuple[AbstractBoundaryCondition, ...]
) -> AbstractBoundaryCondition:
    """The one condition of a part of the boundary of a gas.

    Raises:
        TypeError: a condition that ghost cells do not know.
        ValueError: several conditions, or one that acts on some components only.
    """
    known = (SlipWall, Dirichlet, PressureOutlet, Outflow)
    for condition in conditions:
        if not isinstance(condition, known):
            raise TypeError(
                f"{place} holds a {type(condition).__name__}, which does not say how "
                "waves of a gas pass; give SlipWall, Dirichlet (the state outside), "
                "PressureOutlet or Outflow."
            )
    if len(conditions) != 1 or conditions[0].component_names is not None:
        kinds = [
            f"{type(c).__name__}(component_names={c.component_names})"
            for c in conditions
        ]
        raise ValueError(
            f"{place} = {', '.join(kinds)}; the waves of a gas couple its components, "
            "so give one condition on all of them."
        )
    return conditions[0]
