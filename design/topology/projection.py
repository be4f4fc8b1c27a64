"""Projection of grey densities towards void and solid, and robust members.

ρ = (tanh βη + tanh β(ρ~ - η)) / (tanh βη + tanh β(1 - η)) for a filtered density ρ~,
sharpness β and threshold η. F. Wang, B. S. Lazarov, O. Sigmund (2011), On projection
methods, convergence and robust formulations in topology optimization, Struct.
Multidisc. Optim. 43, 767, doi:10.1007/s00158-010-0602-y.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float


def projected(
    density: Float[Array, " cells"], sharpness: Array, level: Array | float
) -> Float[Array, " cells"]:
    """Smoothed step of a density: 0 below, 1 above `level`, both kept exactly.

    Args:
        density: between 0 and 1, (cells,).
        sharpness: β [-], > 0; the step grows steeper with it.
        level: η [-], between 0 and 1.
    """
    below = jnp.tanh(sharpness * level)
    above = jnp.tanh(sharpness * (1.0 - level))
    return (below + jnp.tanh(sharpness * (density - level))) / (below + above)


class Projection(eqx.Module):
    """Continuation of the projection, with a margin for members of a minimum size.

    With a margin δ > 0 the layout is made stiff as it would come out with too little
    material (level 0.5 + δ), the worst case of over- and under-etching in stiffness,
    under the limit on the volume of the part itself (level 0.5). A member thinner than
    about the radius of the density filter (δ = 0.25) vanishes from the thin version and
    so is not worth having, except along the edge of the mesh, where the filter sees
    half of it.

    Args:
        margin: δ [-], from 0 (projection only) to below 0.5.
        sharpness: β [-] of each stage, increasing.
        steps: most steps of each stage; the last may take all that are left.

    Raises:
        ValueError: a margin or a stage out of range.
    """

    margin: float = eqx.field(static=True, default=0.0)
    sharpness: tuple[float, ...] = eqx.field(
        static=True, default=(1.0, 2.0, 4.0, 8.0, 16.0, 32.0), converter=tuple
    )
    steps: int = eqx.field(static=True, default=40)

    def __check_init__(self) -> None:
        if not 0 <= self.margin < 0.5:
            raise ValueError(f"margin = {self.margin} must lie between 0 and 0.5.")
        stages = self.sharpness
        rising = all(a < b for a, b in zip(stages, stages[1:], strict=False))
        if not stages or stages[0] <= 0 or not rising:
            raise ValueError(f"sharpness = {stages} must be positive and increase.")
        if self.steps < 1:
            raise ValueError(f"steps = {self.steps} must be at least 1.")
