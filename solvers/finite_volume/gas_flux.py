"""Numerical fluxes of gases: what two states exchange through the face between them."""

import abc

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ...physics import AbstractBalanceLaw, AbstractGas, AbstractHyperbolicLaw
from .face_flux import flux_rusanov


class AbstractNumericalFlux(eqx.Module):
    """Flux between two states; requires the type of law that it can read."""

    @property
    @abc.abstractmethod
    def requires(self) -> type[AbstractBalanceLaw]:
        """What the law must be."""

    @abc.abstractmethod
    def __call__(
        self,
        law: AbstractGas,
        axis: int,
        t: Array,
        x: Float[Array, " dim"],
        left: Float[Array, " components"],
        right: Float[Array, " components"],
    ) -> Float[Array, " components"]:
        """Inviscid flux along +axis through a face.

        Args:
            law: the law.
            axis: axis normal to the face.
            t: time [s].
            x: face centre [m].
            left: conserved state on the side of lower coordinates.
            right: conserved state on the other side.
        """


class Rusanov(AbstractNumericalFlux):
    """Local Lax-Friedrichs: needs only the largest wave speed, smears contacts."""

    @property
    def requires(self) -> type[AbstractBalanceLaw]:
        return AbstractHyperbolicLaw

    def __call__(self, law, axis, t, x, left, right):
        still = jnp.zeros((left.size, x.size), left.dtype)
        return flux_rusanov(law, axis, t, x, left, right, still)


class HLLC(AbstractNumericalFlux):
    """Two outer waves and the contact between them; keeps resting contacts exactly.

    Reference:
        E. F. Toro, M. Spruce, W. Speares (1994), Shock Waves 4, 25; wave speeds of
        B. Einfeldt (1988), SIAM J. Numer. Anal. 25, 294, which bound those of Roe's
        averages for γ <= 2 and keep density and pressure positive (P. Batten et al.
        1997, SIAM J. Sci. Comput. 18, 1553).
    """

    @property
    def requires(self) -> type[AbstractBalanceLaw]:
        return AbstractGas

    def __call__(self, law, axis, t, x, left, right):
        return _contact_flux(law, axis, left, right, None)


class HLLC_LM(AbstractNumericalFlux):
    """HLLC with less dissipation of sound across slow flow.

    The outer wave speeds shrink with the Mach number normal to the face, below 0.1.
    The energy that a slow vortex loses then does not grow as the Mach number falls.
    Positivity is proved for `HLLC`, not for this flux.

    Reference:
        N. Fleischmann, S. Adami, N. A. Adams (2020), J. Comput. Phys. 423, 109762,
        section 3.
    """

    @property
    def requires(self) -> type[AbstractBalanceLaw]:
        return AbstractGas

    def __call__(self, law, axis, t, x, left, right):
        return _contact_flux(law, axis, left, right, 0.1)


def _contact_flux(
    law: AbstractGas, axis: int, left: Array, right: Array, slow_mach: float | None
) -> Array:
    w_l, w_r = law.primitive(left), law.primitive(right)
    c_l, c_r = law.sound_speed(w_l), law.sound_speed(w_r)
    v_l, v_r = w_l[1 + axis], w_r[1 + axis]
    first, last = _outer_speeds(w_l[0], w_r[0], v_l, v_r, c_l, c_r)
    inertia_l, inertia_r = w_l[0] * (first - v_l), w_r[0] * (last - v_r)
    middle = (w_r[-1] - w_l[-1] + v_l * inertia_l - v_r * inertia_r) / (
        inertia_l - inertia_r
    )
    star_l = _behind(left, w_l, axis, first, middle)
    star_r = _behind(right, w_r, axis, last, middle)
    flux_l, flux_r = law.inviscid_flux(left)[:, axis], law.inviscid_flux(right)[:, axis]
    slowed = 1.0
    if slow_mach is not None:
        mach = jnp.maximum(jnp.abs(v_l / c_l), jnp.abs(v_r / c_r))
        slowed = jnp.sin(0.5 * jnp.pi * jnp.minimum(mach / slow_mach, 1))
    between = 0.5 * (
        flux_l
        + flux_r
        + slowed * (first * (star_l - left) + last * (star_r - right))
        + jnp.abs(middle) * (star_l - star_r)
    )
    return jnp.where(first >= 0, flux_l, jnp.where(last <= 0, flux_r, between))


def _outer_speeds(rho_l, rho_r, v_l, v_r, c_l, c_r) -> tuple[Array, Array]:
    root_l, root_r = jnp.sqrt(rho_l), jnp.sqrt(rho_r)
    total = root_l + root_r
    mean = (root_l * v_l + root_r * v_r) / total
    spread = 0.5 * root_l * root_r * ((v_r - v_l) / total) ** 2
    sound = jnp.sqrt((root_l * c_l**2 + root_r * c_r**2) / total + spread)
    return jnp.minimum(v_l - c_l, mean - sound), jnp.maximum(v_r + c_r, mean + sound)


def _behind(u: Array, w: Array, axis: int, speed: Array, middle: Array) -> Array:
    """Conserved state between an outer wave and the contact (Toro 2009, 10.39)."""
    lag = speed - w[1 + axis]
    push = middle - w[1 + axis]
    gained = jnp.zeros_like(u).at[1 + axis].set(w[0] * push)
    work = push * (w[0] * middle + w[-1] / lag)
    return lag / (speed - middle) * (u + gained.at[-1].set(work))
