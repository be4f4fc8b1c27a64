"""Deep operator networks: coefficients from a branch, a basis from a trunk."""

from collections.abc import Callable

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from .pod import PODBasis


class DeepONet(nnx.Module):
    """Operator network with a learned basis: a field at any points.

        field(y) = sum_k branch(inputs)_k trunk(y)_k + bias

    Args:
        branch: callable pytree from (inputs,) to (basis,).
        trunk: callable pytree from one point (dim,) to (basis,).

    Reference:
        L. Lu et al., Learning nonlinear operators via DeepONet, Nature Machine
        Intelligence 3 (2021), 218-229, equation 2, doi:10.1038/s42256-021-00302-5.

    Example:
        >>> import jax
        >>> branch_key, trunk_key = jax.random.split(jax.random.key(0))
        >>> network = DeepONet(MLP(3, 8, key=branch_key), MLP(2, 8, key=trunk_key))
        >>> network(jax.numpy.ones(3), jax.numpy.ones((5, 2))).shape
        (5,)
    """

    def __init__(self, branch: Callable, trunk: Callable, *, dtype=None):
        self.branch = nnx.data(branch)
        self.trunk = nnx.data(trunk)
        self.bias = nnx.Param(jnp.zeros((), dtype or jnp.result_type(float)))

    def __call__(
        self, inputs: Float[Array, " inputs"], points: Float[Array, "points dim"]
    ) -> Float[Array, " points"]:
        basis = jnp.vectorize(self.trunk, signature="(d)->(k)")(points)
        return basis @ self.branch(inputs) + self.bias[...]


class PODDeepONet(nnx.Module):
    """Operator network whose trunk is a POD basis: a field on the data's nodes.

    The basis holds mean, modes and amplitudes of the training fields as arrays and is
    not trained; only the branch is.

    Args:
        branch: callable pytree from (inputs,) to (modes,).
        basis: the POD basis of the training fields.

    Reference:
        L. Lu et al., A comprehensive and fair comparison of two neural operators,
        Computer Methods in Applied Mechanics and Engineering 393 (2022), 114778,
        section 3.1.3, doi:10.1016/j.cma.2022.114778.
    """

    def __init__(self, branch: Callable, basis: PODBasis):
        self.branch = nnx.data(branch)
        self.basis = nnx.data(basis)

    def __call__(self, inputs: Float[Array, " inputs"]) -> Float[Array, " nodes"]:
        return self.basis.decode(self.branch(inputs))
