"""Vector functions that know how far their own parts disagree."""

import abc
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree


class AbstractRegressor(eqx.Module):
    """A map from a vector to a vector with a spread beside its mean."""

    @abc.abstractmethod
    def moments(
        self, x: Float[Array, " inputs"]
    ) -> tuple[Float[Array, " outputs"], Float[Array, " outputs"]]:
        """Mean and spread of each output at `x`; the spread is zero or larger."""

    def __call__(self, x: Float[Array, " inputs"]) -> Float[Array, " outputs"]:
        return self.moments(x)[0]


class Ensemble(AbstractRegressor):
    """Networks of one architecture from different starts, evaluated together.

    The mean is the members' mean, the spread their standard deviation: small where
    the data hold the members together, large where nothing does.

    Attributes:
        members: a callable pytree whose arrays carry a leading member axis.

    Reference:
        B. Lakshminarayanan et al., Simple and scalable predictive uncertainty
        estimation using deep ensembles, NeurIPS 2017, arXiv:1612.01474.

    Example:
        >>> import jax
        >>> from froude.surrogates.networks import MLP
        >>> build = lambda key: MLP(2, 1, key=key)
        >>> Ensemble.build(build, 4, key=jax.random.key(0))(jax.numpy.ones(2)).shape
        (1,)
    """

    members: PyTree

    @staticmethod
    def build(
        network: Callable[[PRNGKeyArray], PyTree], count: int, *, key: PRNGKeyArray
    ) -> "Ensemble":
        """Build `count` members with `network(key)`, each from a key of its own."""
        if count < 1:
            raise ValueError(f"count must be at least 1 member, got {count}.")
        return Ensemble(eqx.filter_vmap(network)(jax.random.split(key, count)))

    def outputs(self, x: Float[Array, " inputs"]) -> Float[Array, "members outputs"]:
        """The output of each member."""
        each = eqx.filter_vmap(
            lambda member, x: member(x), in_axes=(eqx.if_array(0), None)
        )
        return each(self.members, x)

    def moments(self, x):
        outputs = self.outputs(x)
        return jnp.mean(outputs, axis=0), jnp.std(outputs, axis=0)
