"""Media that keep their volume: momentum balances beside a pressure that enforces it.

    div(p 1 - τ) = f,   0 = div u   (a constraint: its flux and its storage are zero)

u velocity [m s^-1] or displacement [m], p pressure [Pa], τ viscous or deviatoric stress
[Pa], f force per volume [N m^-3]. D. Boffi, F. Brezzi and M. Fortin, Mixed Finite
Element Methods and Applications (2013), chapter 8.
"""

import abc
from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .balance_law import AbstractBalanceLaw, Component
from .parameter import as_vector

PRESSURE = Component("pressure", "Pa", "pressure")


class AbstractIncompressible(AbstractBalanceLaw):
    """A law of dim velocities or displacements and, last, the pressure.

    The row of the pressure has neither storage nor flux, so the pressure needs no
    condition at a boundary. Its source is the divergence, zero where volume is kept.
    """


class AbstractViscousStress(eqx.Module):
    """The stress τ of a viscous fluid from its velocity gradient."""

    @abc.abstractmethod
    def __call__(
        self, viscosity: Array, grad_u: Float[Array, "dim dim"]
    ) -> Float[Array, "dim dim"]:
        """τ [Pa] from μ [Pa s] and the velocity gradient [s^-1]."""


class SymmetricStress(AbstractViscousStress):
    """τ = μ (grad u + grad uᵀ): flux·n is minus the traction on a boundary."""

    def __call__(self, viscosity, grad_u):
        return viscosity * (grad_u + grad_u.T)


class GradientStress(AbstractViscousStress):
    """τ = μ grad u: the same balance inside where μ is constant and div u = 0.

    Zero flux·n, μ ∂u/∂n = p n, lets a parallel flow leave through a cut undisturbed
    ("do-nothing"), which a boundary without traction does not. Forces on walls at rest
    are the same with both.

    Reference:
        J. G. Heywood, R. Rannacher and S. Turek (1996), Artificial boundaries and flux
        and pressure conditions for the incompressible Navier-Stokes equations, Int. J.
        Numer. Meth. Fluids 22, 325.
    """

    def __call__(self, viscosity, grad_u):
        return viscosity * grad_u


class AbstractViscousFlow(AbstractIncompressible):
    """A flow with the viscous stress τ: what slow and fast flows have in common."""

    viscosity: eqx.AbstractVar[Array]
    body_force: eqx.AbstractVar[Callable[..., Array] | None]
    viscous_stress: eqx.AbstractVar[AbstractViscousStress]
    dimension: eqx.AbstractVar[int]

    def __check_init__(self) -> None:
        check_dimension(self, self.dimension)

    @property
    def components(self) -> tuple[Component, ...]:
        """`velocity_x`, … [m s^-1] and `pressure` [Pa]."""
        return velocity_components(self.dimension)

    def flux(self, t, x, u, grad_u):
        _, gradient, pressure = parts(self, u, grad_u)
        return momentum_flux(pressure, self.viscous_stress(self.viscosity, gradient))


def velocity_components(dimension: int) -> tuple[Component, ...]:
    """`velocity_x`, … and `pressure`."""
    return (
        *(
            Component(f"velocity_{axis}", "m s-1", f"velocity along {axis}")
            for axis in "xyz"[:dimension]
        ),
        PRESSURE,
    )


def check_dimension(law: AbstractIncompressible, dimension: int) -> None:
    """Refuse all but two and three dimensions.

    Raises:
        ValueError: another number.
    """
    if dimension not in (2, 3):
        raise ValueError(
            f"dimension = {dimension!r} of {type(law).__name__} must be 2 or 3; in one "
            "dimension nothing can move that keeps its volume."
        )


def momentum_flux(
    pressure: Array, stress: Float[Array, "dim dim"]
) -> Float[Array, "components dim"]:
    """p 1 - τ, and nothing for the row of the pressure."""
    flux = pressure * jnp.eye(len(stress), dtype=stress.dtype) - stress
    return jnp.concatenate([flux, jnp.zeros_like(flux[:1])])


def body_force_at(
    body_force: Callable[..., Array] | None, t: Array, x: Float[Array, " dim"], like
) -> Float[Array, " dim"]:
    """f at a point, zero in the dtype of `like` without one."""
    if body_force is None:
        return jnp.zeros(x.shape, like.dtype)
    return as_vector(body_force(t, x), "body_force", x)


def parts(
    law: AbstractIncompressible, u: Array, grad_u: Float[Array, "components dim"]
) -> tuple[Array, Array, Array]:
    """Velocity or displacement, its gradient, and the pressure.

    Raises:
        ValueError: a gradient in another number of dimensions.
    """
    if grad_u.shape != (len(u), len(u) - 1):
        raise ValueError(
            f"grad_u has the shape {grad_u.shape}, but {type(law).__name__} has "
            f"{len(u) - 1} dimensions; give the law the dimension of the problem."
        )
    return u[:-1], grad_u[:-1], u[-1]
