"""What solved designs teach a surrogate near them: its error, interpolated."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

_LENGTH = 0.3
"""Reach of one solved design in the unit cube; errors of a smooth surrogate vary on
the scale of the cube, and a shorter reach only costs more solver calls."""


class Correction(eqx.Module):
    """Additive correction, exact at the solved designs and fading away from them.

    Args:
        points: solved designs in the unit cube (n, dim).
        errors: solver minus surrogate there (n, quantities).
        names: the corrected quantities.

    Reference:
        J. W. Bandler et al. (2004), IEEE Trans. Microw. Theory Tech. 52, 337: output
        space mapping.
    """

    points: Float[Array, "n dim"]
    errors: Float[Array, "n quantities"]
    names: tuple[str, ...] = eqx.field(static=True)

    @staticmethod
    def empty(dimension: int, names: tuple[str, ...]) -> "Correction":
        """A correction that knows no solved design yet and returns zero."""
        return Correction(jnp.zeros((0, dimension)), jnp.zeros((0, len(names))), names)

    def add(self, point: np.ndarray, error: np.ndarray) -> "Correction":
        """Learn solver minus surrogate at one more design."""
        return Correction(
            jnp.concatenate([self.points, jnp.asarray(point)[None]]),
            jnp.concatenate([self.errors, jnp.asarray(error)[None]]),
            self.names,
        )

    def __call__(self, point: Float[Array, " dim"]) -> Float[Array, " quantities"]:
        if self.points.shape[0] == 0:
            return jnp.zeros(len(self.names), point.dtype)
        gram = _kernel(self.points[:, None], self.points[None])
        gram = gram + 1e-10 * jnp.eye(gram.shape[0], dtype=gram.dtype)
        weights = jnp.linalg.solve(gram, self.errors)
        return _kernel(self.points, point) @ weights


def _kernel(a: Array, b: Array) -> Array:
    return jnp.exp(-0.5 * jnp.sum((a - b) ** 2, axis=-1) / _LENGTH**2)
