"""What one time step is: the interface of the methods, and what a step reports."""

import abc
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from .discretization import AbstractDiscretization
from .newton import Root


class Amounts(NamedTuple):
    """What crossed each boundary part and what was made, (components,) each."""

    outflow: dict[str, Array]
    source: Array


class Step(NamedTuple):
    """End of one time step.

    Shapes: `state` like the state; `amounts` what the step added [storage unit];
    `memory` what the method keeps for the next step; the rest scalars.
    """

    state: Array
    amounts: Amounts
    memory: Any
    status: Array
    newton_steps: Array
    linear_steps: Array
    residual_norm: Array


Solve = Callable[[Array, Array, Array, Array], Root]
"""(t, inflow_weight, known, guess) -> root of a `StageBalance`."""


class AbstractTimeMethod(eqx.Module):
    """A rule that advances the stored amounts of a discretisation by one step."""

    @abc.abstractmethod
    def start(self, scheme: AbstractDiscretization, t: Array, state: Array) -> Any:
        """Memory before the first step."""

    @abc.abstractmethod
    def step(
        self,
        scheme: AbstractDiscretization,
        solve: Solve,
        t: Array,
        dt: Array,
        state: Array,
        memory: Any,
    ) -> Step:
        """Advance from `t` to `t + dt`."""


def rates(
    scheme: AbstractDiscretization, t: Array, state: Array, storage_rate: Array
) -> Amounts:
    """Outflow and source per second at one time."""
    outflow = scheme.boundary_flux(t, state, storage_rate=storage_rate)
    return Amounts(outflow, scheme.source_integral(t, state))


def combine(weights: Any, parts: Any) -> Any:
    """Sum of weight times part, leaf by leaf, for pytrees of one structure."""
    return jax.tree.map(
        lambda *leaves: sum(w * leaf for w, leaf in zip(weights, leaves, strict=True)),
        *parts,
    )


def total_work(roots: list[Root]) -> tuple[Array, Array, Array, Array]:
    """First failure, summed steps and largest residual of several stages."""
    status = roots[0].status
    for root in roots[1:]:
        status = jnp.where(status == 0, root.status, status)
    return (
        status,
        sum((root.newton_steps for root in roots), jnp.zeros((), jnp.int32)),
        sum((root.linear_steps for root in roots), jnp.zeros((), jnp.int32)),
        jnp.max(jnp.stack([root.residual_norm for root in roots])),
    )
