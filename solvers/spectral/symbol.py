"""What a balance law does to one Fourier mode: its symbol.

At a point a law maps a jet, row (u, grad u) per component, to a row (flux, source). On
a mode the jet is u times (1, ik) and the supply is the row times (-ik, 1).
"""

import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from ...physics import AbstractBalanceLaw


def supply_rows(
    law: AbstractBalanceLaw,
    t: Array,
    x: Float[Array, " dim"],
    jet: Float[Array, "components 1+dim"],
) -> Float[Array, "components dim+1"]:
    """Flux and source at a point, (flux_1, ..., flux_dim, source) per component."""
    u, grad_u = jet[:, 0], jet[:, 1:]
    flux, source = law.flux(t, x, u, grad_u), law.source(t, x, u, grad_u)
    return jnp.concatenate([flux, source[:, None]], axis=1)


def jet_factors(waves: Float[Array, " dim *modes"]) -> Complex[Array, " 1+dim *modes"]:
    """(1, ik_1, ..., ik_dim): what makes the jet of a mode."""
    slope = 1j * waves
    return jnp.concatenate([jnp.ones_like(slope[:1]), slope])


def supply_factors(
    waves: Float[Array, " dim *modes"],
) -> Complex[Array, " dim+1 *modes"]:
    """(-ik_1, ..., -ik_dim, 1): what makes the supply of flux and source."""
    slope = 1j * waves
    return jnp.concatenate([-slope, jnp.ones_like(slope[:1])])


def symbol(
    slopes: Float[Array, "components dim+1 components 1+dim"],
    waves: Float[Array, " dim *modes"],
) -> Complex[Array, "components components *modes"]:
    """Supply of each mode per amplitude, of rows that are linear in the jet.

    Args:
        slopes: d rows / d jet, the same everywhere.
        waves: wave numbers [rad m^-1].
    """
    made, taken = supply_factors(waves), jet_factors(waves)
    return jnp.einsum("iajb,a...,b...->ij...", slopes, made, taken)
