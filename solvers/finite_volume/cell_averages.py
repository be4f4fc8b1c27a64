"""Cell averages on Cartesian grids: what all finite volume schemes share."""

import abc
from collections.abc import Callable
from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...physics import Problem
from ..discretization import AbstractDiscretization
from ..lattice import AXIS_NAMES, Lattice, as_shape, box_of
from ..pointwise import evaluate, in_dtype
from ..sparse import SparseMatrix
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


class AbstractCellAverages(AbstractDiscretization):
    """Averages (components, *cells) that change by one flux per face.

    One flux serves both cells of a face, so the budget closes to round-off. A scheme
    adds the fluxes of all faces and the rate that a change of storage makes.
    """

    problem: eqx.AbstractVar[Problem]
    grid: eqx.AbstractVar[CartesianGrid]

    @property
    @abc.abstractmethod
    def reach(self) -> int:
        """Cells that a balance reads to each side along an axis."""

    @property
    @abc.abstractmethod
    def gauss_points(self) -> int:
        """Points per axis of the rule that `project` averages functions by."""

    @abc.abstractmethod
    def _face_fluxes(self, t: Array, state: Array, axis: int) -> Array:
        """Flux along +axis through the n + 1 layers of faces normal to `axis`."""

    @property
    def lattice(self) -> Lattice:
        """Spacing, centres and faces of the cells."""
        box = box_of(self.problem.domain, self.grid.shape, type(self).__name__)
        return Lattice(box, self.grid.shape)

    def project(self, function: Callable[[Array], Array]) -> Float[Array, "..."]:
        """Cell averages of `function(x)` by a Gauss rule of `gauss_points` per axis."""
        lattice = self.lattice
        centres, components = lattice.centres(), len(self.problem.law.components)
        line, weight = np.polynomial.legendre.leggauss(self.gauss_points)
        pick = np.indices((line.size,) * lattice.dimension)
        pick = pick.reshape(lattice.dimension, -1).T
        weights = jnp.asarray(np.prod(0.5 * weight[pick], axis=1), centres.dtype)

        def value(_, x):
            return jnp.broadcast_to(function(x), (components,))

        def sample(shift):
            moved = (shift * lattice.spacing).reshape(-1, *[1] * lattice.dimension)
            return evaluate(value, None, centres + moved, dimension=lattice.dimension)

        samples = jax.vmap(sample)(jnp.asarray(0.5 * line[pick], centres.dtype))
        return jnp.tensordot(weights, samples, axes=1)

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

    def jacobian(
        self, t: Array, state: Array, storage_weight: Array, inflow_weight: Array
    ) -> SparseMatrix:
        law, dimension = self.problem.law, self.lattice.dimension
        crossed, in_source = reads_gradient(law, dimension)
        stencil = build_stencil(
            self.grid.shape,
            tuple(self.lattice.box.is_periodic(axis) for axis in range(dimension)),
            len(law.components),
            self.reach,
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

    def _like(self, state: Array) -> Self:
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
            low, high = wrap(state, axis)
            if not lattice.box.is_periodic(axis):
                # Quadratic extrapolation makes the central difference one-sided.
                ends = [layer(state, axis, i) for i in (0, 1, 2, -1, -2, -3)]
                low = 3 * ends[0] - 3 * ends[1] + ends[2]
                high = 3 * ends[3] - 3 * ends[4] + ends[5]
            padded = jnp.concatenate([low, state, high], axis + 1)
            n = state.shape[axis + 1]
            ahead = jax.lax.slice_in_dim(padded, 2, n + 2, axis=axis + 1)
            behind = jax.lax.slice_in_dim(padded, 0, n, axis=axis + 1)
            columns.append((ahead - behind) / (2 * lattice.spacing[axis]))
        return jnp.stack(columns, axis=1)


def layer(field: Array, axis: int, index: int) -> Array:
    """One layer of cells, kept as an axis of length 1; axis 0 is the first of space."""
    return jax.lax.index_in_dim(field, index, axis + 1)


def wrap(field: Array, axis: int) -> tuple[Array, Array]:
    """The layers beyond the first and the last cell of a periodic axis."""
    return layer(field, axis, -1), layer(field, axis, 0)
