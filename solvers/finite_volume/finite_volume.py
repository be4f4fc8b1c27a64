"""Finite volumes on Cartesian grids: cell averages and one flux per face."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from ...physics import AbstractHyperbolicLaw, Problem
from ...physics.cell_field import refuse_cell_fields
from ..lattice import AXIS_NAMES
from ..pointwise import evaluate, rate_from_storage
from .boundary_face import BoundaryFace
from .cell_averages import AbstractCellAverages, CartesianGrid, layer, wrap
from .face_flux import flux_between
from .limiter import van_leer


class FiniteVolume(AbstractCellAverages):
    """Second-order finite volumes in one to three dimensions.

    Unknowns are cell averages, shape (components, *cells). Laws with waves are
    upwinded (Rusanov) between limited linear reconstructions, other laws use the flux
    of the face average; gradients on faces are compact differences across the face and
    averaged central differences along it. One flux serves both cells of a face, so the
    budget closes to round-off. Dirichlet values act through a parabola, natural
    conditions through a face state that carries the prescribed flux.

    Second order in all norms on smooth data with `unlimited`; the other limiters drop
    to first order at extrema of laws with waves, and all do at shocks.

    Args:
        problem: law, box, conditions, initial state.
        grid: cells along each axis.
        limiter: slope from the differences to both neighbours, see `limiter.py`.

    Reference:
        R. J. LeVeque, Finite Volume Methods for Hyperbolic Problems (2002), chapters 4
        and 6.
    """

    problem: Problem
    grid: CartesianGrid
    limiter: Callable[[Array, Array], Array] = eqx.field(static=True, default=van_leer)

    def __check_init__(self) -> None:
        refuse_cell_fields(self.problem.law, "FiniteVolume")
        lattice = self.lattice
        for axis in range(lattice.dimension):
            if not lattice.box.is_periodic(axis):
                self._part(axis, high=False)
                self._part(axis, high=True)

    @property
    def reach(self) -> int:
        return 2 if isinstance(self.problem.law, AbstractHyperbolicLaw) else 1

    @property
    def gauss_points(self) -> int:
        return 2

    def rate(self, t: Array, state: Array, storage_rate: Array) -> Array:
        this, t = self._like(state), jnp.asarray(t, state.dtype)
        density = storage_rate / this.lattice.volume
        return this._at_centres(rate_from_storage(this.problem.law), t, state, density)

    def _part(self, axis: int, *, high: bool) -> BoundaryFace:
        name = f"{AXIS_NAMES[axis]}_{'max' if high else 'min'}"
        return BoundaryFace(self.problem.law, self.problem.conditions[name], axis, high)

    @eqx.filter_jit
    def _face_fluxes(self, t: Array, state: Array, axis: int) -> Array:
        """Flux along +axis through the n + 1 layers of faces normal to `axis`."""
        lattice, law = self.lattice, self.problem.law
        wraps, h, space = lattice.box.is_periodic(axis), lattice.spacing[axis], axis + 1
        x = lattice.faces(axis)
        slopes = self._cell_gradient(state)
        if wraps:
            low, high = wrap(state, axis)
            beside_low, beside_high = wrap(slopes, axis + 1)
            ends: list[tuple[Array, Array, BoundaryFace]] = []
        else:
            beside_low = _extrapolated(slopes, axis + 1, 0, 1)
            beside_high = _extrapolated(slopes, axis + 1, -1, -2)
            ends = [
                self._end(t, state, x, slopes_on_face, axis, high=is_high)
                for slopes_on_face, is_high in (
                    (beside_low, False),
                    (beside_high, True),
                )
            ]
            # The mean of a cell and its neighbour outside must be the face value.
            beside_low = 2 * beside_low - layer(slopes, axis + 1, 0)
            beside_high = 2 * beside_high - layer(slopes, axis + 1, -1)
            low, high = (
                part.ghost(face, layer(state, axis, i), layer(state, axis, j))
                for (face, _, part), i, j in zip(ends, (0, -1), (1, -2), strict=True)
            )
        jump = jnp.diff(jnp.concatenate([low, state, high], space), axis=space)
        beside = jnp.concatenate([beside_low, slopes, beside_high], axis + 2)
        gradient = 0.5 * (
            _without(beside, axis + 2, -1) + _without(beside, axis + 2, 0)
        )
        gradient = gradient.at[:, axis].set(jump / h)
        left, right = self._face_states(state, jump, axis)
        if ends:
            first, last = ends[0][0], ends[1][0]
            hyperbolic = isinstance(law, AbstractHyperbolicLaw)
            left = jnp.concatenate([first, _without(left, space, 0)], space)
            right = jnp.concatenate([_without(right, space, -1), last], space)
            if not hyperbolic:
                left = jnp.concatenate([_without(left, space, -1), last], space)
                right = jnp.concatenate([first, _without(right, space, 0)], space)

        def through(time, point, u_left, u_right, grad):
            return flux_between(law, axis, time, point, u_left, u_right, grad)

        fields = (x, left, right, gradient)
        if wraps:
            fields = tuple(
                _without(f, f.ndim - lattice.dimension + axis, -1) for f in fields
            )
        flux = evaluate(through, t, *fields, dimension=lattice.dimension)
        if wraps:
            return jnp.concatenate([flux, layer(flux, axis, 0)], space)
        return _impose(flux, ends, space)

    def _face_states(self, state: Array, jump: Array, axis: int) -> tuple[Array, Array]:
        """States on both sides of all n + 1 faces; ends repeat the cell inside."""
        space = axis + 1
        if isinstance(self.problem.law, AbstractHyperbolicLaw):
            change = self.limiter(_without(jump, space, -1), _without(jump, space, 0))
        else:
            change = jnp.zeros_like(state)
        upper, lower = state + 0.5 * change, state - 0.5 * change
        wraps = self.lattice.box.is_periodic(axis)
        before = layer(upper, axis, -1 if wraps else 0)
        after = layer(lower, axis, 0 if wraps else -1)
        return (
            jnp.concatenate([before, upper], space),
            jnp.concatenate([lower, after], space),
        )

    def _end(
        self, t: Array, state: Array, x: Array, slopes: Array, axis: int, *, high: bool
    ) -> tuple[Array, Array, BoundaryFace]:
        """Face state and prescribed outward flux on one side, with its part."""
        part = self._part(axis, high=high)
        near, next_in = (-1, -2) if high else (0, 1)

        def at_point(time, point, u0, u1, tangential):
            spacing = self.lattice.spacing
            return jnp.stack(
                part.state_and_flux(time, point, u0, u1, tangential, spacing)
            )

        both = evaluate(
            at_point,
            t,
            layer(x, axis, near),
            layer(state, axis, near),
            layer(state, axis, next_in),
            slopes,
            dimension=self.lattice.dimension,
        )
        return both[0], both[1], part


def _without(field: Array, position: int, end: int) -> Array:
    """Drop the first (`end` 0) or the last (`end` -1) layer of an array axis."""
    n = field.shape[position]
    start, stop = (1, n) if end == 0 else (0, n - 1)
    return jax.lax.slice_in_dim(field, start, stop, axis=position)


def _extrapolated(field: Array, axis: int, near: int, next_in: int) -> Array:
    return 1.5 * layer(field, axis, near) - 0.5 * layer(field, axis, next_in)


def _impose(
    flux: Array, ends: list[tuple[Array, Array, BoundaryFace]], space: int
) -> Array:
    """Put prescribed fluxes on the end faces of components without a held value."""
    (_, low, low_part), (_, high, high_part) = ends
    shape = (-1,) + (1,) * (flux.ndim - 1)
    first = jax.lax.index_in_dim(flux, 0, space)
    last = jax.lax.index_in_dim(flux, -1, space)
    first = jnp.where(low_part.held.reshape(shape), first, -low)
    last = jnp.where(high_part.held.reshape(shape), last, high)
    inner = jax.lax.slice_in_dim(flux, 1, flux.shape[space] - 1, axis=space)
    return jnp.concatenate([first, inner, last], space)
