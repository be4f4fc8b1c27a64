"""The Riemann problem of an ideal gas: two uniform states, solved exactly.

Left to right a shock or a rarefaction, a contact and a shock or a rarefaction part
the left state, two star states of one pressure and velocity, and the right state.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float

from .parameter import as_parameter
from .scalar_root import scalar_root


class StarState(NamedTuple):
    """Between the outer waves: pressure, velocity, densities beside the contact.

    Units Pa, m s^-1, kg m^-3; shapes ().
    """

    pressure: Array
    velocity: Array
    density_left: Array
    density_right: Array


def riemann_star(
    left: Float[Array, " 3"], right: Float[Array, " 3"], heat_ratio: Array | float
) -> StarState:
    """Solve a Riemann problem for the states at its contact.

    Differentiable in both modes, works under `jit` and `vmap`.

    Args:
        left: density, velocity and pressure on the left [kg m^-3, m s^-1, Pa].
        right: the same on the right.
        heat_ratio: γ [-].

    Returns:
        The star states; not a number where a vacuum opens and the states are traced.

    Raises:
        ValueError: states with density or pressure that are not positive, or that fly
            apart so fast that a vacuum opens.

    Reference:
        E. F. Toro, Riemann Solvers and Numerical Methods for Fluid Dynamics (2009),
        equations 4.5 to 4.9.
    """
    left, right = as_parameter(left, "left"), as_parameter(right, "right")
    _check_states(left, right)
    gamma = jnp.asarray(heat_ratio, left.dtype)
    (_, v_l, p_l), (_, v_r, p_r) = left, right
    c_l, c_r = _sound(left, gamma), _sound(right, gamma)
    escape = 2 * (c_l + c_r) / (gamma - 1)
    opens = v_r - v_l >= escape
    if not isinstance(opens, Tracer) and bool(opens):
        raise ValueError(
            f"left = {left} and right = {right} leave a vacuum between them: they part "
            f"with {v_r - v_l:.6g} m/s and the gas follows with at most {escape:.6g} "
            "m/s. Bring the velocities closer."
        )

    def mismatch(p):
        return _velocity_change(p, left, gamma) + (
            _velocity_change(p, right, gamma) + v_r - v_l
        )

    # The root lies below the pressure at which a left shock alone stops the gas.
    power = (gamma - 1) / (2 * gamma)
    square = jnp.maximum(v_l - v_r, 0) ** 2 * 0.5 * (gamma + 1) * left[0]
    behind = p_l * (gamma - 1) / (gamma + 1)
    alone = p_l + 0.5 * square + jnp.sqrt(0.25 * square**2 + square * (p_l + behind))
    upper = jnp.maximum(jnp.maximum(p_l, p_r), alone)
    two_rarefactions = jnp.where(opens, jnp.nan, c_l + c_r)
    two_rarefactions -= 0.5 * (gamma - 1) * (v_r - v_l)
    start = two_rarefactions / (c_l / p_l**power + c_r / p_r**power)
    floor = jnp.finfo(left.dtype).tiny
    start = jnp.clip(jnp.maximum(start, 0) ** (1 / power), floor, upper)
    p = scalar_root(mismatch, jnp.zeros_like(upper), upper, start)
    v = 0.5 * (v_l + v_r) + 0.5 * (
        _velocity_change(p, right, gamma) - _velocity_change(p, left, gamma)
    )
    return StarState(p, v, _density(p, left, gamma), _density(p, right, gamma))


def riemann_solution(
    t: Array | float,
    x: Float[Array, " 1"],
    left: Float[Array, " 3"],
    right: Float[Array, " 3"],
    heat_ratio: Array | float,
    *,
    origin: Array | float = 0.0,
) -> Float[Array, " 3"]:
    """Sample the exact solution at a point.

    Args:
        t: time since the states met [s], >= 0.
        x: position [m], shape (1,).
        left: density, velocity and pressure on the left.
        right: the same on the right.
        heat_ratio: γ [-].
        origin: where the states meet [m].

    Returns:
        Density, velocity and pressure, shape (3,).

    Raises:
        ValueError: as `riemann_star`.

    Reference:
        E. F. Toro (2009), section 4.5.
    """
    left, right = as_parameter(left, "left"), as_parameter(right, "right")
    star = riemann_star(left, right, heat_ratio)
    gamma = jnp.asarray(heat_ratio, left.dtype)
    away = x[0] - origin
    # At the start every ray is outside of the waves.
    speed = jnp.where(
        jnp.asarray(t) > 0,
        away / jnp.where(jnp.asarray(t) > 0, t, 1.0),
        jnp.sign(away) * jnp.inf,
    )
    flipped = jnp.array([1.0, -1.0, 1.0], left.dtype)
    on_left = _side(speed, left, star.pressure, star.velocity, gamma)
    on_right = _side(-speed, right * flipped, star.pressure, -star.velocity, gamma)
    return jnp.where(speed < star.velocity, on_left, on_right * flipped)


def _sound(state, gamma):
    return jnp.sqrt(gamma * state[2] / state[0])


def _velocity_change(p, state, gamma):
    """Velocity that a wave to pressure `p` takes from the gas ahead of it."""
    rho, _, ahead = state
    shock = (p - ahead) * jnp.sqrt(
        2 / ((gamma + 1) * rho) / (p + (gamma - 1) / (gamma + 1) * ahead)
    )
    power = (gamma - 1) / (2 * gamma)
    rarefaction = 2 * _sound(state, gamma) / (gamma - 1) * ((p / ahead) ** power - 1)
    return jnp.where(p > ahead, shock, rarefaction)


def _density(p, state, gamma):
    """Density behind a wave to pressure `p`."""
    rho, _, ahead = state
    ratio, limit = p / ahead, (gamma - 1) / (gamma + 1)
    shock = rho * (ratio + limit) / (limit * ratio + 1)
    return jnp.where(p > ahead, shock, rho * ratio ** (1 / gamma))


def _side(speed, state, p, v, gamma):
    """State on the ray x/t = `speed` left of the contact."""
    rho, ahead_v, ahead_p = state
    c = _sound(state, gamma)
    star = jnp.stack([_density(p, state, gamma), v, p])
    ratio = 0.5 * ((gamma + 1) * p / ahead_p + gamma - 1) / gamma
    shock = ahead_v - c * jnp.sqrt(ratio)
    tail = v - jnp.sqrt(gamma * p / star[0])
    inside = jnp.clip(speed, ahead_v - c, tail)
    sound = (2 * c + (gamma - 1) * (ahead_v - inside)) / (gamma + 1)
    fan_ratio = sound / c
    fan = jnp.stack(
        [
            rho * fan_ratio ** (2 / (gamma - 1)),
            inside + sound,
            ahead_p * fan_ratio ** (2 * gamma / (gamma - 1)),
        ]
    )
    compressed = jnp.where(speed < shock, state, star)
    return jnp.where(p > ahead_p, compressed, fan)


def _check_states(left: Array, right: Array) -> None:
    for name, state in (("left", left), ("right", right)):
        if state.shape != (3,):
            raise ValueError(
                f"{name} has the shape {state.shape}; give density, velocity, pressure."
            )
        if isinstance(state, Tracer):
            continue
        if not np.all(np.asarray(state)[[0, 2]] > 0):
            raise ValueError(
                f"{name} = {state} must have positive density (first) and pressure "
                "(last)."
            )
