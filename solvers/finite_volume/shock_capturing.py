"""Finite volumes of gases: reconstruction, positivity, numerical flux."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float

from ...physics import AbstractGas, Problem
from ..lattice import AXIS_NAMES
from ..pointwise import evaluate
from .cell_averages import AbstractCellAverages, CartesianGrid, layer
from .gas_flux import HLLC, AbstractNumericalFlux
from .ghost_gas import ghost_state, the_condition
from .positivity import keep_positive
from .reconstruction import AbstractReconstruction, LimitedLinear, Primitive


class ShockCapturing(AbstractCellAverages):
    """Godunov's method for gases in one to three dimensions.

    Unknowns are cell averages, shape (components, *cells). Along each axis they are
    reconstructed on the faces of every cell, moved towards the average where density
    or pressure would not stay positive, and exchanged by a numerical flux at the
    centre of each face. Cells outside of the box carry the boundary conditions:
    `SlipWall`, `Dirichlet` (the state outside, evaluated in those cells),
    `PressureOutlet`, `Outflow`.

    Second order on smooth flow; in one dimension of the order of the reconstruction
    where that works on conserved or characteristic variables. First order at shocks,
    less at contacts. March it with `SSPRK3` and a Courant number of 0.4 or less.

    Args:
        problem: gas, box, conditions, initial state.
        grid: cells along each axis.
        reconstruction: face states of a cell from its neighbours.
        flux: what two face states exchange.

    Reference:
        E. F. Toro, Riemann Solvers and Numerical Methods for Fluid Dynamics (2009).
    """

    problem: Problem
    grid: CartesianGrid
    reconstruction: AbstractReconstruction = Primitive(LimitedLinear())
    flux: AbstractNumericalFlux = HLLC()

    def __check_init__(self) -> None:
        law, lattice = self.problem.law, self.lattice
        for needed in (self.flux.requires, AbstractGas):
            if not isinstance(law, needed):
                raise TypeError(
                    f"ShockCapturing with flux = {type(self.flux).__name__} needs an "
                    f"{needed.__name__} such as Euler, but problem.law is a "
                    f"{type(law).__name__}; leave out flux and reconstruction to use "
                    "FiniteVolume."
                )
        assert isinstance(law, AbstractGas)
        if law.dimension != lattice.dimension:
            raise ValueError(
                f"problem.law has dimension = {law.dimension} but the box has "
                f"{lattice.dimension} axes; give both the same number."
            )
        for name, conditions in self.problem.conditions.items():
            the_condition(f"conditions[{name!r}]", conditions)
        if self.problem.initial is not None:
            _check_initial(law, lattice.centres(), self.project(self.problem.initial))

    @property
    def law(self) -> AbstractGas:
        """The gas."""
        assert isinstance(self.problem.law, AbstractGas)
        return self.problem.law

    @property
    def reach(self) -> int:
        return self.reconstruction.width // 2 + 1

    @property
    def gauss_points(self) -> int:
        return 3

    def rate(self, t: Array, state: Array, storage_rate: Array) -> Array:
        return storage_rate / self._like(state).lattice.volume

    def largest_time_step(self, state: Float[Array, "..."]) -> Float[Array, ""]:
        """Time step of Courant number 1 [s]: least 1 / Σ (|v| + c) / h over the cells.

        Args:
            state: cell averages (components, *cells).
        """
        this = self._like(state)
        spacing = this.lattice.spacing

        def rate(_, u):
            w = this.law.primitive(u)
            return jnp.sum((jnp.abs(w[1:-1]) + this.law.sound_speed(w)) / spacing)

        return 1 / jnp.max(evaluate(rate, None, state, dimension=len(self.grid.shape)))

    @eqx.filter_jit
    def _face_fluxes(self, t: Array, state: Array, axis: int) -> Array:
        lattice, law, space = self.lattice, self.law, axis + 1
        padded, n = self._padded(t, state, axis), state.shape[space]
        windows = jnp.stack(
            [
                jax.lax.slice_in_dim(padded, k, k + n + 2, axis=space)
                for k in range(self.reconstruction.width)
            ]
        )

        def on_faces(_, window):
            low, high = self.reconstruction(law, axis, window)
            average = window[self.reconstruction.width // 2]
            return jnp.stack(keep_positive(law, average, low, high))

        low, high = evaluate(on_faces, None, windows, dimension=lattice.dimension)
        left = jax.lax.slice_in_dim(high, 0, n + 1, axis=space)
        right = jax.lax.slice_in_dim(low, 1, n + 2, axis=space)

        def through(time, x, u_left, u_right):
            return self.flux(law, axis, time, x, u_left, u_right)

        faces = lattice.faces(axis)
        flux = evaluate(through, t, faces, left, right, dimension=lattice.dimension)
        if lattice.box.is_periodic(axis):
            inner = jax.lax.slice_in_dim(flux, 0, n, axis=space)
            return jnp.concatenate([inner, layer(flux, axis, 0)], space)
        return flux

    def _padded(self, t: Array, state: Array, axis: int) -> Array:
        """The state with `reach` cells outside of both ends of an axis."""
        space, reach = axis + 1, self.reach
        n = state.shape[space]
        if self.lattice.box.is_periodic(axis):
            before = jax.lax.slice_in_dim(state, n - reach, n, axis=space)
            after = jax.lax.slice_in_dim(state, 0, reach, axis=space)
        else:
            before = self._outside(t, state, axis, high=False)
            after = self._outside(t, state, axis, high=True)
        return jnp.concatenate([before, state, after], space)

    def _outside(self, t: Array, state: Array, axis: int, *, high: bool) -> Array:
        space, reach = axis + 1, self.reach
        name = f"{AXIS_NAMES[axis]}_{'max' if high else 'min'}"
        (condition,) = self.problem.conditions[name]
        n, length = state.shape[space], reach * self.lattice.spacing[axis]
        start = n - reach if high else 0
        inside = jax.lax.slice_in_dim(state, start, start + reach, axis=space)
        x = self.lattice.centres()
        x = jax.lax.slice_in_dim(x, start, start + reach, axis=space)
        x = x.at[axis].add(length if high else -length)
        nearest = jnp.broadcast_to(layer(state, axis, -1 if high else 0), inside.shape)
        return evaluate(
            ghost_state(self.law, condition, axis, high=high),
            t,
            x,
            nearest,
            jnp.flip(inside, space),
            dimension=self.lattice.dimension,
        )


def _check_initial(law: AbstractGas, centres: Array, state: Array) -> None:
    """Refuse a concrete state without positive density and pressure, by place."""
    flat = state.reshape(state.shape[0], -1)
    w = jax.vmap(law.primitive, 1, 1)(flat.astype(centres.dtype))
    if isinstance(w, Tracer):
        return
    for name, values in (
        ("density", np.asarray(w[0])),
        ("pressure", np.asarray(w[-1])),
    ):
        worst = int(np.argmin(values))
        if not values[worst] > 0:
            place = np.asarray(centres).reshape(len(centres), -1)[:, worst]
            raise ValueError(
                f"problem.initial has the {name} {values[worst]:.6g} at x = {place}; "
                "density and pressure must be positive. law.conserved turns density, "
                "velocity and pressure into the unknowns."
            )
