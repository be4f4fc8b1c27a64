"""Adding up the contributions of elements or faces to the entries of a matrix."""

from functools import cached_property
from hashlib import blake2b

import jax.numpy as jnp
import numpy as np
from jax.core import ShapedArray
from jax.interpreters import ad

from .batch_last import batch_last, primitive
from .padded_rows import PaddedRows, frozen, take


class Assembly:
    """The map from a list of contributions to the values of a pattern.

    Host object, equal and hashed by content.

    Attributes:
        order: (contributions,) contributions grouped by the entry they belong to.
        slots: (contributions,) the entry that each contribution belongs to.
    """

    def __init__(self, starts: np.ndarray, order: np.ndarray):
        """Store that entry `e` sums the contributions `order[starts[e]:starts[e+1]]`"""
        self.starts, self.order = frozen(starts), frozen(order)
        digest = blake2b(self.starts.tobytes(), digest_size=16)
        digest.update(self.order.tobytes())
        self.digest = digest.digest()

    def __hash__(self):
        return hash(self.digest)

    def __eq__(self, other):
        return isinstance(other, Assembly) and self.digest == other.digest

    @cached_property
    def slots(self) -> np.ndarray:
        """Entry of every contribution, (contributions,) int32."""
        slots = np.empty_like(self.order)
        entries = np.arange(self.starts.size - 1, dtype=np.int32)
        slots[self.order] = np.repeat(entries, np.diff(self.starts))
        return frozen(slots)

    @cached_property
    def padded(self) -> PaddedRows:
        """Padded layout of the contributions of every entry."""
        padded = PaddedRows(self.starts)
        order = np.append(self.order, self.order.size).astype(np.int32)
        padded.groups = tuple(order[group] for group in padded.groups)
        return padded

    def __call__(self, contributions):
        """Values (nnz,) of the matrix from the contributions (contributions,).

        Differentiable, deterministic, and batched by `jax.vmap` with the batch last.
        """
        contributions = jnp.asarray(contributions)
        if contributions.shape[0] != self.order.size:
            raise ValueError(
                f"`contributions` has shape {contributions.shape}; the assembly was "
                f"built from {self.order.size} rows and columns."
            )
        return _sum_p.bind(contributions, assembly=self)


def _sum(contributions, *, assembly):
    return assembly.padded.sum(contributions)


def _sum_shape(contributions, *, assembly):
    entries = assembly.starts.size - 1
    return ShapedArray((entries, *contributions.shape[1:]), contributions.dtype)


def _sum_batched(arguments, axes, *, assembly):
    contributions = batch_last(arguments[0], axes[0])
    result = _sum_p.bind(contributions, assembly=assembly)
    return result, result.ndim - 1


def _sum_transposed(cotangent, contributions, *, assembly):
    del contributions
    if type(cotangent) is ad.Zero:
        return [None]
    return [take(cotangent, assembly.slots)]


_sum_p = primitive("sum_contributions", _sum, _sum_shape, _sum_batched)
ad.deflinear2(_sum_p, _sum_transposed)
