"""Euler equations of an ideal gas: mass, momentum and energy without friction.

    d(ρ, ρv, E)/dt + div (ρv, ρ v⊗v + p I, (E + p) v) = 0,  E = p/(γ-1) + ρ|v|²/2

ρ density [kg m^-3], v velocity [m s^-1], p pressure [Pa], E total energy [J m^-3],
γ ratio of the heat capacities. L. Euler (1757), Mém. Acad. Sci. Berlin 11, 274.
"""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .gas import AbstractGas
from .parameter import parameter
from .scalar_root import scalar_root


def _dimension(value: int) -> int:
    if value not in (1, 2, 3):
        raise ValueError(f"dimension = {value!r} must be 1, 2 or 3.")
    return int(value)


class Euler(AbstractGas):
    """Inviscid ideal gas.

    Args:
        heat_ratio: γ [-], > 1; 1.4 for air.
        dimension: number of directions, 1 to 3.
    """

    heat_ratio: Array = parameter("heat_ratio", above=1.0, shape=(), default=1.4)
    dimension: int = eqx.field(static=True, default=1, converter=_dimension)

    def primitive(self, u):
        velocity = u[1:-1] / u[0]
        kinetic = 0.5 * jnp.dot(u[1:-1], velocity)
        pressure = (self.heat_ratio - 1) * (u[-1] - kinetic)
        return jnp.concatenate([u[:1], velocity, pressure[None]])

    def conserved(self, w):
        momentum = w[0] * w[1:-1]
        energy = w[-1] / (self.heat_ratio - 1) + 0.5 * jnp.dot(momentum, w[1:-1])
        return jnp.concatenate([w[:1], momentum, energy[None]])

    def sound_speed(self, w):
        return jnp.sqrt(self.heat_ratio * w[-1] / w[0])

    def flux(self, t, x, u, grad_u):
        return self.inviscid_flux(u)


def isentropic_vortex(
    t: Array,
    x: Float[Array, " 2"],
    law: Euler,
    *,
    strength: float = 5.0,
    velocity: tuple[float, float] = (1.0, 1.0),
    length: float = 10.0,
) -> Float[Array, " 4"]:
    """Exact vortex carried through a periodic square, far state ρ = p = 1.

    Args:
        t: time [s].
        x: position [m].
        law: the gas.
        strength: circulation parameter ε; at 5 the core is at p = 0.35.
        velocity: of the far stream [m s^-1].
        length: side of the square around the origin [m]; the images are cut there,
            where the vortex has decayed to exp(-(length/2)²/2).

    Returns:
        Conserved state (4,).

    Reference:
        H. C. Yee, N. D. Sandham, M. J. Djomehri (1999), J. Comput. Phys. 150, 199;
        C.-W. Shu (1998), ICASE report 97-65, example 4.
    """
    gamma, stream = law.heat_ratio, jnp.asarray(velocity, x.dtype)
    away = x - stream * t
    away = away - length * jnp.round(away / length)
    swirl = strength / (2 * jnp.pi) * jnp.exp(0.5 * (1 - jnp.dot(away, away)))
    spin = jnp.stack([-away[1], away[0]]) * swirl
    temperature = 1 - (gamma - 1) / (2 * gamma) * swirl**2
    rho = temperature ** (1 / (gamma - 1))
    w = jnp.stack([rho, *(stream + spin), rho * temperature])
    return law.conserved(w)


def simple_wave(
    t: Array,
    x: Float[Array, " 1"],
    law: Euler,
    velocity: Callable[[Array], Array],
    *,
    reach: float,
) -> Float[Array, " 3"]:
    """Exact sound wave of finite height that runs to the right into ρ = p = 1.

    The velocity at the start is kept along x = ξ + (v + c) t, where
    c = c₀ + (γ - 1) v / 2; valid until the wave breaks.

    Args:
        t: time [s], before the wave breaks.
        x: position [m].
        law: the gas.
        velocity: v(ξ) [m s^-1] at the start, of a number.
        reach: bound of |(v + c) t| [m].

    Returns:
        Conserved state (3,).

    Reference:
        B. Riemann (1860), Abh. Ges. Wiss. Göttingen 8, 43; G. B. Whitham, Linear and
        Nonlinear Waves (1974), section 6.8.
    """
    gamma = law.heat_ratio
    still = jnp.sqrt(gamma)
    sound = lambda v: still + 0.5 * (gamma - 1) * v

    def ahead(start):
        v = velocity(start)
        return start + (v + sound(v)) * t - x[0]

    v = velocity(scalar_root(ahead, x[0] - reach, x[0] + reach, x[0]))
    ratio = sound(v) / still
    rho = ratio ** (2 / (gamma - 1))
    return law.conserved(jnp.stack([rho, v, rho * ratio**2]))
