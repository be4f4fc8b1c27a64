"""Elastic materials: stress and stored energy from the displacement gradient.

The contract of every elastic material, and the two that are linear in small strain:
isotropic, σ = λ tr(ε - ε_T) 1 + 2μ (ε - ε_T), and orthotropic. ε = sym(grad u) strain
[-], ε_T = α (T - T0) 1 thermal strain [-], λ and μ Lamé parameters [Pa]. R. M. Jones,
Mechanics of Composite Materials (1999), chapter 2.
"""

import abc
from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float

from .cell_field import cell_fields
from .parameter import function_parameter, parameter
from .tensor import (
    Tensor,
    contraction,
    identity,
    inverse,
    product,
    symmetric,
    trace,
)

ROOM_TEMPERATURE = 293.15
"""The temperature [K] without thermal strain unless a material is given another."""


class AbstractElasticMaterial(eqx.Module):
    """A material that stores what is worked into it.

    The first Piola-Kirchhoff stress is the derivative of the stored energy by the
    displacement gradient. Both see one point, in three dimensions whatever the law.
    Without a temperature there is no thermal strain.
    """

    @abc.abstractmethod
    def stress(self, grad_u: Tensor, temperature: Array | None = None) -> Tensor:
        """First Piola-Kirchhoff stress P [Pa], row by force component.

        Args:
            grad_u: displacement gradient [-], shape (3, 3).
            temperature: T [K], shape (), or `None`.
        """

    @abc.abstractmethod
    def energy(self, grad_u: Tensor, temperature: Array | None = None) -> Array:
        """Stored energy per reference volume [J m^-3], shape ()."""


class AbstractSmallStrainMaterial(AbstractElasticMaterial):
    """A material that sees the small strain sym(grad u) only."""


class AbstractLinearElasticMaterial(AbstractSmallStrainMaterial):
    """An elastic material of small strain: its stress is affine in grad u."""


def lame_parameters(young_modulus: Array, poisson_ratio: Array) -> tuple[Array, Array]:
    """Lamé parameters λ = E ν/((1 + ν)(1 - 2ν)) and μ = E/(2(1 + ν)) [Pa].

    Args:
        young_modulus: E [Pa].
        poisson_ratio: ν [-].
    """
    shear = young_modulus / (2 * (1 + poisson_ratio))
    return 2 * shear * poisson_ratio / (1 - 2 * poisson_ratio), shear


class IsotropicElastic(AbstractLinearElasticMaterial):
    """Hooke's law with thermal strain, the same in all directions.

    Args:
        young_modulus: E [Pa], > 0: a number or a callable pytree E(T).
        poisson_ratio: ν [-], between -1 and 0.5: a number or a callable pytree ν(T).
        expansion: α [K^-1], secant coefficient from the reference temperature: a
            number or a callable pytree α(T).
        reference_temperature: T0 [K], without thermal strain; it is also where E(T)
            and ν(T) are taken when no temperature is given.

    Example:
        >>> import jax.numpy as jnp
        >>> steel = IsotropicElastic(210e9, 0.3)
        >>> pulled = jnp.diag(jnp.array([1e-3, -0.3e-3, -0.3e-3]))
        >>> print(f"{steel.stress(pulled)[0, 0]:.4g} Pa")
        2.1e+08 Pa
    """

    young_modulus: Callable[..., Array] = function_parameter(
        "young_modulus", ("T",), above=0.0, shape=()
    )
    poisson_ratio: Callable[..., Array] = function_parameter(
        "poisson_ratio", ("T",), above=-1.0, below=0.5, shape=()
    )
    expansion: Callable[..., Array] = function_parameter(
        "expansion", ("T",), shape=(), default=0.0
    )
    reference_temperature: Array = parameter(
        "reference_temperature", shape=(), default=ROOM_TEMPERATURE
    )

    def stress(self, grad_u, temperature=None):
        first, shear = self.lame_parameters(temperature)
        strain = self._elastic_strain(grad_u, temperature)
        return first * trace(strain) * identity(strain) + 2 * shear * strain

    def energy(self, grad_u, temperature=None):
        strain = self._elastic_strain(grad_u, temperature)
        return 0.5 * contraction(self.stress(grad_u, temperature), strain)

    def lame_parameters(self, temperature: Array | None = None) -> tuple[Array, Array]:
        """λ and μ [Pa] at a temperature [K]."""
        at = self.reference_temperature if temperature is None else temperature
        return lame_parameters(self.young_modulus(at), self.poisson_ratio(at))

    def _elastic_strain(self, grad_u, temperature):
        strain = symmetric(grad_u)
        if temperature is None:
            return strain
        warmer = temperature - self.reference_temperature
        return strain - self.expansion(temperature) * warmer * identity(strain)


