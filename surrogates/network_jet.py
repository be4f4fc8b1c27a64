"""The Taylor jet of a multilayer perceptron, carried forward layer by layer.

An affine map acts on every derivative alike; a pointwise nonlinearity s maps
(z, z_i, z_ij) to (s, s' z_i, s' z_ij + s'' z_i z_j). One pass therefore gives value,
time derivative, gradient and Hessian, at less cost than nested automatic
differentiation and equal to it to round-off.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..physics import Jet, autodiff_jet


def network_jet(
    network: Callable[[Array], Array],
    features: Callable[[Array, Array], Array],
    t: Array,
    x: Float[Array, " dim"],
) -> Jet:
    """Jet of `network(features(t, x))` at a point.

    Args:
        network: callable pytree from features (inputs,) to (components,). An `MLP`
            takes the forward pass, anything else automatic differentiation.
        features: map of time [s] and position [m] to the inputs.
        t: time [s], shape ().
        x: position [m], shape (dim,).

    Returns:
        Value and derivatives with respect to t and x.
    """
    from .networks import MLP

    if isinstance(network, MLP):
        return mlp_jet(network, autodiff_jet(features, t, x))
    return autodiff_jet(lambda s, y: network(features(s, y)), t, x)


def mlp_jet(network, inputs: Jet) -> Jet:
    """Push the jet of the inputs through an `MLP`.

    Args:
        network: an `MLP` with any twice differentiable pointwise activation.
        inputs: jet of the input vector.

    Returns:
        Jet of the output vector.
    """
    dim = inputs.grad_u.shape[-1]
    pairs = [(i, j) for i in range(dim) for j in range(i, dim)]
    first = jnp.array([1 + i for i, _ in pairs])
    second = jnp.array([1 + j for _, j in pairs])
    value = inputs.u
    slopes = jnp.concatenate([inputs.u_t[None], inputs.grad_u.T])
    bends = jnp.stack([inputs.hess_u[:, i, j] for i, j in pairs])
    *hidden, last = network.layers
    for layer in hidden:
        value, slopes, bends = _affine(layer, value, slopes, bends)
        value, s1, s2 = _derivatives(network.activation, value)
        bends = s1 * bends + s2 * slopes[first] * slopes[second]
        slopes = s1 * slopes
    value, slopes, bends = _affine(last, value, slopes, bends)
    order = [
        [pairs.index((min(i, j), max(i, j))) for j in range(dim)] for i in range(dim)
    ]
    hessian = jnp.moveaxis(bends[jnp.array(order)], 2, 0)
    return Jet(value, slopes[0], slopes[1:].T, hessian)


def _affine(layer, value, slopes, bends):
    kernel = layer.kernel[...]
    both = jnp.concatenate([value[None], slopes, bends])
    both = jnp.matmul(both, kernel, precision=jax.lax.Precision.HIGHEST)
    split = 1 + slopes.shape[0]
    return both[0] + layer.bias[...], both[1:split], both[split:]


def _derivatives(activation, z):
    def slope(z):
        return jax.jvp(activation, (z,), (jnp.ones_like(z),))

    (value, first), (_, second) = jax.jvp(slope, (z,), (jnp.ones_like(z),))
    return value, first, second
