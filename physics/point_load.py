"""Loads that act at named points: a force at a node, a heat source in a wire.

The solution is singular under a point load in two and three dimensions, so values there
grow with refinement; the published benchmarks of topology optimisation use them all the
same, on the mesh that they state.
"""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .boundary import AbstractBoundaryCondition
from .parameter import function_parameter


class PointLoad(AbstractBoundaryCondition):
    """A supply at every point of a named point set of a mesh, such as a force.

    A point set is named beside the boundary parts: `name_points(mesh, ...)`. A support
    that slides along an axis at a point holds one displacement there:

        (Dirichlet(0.0, ("displacement_y",)), PointLoad(0.0, ("displacement_x",)))

    Args:
        load: supply at each point [N for a solid, W for heat; per metre of thickness
            in two dimensions]: one number, (components,) numbers, or a callable pytree
            of (t, x). A force acts along its sign.
        component_names: components acted on; `None` for all.
    """

    load: Callable[..., Array] = function_parameter("load", ("t", "x"))
    component_names: tuple[str, ...] | None = eqx.field(static=True, default=None)

    def supply(
        self, t: Array, x: Float[Array, " dim"], u: Float[Array, " components"]
    ) -> Float[Array, " components"]:
        """Supply at a point [storage unit s^-1], shape (components,)."""
        load = jnp.asarray(self.load(t, x), u.dtype)
        if load.shape not in ((), u.shape):
            raise ValueError(
                f"load has the shape {load.shape}, but the law has {u.size} "
                "components; give one number or one for each of them."
            )
        return jnp.broadcast_to(load, u.shape)

    def residual(self, t, x, normal, u, grad_u, normal_flux):
        raise TypeError(
            "a PointLoad is no flux per area, so it has no residual at a point; only "
            "finite elements can impose it. Spread it over an area as a Traction or "
            "NormalFlux."
        )
