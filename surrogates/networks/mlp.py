"""Multilayer perceptron: affine maps with a pointwise nonlinearity between them."""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, PRNGKeyArray


class MLP(nnx.Module):
    """Dense network from a vector to a vector.

    Args:
        inputs: length of the input vector.
        outputs: length of the output vector.
        widths: number of units of each hidden layer; `()` gives an affine map.
        activation: pointwise nonlinearity, for instance `jnp.tanh` or `jnp.sin`.
        dtype: floating dtype of parameters and arithmetic; `None` means JAX's default
            float (float32, or float64 where x64 is switched on).
        key: random key of the initial parameters.

    The hidden and output layers are `layers`, a list of `flax.nnx.Linear`, each with
    `kernel` (inputs, outputs) and `bias` (outputs,). Weights start from the
    Glorot-uniform law, biases from zero.

    Example:
        >>> import jax
        >>> network = MLP(2, 1, widths=(16, 16), key=jax.random.key(0))
        >>> network(jax.numpy.ones(2)).shape
        (1,)
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        widths: Sequence[int] = (64, 64),
        activation: Callable[[Array], Array] = jnp.tanh,
        dtype=None,
        key: PRNGKeyArray,
    ):
        sizes = (inputs, *widths, outputs)
        if min(sizes) < 1:
            raise ValueError(
                f"MLP sizes must be at least 1, got inputs={inputs}, "
                f"widths={tuple(widths)}, outputs={outputs}."
            )
        self.inputs = int(inputs)
        self.outputs = int(outputs)
        self.widths = tuple(int(width) for width in widths)
        self.activation = activation
        self.dtype = jnp.dtype(dtype or jnp.result_type(float)).name
        rngs = nnx.Rngs(params=key)
        self.layers = nnx.List(
            nnx.Linear(
                before,
                after,
                kernel_init=nnx.initializers.glorot_uniform(),
                dtype=jnp.dtype(self.dtype),
                param_dtype=jnp.dtype(self.dtype),
                precision=jax.lax.Precision.HIGHEST,
                rngs=rngs,
            )
            for before, after in zip(sizes[:-1], sizes[1:], strict=True)
        )

    def __call__(self, x: Float[Array, " inputs"]) -> Float[Array, " outputs"]:
        *hidden, last = self.layers
        for layer in hidden:
            x = self.activation(layer(x))
        return last(x)
