"""The two kinds of output of a surrogate: scalars, and fields on the data's nodes."""

import dataclasses
import math

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .networks import PODDeepONet
from .regressor import AbstractRegressor
from .round_off import round_off


@dataclasses.dataclass(frozen=True)
class Output:
    """Name and meaning of one output.

    Args:
        name: name in data sets.
        units: SI unit.
        long_name: label for people.
        log: whether the surrogate works on its logarithm (positive quantities).
        dims: dimensions of a field besides `sample`.
        shape: sizes of `dims`.
    """

    name: str
    units: str = ""
    long_name: str = ""
    log: bool = False
    dims: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()

    @property
    def attrs(self) -> dict[str, str]:
        """Attributes for xarray."""
        return {"units": self.units, "long_name": self.long_name or self.name}


class Scaling(eqx.Module):
    """Standardisation of scalars, through their logarithm where `Output.log` says so.

    Attributes:
        mean, scale: (quantities,), of the quantity or its logarithm.
        outputs: name and unit of each quantity.
    """

    mean: Float[Array, " quantities"]
    scale: Float[Array, " quantities"]
    outputs: tuple[Output, ...] = eqx.field(static=True)

    def __check_init__(self):
        _check_shape("mean", self.mean, (len(self.outputs),))
        _check_shape("scale", self.scale, (len(self.outputs),))

    @staticmethod
    def of(outputs: tuple[Output, ...], values) -> "Scaling":
        """Zero mean and unit deviation for the given values (runs, quantities)."""
        log = [output.log for output in outputs]
        values = np.asarray(values)
        values = np.where(log, np.log(np.where(log, values, 1.0)), values)
        # The mean of equal values may be off by a digit.
        mean = np.where(np.ptp(values, axis=0) > 0.0, values.mean(axis=0), values[0])
        # A quantity that never varies is predicted by its mean, to round-off.
        least = np.maximum(round_off(values), np.finfo(values.dtype).tiny)
        scale = np.maximum(values.std(axis=0), least)
        return Scaling(jnp.asarray(mean), jnp.asarray(scale), outputs)

    def encode(self, values: Float[Array, "*batch quantities"]) -> Array:
        """Standardised values from values in units."""
        return (self._where_log(values, jnp.log) - self.mean) / self.scale

    def decode(self, standard: Float[Array, "*batch quantities"]) -> Array:
        """Values in units from standardised values."""
        return self._where_log(standard * self.scale + self.mean, jnp.exp)

    def _where_log(self, values, function):
        log = jnp.asarray([output.log for output in self.outputs])
        # Both branches are finite, so that neither spoils the other's gradient.
        neutral = jnp.where(log, values, jnp.ones_like(values))
        return jnp.where(log, function(neutral), values)


class QuantityHead(eqx.Module):
    """Scalars from unit coordinates laid on [-1, 1].

    Attributes:
        regressor: from (inputs,) to the standardised quantities (quantities,).
        scaling: from those to units.
    """

    regressor: AbstractRegressor
    scaling: Scaling

    @property
    def outputs(self) -> tuple[Output, ...]:
        """Name and unit of each quantity."""
        return self.scaling.outputs

    def __call__(self, x: Float[Array, " inputs"]) -> Float[Array, " quantities"]:
        return self.scaling.decode(self.regressor(x))


class FieldHead(eqx.Module):
    """A field from a design, through POD coefficients.

    Attributes:
        network: from (inputs,) to the flattened field (nodes,).
        node_scale: typical error of the field at each node (nodes,), in its unit: the
            shape of its error band.
        output: name, unit and shape of the field.
    """

    network: PODDeepONet
    node_scale: Float[Array, " nodes"]
    output: Output = eqx.field(static=True)

    def __check_init__(self):
        _check_shape("node_scale", self.node_scale, (math.prod(self.output.shape),))


def _check_shape(name, array, shape):
    if eqx.is_array(array) and array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {array.shape}.")
