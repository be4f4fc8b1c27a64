"""Whether as much flows into a closed box as out of it."""

from typing import TYPE_CHECKING

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array

if TYPE_CHECKING:
    from .staggered import Staggered

_INCOMPATIBLE = 1e-2


def net_inflow(scheme: "Staggered", t: Array) -> tuple[Array, Array]:
    """Volume that the held normal velocities let in, and that passes in all.

    Args:
        scheme: the discretised flow.
        t: time [s].

    Returns:
        Net inflow and sum of magnitudes [m^dim s^-1].
    """
    layout = scheme.layout
    total = passing = jnp.zeros((), layout.lines[0].edges.dtype)
    for axis in range(layout.dimension):
        if layout.parts[axis] is None:
            continue
        for high, kind in zip((False, True), layout.kinds(axis, axis), strict=True):
            if kind != "held":
                continue
            value = layout.end_value(axis, axis, t, high=high)
            flow = layout.others(axis) * value
            total = total + (-1.0 if high else 1.0) * jnp.sum(flow)
            passing = passing + jnp.sum(jnp.abs(flow))
    return total, passing


def check_net_inflow(scheme: "Staggered") -> None:
    """Refuse concrete boundary values that fill or empty a closed box.

    Up to a hundredth of what passes is the error of sampling: it is spread over the
    box as a uniform rate of divergence.

    Raises:
        ValueError: at the start of the interval, more flows in than out or less.
    """
    leaves = jax.tree.leaves(eqx.filter(scheme, eqx.is_array))
    if (
        any(isinstance(leaf, Tracer) for leaf in leaves)
        or not scheme.layout.is_closed()
    ):
        return
    interval = scheme.problem.interval
    start = jnp.zeros(()) if interval is None else interval[0]
    with jax.ensure_compile_time_eval():
        found = net_inflow(scheme, start)
    if any(isinstance(value, Tracer) for value in found):
        return
    net, passing = (float(np.asarray(value)) for value in found)
    if abs(net) > _INCOMPATIBLE * passing:
        raise ValueError(
            f"conditions let {net:g} m^{scheme.layout.dimension}/s flow into the box "
            f"on balance, of {passing:g} that pass, and no outlet is free; correct the "
            "velocities, or give NormalFlux(0.0) at an outlet."
        )
