"""What a march keeps for its reverse pass.

A march repeats one step. Its reverse pass needs what every step computed: `StoreAll`
keeps it, `Checkpointed` keeps the state of about every √N-th step and repeats the rest.
"""

import abc
import math
from collections.abc import Callable
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array

from .newton import ROOT

Carry = TypeVar("Carry")


class AbstractAdjoint(eqx.Module):
    """How the steps of a march are repeated."""

    @abc.abstractmethod
    def repeat(
        self,
        step: Callable[[Carry, Array], Carry],
        carry: Carry,
        first: Array,
        count: int,
    ) -> Carry:
        """Apply `step(carry, n)` for n = first, …, first + count - 1."""


class StoreAll(AbstractAdjoint):
    """Keep every step: memory grows with their number."""

    def repeat(self, step, carry, first, count):
        return _scan(step, carry, first, count)


class Checkpointed(AbstractAdjoint):
    """Two levels: keep the state every √N steps and repeat the steps between.

    Memory grows with √N, and every step is taken once more. Gradients equal those of
    `StoreAll` to round-off.

    Reference:
        A. Griewank and A. Walther, Evaluating Derivatives (2008), chapter 12.
    """

    def repeat(self, step, carry, first, count):
        length = max(1, math.isqrt(count))
        chunks, rest = divmod(count, length)

        @jax.checkpoint
        def chunk(carry, start):
            return _scan(step, carry, start, length)

        def body(carry, n):
            return chunk(carry, first + n * length), None

        carry, _ = lax.scan(body, carry, jnp.arange(chunks))
        if rest:
            tail = lambda c, n: _scan(step, c, n, rest)
            carry = jax.checkpoint(tail)(carry, first + chunks * length)
        return carry


def _scan(step, carry, first, count):
    body = lambda carry, n: (step(carry, n), None)
    return lax.scan(body, carry, first + jnp.arange(count))[0]


def keep_root(step: Callable[[Carry, Array], Carry]) -> Callable:
    """Let the reverse pass of an implicit step keep its root and repeat the rest.

    A step that finds a root spends its time there; what is repeated is one assembly,
    and the element matrices of every step need not be stored.
    """
    policy = jax.checkpoint_policies.save_only_these_names(ROOT)
    return jax.checkpoint(step, policy=policy, prevent_cse=False)
