"""Geometry with named boundary parts."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float

from .parameter import parameter

_AXES = ("x", "y", "z")


class AbstractDomain(eqx.Module):
    """Where a problem lives: a dimension and the names of its boundary parts."""

    dimension: eqx.AbstractVar[int]
    boundary_names: eqx.AbstractVar[tuple[str, ...]]


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        raise TypeError(
            f"boundary_names = {value!r} must be a tuple of names: ({value!r},)."
        )
    return tuple(value)


class Region(AbstractDomain):
    """A geometry that is known only through its mesh.

    Args:
        dimension: space dimensions.
        boundary_names: the named boundary groups of the mesh.
    """

    dimension: int = eqx.field(static=True)
    boundary_names: tuple[str, ...] = eqx.field(static=True, converter=_names)


class Box(AbstractDomain):
    """An interval, rectangle or cuboid with boundary parts `x_min`, `x_max`, ….

    Args:
        lower: smallest coordinates [m], shape (dim,).
        upper: largest coordinates [m], shape (dim,).
        periodic: one flag per axis; a periodic axis has no boundary.
    """

    lower: Float[Array, " dim"] = parameter("lower")
    upper: Float[Array, " dim"] = parameter("upper")
    periodic: tuple[bool, ...] = eqx.field(static=True, default=(), converter=tuple)

    def __check_init__(self) -> None:
        if self.lower.ndim != 1 or self.lower.shape != self.upper.shape:
            raise ValueError(
                f"lower has shape {self.lower.shape} and upper {self.upper.shape}; "
                "give two vectors of one length, such as (0.0, 0.0) and (1.0, 1.0)."
            )
        if not 1 <= self.lower.size <= 3:
            raise ValueError(f"lower has {self.lower.size} axes; give 1, 2 or 3.")
        if self.periodic and len(self.periodic) != self.lower.size:
            raise ValueError(
                f"periodic = {self.periodic} needs one flag for each of the "
                f"{self.lower.size} axes."
            )
        traced = isinstance(self.lower, Tracer) or isinstance(self.upper, Tracer)
        if not traced and np.any(np.asarray(self.upper) <= np.asarray(self.lower)):
            raise ValueError(
                f"upper = {self.upper} must exceed lower = {self.lower} on every axis."
            )

    @property
    def dimension(self) -> int:
        """Number of axes: 1, 2 or 3."""
        return self.lower.shape[-1]

    def is_periodic(self, axis: int) -> bool:
        """Whether an axis wraps around."""
        return bool(self.periodic) and self.periodic[axis]

    @property
    def boundary_names(self) -> tuple[str, ...]:
        """`x_min`, `x_max`, `y_min`, …, without those of periodic axes."""
        return tuple(
            f"{_AXES[axis]}_{side}"
            for axis in range(self.dimension)
            if not self.is_periodic(axis)
            for side in ("min", "max")
        )

    def sample(self, n: int, *, key: Array) -> Float[Array, "n dim"]:
        """Draw `n` points uniformly inside."""
        unit = jax.random.uniform(key, (n, self.dimension), self.lower.dtype)
        return self.lower + unit * (self.upper - self.lower)

    def sample_boundary(
        self, name: str, n: int, *, key: Array
    ) -> tuple[Float[Array, "n dim"], Float[Array, " dim"]]:
        """Draw `n` points uniformly on one boundary part.

        Returns:
            Points [m] (n, dim) and the outward normal (dim,).

        Raises:
            ValueError: a name that the box does not have.
        """
        if name not in self.boundary_names:
            raise ValueError(
                f"name = {name!r} is no boundary of this box; it has "
                f"{self.boundary_names}."
            )
        axis, high = _AXES.index(name[0]), name.endswith("max")
        points = self.sample(n, key=key)
        points = points.at[:, axis].set((self.upper if high else self.lower)[axis])
        normal = jnp.zeros_like(self.lower).at[axis].set(1.0 if high else -1.0)
        return points, normal

    def contains(self, x: Float[Array, " dim"]) -> Array:
        """True where `x` lies in the closed box, shape ()."""
        return jnp.all((x >= self.lower) & (x <= self.upper))
