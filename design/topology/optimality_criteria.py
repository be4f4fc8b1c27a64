"""The optimality-criteria update for one volume constraint.

Where x is inside its bounds, -dc/dx = λ dV/dx at an optimum; the fixed-point update
x (-(dc/dx) / (λ dV/dx))^η, limited by a move, is repeated until it rests. λ is found by
bisection, for which the new volume falls as λ grows. M. P. Bendsøe and O. Sigmund,
Topology Optimization (2003), section 1.2.
"""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

_HALVINGS = 60
_DECADES = 12.0
_LEAST_SLOPE = 1e-3
_SHRINK, _GROW, _SHORTEST = 0.65, 1.05, 0.01


class OptimalityCriteria(eqx.Module):
    """Move limit and damping of the update.

    Args:
        move: largest change of a variable in one step [-].
        damping: η [-], 0.5 in most published work.
    """

    move: float = eqx.field(static=True, default=0.2)
    damping: float = eqx.field(static=True, default=0.5)

    def __check_init__(self) -> None:
        if not (0 < self.move <= 1 and 0 < self.damping <= 1):
            raise ValueError(
                f"move = {self.move} and damping = {self.damping} must lie in (0, 1]."
            )

    def moves(
        self, moves: Float[Array, " variables"], before: Array, change: Array
    ) -> Float[Array, " variables"]:
        """Moves that shrink where a variable goes back and forth and recover slowly.

        A projection makes cells so sensitive that steps of one length oscillate. The
        rule is that of Svanberg's moving asymptotes.

        Args:
            moves: of the last step.
            before: change in the step before it.
            change: change in it.
        """
        turned = before * change < 0
        new = jnp.where(turned, _SHRINK * moves, _GROW * moves)
        return jnp.clip(new, _SHORTEST * self.move, self.move)

    def update(
        self,
        design: Float[Array, " variables"],
        sensitivity: Float[Array, " variables"],
        volume_sensitivity: Float[Array, " variables"],
        volume: Callable[[Array], Array],
        limit: Array,
        bounds: tuple[Array, Array],
        move: Array | float,
    ) -> Float[Array, " variables"]:
        """The next design.

        Args:
            design: x.
            sensitivity: dc/dx; where it is positive less material is better.
            volume_sensitivity: dV/dx, >= 0.
            volume: design -> V.
            limit: largest V.
            bounds: least and greatest x.
            move: largest change of each variable.
        """
        lower = jnp.maximum(bounds[0], design - move)
        upper = jnp.minimum(bounds[1], design + move)
        # a projection takes both sensitivities to 0 deep inside void and solid
        least = _LEAST_SLOPE * jnp.max(volume_sensitivity)
        cost = jnp.maximum(volume_sensitivity, least)
        worth = jnp.maximum(-sensitivity, 0.0) / cost
        middle = jnp.log(jnp.mean(worth) + jnp.finfo(design.dtype).tiny)
        span = _DECADES * jnp.log(10.0)

        def moved(log_multiplier):
            factor = (worth * jnp.exp(-log_multiplier)) ** self.damping
            return jnp.clip(design * factor, lower, upper)

        def halve(_, ends):
            low, high = ends
            mean = 0.5 * (low + high)
            heavy = volume(moved(mean)) > limit
            return jnp.where(heavy, mean, low), jnp.where(heavy, high, mean)

        ends = lax.fori_loop(0, _HALVINGS, halve, (middle - span, middle + span))
        return moved(0.5 * (ends[0] + ends[1]))
