"""What holds for each velocity at one side of a box."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ...physics import (
    AbstractBoundaryCondition,
    AbstractEssentialCondition,
    GradientStress,
    NavierStokes,
    NormalFlux,
    acts_on,
)

PERIODIC, HELD, FREE = "periodic", "held", "free"


class BoundaryPart(eqx.Module):
    """One side of a box: each velocity is held or its flux of momentum is given.

    Args:
        name: of the boundary part, such as `x_min`.
        law: the law of the flow.
        conditions: what holds there.
        axis: axis of the normal.
        high: whether the normal points along +axis.

    Raises:
        TypeError: a condition of another kind.
        ValueError: a velocity without a condition, or a free normal velocity of a law
            with `SymmetricStress`.
    """

    name: str = eqx.field(static=True)
    law: NavierStokes
    conditions: tuple[AbstractBoundaryCondition, ...]
    axis: int = eqx.field(static=True)
    high: bool = eqx.field(static=True)

    def __check_init__(self) -> None:
        for condition in self.conditions:
            if not isinstance(condition, AbstractEssentialCondition | NormalFlux):
                raise TypeError(
                    f"conditions[{self.name!r}]: Staggered cannot impose "
                    f"{type(condition).__name__}; use Dirichlet for walls, lids and "
                    "inflow, NormalFlux(0.0) for an outlet, and both, by component, "
                    "for a plane of symmetry."
                )
            essential = isinstance(condition, AbstractEssentialCondition)
            if essential and acts_on(condition, self.law)[-1]:
                velocities = tuple(c.name for c in self.law.components[:-1])
                raise ValueError(
                    f"conditions[{self.name!r}] holds the pressure, which has no "
                    f"condition at a boundary; give component_names={velocities}."
                )
        if self.kind(self.axis) == FREE and not isinstance(
            self.law.viscous_stress, GradientStress
        ):
            raise ValueError(
                f"conditions[{self.name!r}] leaves the normal velocity free, which "
                f"Staggered knows for the flux p - μ ∂u/∂n only; give the law "
                f"viscous_stress=GradientStress() in place of "
                f"{self.law.viscous_stress}."
            )

    def kind(self, component: int) -> str:
        """`held` or `free`: whether the value or the flux of a velocity is given."""
        for condition in self.conditions:
            if acts_on(condition, self.law)[component]:
                held = isinstance(condition, AbstractEssentialCondition)
                return HELD if held else FREE
        raise ValueError(
            f"conditions[{self.name!r}] gives no condition for the component "
            f"{self.law.components[component].name}."
        )

    def value(
        self, component: int, t: Array, points: Float[Array, " dim *faces"]
    ) -> Float[Array, " *faces"]:
        """Prescribed velocity [m s^-1] of a held component at points."""
        for condition in self.conditions:
            mask = acts_on(condition, self.law)
            if mask[component] and isinstance(condition, AbstractEssentialCondition):
                return _sample(condition.value, component, self.law, t, points)
        raise ValueError(f"{self.name} does not hold the component {component}.")

    def flux(
        self, component: int, t: Array, points: Float[Array, " dim *faces"]
    ) -> Float[Array, " *faces"]:
        """Prescribed flux of momentum along +axis [Pa] of a free component."""
        normal = jnp.zeros(points.shape[0], points.dtype)
        normal = normal.at[self.axis].set(1.0 if self.high else -1.0)
        total = jnp.zeros(points.shape[1:], points.dtype)
        still = jnp.zeros(len(self.law.components), points.dtype)
        for condition in self.conditions:
            if not isinstance(condition, NormalFlux):
                continue
            if acts_on(condition, self.law)[component]:
                outward = lambda t, x, c=condition: c.normal_flux(t, x, normal, still)
                total = total + _sample(outward, component, self.law, t, points)
        return total if self.high else -total


def _sample(
    function: Callable[..., Array], component: int, law, t: Array, points: Array
) -> Array:
    """One component of `function(t, x)` at points (dim, *faces)."""
    count = len(law.components)
    flat = points.reshape(points.shape[0], -1)

    def at_point(x):
        value = jnp.asarray(function(t, x))
        if value.shape not in ((), (count,)):
            raise ValueError(
                f"a condition gives values of the shape {value.shape} at a point; give "
                f"one number or {count}, the pressure last: "
                f"{[c.name for c in law.components]}."
            )
        return jnp.broadcast_to(value, (count,))[component].astype(x.dtype)

    return jax.vmap(at_point, 1)(flat).reshape(points.shape[1:])
