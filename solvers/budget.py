"""Closing the books: storage change + boundary flux - source."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .solution import Solution


class Budget(NamedTuple):
    """Imbalance of a solution since its start, (times, components) each.

    `relative` is `imbalance` over `scale`, the sum of the magnitudes of its terms: the
    content at the start and at each time, the boundary fluxes and the source. For a
    steady solution, which has one time, the terms are rates without content.
    """

    imbalance: Float[Array, "times components"]
    scale: Float[Array, "times components"]
    relative: Float[Array, "times components"]


def budget(solution: Solution) -> Budget:
    """Check that what is stored is what came in and was made.

    Args:
        solution: of `solve` or `solve_steady`.

    Returns:
        Imbalance [storage unit, or storage unit s^-1 if steady] per saved time and
        component. It closes to round-off for explicit steps and to the tolerance of
        Newton's method for implicit steps and steady states.
    """
    content, source, outflow = solution.ledger
    start = content[..., :1, :]
    left = sum(jax.tree.leaves(outflow), jnp.zeros_like(source))
    imbalance = content - start + left - source
    scale = sum((jnp.abs(part) for part in jax.tree.leaves(outflow)), jnp.abs(source))
    if content.shape[-2] > 1:
        scale = scale + jnp.abs(content) + jnp.abs(start)
    relative = imbalance / jnp.where(scale > 0, scale, 1.0)
    return Budget(imbalance, scale, relative)
