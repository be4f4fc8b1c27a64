"""Proper orthogonal decomposition: the best linear basis of a set of fields."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..round_off import round_off


class PODBasis(eqx.Module):
    """Mean field and leading orthonormal modes of a set of fields.

        field = mean + modes @ (scale * coefficients)

    `scale` is the root mean square of each mode's amplitude in the data, so that
    coefficients have unit size.

    Attributes:
        mean: mean field (nodes,), in the field's unit.
        modes: orthonormal modes (nodes, modes).
        scale: amplitude of each mode (modes,), in the field's unit.

    Reference:
        L. Sirovich, Turbulence and the dynamics of coherent structures, Quarterly of
        Applied Mathematics 45 (1987), 561-571, doi:10.1090/qam/910462.
    """

    mean: Float[Array, " nodes"]
    modes: Float[Array, "nodes modes"]
    scale: Float[Array, " modes"]

    @staticmethod
    def from_fields(fields, *, tolerance: float = 1e-4, most: int = 64) -> "PODBasis":
        """Return the smallest basis that leaves at most `tolerance` unexplained.

        Args:
            fields: (samples, nodes), at least two samples, all finite.
            tolerance: root mean square of what the basis leaves out, relative to the
                root mean square of the fields about their mean.
            most: greatest number of modes.

        Raises:
            ValueError: for fewer than two samples, another shape or values that are
                not finite.
        """
        fields = np.asarray(fields)
        if fields.ndim != 2 or fields.shape[0] < 2:
            raise ValueError(
                "fields must have shape (samples, nodes) with at least 2 samples, got "
                f"{fields.shape}."
            )
        if not np.isfinite(fields).all():
            raise ValueError(
                "fields contain values that are not finite; drop failed samples first."
            )
        mean = fields.mean(axis=0)
        left, singular, right = np.linalg.svd(fields - mean, full_matrices=False)
        energy = np.cumsum(singular**2)
        tiny = np.finfo(fields.dtype).tiny
        left_out = np.sqrt(np.maximum(1.0 - energy / max(energy[-1], tiny), 0.0))
        enough = int(np.argmax(left_out <= tolerance)) + 1
        count = max(1, min(enough, most, fields.shape[0] - 1))
        scale = singular[:count] / np.sqrt(fields.shape[0])
        # A field that never varies has no mode, only round-off.
        scale = np.maximum(scale, max(round_off(fields, None), tiny))
        return PODBasis(
            mean=jnp.asarray(mean),
            modes=jnp.asarray(right[:count].T),
            scale=jnp.asarray(scale),
        )

    def encode(self, field: Float[Array, " nodes"]) -> Float[Array, " modes"]:
        """Coefficients of the field's orthogonal projection on the modes."""
        return (field - self.mean) @ self.modes / self.scale

    def decode(self, coefficients: Float[Array, " modes"]) -> Float[Array, " nodes"]:
        """The field with the given coefficients; the basis itself is not trained."""
        mean, modes, scale = jax.lax.stop_gradient((self.mean, self.modes, self.scale))
        return mean + modes @ (scale * coefficients)
