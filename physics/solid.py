"""Solids in equilibrium: div(-P) = f.

P first Piola-Kirchhoff stress [Pa], in small strain the Cauchy stress; f body force per
reference volume [N m^-3]. The flux of momentum is minus the stress, so a traction
enters as -P·n. Nothing is stored: rows without storage are constraints. J. Bonet and
R. D. Wood, Nonlinear Continuum Mechanics for Finite Element Analysis (2008), chapter 5.
"""

import abc
from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .balance_law import AbstractBalanceLaw, Component
from .elastic import AbstractElasticMaterial
from .parameter import as_vector, function_parameter
from .tensor import Tensor


class AbstractSolid(AbstractBalanceLaw):
    """A solid of an elastic material, with the displacement [m] as the unknown.

    A kind of solid says how the displacement deforms a point in three dimensions and
    which parts of the stress there balance. Anything that replaces the elastic stress
    (plasticity) or adds to the balance (inertia) is built from these two.
    """

    material: eqx.AbstractVar[AbstractElasticMaterial]
    temperature: eqx.AbstractVar[Callable[..., Array] | None]

    @abc.abstractmethod
    def deformation(
        self,
        t: Array,
        x: Float[Array, " dim"],
        u: Float[Array, " dim"],
        grad_u: Float[Array, "dim dim"],
    ) -> Tensor:
        """Displacement gradient [-] in three dimensions, shape (3, 3)."""

    @abc.abstractmethod
    def momentum_flux(
        self, x: Float[Array, " dim"], stress: Tensor
    ) -> Float[Array, "dim dim"]:
        """The flux that a stress (3, 3) means, shape (dim, dim)."""

    @abc.abstractmethod
    def momentum_source(
        self, t: Array, x: Float[Array, " dim"], stress: Tensor
    ) -> Float[Array, " dim"]:
        """The source that body force and a stress (3, 3) mean, shape (dim,)."""

    @abc.abstractmethod
    def measure(self, x: Float[Array, " dim"]) -> Array:
        """Volume per volume element of the coordinates: 1, or r where x = (r, z)."""

    def __check_init__(self) -> None:
        if not isinstance(self.material, AbstractElasticMaterial):
            raise TypeError(
                f"material = {self.material!r} is no elastic material; give one such "
                "as IsotropicElastic(young_modulus, poisson_ratio)."
            )

    def storage(self, t, x, u):
        return jnp.zeros_like(u)

    def flux(self, t, x, u, grad_u):
        return self.momentum_flux(x, self.stress(t, x, u, grad_u))

    def source(self, t, x, u, grad_u):
        return self.momentum_source(t, x, self.stress(t, x, u, grad_u))

    def stress(self, t, x, u, grad_u) -> Tensor:
        """First Piola-Kirchhoff stress [Pa] in three dimensions, shape (3, 3)."""
        deformed = self.deformation(t, x, u, grad_u)
        return self.material.stress(deformed, self.temperature_at(t, x))

    def energy(self, t, x, u, grad_u) -> Array:
        """Stored energy per reference volume [J m^-3], shape ()."""
        deformed = self.deformation(t, x, u, grad_u)
        return self.material.energy(deformed, self.temperature_at(t, x))

    def temperature_at(self, t: Array, x: Float[Array, " dim"]) -> Array | None:
        """Given temperature [K], shape (), or `None`."""
        return None if self.temperature is None else self.temperature(t, x)


class Solid(AbstractSolid):
    """A solid in three dimensions, x = (x, y, z).

    Args:
        material: stress from deformation, such as `IsotropicElastic`.
        body_force: f [N m^-3]: (3,) numbers or a callable pytree f(t, x).
        temperature: T [K]: a number or a callable pytree T(t, x); `None` without
            thermal strain.
    """

    material: AbstractElasticMaterial
    body_force: Callable[..., Array] | None = function_parameter(
        "body_force", ("t", "x"), optional=True, default=None
    )
    temperature: Callable[..., Array] | None = function_parameter(
        "temperature", ("t", "x"), optional=True, default=None
    )

    @property
    def components(self) -> tuple[Component, ...]:
        return displacement_components("xyz")

    def deformation(self, t, x, u, grad_u):
        return check_gradient(self, grad_u, 3)

    def momentum_flux(self, x, stress):
        return -stress

    def momentum_source(self, t, x, stress):
        return force_at(self.body_force, t, x, stress)

    def measure(self, x):
        return jnp.ones_like(x[0])


class PlaneStrain(AbstractSolid):
    """A long solid that keeps its length: nothing moves along z or depends on it.

    x = (x, y); forces are per metre along z. `stress` includes the stress along z.

    Args:
        material: stress from deformation, such as `IsotropicElastic`.
        body_force: f [N m^-3]: (2,) numbers or a callable pytree f(t, x).
        temperature: T [K]: a number or a callable pytree T(t, x); `None` without
            thermal strain.
    """

    material: AbstractElasticMaterial
    body_force: Callable[..., Array] | None = function_parameter(
        "body_force", ("t", "x"), optional=True, default=None
    )
    temperature: Callable[..., Array] | None = function_parameter(
        "temperature", ("t", "x"), optional=True, default=None
    )

    @property
    def components(self) -> tuple[Component, ...]:
        return displacement_components("xy")

    def deformation(self, t, x, u, grad_u):
        return jnp.pad(check_gradient(self, grad_u, 2), ((0, 1), (0, 1)))

    def momentum_flux(self, x, stress):
        return -stress[:2, :2]

    def momentum_source(self, t, x, stress):
        return force_at(self.body_force, t, x, stress)

    def measure(self, x):
        return jnp.ones_like(x[0])


def displacement_components(axes: str) -> tuple[Component, ...]:
    """`displacement_x`, … for the letters of `axes`."""
    return tuple(
        Component(f"displacement_{axis}", "m", f"displacement along {axis}")
        for axis in axes
    )


def check_gradient(law, grad_u: Array, dimension: int) -> Array:
    """The gradient itself, if it is one of a displacement in that many dimensions.

    Raises:
        ValueError: another shape.
    """
    if grad_u.shape != (dimension, dimension):
        raise ValueError(
            f"grad_u has the shape {grad_u.shape}, but {type(law).__name__} has "
            f"{dimension} displacements in {dimension} dimensions; use Solid in three "
            "dimensions and PlaneStrain, PlaneStress or Axisymmetric in two."
        )
    return grad_u


def force_at(
    body_force: Callable[..., Array] | None,
    t: Array,
    x: Float[Array, " dim"],
    stress: Tensor,
) -> Float[Array, " dim"]:
    """The body force at a point, zero in the dtype of the stress without one."""
    if body_force is None:
        return jnp.zeros(x.shape, stress.dtype)
    return as_vector(body_force(t, x), "body_force", x)