class OrthotropicElastic(AbstractLinearElasticMaterial):
    """Hooke's law with three planes of symmetry: a ply, wood, a printed part.

    Pulled along axis i by a stress s the material stretches by s/E_i and shrinks along
    axis j by ν_ij s/E_i.

    Args:
        young_moduli: (E1, E2, E3) [Pa], > 0.
        poisson_ratios: (ν12, ν13, ν23) [-].
        shear_moduli: (G12, G13, G23) [Pa], > 0.
        rotation: columns are the material axes 1, 2, 3 in the coordinates of the law,
            shape (3, 3); `None` where they coincide.
        expansion: α [K^-1], one number or (3,) along the material axes.
        reference_temperature: T0 [K], without thermal strain.

    Raises:
        ValueError: constants that would let the material give off energy, or a
            rotation that is none. Traced values and values given cell by cell are not
            checked.
    """

    young_moduli: Float[Array, " 3"] = parameter("young_moduli", above=0.0, shape=(3,))
    poisson_ratios: Float[Array, " 3"] = parameter("poisson_ratios", shape=(3,))
    shear_moduli: Float[Array, " 3"] = parameter("shear_moduli", above=0.0, shape=(3,))
    rotation: Float[Array, "3 3"] | None = parameter(
        "rotation", shape=(3, 3), optional=True, default=None
    )
    expansion: Array = parameter("expansion", default=0.0)
    reference_temperature: Array = parameter(
        "reference_temperature", shape=(), default=ROOM_TEMPERATURE
    )

    def __check_init__(self) -> None:
        if cell_fields(self):
            return
        if self.expansion.shape not in ((), (3,)):
            raise ValueError(
                f"expansion has the shape {self.expansion.shape}; give one number or "
                "one for each of the three material axes."
            )
        _check_stable(self.young_moduli, self.poisson_ratios)
        if self.rotation is not None:
            _check_rotation(self.rotation)

    def stress(self, grad_u, temperature=None):
        local = self._local_stress(self._elastic_strain(grad_u, temperature))
        if self.rotation is None:
            return local
        return product(product(self.rotation, local), self.rotation.T)

    def energy(self, grad_u, temperature=None):
        strain = self._elastic_strain(grad_u, temperature)
        return 0.5 * contraction(self._local_stress(strain), strain)

    def _elastic_strain(self, grad_u, temperature):
        """In the material axes."""
        strain = symmetric(grad_u)
        if self.rotation is not None:
            strain = product(product(self.rotation.T, strain), self.rotation)
        if temperature is None:
            return strain
        return strain - identity(strain) * (
            self.expansion * (temperature - self.reference_temperature)
        )

    def _local_stress(self, strain):
        stiffness = inverse(_compliance(self.young_moduli, self.poisson_ratios))
        normal = jnp.sum(stiffness * jnp.diagonal(strain), axis=1)
        g12, g13, g23 = self.shear_moduli
        nothing = jnp.zeros_like(g12)
        shear = jnp.stack([nothing, g12, g13, g12, nothing, g23, g13, g23, nothing])
        return identity(strain) * normal + 2 * shear.reshape(3, 3) * strain


def _compliance(young_moduli, poisson_ratios):
    """Normal strains from normal stresses, symmetric (3, 3)."""
    e1, e2, e3 = young_moduli
    n12, n13, n23 = poisson_ratios
    rows = [
        [1 / e1, -n12 / e1, -n13 / e1],
        [-n12 / e1, 1 / e2, -n23 / e2],
        [-n13 / e1, -n23 / e2, 1 / e3],
    ]
    return jnp.stack([jnp.stack(row) for row in rows])


def _check_stable(young_moduli, poisson_ratios) -> None:
    if isinstance(young_moduli, Tracer) or isinstance(poisson_ratios, Tracer):
        return
    e1, e2, e3 = np.asarray(young_moduli, float)
    n12, n13, n23 = np.asarray(poisson_ratios, float)
    scaled = np.eye(3)
    for (i, j), ratio in {
        (0, 1): n12 * np.sqrt(e2 / e1),
        (0, 2): n13 * np.sqrt(e3 / e1),
        (1, 2): n23 * np.sqrt(e3 / e2),
    }.items():
        scaled[i, j] = scaled[j, i] = -ratio
    least = np.linalg.eigvalsh(scaled)[0]
    if least <= 0:
        raise ValueError(
            f"poisson_ratios = {poisson_ratios} with young_moduli = {young_moduli}: "
            f"the compliance, scaled to a unit diagonal, has the eigenvalue "
            f"{least:.3g}, so the material would give off energy; give ratios with "
            "|ν_ij| < sqrt(E_i/E_j), and check that ν_ij is the contraction along j "
            "under a pull along i."
        )


def _check_rotation(rotation) -> None:
    if isinstance(rotation, Tracer):
        return
    axes = np.asarray(rotation, float)
    defect = max(np.abs(axes.T @ axes - np.eye(3)).max(), 1 - np.linalg.det(axes))
    if defect > 1e3 * float(jnp.finfo(rotation.dtype).eps):
        raise ValueError(
            f"rotation = {axes.tolist()} misses a rotation by {defect:.1g}; give three "
            "orthonormal, right-handed material axes as columns."
        )
