"""Gases: what the schemes for shocks ask of a law beside its fluxes."""

import abc

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from .balance_law import AbstractHyperbolicLaw, Component

_AXES = ("x", "y", "z")


class AbstractGas(AbstractHyperbolicLaw):
    """Conservation of mass, momentum and energy of a compressible gas.

    The unknowns u are the conserved density ρ [kg m^-3], momentum ρv [kg m^-2 s^-1] of
    each direction and total energy E [J m^-3]. The primitive variables w are density ρ,
    velocity v [m s^-1] and pressure p [Pa], in this order; both have dim + 2 numbers.
    """

    dimension: eqx.AbstractVar[int]

    @abc.abstractmethod
    def primitive(self, u: Float[Array, " components"]) -> Float[Array, " components"]:
        """Density, velocity and pressure of a conserved state."""

    @abc.abstractmethod
    def conserved(self, w: Float[Array, " components"]) -> Float[Array, " components"]:
        """Density, momentum and energy of a primitive state."""

    @abc.abstractmethod
    def sound_speed(self, w: Float[Array, " components"]) -> Float[Array, ""]:
        """Speed of sound of a primitive state [m s^-1]."""

    @property
    def components(self) -> tuple[Component, ...]:
        """Density, momentum along each axis, energy per volume."""
        momentum = (
            Component(f"momentum_{axis}", "kg m-2 s-1", f"momentum along {axis}")
            for axis in _AXES[: self.dimension]
        )
        return (
            Component("density", "kg m-3", "density"),
            *momentum,
            Component("energy", "J m-3", "total energy per volume"),
        )

    def storage(self, t, x, u):
        return u

    def source(self, t, x, u, grad_u):
        return jnp.zeros_like(u)

    def max_wave_speed(self, t, x, u, normal):
        w = self.primitive(u)
        return jnp.abs(jnp.dot(w[1:-1], normal)) + self.sound_speed(w)

    def inviscid_flux(
        self, u: Float[Array, " components"]
    ) -> Float[Array, "components dim"]:
        """Mass, momentum and energy carried along, and the work of the pressure."""
        w = self.primitive(u)
        velocity, pressure = w[1:-1], w[-1]
        work = jnp.zeros_like(u).at[-1].set(pressure)
        carried = (u + work)[:, None] * velocity
        return carried.at[1:-1].add(pressure * jnp.eye(velocity.size, dtype=u.dtype))

    def eigenvectors(
        self, w: Float[Array, " components"], axis: int
    ) -> tuple[
        Float[Array, "components components"], Float[Array, "components components"]
    ]:
        """Left (rows) and right (columns) eigenvectors of the primitive equations.

        In the order v - c, v (entropy, then shear), v + c along `axis`; left @ right is
        the identity.

        Reference:
            E. F. Toro, Riemann Solvers and Numerical Methods for Fluid Dynamics (2009),
            section 3.2.
        """
        rho, c = w[0], self.sound_speed(w)
        normal, last = 1 + axis, w.size - 1
        shear = [1 + other for other in range(w.size - 2) if other != axis]
        left = jnp.zeros((w.size, w.size), w.dtype)
        right = jnp.zeros((w.size, w.size), w.dtype)
        for row, sign in ((0, -1), (last, 1)):
            left = left.at[row, normal].set(0.5 * sign * rho / c)
            left = left.at[row, last].set(0.5 / c**2)
            right = right.at[jnp.array([0, normal, last]), row].set(
                jnp.stack([jnp.ones_like(c), sign * c / rho, c**2])
            )
        left = left.at[1, 0].set(1.0).at[1, last].set(-1 / c**2)
        right = right.at[0, 1].set(1.0)
        for row, other in enumerate(shear, 2):
            left = left.at[row, other].set(1.0)
            right = right.at[other, row].set(1.0)
        return left, right

    def admissible(self, u: Float[Array, " components"]) -> Bool[Array, ""]:
        """Whether density and pressure are positive."""
        w = self.primitive(u)
        return (w[0] > 0) & (w[-1] > 0)
