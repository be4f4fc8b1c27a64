"""Fields that satisfy initial and Dirichlet conditions whatever a network says.

u = lift + distance · N, where the lift takes the prescribed values (transfinite
interpolation between opposite sides of the box) and the distance vanishes on the
sides that prescribe them and at the start.
"""

import itertools
from functools import partial
from typing import cast

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float

from ..physics import AbstractEssentialCondition, Box, Problem, acts_on

_AXES = "xyz"
_PROBES = 16


class HardConditions(eqx.Module):
    """Lift and distance of a problem on a box.

    Args:
        problem: a problem whose domain is a `Box`.

    Raises:
        TypeError: another domain than a box.
        ValueError: an initial state without an interval or the reverse.

    Reference:
        W. J. Gordon, C. A. Hall (1973), Numer. Math. 21, 109.
    """

    problem: Problem

    def __check_init__(self) -> None:
        problem = self.problem
        if not isinstance(problem.domain, Box):
            raise TypeError(
                f"problem.domain is a {type(problem.domain).__name__}; hard conditions "
                "need a Box."
            )
        if (problem.initial is None) != (problem.interval is None):
            raise ValueError(
                "problem: give initial and interval together, or neither for a steady "
                "problem."
            )

    @property
    def box(self) -> Box:
        """The domain of the problem."""
        return cast(Box, self.problem.domain)

    def lift(self, t: Array, x: Float[Array, " dim"]) -> Float[Array, " components"]:
        """A field that takes the prescribed values."""
        space = self._lift_sides(t, x, self.box.dimension)
        if self.problem.interval is None or self.problem.initial is None:
            return space
        start = jnp.broadcast_to(self.problem.initial(x), space.shape)
        first = self.problem.interval[0]
        return space + start - self._lift_sides(first, x, self.box.dimension)

    def distance(
        self, t: Array, x: Float[Array, " dim"]
    ) -> Float[Array, " components"]:
        """Zero where the solution is prescribed, of order one elsewhere."""
        product = jnp.ones(len(self.problem.law.components), x.dtype)
        if self.problem.interval is not None:
            product = product * self._time_fraction(t)
        for axis in range(self.box.dimension):
            low, high = self._held(axis, "min"), self._held(axis, "max")
            s = self._fraction(axis, x)
            both = low & high
            product *= jnp.where(low, s, 1.0) * jnp.where(high, 1.0 - s, 1.0)
            product *= jnp.where(both, 4.0, 1.0)
        return product

    def features(self, t: Array, x: Float[Array, " dim"]) -> Float[Array, " inputs"]:
        """Network inputs: coordinates in [-1, 1], cosine and sine on periodic axes."""
        parts = []
        if self.problem.interval is not None:
            parts.append(2.0 * self._time_fraction(t) - 1.0)
        for axis in range(self.box.dimension):
            s = self._fraction(axis, x)
            if self.box.is_periodic(axis):
                parts += [jnp.cos(2 * jnp.pi * s), jnp.sin(2 * jnp.pi * s)]
            else:
                parts.append(2.0 * s - 1.0)
        return jnp.stack(parts)

    @property
    def inputs(self) -> int:
        """Number of features."""
        domain = self.box
        periodic = sum(domain.is_periodic(axis) for axis in range(domain.dimension))
        return domain.dimension + periodic + (self.problem.interval is not None)

    def _time_fraction(self, t: Array) -> Array:
        assert self.problem.interval is not None
        start, end = self.problem.interval
        return (t - start) / (end - start)

    def _fraction(self, axis: int, x: Array) -> Array:
        domain = self.box
        return (x[axis] - domain.lower[axis]) / (domain.upper - domain.lower)[axis]

    def _essential(self, axis: int, side: str) -> list[AbstractEssentialCondition]:
        held = self.problem.conditions.get(f"{_AXES[axis]}_{side}", ())
        return [c for c in held if isinstance(c, AbstractEssentialCondition)]

    def _held(self, axis: int, side: str) -> np.ndarray:
        mask = np.zeros(len(self.problem.law.components), bool)
        for condition in self._essential(axis, side):
            mask |= acts_on(condition, self.problem.law)
        return mask

    def _on_side(self, axis: int, side: str, x: Array) -> Array:
        domain = self.box
        return x.at[axis].set((domain.lower if side == "min" else domain.upper)[axis])

    def _side_values(self, axis: int, side: str, t: Array, x: Array) -> Array:
        values = jnp.zeros(len(self.problem.law.components), x.dtype)
        for condition in self._essential(axis, side):
            values = jnp.where(
                acts_on(condition, self.problem.law), condition.value(t, x), values
            )
        return values

    def _lift_sides(self, t: Array, x: Array, axes: int) -> Array:
        """Transfinite interpolation over the first `axes` axes."""
        if axes == 0:
            return jnp.zeros(len(self.problem.law.components), x.dtype)
        axis = axes - 1
        total = self._lift_sides(t, x, axis)
        s = self._fraction(axis, x)
        for side, other, weight in (("min", "max", 1.0 - s), ("max", "min", s)):
            held, alone = self._held(axis, side), ~self._held(axis, other)
            if held.any():
                at = self._on_side(axis, side, x)
                missing = self._side_values(axis, side, t, at)
                missing -= self._lift_sides(t, at, axis)
                total += jnp.where(held, jnp.where(alone, 1.0, weight) * missing, 0.0)
        return total

    def refuse_contradiction(self) -> None:
        """Compare the lift with the values it must take, at probe points.

        Raises:
            ValueError: Dirichlet values that contradict the initial state or each
                other where they meet. Traced values are not checked.
        """
        if any(isinstance(a, Tracer) for a in jax.tree.leaves(self.problem)):
            return
        for name, (gap, size) in _gaps(self).items():
            if not gap <= 1e3 * jnp.finfo(gap.dtype).eps * size:
                raise ValueError(
                    f"conditions[{name!r}] differs by {float(gap):.3g} from the "
                    "initial state or a neighbouring Dirichlet condition where they "
                    "meet, and no smooth field holds both: make them agree there."
                )


@eqx.filter_jit
def _gaps(hard: HardConditions) -> dict[str, tuple[Array, Array]]:
    """Largest |lift - prescribed| on each side, and the size of the values."""
    domain, interval = hard.box, hard.problem.interval
    points = domain.sample(_PROBES, key=jax.random.key(0))
    points = points.at[0].set(domain.lower).at[1].set(domain.upper)
    times = jnp.zeros(1, points.dtype) if interval is None else interval
    gaps = {}
    for axis, side in itertools.product(range(domain.dimension), ("min", "max")):
        held = hard._held(axis, side)
        if held.any():
            at = points.at[:, axis].set(hard._on_side(axis, side, points[0])[axis])
            over = partial(_over, times, at)
            got, wanted = over(hard.lift), over(partial(hard._side_values, axis, side))
            gap = jnp.max(jnp.abs(jnp.where(held, got - wanted, 0.0)))
            size = 1.0 + jnp.max(jnp.abs(got)) + jnp.max(jnp.abs(wanted))
            gaps[f"{_AXES[axis]}_{side}"] = gap, size
    return gaps


def _over(times, points, field):
    return jax.vmap(lambda t: jax.vmap(lambda x: field(t, x))(points))(times)
