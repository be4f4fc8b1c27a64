"""Random periodic fields of a given spectrum: initial states for decaying turbulence.

A field is a sum of Fourier modes and so a function of position, the same on every grid.
"""

import itertools
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .domain import Box


class FourierSum(eqx.Module):
    """Σ c cos(k·x) + s sin(k·x), a function of a point with (components,) values.

    Args:
        waves: k [rad m^-1], (modes, dim).
        cosines: c, (components, modes).
        sines: s, (components, modes).
    """

    waves: Float[Array, "modes dim"]
    cosines: Float[Array, "components modes"]
    sines: Float[Array, "components modes"]

    def __call__(self, x: Float[Array, " dim"]) -> Float[Array, " components"]:
        phase = self.waves @ x
        return self.cosines @ jnp.cos(phase) + self.sines @ jnp.sin(phase)


def random_field(
    box: Box,
    variance: Callable[[Array], Array],
    *,
    highest: int,
    components: int = 1,
    key: Array,
) -> FourierSum:
    """Independent Gaussian fields of mean zero, periodic on a box.

    Args:
        box: its sides are the periods.
        variance: of one mode, a function of |k| [rad m^-1] that takes an array.
        highest: largest wave index along each axis.
        components: number of fields.
        key: of the random numbers.

    Returns:
        A function of position, for `Problem(initial=...)`.

    Raises:
        ValueError: `highest` below 1.

    Reference:
        S. B. Pope, Turbulent Flows (2000), section 6.5 and appendix E.
    """
    waves = _waves(box, highest)
    size = jnp.sqrt(variance(jnp.linalg.norm(waves, axis=1)))
    cosines, sines = size * jax.random.normal(key, (2, components, len(waves)))
    return FourierSum(waves, cosines, sines)


def random_solenoidal_field(
    box: Box, variance: Callable[[Array], Array], *, highest: int, key: Array
) -> FourierSum:
    """A Gaussian velocity without divergence, one component per axis.

    Each mode is projected on the plane normal to its wave vector; `variance` is that of
    a component before the projection. Arguments, errors and source as in
    `random_field`.

    Args:
        box: its sides are the periods.
        variance: of one mode and component, a function of |k| [rad m^-1].
        highest: largest wave index along each axis.
        key: of the random numbers.

    Returns:
        A function of position, for `Problem(initial=...)`.
    """
    field = random_field(
        box, variance, highest=highest, components=box.dimension, key=key
    )
    unit = field.waves / jnp.linalg.norm(field.waves, axis=1, keepdims=True)

    def project(amplitudes):
        return amplitudes - unit.T * jnp.sum(unit.T * amplitudes, axis=0)

    return FourierSum(field.waves, project(field.cosines), project(field.sines))


def _waves(box: Box, highest: int) -> Float[Array, "modes dim"]:
    """One of each pair of opposite wave vectors, without zero."""
    if highest < 1:
        raise ValueError(f"highest = {highest} must be at least 1.")
    every = itertools.product(range(-highest, highest + 1), repeat=box.dimension)
    half = [index for index in every if index > (0,) * box.dimension]
    return jnp.asarray(np.array(half)) * (2 * np.pi / (box.upper - box.lower))
