"""Measures of stress and strain at a point, from (3, 3) tensors.

Every function takes one tensor; `jax.vmap` takes many. Derivatives are finite
everywhere: where a measure has a kink they are one of its one-sided derivatives, or
zero at its tip.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .tensor import (
    Tensor,
    contraction,
    deviator,
    identity,
    product,
    symmetric,
    trace,
    volume_change,
)


def von_mises(stress: Tensor) -> Array:
    """Equivalent stress sqrt(3/2 s:s) [Pa] with the deviator s, shape ().

    Its derivative where the stress has no deviator is set to zero.

    Args:
        stress: Cauchy stress [Pa], symmetric, shape (3, 3).
    """
    s = deviator(stress)
    square = 1.5 * contraction(s, s)
    positive = square > 0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, square, 1.0)), 0.0)


def hydrostatic(stress: Tensor) -> Array:
    """Mean stress tr(σ)/3 [Pa], positive in tension, shape ().

    Args:
        stress: Cauchy stress [Pa], shape (3, 3).
    """
    return trace(stress) / 3


@jax.custom_jvp
def principal(stress: Tensor) -> Float[Array, " 3"]:
    """Principal stresses σ1 >= σ2 >= σ3 [Pa], the eigenvalues, shape (3,).

    The largest shear stress is (σ1 - σ3)/2. Where two are equal, the derivative of
    each is a one-sided one; that of symmetric functions of them, such as their sum, is
    exact.

    Args:
        stress: symmetric tensor [Pa], shape (3, 3).
    """
    return jnp.linalg.eigvalsh(symmetric(stress))[::-1]


@principal.defjvp
def _principal_derivative(primals, tangents):
    (stress,), (change,) = primals, tangents
    values, axes = jnp.linalg.eigh(symmetric(stress))
    slopes = jnp.einsum("ik,ij,jk->k", axes, symmetric(change), axes)
    return values[::-1], slopes[::-1]


def cauchy_stress(stress: Tensor, grad_u: Tensor) -> Tensor:
    """Cauchy stress σ = P Fᵀ/J [Pa], force per area of the deformed solid, (3, 3).

    Args:
        stress: first Piola-Kirchhoff stress P [Pa] of a material of finite strain;
            the stress of a small-strain material is a Cauchy stress already.
        grad_u: displacement gradient [-], shape (3, 3).
    """
    deformed = identity(grad_u) + grad_u
    return product(stress, deformed.T) / (1 + volume_change(grad_u))


def small_strain(grad_u: Tensor) -> Tensor:
    """Small strain ε = (grad u + grad uᵀ)/2 [-], shape (3, 3).

    Args:
        grad_u: displacement gradient [-], shape (3, 3).
    """
    return symmetric(grad_u)
