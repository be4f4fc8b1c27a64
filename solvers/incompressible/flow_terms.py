"""The terms of the momentum balance, summed over the volume around each velocity."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ...physics import NavierStokes
from ...physics.incompressible import body_force_at
from ..lattice import AXIS_NAMES
from ..pointwise import evaluate
from .boundary_part import HELD
from .faces import Layout
from .momentum import convective_flux, diffusive_flux, net, pressure_flux

Faces = tuple[Array, ...]


class FlowTerms(eqx.Module):
    """Supply of momentum [N in three dimensions] to stored faces, (dim, *cells).

    Rows that a boundary holds are zero. `faces` are the velocities on all faces.

    Args:
        law: density, viscosity and body force.
        layout: lines and boundary parts.
    """

    law: NavierStokes
    layout: Layout

    def explicit(self, t: Array, faces: Faces) -> Array:
        """Convection and body force."""
        rows = []
        for component in range(self.layout.dimension):
            total = self.law.density * self._net(
                lambda axis, c=component: convective_flux(
                    self.layout, t, faces, c, axis
                )
            )
            if self.law.body_force is not None:
                total = total + self._force(t, component)
            rows.append(self.layout.stored(component, total))
        return self._where_free(rows)

    def viscous(self, t: Array, faces: Faces) -> Array:
        """Diffusion, and the fluxes given at free ends."""
        rows = [
            self.layout.stored(
                component,
                self._net(
                    lambda axis, c=component: diffusive_flux(
                        self.layout, t, self.law.viscosity, faces, c, axis
                    )
                ),
            )
            for component in range(self.layout.dimension)
        ]
        return self._where_free(rows)

    def pressure(self, pressure: Array) -> Array:
        """Minus the gradient of the pressure."""
        layout = self.layout
        rows = [
            layout.stored(axis, net(pressure_flux(layout, pressure, axis), axis))
            for axis in range(layout.dimension)
        ]
        return self._where_free(rows)

    def force_sum(self, t: Array) -> Float[Array, " dim"]:
        """Body force on all free volumes."""
        layout = self.layout
        if self.law.body_force is None:
            return jnp.zeros(layout.dimension, self.law.density.dtype)
        return jnp.stack(
            [
                jnp.sum(self._stored_and_free(self._force(t, component), component))
                for component in range(layout.dimension)
            ]
        )

    def wall_flux(
        self, t: Array, faces: Faces, pressure: Array, weights: tuple
    ) -> dict[str, Float[Array, " components"]]:
        """Outward flux at each boundary part [N], none of the pressure row.

        Args:
            t: time [s].
            faces: velocities on all faces.
            pressure: (*cells) [Pa].
            weights: of convection, diffusion and pressure.
        """
        layout, outward = self.layout, {}
        carried, diffused, pressed = weights
        for axis in range(layout.dimension):
            if layout.parts[axis] is None:
                continue
            sums = []
            for component in range(layout.dimension):
                at = (faces, component, axis)
                flux = carried * self.law.density * convective_flux(layout, t, *at)
                flux = flux + diffused * diffusive_flux(
                    layout, t, self.law.viscosity, *at
                )
                if component == axis:
                    flux = flux + pressed * pressure_flux(layout, pressure, axis)
                sums.append(self._end_sums(flux, component, axis))
            none = jnp.zeros((), pressure.dtype)
            for side, sign in ((0, -1.0), (1, 1.0)):
                name = f"{AXIS_NAMES[axis]}_{('min', 'max')[side]}"
                outward[name] = sign * jnp.stack([*(s[side] for s in sums), none])
        return outward

    def _net(self, flux) -> Array:
        parts = [net(flux(axis), axis) for axis in range(self.layout.dimension)]
        return sum(parts[1:], parts[0])

    def _where_free(self, rows: list[Array]) -> Array:
        free = self.layout.free()[:-1]
        stacked = jnp.stack(rows)
        return stacked if free.all() else jnp.where(free, stacked, 0.0)

    def _force(self, t: Array, component: int) -> Array:
        layout = self.layout
        points = layout.points(component)

        def at_point(time, x):
            return body_force_at(self.law.body_force, time, x, x)[component]

        force = evaluate(at_point, t, points, dimension=layout.dimension)
        return layout.face_volume(component) * force

    def _end_sums(self, flux: Array, component: int, axis: int) -> list[Array]:
        """Sums over the lower and the upper end of the volumes of free velocities."""
        if component != axis:
            kept = self._stored_and_free(flux, component)
            return [jnp.sum(jnp.take(kept, place, axis)) for place in (0, -1)]
        low, high = self.layout.kinds(axis, axis)
        places = (1 if low == HELD else 0, -2 if high == HELD else -1)
        return [jnp.sum(jnp.take(flux, place, axis)) for place in places]

    def _stored_and_free(self, field: Array, component: int) -> Array:
        """The layers of n + 1 along an axis whose velocity no boundary holds."""
        layout = self.layout
        kept = layout.stored(component, field)
        held = layout.kinds(component, component)[1] == HELD
        if held and not layout.stores_lower(component):
            index = jnp.arange(kept.shape[component] - 1)
            kept = jnp.take(kept, index, component)
        return kept
