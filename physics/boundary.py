"""What holds at a named part of the boundary, at a point.

Essential conditions prescribe the unknown, natural conditions the outward normal
flux. How either is imposed belongs to the scheme. Periodic is topology, not a
condition (see `Box`).
"""

import abc
from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .balance_law import AbstractBalanceLaw
from .parameter import function_parameter, parameter

STEFAN_BOLTZMANN = 5.670374419e-8
"""Stefan-Boltzmann constant [W m^-2 K^-4] (CODATA 2018, exact)."""


class AbstractBoundaryCondition(eqx.Module):
    """A relation between u, its gradient and the normal flux on a boundary part.

    `component_names` lists the components it acts on; `None` means all of them.
    """

    component_names: eqx.AbstractVar[tuple[str, ...] | None]

    @abc.abstractmethod
    def residual(
        self,
        t: Array,
        x: Float[Array, " dim"],
        normal: Float[Array, " dim"],
        u: Float[Array, " components"],
        grad_u: Float[Array, "components dim"],
        normal_flux: Float[Array, " components"],
    ) -> Float[Array, " components"]:
        """Zero where the condition holds; only the acted-on components count."""


def acts_on(
    condition: AbstractBoundaryCondition, law: AbstractBalanceLaw
) -> np.ndarray:
    """Boolean mask (components,) of the components a condition acts on.

    Raises:
        ValueError: a component name that the law does not have.
        TypeError: one name instead of a tuple of names.
    """
    names = [component.name for component in law.components]
    wanted = condition.component_names
    if wanted is None:
        return np.ones(len(names), bool)
    if isinstance(wanted, str):
        raise TypeError(
            f"component_names = {wanted!r} must be a tuple of names: ({wanted!r},)."
        )
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise ValueError(
            f"{type(condition).__name__}(component_names={wanted}) names {unknown}, "
            f"but the law has the components {names}."
        )
    return np.array([name in wanted for name in names])


class AbstractEssentialCondition(AbstractBoundaryCondition):
    """A condition that prescribes the unknown itself."""

    @abc.abstractmethod
    def value(self, t: Array, x: Float[Array, " dim"]) -> Array:
        """Prescribed u, shape () or (components,)."""


class AbstractNaturalCondition(AbstractBoundaryCondition):
    """A condition that prescribes the outward normal flux, given u.

    Natural conditions on the same component of one boundary part add up: convection
    and radiation act together.
    """

    @abc.abstractmethod
    def normal_flux(
        self,
        t: Array,
        x: Float[Array, " dim"],
        normal: Float[Array, " dim"],
        u: Float[Array, " components"],
    ) -> Float[Array, " components"]:
        """Outward flux·normal [flux unit], shape (components,)."""


class Dirichlet(AbstractEssentialCondition):
    """u = value.

    Args:
        boundary_value: number, (components,) numbers, or callable pytree of (t, x).
        component_names: components held; `None` for all.
    """

    boundary_value: Callable[..., Array] = function_parameter(
        "boundary_value", ("t", "x")
    )
    component_names: tuple[str, ...] | None = eqx.field(static=True, default=None)

    def value(self, t, x):
        return self.boundary_value(t, x)

    def residual(self, t, x, normal, u, grad_u, normal_flux):
        return u - self.value(t, x)


class NormalFlux(AbstractNaturalCondition):
    """flux·normal = outward flux; zero is an insulated wall.

    Args:
        outward_flux: [flux unit], number or callable pytree of (t, x); negative heats.
        component_names: components acted on; `None` for all.
    """

    outward_flux: Callable[..., Array] = function_parameter("outward_flux", ("t", "x"))
    component_names: tuple[str, ...] | None = eqx.field(static=True, default=None)

    def normal_flux(self, t, x, normal, u):
        return jnp.broadcast_to(self.outward_flux(t, x), u.shape)

    def residual(self, t, x, normal, u, grad_u, normal_flux):
        return normal_flux - self.normal_flux(t, x, normal, u)


class Robin(AbstractNaturalCondition):
    """flux·normal = h (u - ambient): convection with a film coefficient.

    Args:
        coefficient: h [flux unit per unit of u], >= 0: a number or a callable pytree
            of u (shape (components,)), for a film coefficient that depends on the
            surface temperature.
        ambient: far value of u, number or callable pytree of (t, x).
        component_names: components acted on; `None` for all.
    """

    coefficient: Callable[..., Array] = function_parameter(
        "coefficient", ("u",), minimum=0.0
    )
    ambient: Callable[..., Array] = function_parameter("ambient", ("t", "x"))
    component_names: tuple[str, ...] | None = eqx.field(static=True, default=None)

    def normal_flux(self, t, x, normal, u):
        return self.coefficient(u) * (u - self.ambient(t, x))

    def residual(self, t, x, normal, u, grad_u, normal_flux):
        return normal_flux - self.normal_flux(t, x, normal, u)


class Radiation(AbstractNaturalCondition):
    """flux·normal = ε σ (T⁴ - ambient⁴), temperatures in kelvin.

    Args:
        emissivity: ε [-], >= 0.
        ambient: temperature of the surroundings [K], number or callable pytree of
            (t, x).
        component_names: components acted on; `None` for all.
    """

    emissivity: Array = parameter("emissivity", minimum=0.0)
    ambient: Callable[..., Array] = function_parameter(
        "ambient", ("t", "x"), minimum=0.0
    )
    component_names: tuple[str, ...] | None = eqx.field(static=True, default=None)

    def normal_flux(self, t, x, normal, u):
        exchange = u**4 - self.ambient(t, x) ** 4
        return self.emissivity * STEFAN_BOLTZMANN * exchange

    def residual(self, t, x, normal, u, grad_u, normal_flux):
        return normal_flux - self.normal_flux(t, x, normal, u)


class Outflow(AbstractBoundaryCondition):
    """Zero normal gradient: what arrives at the boundary leaves unhindered.

    It says what the flux is, so no other flux may be given on its component.

    Args:
        component_names: components acted on; `None` for all.
    """

    component_names: tuple[str, ...] | None = eqx.field(static=True, default=None)

    def residual(self, t, x, normal, u, grad_u, normal_flux):
        return grad_u @ normal
