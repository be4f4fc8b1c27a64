"""From averages of cells in a row to the states on both faces of the middle one.

`LimitedLinear` and `WENO5Z` work on the conserved unknowns as they come;
`Primitive(...)` and `Characteristic(...)` change the variables for them.
"""

import abc
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ...physics import AbstractGas
from .limiter import van_leer


class AbstractReconstruction(eqx.Module):
    """States of one cell on its two faces."""

    @property
    @abc.abstractmethod
    def width(self) -> int:
        """Cells in the window, an odd number."""

    @abc.abstractmethod
    def __call__(
        self, law: AbstractGas, axis: int, window: Float[Array, "width components"]
    ) -> tuple[Float[Array, " components"], Float[Array, " components"]]:
        """Values on the lower and the upper face of the middle cell of a window.

        Args:
            law: the gas.
            axis: axis along which the window lies.
            window: averages of conserved unknowns from low to high coordinates.
        """


class LimitedLinear(AbstractReconstruction):
    """A line through the average with a limited slope: second order, first at extrema.

    Args:
        limiter: slope from the differences to both neighbours, see `limiter.py`.
    """

    limiter: Callable[[Array, Array], Array] = eqx.field(static=True, default=van_leer)

    @property
    def width(self) -> int:
        return 3

    def __call__(self, law, axis, window):
        before, here, after = window
        half = 0.5 * self.limiter(here - before, after - here)
        return here - half, here + half


class WENO5Z(AbstractReconstruction):
    """Fifth order in smooth flow, essentially non-oscillatory at jumps.

    Three parabolas are weighed by how rough they are, relative to the difference of
    the outer two. In two and three dimensions one flux per face limits the order of a
    scheme to two, with a much smaller error.

    Reference:
        R. Borges, M. Carmona, B. Costa, W. S. Don (2008), J. Comput. Phys. 227, 3191,
        equations 25 to 28 with p = 2.
    """

    @property
    def width(self) -> int:
        return 5

    def __call__(self, law, axis, window):
        return _weno5z(*window[::-1]), _weno5z(*window)


def _weno5z(a: Array, b: Array, c: Array, d: Array, e: Array) -> Array:
    """Value on the face between c and d."""
    parabolas = jnp.stack(
        [
            2 * a - 7 * b + 11 * c,
            -b + 5 * c + 2 * d,
            2 * c + 5 * d - e,
        ]
    )
    bend = (a - 2 * b + c, b - 2 * c + d, c - 2 * d + e)
    slope = (a - 4 * b + 3 * c, b - d, 3 * c - 4 * d + e)
    rough = [13 / 12 * k**2 + 0.25 * s**2 for k, s in zip(bend, slope, strict=True)]
    apart = rough[0] - rough[2]
    # Relative to the values, so that the weights do not depend on units.
    size = a**2 + b**2 + c**2 + d**2 + e**2
    tiny = jnp.finfo(c.dtype).tiny
    small = jnp.finfo(c.dtype).eps ** 2 * size + tiny**0.5
    weights = jnp.stack(
        [
            ideal * (1 + (apart / (beta + small)) ** 2)
            for ideal, beta in zip((0.1, 0.6, 0.3), rough, strict=True)
        ]
    )
    return jnp.sum(weights * parabolas, axis=0) / (6 * jnp.sum(weights, axis=0))


class Primitive(AbstractReconstruction):
    """Reconstruct density, velocity and pressure: pressure stays flat at contacts.

    The primitive variables of an average are not their averages, so that no more than
    second order is reached where velocity or pressure varies.

    Args:
        inner: how each variable is reconstructed.
    """

    inner: AbstractReconstruction

    @property
    def width(self) -> int:
        return self.inner.width

    def __call__(self, law, axis, window):
        low, high = self.inner(law, axis, jax.vmap(law.primitive)(window))
        return law.conserved(low), law.conserved(high)


class Characteristic(AbstractReconstruction):
    """Reconstruct the strengths of the waves, by the eigenvectors of the middle cell.

    Oscillates least where waves meet. In a smooth wave the strengths of the other
    families have no slope in any cell, where the weights of `WENO5Z` are far from
    ideal: order 3 instead of 5 was seen there.

    Args:
        inner: how each strength is reconstructed.

    Reference:
        C.-W. Shu (1998), ICASE report 97-65, procedure 2.10.
    """

    inner: AbstractReconstruction

    @property
    def width(self) -> int:
        return self.inner.width

    def __call__(self, law, axis, window):
        middle = window[self.width // 2]
        w = law.primitive(middle)
        left, right = law.eigenvectors(w, axis)
        to_waves = left @ jax.jacfwd(law.primitive)(middle)
        from_waves = jax.jacfwd(law.conserved)(w) @ right
        low, high = self.inner(law, axis, window @ to_waves.T)
        return from_waves @ low, from_waves @ high
