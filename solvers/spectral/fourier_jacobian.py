"""Derivative of a Fourier scheme as an operator, with a symbol near its inverse."""

from typing import TYPE_CHECKING

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from ..pointwise import evaluate, in_dtype
from .symbol import supply_rows, symbol

if TYPE_CHECKING:
    from .fourier import Fourier


class FourierJacobian(eqx.Module):
    """d/dU of storage_weight * storage - inflow_weight * inflow, without entries.

    Args:
        scheme: the Fourier discretisation.
        t: time [s].
        state: where the derivative is taken, (components, *cells).
        storage_weight: weight of the storage.
        inflow_weight: weight of the inflow.
    """

    scheme: "Fourier"
    t: Array
    state: Array
    storage_weight: Array
    inflow_weight: Array

    @property
    def shape(self) -> tuple[int, int]:
        """(unknowns, unknowns)."""
        return (self.state.size, self.state.size)

    def mv(self, vector: Array) -> Array:
        """Product with a vector, flattened (unknowns,) or shaped like the state."""

        def balance(state):
            stored = self.storage_weight * self.scheme.storage(self.t, state)
            return stored - self.inflow_weight * self.scheme.inflow(self.t, state)

        direction = vector.reshape(self.state.shape)
        return jax.jvp(balance, (self.state,), (direction,))[1].reshape(vector.shape)

    def precondition(self, vector: Array) -> Array:
        """Inverse of the operator with its coefficients averaged over the box.

        Exact for linear laws with constant coefficients. Modes that the averaged
        operator does not see (the mean of a steady problem) pass unchanged.
        """
        scheme = in_dtype(self.scheme, self.state.dtype)
        transform = scheme.transform
        modes = transform.raise_up(vector.reshape(self.state.shape))
        symbol = self._symbol(scheme) * scheme.lattice.volume
        size = jnp.max(jnp.abs(symbol), axis=(0, 1))
        floor = 100 * jnp.finfo(self.state.dtype).eps * jnp.max(size)
        identity = jnp.eye(symbol.shape[0], dtype=symbol.dtype)
        identity = identity.reshape(*identity.shape, *[1] * scheme.lattice.dimension)
        symbol = jnp.where(size > floor, symbol, identity)
        if symbol.shape[0] == 1:
            solved = modes / symbol[0]
        else:
            matrices = jnp.moveaxis(symbol, (0, 1), (-2, -1))
            right = jnp.moveaxis(modes, 0, -1)[..., None]
            solved = jnp.moveaxis(jnp.linalg.solve(matrices, right)[..., 0], -1, 0)
        return transform.lower(solved).reshape(vector.shape)

    def _symbol(self, scheme: "Fourier") -> Array:
        """Averaged derivative per mode, (components, components, *coefficients)."""
        lattice, law = scheme.lattice, scheme.problem.law
        space = tuple(range(-lattice.dimension, 0))
        t = jnp.asarray(self.t, self.state.dtype)
        transform = scheme.transform
        modes = transform.raise_up(self.state)
        fields = (
            transform.to_fine(modes),
            transform.to_fine(transform.gradient(modes)),
        )
        x = transform.fine_points()

        jet = jnp.concatenate([fields[0][:, None], fields[1]], axis=1)
        shape = jet.shape[:2]

        def mean(function, *fields):
            derivative = jax.jacfwd(function, argnums=2)
            values = evaluate(derivative, t, x, *fields, dimension=lattice.dimension)
            return jnp.mean(values, axis=space)

        rows = lambda t, x, jet: supply_rows(law, t, x, jet.reshape(shape))
        stored = mean(law.storage, fields[0])
        slopes = mean(rows, jet.reshape(-1, *jet.shape[2:]))
        waves = jnp.stack(
            jnp.broadcast_arrays(
                *[transform.wave_numbers(axis) for axis in range(lattice.dimension)]
            )
        )
        inflow = symbol(slopes.reshape(*slopes.shape[:2], *shape), waves)
        ones = [1] * lattice.dimension
        stored = self.storage_weight * stored
        return stored.reshape(*stored.shape, *ones) - self.inflow_weight * inflow
