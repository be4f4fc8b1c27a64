"""J2 plasticity with isotropic hardening, in small strain.

σ = C:(ε - ε_p) with the yield condition q(σ) <= σ_y(α), q = sqrt(3/2 s:s) von Mises
stress [Pa], s deviator of σ, ε_p plastic strain [-], α equivalent plastic strain [-],
dε_p = dα 3/2 s/q. A step is integrated by radial return (backward Euler): with q* and
s* of the trial stress, q* - 3μ Δα = σ_y(α + Δα) and Δε_p = Δα 3/2 s*/q*. J. C. Simo and
T. J. R. Hughes, Computational Inelasticity (1998), section 3.3.
"""

from collections.abc import Callable
from typing import NamedTuple, cast

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from .balance_law import Component
from .elastic import IsotropicElastic
from .history_solid import AbstractHistorySolid
from .parameter import function_parameter, parameter
from .plane_stress import PlaneStress
from .scalar_root import scalar_root
from .solid import AbstractSolid
from .stress import von_mises
from .tensor import Tensor, deviator


class PlasticHistory(NamedTuple):
    """What a point of `J2Plasticity` remembers.

    `plastic_strain` ε_p [-], shape (3, 3); `equivalent_plastic_strain` α [-], shape ().
    """

    plastic_strain: Tensor
    equivalent_plastic_strain: Array


class VoceHardening(eqx.Module):
    """Yield stress that saturates: σ_y(α) = σ_0 + H α + Q (1 - exp(-b α)).

    Args:
        yield_stress: σ_0 [Pa], > 0.
        saturation: Q [Pa], >= 0.
        rate: b [-], >= 0.
        modulus: H [Pa], >= 0.

    Reference:
        E. Voce (1948), J. Inst. Met. 74, 537.
    """

    yield_stress: Array = parameter("yield_stress", above=0.0, shape=())
    saturation: Array = parameter("saturation", minimum=0.0, shape=())
    rate: Array = parameter("rate", minimum=0.0, shape=())
    modulus: Array = parameter("modulus", minimum=0.0, shape=(), default=0.0)

    def __call__(self, alpha: Array) -> Array:
        saturated = -self.saturation * jnp.expm1(-self.rate * alpha)
        return self.yield_stress + self.modulus * alpha + saturated


class J2Plasticity(AbstractHistorySolid):
    """A metal that yields: small strain, the same in tension and compression.

    Args:
        solid: `Solid`, `PlaneStrain` or `Axisymmetric` of an `IsotropicElastic`
            material; its body force and temperature act here too.
        yield_stress: σ_y [Pa], > 0: a number (no hardening) or a callable pytree of the
            equivalent plastic strain: `Polynomial((250e6, 2e9))` for linear hardening
            with modulus 2 GPa, `Tabulated(strains, stresses)` for a measured curve,
            `VoceHardening`. A curve may soften, by less than 3 μ.

    Raises:
        TypeError: another solid or material.

    Example:
        >>> steel = Solid(IsotropicElastic(210e9, 0.3))
        >>> law = J2Plasticity(steel, Polynomial((235e6, 2.1e9)))
    """

    solid: AbstractSolid
    yield_stress: Callable[..., Array] = function_parameter(
        "yield_stress", ("equivalent_plastic_strain",), above=0.0, shape=()
    )

    def __check_init__(self) -> None:
        if not isinstance(self.solid, AbstractSolid) or isinstance(
            self.solid, PlaneStress
        ):
            raise TypeError(
                f"solid is a {type(self.solid).__name__}; plasticity needs Solid, "
                "PlaneStrain or Axisymmetric."
            )
        if not isinstance(self.solid.material, IsotropicElastic):
            raise TypeError(
                f"solid.material is {type(self.solid.material).__name__}; plasticity "
                "needs IsotropicElastic."
            )

    @property
    def history_components(self):
        return (
            Component("plastic_strain", "1", "plastic strain"),
            Component("equivalent_plastic_strain", "1", "equivalent plastic strain"),
        )

    def initial_history(self) -> PlasticHistory:
        """No plastic strain, in the dtype of the elastic constants."""
        dtype = self._shear_modulus(None).dtype
        return PlasticHistory(jnp.zeros((3, 3), dtype), jnp.zeros((), dtype))

    def elastic_part(self, grad_u, history):
        return grad_u - history.plastic_strain

    def advance(self, grad_u, temperature, history, dt):
        elastic = self.elastic_part(grad_u, history)
        trial = deviator(self.solid.material.stress(elastic, temperature))
        size = von_mises(trial)
        flow = self._flow(size, history.equivalent_plastic_strain, temperature)
        direction = 1.5 * trial / jnp.where(size > 0, size, 1.0)
        return PlasticHistory(
            history.plastic_strain + flow * direction,
            history.equivalent_plastic_strain + flow,
        )

    def _flow(self, size, alpha, temperature):
        """Δα of a step whose trial stress has the von Mises stress `size`."""
        shear = self._shear_modulus(temperature)
        yields = size > self.yield_stress(alpha)
        # The elastic branch solves a step at the brink of yielding and drops it.
        reached = jnp.where(yields, size, self.yield_stress(alpha))
        bears = lambda flow: self.yield_stress(alpha + flow) + 3 * shear * flow
        least, most = jnp.zeros_like(reached), reached / (3 * shear)
        flow = scalar_root(lambda s: bears(s) - reached, least, most, least)
        return jnp.where(yields, flow, 0.0)

    def _shear_modulus(self, temperature):
        metal = cast(IsotropicElastic, self.solid.material)
        return metal.lame_parameters(temperature)[1]
