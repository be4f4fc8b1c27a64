"""Hyperelastic materials: finite strain from a stored energy.

F = 1 + grad u deformation gradient, J = det F, C = FᵀF, E = (C - 1)/2 Green-Lagrange
strain, P = dW/dF first Piola-Kirchhoff stress [Pa]. Heat stretches the stress-free
state: with θ = 1 + α (T - T0), W(F, T) = θ³ W(F/θ) and P(F, T) = θ² P(F/θ). J. Bonet
and R. D. Wood, Nonlinear Continuum Mechanics for Finite Element Analysis (2008),
chapter 6.

Stresses are written in E and J - 1 computed from grad u, so that they vanish exactly
at F = 1 and small strains keep their digits in float32.
"""

import abc

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from .elastic import ROOM_TEMPERATURE, AbstractElasticMaterial, lame_parameters
from .parameter import parameter
from .tensor import (
    Tensor,
    cofactor,
    contraction,
    deviator,
    green_lagrange,
    identity,
    product,
    trace,
    volume_change,
)


class AbstractHyperelasticMaterial(AbstractElasticMaterial):
    """An elastic material of finite strain, at one temperature and at any other."""

    expansion: eqx.AbstractVar[Array]
    reference_temperature: eqx.AbstractVar[Array]

    @abc.abstractmethod
    def isothermal_stress(self, grad_u: Tensor) -> Tensor:
        """First Piola-Kirchhoff stress [Pa] at the reference temperature, (3, 3)."""

    @abc.abstractmethod
    def isothermal_energy(self, grad_u: Tensor) -> Array:
        """Stored energy [J m^-3] at the reference temperature, shape ()."""

    def stress(self, grad_u, temperature=None):
        if temperature is None:
            return self.isothermal_stress(grad_u)
        stretch, elastic = self._elastic_part(grad_u, temperature)
        return stretch**2 * self.isothermal_stress(elastic)

    def energy(self, grad_u, temperature=None):
        if temperature is None:
            return self.isothermal_energy(grad_u)
        stretch, elastic = self._elastic_part(grad_u, temperature)
        return stretch**3 * self.isothermal_energy(elastic)

    def _elastic_part(self, grad_u, temperature):
        growth = self.expansion * (temperature - self.reference_temperature)
        return 1 + growth, (grad_u - growth * identity(grad_u)) / (1 + growth)


class NeoHookean(AbstractHyperelasticMaterial):
    """Compressible neo-Hookean: W = μ/2 (tr C - 3) - μ ln J + λ/2 (ln J)².

    P = F^-T (2μ E + λ ln J 1). For large rotations and strains, foams and moderately
    compressible rubber. Where J <= 0 it is turned inside out and the stress is not
    finite, by which a line search knows that a step was too long.

    Args:
        young_modulus: E [Pa] at small strain, > 0.
        poisson_ratio: ν [-] at small strain, between -1 and 0.5.
        expansion: α [K^-1].
        reference_temperature: T0 [K], without thermal strain.

    Reference:
        Bonet and Wood (2008), section 6.4.3.
    """

    young_modulus: Array = parameter("young_modulus", above=0.0, shape=())
    poisson_ratio: Array = parameter("poisson_ratio", above=-1.0, below=0.5, shape=())
    expansion: Array = parameter("expansion", shape=(), default=0.0)
    reference_temperature: Array = parameter(
        "reference_temperature", shape=(), default=ROOM_TEMPERATURE
    )

    def isothermal_stress(self, grad_u):
        first, shear = lame_parameters(self.young_modulus, self.poisson_ratio)
        change = volume_change(grad_u)
        pulled = 2 * shear * green_lagrange(grad_u)
        pulled = pulled + first * jnp.log1p(change) * identity(grad_u)
        return product(_inverse_transpose(grad_u, change), pulled)

    def isothermal_energy(self, grad_u):
        first, shear = lame_parameters(self.young_modulus, self.poisson_ratio)
        log = jnp.log1p(volume_change(grad_u))
        return shear * (trace(green_lagrange(grad_u)) - log) + 0.5 * first * log**2


class NearlyIncompressibleNeoHookean(AbstractHyperelasticMaterial):
    """Neo-Hookean split into shape and volume: rubber.

    W = μ/2 (J^(-2/3) tr C - 3) + κ/2 (J - 1)². It is the `*HYPERELASTIC, NEO HOOKE` of
    Abaqus and CalculiX with C10 = μ/2 and D1 = 2/κ. With κ much above μ, elements of
    first order lock: use elements made for incompressibility. Not finite where J <= 0.

    Args:
        shear_modulus: μ [Pa], > 0.
        bulk_modulus: κ [Pa], > 0.
        expansion: α [K^-1].
        reference_temperature: T0 [K], without thermal strain.

    Reference:
        Bonet and Wood (2008), section 6.5.
    """

    shear_modulus: Array = parameter("shear_modulus", above=0.0, shape=())
    bulk_modulus: Array = parameter("bulk_modulus", above=0.0, shape=())
    expansion: Array = parameter("expansion", shape=(), default=0.0)
    reference_temperature: Array = parameter(
        "reference_temperature", shape=(), default=ROOM_TEMPERATURE
    )

    def isothermal_stress(self, grad_u):
        change = volume_change(grad_u)
        shape = jnp.exp(-2 / 3 * jnp.log1p(change))
        sheared = product(
            _inverse_transpose(grad_u, change), 2 * deviator(green_lagrange(grad_u))
        )
        swollen = change * cofactor(identity(grad_u) + grad_u)
        return self.shear_modulus * shape * sheared + self.bulk_modulus * swollen

    def isothermal_energy(self, grad_u):
        change = volume_change(grad_u)
        log = -2 / 3 * jnp.log1p(change)
        stretched = 3 * jnp.expm1(log) + 2 * jnp.exp(log) * trace(
            green_lagrange(grad_u)
        )
        return 0.5 * (self.shear_modulus * stretched + self.bulk_modulus * change**2)


class StVenantKirchhoff(AbstractHyperelasticMaterial):
    """Hooke's law in the Green-Lagrange strain: W = λ/2 (tr E)² + μ E:E.

    P = F (λ tr E 1 + 2μ E). For large rotations at small strain; it softens under
    strong compression and carries no load at J = 0.

    Args:
        young_modulus: E [Pa] at small strain, > 0.
        poisson_ratio: ν [-] at small strain, between -1 and 0.5.
        expansion: α [K^-1].
        reference_temperature: T0 [K], without thermal strain.

    Reference:
        P. G. Ciarlet, Mathematical Elasticity I (1988), section 3.9.
    """

    young_modulus: Array = parameter("young_modulus", above=0.0, shape=())
    poisson_ratio: Array = parameter("poisson_ratio", above=-1.0, below=0.5, shape=())
    expansion: Array = parameter("expansion", shape=(), default=0.0)
    reference_temperature: Array = parameter(
        "reference_temperature", shape=(), default=ROOM_TEMPERATURE
    )

    def isothermal_stress(self, grad_u):
        first, shear = lame_parameters(self.young_modulus, self.poisson_ratio)
        strain = green_lagrange(grad_u)
        second = first * trace(strain) * identity(strain) + 2 * shear * strain
        return second + product(grad_u, second)

    def isothermal_energy(self, grad_u):
        first, shear = lame_parameters(self.young_modulus, self.poisson_ratio)
        strain = green_lagrange(grad_u)
        return 0.5 * first * trace(strain) ** 2 + shear * contraction(strain, strain)


def _inverse_transpose(grad_u, change):
    return cofactor(identity(grad_u) + grad_u) / (1 + change)
