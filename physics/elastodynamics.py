"""Elastodynamics: du/dt = v, ρ dv/dt + div(-P - P_v) = f - a ρ v.

u displacement [m], v velocity [m s^-1], ρ density [kg m^-3], P first Piola-Kirchhoff
stress [Pa], f body force [N m^-3]. Rayleigh damping: a [s^-1] on the mass and b [s] on
the stiffness, P_v = b (dP/d grad u):grad v. Second order in time is written as
displacement and velocity. T. J. R. Hughes, The Finite Element Method (2000), chapter 7.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .balance_law import AbstractBalanceLaw, Component
from .elastic import lame_parameters
from .parameter import parameter
from .solid import AbstractSolid


class Elastodynamics(AbstractBalanceLaw):
    """A solid in motion: components displacement_x, …, velocity_x, ….

    A mode of angular frequency ω is damped with the ratio (a/ω + b ω)/2. Loads act on
    the velocity components; where a displacement is held, its velocity is held too:
    `Dirichlet(0.0, ("displacement_x", "velocity_x"))`.

    Args:
        solid: what it is at rest: `Solid`, `PlaneStrain`, `PlaneStress` or
            `Axisymmetric`.
        density: ρ [kg m^-3] of the undeformed solid, > 0.
        mass_damping: a [s^-1], >= 0.
        stiffness_damping: b [s], >= 0; `None` for none, which is cheaper than 0.
    """

    solid: AbstractSolid
    density: Array = parameter("density", above=0.0, shape=())
    mass_damping: Array = parameter("mass_damping", minimum=0.0, shape=(), default=0.0)
    stiffness_damping: Array | None = parameter(
        "stiffness_damping", minimum=0.0, shape=(), optional=True, default=None
    )

    def __check_init__(self) -> None:
        if not isinstance(self.solid, AbstractSolid):
            raise TypeError(
                f"solid = {self.solid!r} is no solid; give Solid, PlaneStrain, "
                "PlaneStress or Axisymmetric."
            )

    @property
    def components(self) -> tuple[Component, ...]:
        moved = self.solid.components
        axes = [component.name.removeprefix("displacement_") for component in moved]
        return moved + tuple(
            Component(f"velocity_{axis}", "m s-1", f"velocity along {axis}")
            for axis in axes
        )

    def storage(self, t, x, u):
        displacement, velocity = jnp.split(u, 2)
        momentum = self.solid.measure(x) * self.density * velocity
        return jnp.concatenate([displacement, momentum])

    def flux(self, t, x, u, grad_u):
        momentum = self._with_damping(self.solid.flux, t, x, u, grad_u)
        return jnp.concatenate([jnp.zeros_like(momentum), momentum])

    def source(self, t, x, u, grad_u):
        _, velocity = jnp.split(u, 2)
        force = self._with_damping(self.solid.source, t, x, u, grad_u)
        mass = self.solid.measure(x) * self.density
        return jnp.concatenate([velocity, force - self.mass_damping * mass * velocity])

    def _with_damping(self, method, t, x, u, grad_u):
        """A method of the solid and b times its rate of change along the velocity."""
        displacement, velocity = jnp.split(u, 2)
        gradient, rate = jnp.split(grad_u, 2)
        if self.stiffness_damping is None:
            return method(t, x, displacement, gradient)
        elastic, viscous = jax.jvp(
            lambda u, grad_u: method(t, x, u, grad_u),
            (displacement, gradient),
            (velocity, rate),
        )
        return elastic + self.stiffness_damping * viscous


def longitudinal_wave_speed(
    young_modulus: Array, poisson_ratio: Array, density: Array
) -> Array:
    """Speed c = sqrt((λ + 2μ)/ρ) of a pressure wave in an isotropic solid [m s^-1].

    Args:
        young_modulus: E [Pa].
        poisson_ratio: ν [-].
        density: ρ [kg m^-3].
    """
    first, shear = lame_parameters(young_modulus, poisson_ratio)
    return jnp.sqrt((first + 2 * shear) / density)


def longitudinal_standing_wave(
    t: Array,
    x: Float[Array, " dim"],
    wave_speed: Array,
    *,
    amplitude: Array = 1.0,
    wavenumber: Array = jnp.pi,
    mass_damping: Array = 0.0,
    stiffness_damping: Array = 0.0,
) -> Float[Array, " 2*dim"]:
    """Exact solution u_x = A sin(k x) exp(-g t) cos(w t) of `Elastodynamics`.

    g = (a + b ω²)/2 and w² = ω² - g² with ω = k c, for damping below critical. In three
    dimensions and plane strain, linear isotropic material, no body force.

    Args:
        t: time [s], shape ().
        x: position [m], shape (dim,).
        wave_speed: c [m s^-1], see `longitudinal_wave_speed`.
        amplitude: A [m].
        wavenumber: k [rad m^-1].
        mass_damping: a [s^-1].
        stiffness_damping: b [s].

    Returns:
        Displacement [m] and velocity [m s^-1], shape (2 dim,).

    Reference:
        J. D. Achenbach, Wave Propagation in Elastic Solids (1973), section 1.4.
    """
    frequency = wavenumber * wave_speed
    decay = 0.5 * (mass_damping + stiffness_damping * frequency**2)
    swing = jnp.sqrt(frequency**2 - decay**2)
    shape = amplitude * jnp.sin(wavenumber * x[0])
    motion = lambda s: shape * jnp.exp(-decay * s) * jnp.cos(swing * s)
    moved, velocity = jax.jvp(motion, (t,), (jnp.ones_like(t),))
    u = jnp.zeros(2 * x.shape[0], moved.dtype)
    return u.at[0].set(moved).at[x.shape[0]].set(velocity)
