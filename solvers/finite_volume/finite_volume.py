"""Finite volumes on Cartesian grids: cell averages and one flux per face."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...physics import AbstractHyperbolicLaw, Problem
from ...physics.cell_field import refuse_cell_fields
from ..discretization import AbstractDiscretization
from ..lattice import AXIS_NAMES, Lattice, as_shape, box_of
from ..pointwise import evaluate, in_dtype, rate_from_storage
from ..sparse import SparseMatrix
from .boundary_face import BoundaryFace
from .face_flux import flux_between
from .limiter import van_leer
from .stencil import build_stencil, reads_gradient


class CartesianGrid(eqx.Module):
    """Equal cells on the box of a problem.

    Args:
        shape: cells along each axis, at least 3; an int in one dimension.
    """

    shape: tuple[int, ...] = eqx.field(static=True, converter=as_shape)

    def __check_init__(self) -> None:
        if not all(n >= 3 for n in self.shape):
            raise ValueError(
                f"shape = {self.shape} needs at least 3 cells on every axis."
            )


class FiniteVolume(AbstractDiscretization):
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
        box_of(self.problem.domain, self.grid.shape, "FiniteVolume")
        for axis in range(len(self.grid.shape)):
            if not self.lattice.box.is_periodic(axis):
                self._part(axis, high=False)
                self._part(axis, high=True)

    @property
    def lattice(self) -> Lattice:
        """Spacing, centres and faces of the cells."""
        box = box_of(self.problem.domain, self.grid.shape, "FiniteVolume")
        return Lattice(box, self.grid.shape)

    def project(self, function: Callable[[Array], Array]) -> Float[Array, "..."]:
        """Cell averages of `function(x)` by two-point Gauss quadrature per axis."""
        lattice = self.lattice
        centres, components = lattice.centres(), len(self.problem.law.components)
        corners = np.indices((2,) * lattice.dimension).reshape(lattice.dimension, -1)
        shifts = (2 * corners.T - 1) * (0.5 / np.sqrt(3))

        def value(_, x):
            return jnp.broadcast_to(function(x), (components,))

        def sample(shift):
            moved = (shift * lattice.spacing).reshape(-1, *[1] * lattice.dimension)
            return evaluate(value, None, centres + moved, dimension=lattice.dimension)

        samples = jax.vmap(sample)(jnp.asarray(shifts, centres.dtype))
        return jnp.mean(samples, axis=0)

    def inverted(self) -> Array:
        return self.lattice.inverted()

    def prepared(self, t):
        return self

    def storage(self, t: Array, state: Array) -> Array:
        return self._like(state)._storage(jnp.asarray(t, state.dtype), state)

    def _storage(self, t: Array, state: Array) -> Array:
        stored = self._at_centres(self.problem.law.storage, t, state)
        return self.lattice.volume * stored

    def inflow(self, t: Array, state: Array) -> Array:
        return self._like(state)._inflow(jnp.asarray(t, state.dtype), state)

    # Compiled functions are traced once, though Newton's method, its Jacobian and the
    # books of a step all call them.
    @eqx.filter_jit
    def _inflow(self, t: Array, state: Array) -> Array:
        supply = self._source(t, state)
        for axis in range(self.lattice.dimension):
            flux = self._face_fluxes(t, state, axis)
            leaving = jnp.diff(flux, axis=axis + 1)
            supply = supply - self.lattice.face_area(axis) * leaving
        return supply

    def constrain(self, t: Array, state: Array) -> Array:
        """The state itself: boundary values live on faces, not on cells."""
        return state

    def free(self) -> None:
        """None: every cell is unknown."""
        return None

    def links(self) -> None:
        return None

    def rate(self, t: Array, state: Array, storage_rate: Array) -> Array:
        this, t = self._like(state), jnp.asarray(t, state.dtype)
        density = storage_rate / this.lattice.volume
        return this._at_centres(rate_from_storage(this.problem.law), t, state, density)

    def jacobian(
        self, t: Array, state: Array, storage_weight: Array, inflow_weight: Array
    ) -> SparseMatrix:
        law, dimension = self.problem.law, self.lattice.dimension
        crossed, in_source = reads_gradient(law, dimension)
        reach = 2 if isinstance(law, AbstractHyperbolicLaw) else 1
        stencil = build_stencil(
            self.grid.shape,
            tuple(self.lattice.box.is_periodic(axis) for axis in range(dimension)),
            len(law.components),
            reach,
            crossed,
            in_source,
        )

        def balance(flat):
            given = flat.reshape(state.shape)
            stored = storage_weight * self.storage(t, given)
            return (stored - inflow_weight * self.inflow(t, given)).ravel()

        _, push = jax.linearize(balance, state.ravel())
        values = stencil.values(lambda seed: push(seed.astype(state.dtype)))
        return SparseMatrix(values, stencil.pattern)

    def boundary_flux(
        self, t: Array, state: Array, *, storage_rate: Array | None = None
    ) -> dict[str, Float[Array, " components"]]:
        del storage_rate
        this, t = self._like(state), jnp.asarray(t, state.dtype)
        lattice, outward = this.lattice, {}
        for axis in range(lattice.dimension):
            if lattice.box.is_periodic(axis):
                continue
            flux = jnp.moveaxis(this._face_fluxes(t, state, axis), axis + 1, 1)
            for name, side, sign in (("min", 0, -1.0), ("max", -1, 1.0)):
                layer = flux[:, side].reshape(flux.shape[0], -1)
                total = sign * lattice.face_area(axis) * jnp.sum(layer, axis=1)
                outward[f"{AXIS_NAMES[axis]}_{name}"] = total
        return outward

    def source_integral(self, t: Array, state: Array) -> Float[Array, " components"]:
        source = self._like(state)._source(jnp.asarray(t, state.dtype), state)
        return jnp.sum(source.reshape(source.shape[0], -1), axis=1)

    def integrate(self, field: Array) -> Float[Array, " components"]:
        total = jnp.sum(field.reshape(field.shape[0], -1), axis=1)
        return self._like(field).lattice.volume * total

    def coordinates(self) -> Float[Array, "points dim"]:
        return self.lattice.centres().reshape(self.lattice.dimension, -1).T

    def collocate(self, state: Array) -> Float[Array, "components points"]:
        return state.reshape(state.shape[0], -1)

    def export(self, times: Array, states: Array):
        return self.lattice.export(self.problem.law.components, times, states)

    def _like(self, state: Array) -> "FiniteVolume":
        return in_dtype(self, state.dtype)

    def _at_centres(self, function: Callable[..., Array], t: Array, *fields: Array):
        lattice = self.lattice
        return evaluate(
            function, t, lattice.centres(), *fields, dimension=lattice.dimension
        )

    def _source(self, t: Array, state: Array) -> Array:
        source = self._at_centres(
            self.problem.law.source, t, state, self._cell_gradient(state)
        )
        return self.lattice.volume * source

    def _cell_gradient(self, state: Array) -> Float[Array, "components dim *cells"]:
        lattice, columns = self.lattice, []
        for axis in range(lattice.dimension):
            low, high = self._wrap(state, axis)
            if not lattice.box.is_periodic(axis):
                # Quadratic extrapolation makes the central difference one-sided.
                layer = [_layer(state, axis, i) for i in (0, 1, 2, -1, -2, -3)]
                low = 3 * layer[0] - 3 * layer[1] + layer[2]
                high = 3 * layer[3] - 3 * layer[4] + layer[5]
            padded = jnp.concatenate([low, state, high], axis + 1)
            n = state.shape[axis + 1]
            ahead = jax.lax.slice_in_dim(padded, 2, n + 2, axis=axis + 1)
            behind = jax.lax.slice_in_dim(padded, 0, n, axis=axis + 1)
            columns.append((ahead - behind) / (2 * lattice.spacing[axis]))
        return jnp.stack(columns, axis=1)

    @staticmethod
    def _wrap(field: Array, axis: int) -> tuple[Array, Array]:
        return _layer(field, axis, -1), _layer(field, axis, 0)

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
            low, high = self._wrap(state, axis)
            beside_low, beside_high = self._wrap(slopes, axis + 1)
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
            beside_low = 2 * beside_low - _layer(slopes, axis + 1, 0)
            beside_high = 2 * beside_high - _layer(slopes, axis + 1, -1)
            low, high = (
                part.ghost(face, _layer(state, axis, i), _layer(state, axis, j))
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
            return jnp.concatenate([flux, _layer(flux, axis, 0)], space)
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
        before = _layer(upper, axis, -1 if wraps else 0)
        after = _layer(lower, axis, 0 if wraps else -1)
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
            _layer(x, axis, near),
            _layer(state, axis, near),
            _layer(state, axis, next_in),
            slopes,
            dimension=self.lattice.dimension,
        )
        return both[0], both[1], part


def _layer(field: Array, axis: int, index: int) -> Array:
    """One layer of cells, kept as an axis of length 1; axis 0 is the first of space."""
    return jax.lax.index_in_dim(field, index, axis + 1)


def _without(field: Array, position: int, end: int) -> Array:
    """Drop the first (`end` 0) or the last (`end` -1) layer of an array axis."""
    n = field.shape[position]
    start, stop = (1, n) if end == 0 else (0, n - 1)
    return jax.lax.slice_in_dim(field, start, stop, axis=position)


def _extrapolated(field: Array, axis: int, near: int, next_in: int) -> Array:
    return 1.5 * _layer(field, axis, near) - 0.5 * _layer(field, axis, next_in)


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
