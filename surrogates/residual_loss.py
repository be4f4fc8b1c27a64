"""Physics loss of a field surrogate: the solver's own discrete residual."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..datasets.space import DesignSpace
from .guard import root_mean_square
from .networks import PODBasis
from .training_data import Runs


class ResidualLoss(eqx.Module):
    """Mean square of a discrete residual at random designs of the space.

    It is made dimensionless by the residual of the mean field, and reported relative
    to its floor: the residual of the solver's own fields.

    Attributes:
        residual: `(design, fields) -> array`.
        basis: POD basis of the field.
        scale: root mean square of the residual of the mean field.
        floor: root mean square of the residual of the runs.
        weight: factor of the term in the loss.
    """

    residual: Callable[[dict, dict], Array]
    basis: PODBasis
    scale: Float[Array, ""]
    floor: Float[Array, ""]
    weight: Float[Array, ""]
    space: DesignSpace = eqx.field(static=True)
    name: str = eqx.field(static=True)
    shape: tuple[int, ...] = eqx.field(static=True)
    batch: int = eqx.field(static=True)

    @staticmethod
    def of(residual, space, basis, runs: Runs, weight, batch) -> "ResidualLoss":
        """Measure scale and floor on up to 32 of the runs' own fields."""
        output = runs.field_outputs[0]
        loss = ResidualLoss(
            residual,
            basis,
            jnp.ones(()),
            jnp.ones(()),
            jnp.asarray(float(weight)),
            space,
            output.name,
            output.shape,
            batch,
        )
        places = jnp.asarray(runs.places[:32])
        squares = jax.jit(jax.vmap(loss.mean_square))
        mean = jnp.broadcast_to(basis.mean, (len(places), basis.mean.size))
        scale = jnp.sqrt(jnp.mean(squares(places, mean)))
        floor = jnp.sqrt(jnp.mean(squares(places, jnp.asarray(runs.fields[0][:32]))))
        tiny = jnp.finfo(scale.dtype).tiny
        return eqx.tree_at(
            lambda x: (x.scale, x.floor),
            loss,
            (jnp.maximum(scale, tiny), jnp.maximum(floor, tiny)),
        )

    def mean_square(self, place, field) -> Float[Array, ""]:
        """Mean square of the residual of one flattened field at one design."""
        design = self.space.from_unit(place)
        residual = self.residual(design, {self.name: field.reshape(self.shape)})
        return root_mean_square(residual) ** 2

    def loss(self, model, key) -> Float[Array, " members"]:
        """Weighted, dimensionless mean square of each member."""
        return self.weight * self._squares(model, key) / self.scale**2

    def metrics(self, model) -> dict[str, Array]:
        """Root mean square over members and designs, relative to the floor."""
        squares = self._squares(model, jax.random.key(0))
        return {"residual_over_floor": jnp.sqrt(jnp.mean(squares)) / self.floor}

    def _squares(self, model, key):
        places = jax.random.uniform(key, (self.batch, self.space.dimension))

        def each(place):
            coefficients = model.outputs(2.0 * place - 1.0)
            fields = jax.vmap(self.basis.decode)(coefficients)
            return jax.vmap(lambda field: self.mean_square(place, field))(fields)

        return jnp.mean(jax.vmap(each)(places), axis=0)
