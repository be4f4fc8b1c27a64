"""Checks that any solver or function of the user's can be put through."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np


def observed_order(sizes: Sequence[float], errors: Sequence[float]) -> np.ndarray:
    """Slopes of log error over log size between neighbouring refinements.

    Args:
        sizes: mesh width or time step of each run, (runs,).
        errors: error of each run, (runs,), > 0.

    Returns:
        (runs - 1,) orders; the last one belongs to the finest pair.

    Raises:
        ValueError: fewer than two runs, or lengths that differ.

    Example:
        >>> observed_order([0.2, 0.1], [0.04, 0.01]).round(6).tolist()
        [2.0]
    """
    h, e = np.asarray(sizes, float), np.asarray(errors, float)
    if h.shape != e.shape or h.ndim != 1 or h.size < 2:
        raise ValueError(
            f"sizes {h.shape} and errors {e.shape} must be vectors of one length, at "
            "least 2."
        )
    return np.diff(np.log(e)) / np.diff(np.log(h))


class GradientCheck(NamedTuple):
    """Outcome of `gradient_check`.

    `steps` and `errors` draw the U-curve: relative error of the central difference
    against the directional derivative, for each step. `best` is its smallest value.
    `dot_product` is the relative difference of forward and reverse mode.
    """

    derivative: float
    steps: np.ndarray
    errors: np.ndarray
    best: float
    dot_product: float


def gradient_check(
    function: Callable[[Any], jax.Array],
    argument: Any,
    *,
    direction: Any = None,
    steps: Sequence[float] = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7),
    seed: int = 0,
) -> GradientCheck:
    """Compare the derivative of a scalar function with finite differences.

    Args:
        function: pytree -> scalar, differentiable in both modes.
        argument: where to differentiate; every float array leaf takes part.
        direction: pytree like `argument`; random and scaled like it when omitted.
        steps: relative lengths of the central difference.
        seed: of the random direction.

    Returns:
        The check. In float64 a correct gradient of a smooth function reaches
        `best` < 1e-6 and `dot_product` < 1e-12.
    """
    moving, fixed = eqx.partition(argument, eqx.is_inexact_array)
    if direction is None:
        direction = _random_like(moving, seed)
    derivatives = lambda at: _derivatives(function, at, fixed, direction)
    _, forward, gradient = derivatives(moving)
    pairs = zip(jax.tree.leaves(gradient), jax.tree.leaves(direction), strict=True)
    reverse = sum(jnp.vdot(slope, along) for slope, along in pairs)
    errors = []
    for step in steps:
        ahead, behind = (
            derivatives(jax.tree.map(lambda a, d, s=s: a + s * d, moving, direction))[0]
            for s in (step, -step)
        )
        difference = (ahead - behind) / (2 * step)
        errors.append(_relative(difference, forward))
    return GradientCheck(
        derivative=float(forward),
        steps=np.asarray(steps, float),
        errors=np.asarray(errors),
        best=min(errors),
        dot_product=_relative(reverse, forward),
    )


# One program gives the values of the finite differences too, though their derivatives
# are not used: its compilation is what a check waits for.
@eqx.filter_jit
def _derivatives(function, moving, fixed, direction):
    """Value, derivative along `direction` and gradient."""
    value, push = jax.linearize(lambda at: function(eqx.combine(at, fixed)), moving)
    (gradient,) = jax.linear_transpose(push, moving)(jnp.ones_like(value))
    return value, push(direction), gradient


def _relative(a, b) -> float:
    a, b = float(a), float(b)
    size = max(abs(a), abs(b))
    return abs(a - b) / size if size > 0 else 0.0


def _random_like(tree, seed):
    generator = np.random.default_rng(seed)

    def draw(leaf):
        noise = generator.uniform(0.5, 1.0, leaf.shape)
        scale = np.maximum(np.abs(leaf), 0.1 * np.max(np.abs(leaf), initial=0.0))
        return jnp.asarray(noise * np.where(scale > 0, scale, 1.0), leaf.dtype)

    return jax.tree.map(draw, tree)
