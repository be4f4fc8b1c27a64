"""Incompressible flow on a staggered grid: pressure at centres, velocity on faces."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...physics import NavierStokes, Problem
from ...physics.cell_field import refuse_cell_fields
from ..discretization import AbstractDiscretization
from ..lattice import AXIS_NAMES, box_of, label_cells
from ..pointwise import evaluate, in_dtype
from . import momentum
from .boundary_part import FREE, BoundaryPart
from .centre_values import cubic_weights
from .faces import Layout
from .flow_terms import FlowTerms
from .net_inflow import check_net_inflow
from .staggered_grid import StaggeredGrid, line_of
from .staggered_jacobian import StaggeredJacobian


class Staggered(AbstractDiscretization):
    """Second-order staggered scheme (MAC) of `NavierStokes` in two or three dimensions.

    A state (dim + 1, *cells) holds for each cell the velocity along every axis on its
    upper face, the lower one where the flow leaves freely through the lower end of that
    axis, and last the pressure at its centre. Central differences keep mass, momentum
    and, without viscosity, kinetic energy; flows with a cell Reynolds number |u| h ρ/μ
    far above 2 oscillate where they are not resolved. `collocate` interpolates to the
    centres by cubics.

    Conditions, by component: `Dirichlet` for walls, lids and inflow; `NormalFlux(0.0)`
    with the stress `GradientStress()` for an outlet; a plane of symmetry holds the
    normal velocity at zero and gives the others no flux. Periodic axes are those of the
    box.

    Where no normal velocity is free the pressure has no level of its own. Continuity
    then reads ∫div u dV = V mean(p)/μ, whose sum over the box makes the mean of the
    pressure zero where as much flows in as out.

    Args:
        problem: law, box, conditions, initial state. Any initial velocity will do for
            `ProjectionRungeKutta`, which makes it free of divergence.
        grid: cells along each axis.

    Raises:
        TypeError: another law, a domain that is no box, or an unknown condition.
        ValueError: both ends of an axis are free, or more flows in than out of a closed
            box.

    Reference:
        F. H. Harlow and J. E. Welch (1965), Numerical calculation of time-dependent
        viscous incompressible flow of fluid with free surface, Phys. Fluids 8, 2182.
    """

    problem: Problem
    grid: StaggeredGrid

    def __check_init__(self) -> None:
        law = self.problem.law
        if not isinstance(law, NavierStokes):
            raise TypeError(
                f"problem.law is a {type(law).__name__}; a StaggeredGrid is for "
                "NavierStokes."
            )
        refuse_cell_fields(law, "Staggered")
        box_of(self.problem.domain, self.grid.shape, "Staggered")
        if law.dimension != len(self.grid.shape):
            raise ValueError(
                f"problem.law has dimension = {law.dimension}, but the grid has the "
                f"shape {self.grid.shape}; give NavierStokes(..., dimension="
                f"{len(self.grid.shape)})."
            )
        layout = self.layout
        for axis, name in enumerate(AXIS_NAMES[: layout.dimension]):
            if layout.kinds(axis, axis) == (FREE, FREE):
                raise ValueError(
                    f"conditions leave velocity_{name} free at both {name}_min and "
                    f"{name}_max, but a state holds one face per cell; give the "
                    "velocity at one end."
                )
            for component in range(layout.dimension):
                layout.kinds(component, axis)
        check_net_inflow(self)

    @property
    def layout(self) -> Layout:
        """Lines and boundary parts."""
        box = box_of(self.problem.domain, self.grid.shape, "Staggered")
        axes = range(len(self.grid.shape))
        lines = tuple(line_of(self.grid, box, axis) for axis in axes)
        parts = tuple(
            None
            if box.is_periodic(axis)
            else (self._part(axis, high=False), self._part(axis, high=True))
            for axis in axes
        )
        return Layout(lines, parts)

    def _part(self, axis: int, *, high: bool) -> BoundaryPart:
        name = f"{AXIS_NAMES[axis]}_{'max' if high else 'min'}"
        held = self.problem.conditions[name]
        return BoundaryPart(name, self.problem.law, held, axis, high)

    def project(self, function: Callable[[Array], Array]) -> Array:
        """Sample `function(x)`: velocities on their faces, the pressure at centres."""
        layout, count = self.layout, len(self.problem.law.components)
        places = [*map(layout.points, range(count - 1)), self._centres()]

        def row(component, points):
            value = lambda _, x: jnp.broadcast_to(function(x), (count,))[component]
            found = evaluate(value, None, points, dimension=layout.dimension)
            return found if component == count - 1 else layout.stored(component, found)

        return jnp.stack([row(*pair) for pair in enumerate(places)])

    def _centres(self) -> Float[Array, " dim *cells"]:
        lines = [line.centres for line in self.layout.lines]
        return jnp.stack(jnp.meshgrid(*lines, indexing="ij"))

    def inverted(self) -> Array:
        box = box_of(self.problem.domain, self.grid.shape, "Staggered")
        return jnp.any(box.upper <= box.lower)

    def prepared(self, t):
        return self

    def volumes(self) -> Float[Array, "..."]:
        """Volume around each unknown [m^dim], zero where a boundary holds it."""
        layout = self.layout
        around = [
            layout.stored(axis, self._spread(layout.face_volume(axis), axis))
            for axis in range(layout.dimension)
        ]
        cells = jnp.broadcast_to(layout.cell_volume(), self.grid.shape)
        return jnp.where(layout.free(), jnp.stack([*around, cells]), 0.0)

    def _spread(self, line: Array, axis: int) -> Array:
        shape = list(self.grid.shape)
        shape[axis] += 1
        return jnp.broadcast_to(line, shape)

    def storage(self, t: Array, state: Array) -> Array:
        this = in_dtype(self, state.dtype)
        stored = this.problem.law.density * this.volumes() * state
        return stored.at[-1].set(0.0)

    def inflow(self, t: Array, state: Array) -> Array:
        return self.supply(t, state, leveled=True)

    # Traced once, though Newton's method, its Jacobian and the books all call it.
    @eqx.filter_jit
    def supply(self, t: Array, state: Array, *, leveled: bool) -> Array:
        """The inflow, with or without the term that levels the pressure of a box."""
        t, terms = jnp.asarray(t, state.dtype), self.terms(state.dtype)
        layout, pressure = terms.layout, state[-1]
        faces = layout.all_faces(t, state[:-1])
        rows = terms.explicit(t, faces) + terms.viscous(t, faces)
        rows = rows + terms.pressure(pressure)
        leaving = momentum.volume_flow(layout, faces)
        if leveled and layout.is_closed():
            volume = jnp.broadcast_to(layout.cell_volume(), pressure.shape)
            mean = jnp.sum(volume * pressure) / jnp.sum(volume)
            leaving = leaving - volume * mean / terms.law.viscosity
        return jnp.concatenate([rows, leaving[None]])

    def terms(self, dtype) -> FlowTerms:
        """Law and layout in the dtype of a state."""
        this = in_dtype(self, dtype)
        return FlowTerms(this.problem.law, this.layout)

    def constrain(self, t: Array, state: Array) -> Array:
        this, free = in_dtype(self, state.dtype), self.free()
        if free is None:
            return state
        layout, t = this.layout, jnp.asarray(t, state.dtype)
        rows = []
        for axis in range(layout.dimension):
            held = layout.parts[axis] is not None and not free[axis].all()
            if not held:
                rows.append(state[axis])
                continue
            high = not layout.stores_lower(axis)
            value = layout.end_value(axis, axis, t, high=high)
            rows.append(jnp.where(free[axis], state[axis], value))
        return jnp.stack([*rows, state[-1]])

    def free(self) -> np.ndarray | None:
        mask = self.layout.free()
        return None if mask.all() else mask

    def links(self) -> None:
        return None

    def rate(self, t: Array, state: Array, storage_rate: Array) -> Array:
        """Refused: the pressure has no rate.

        Raises:
            TypeError: always.
        """
        raise TypeError(
            "Explicit knows no constraint, and a Staggered flow has one, div u = 0; "
            "march it with ProjectionRungeKutta() or an implicit method."
        )

    def jacobian(
        self, t: Array, state: Array, storage_weight: Array, inflow_weight: Array
    ) -> StaggeredJacobian:
        """Derivative as an operator, with a sparse factorisation as its inverse."""
        return StaggeredJacobian.at(self, t, state, storage_weight, inflow_weight)

    def boundary_flux(
        self, t: Array, state: Array, *, storage_rate: Array | None = None
    ) -> dict[str, Float[Array, " components"]]:
        """Momentum that leaves the outermost volumes [N]; no flux of the last row.

        At a wall it is the force on it but for what acts on the half cell beside it.
        """
        del storage_rate
        t, terms = jnp.asarray(t, state.dtype), self.terms(state.dtype)
        faces = terms.layout.all_faces(t, state[:-1])
        return terms.wall_flux(t, faces, state[-1], (1.0, 1.0, 1.0))

    def source_integral(self, t: Array, state: Array) -> Float[Array, " components"]:
        terms = self.terms(state.dtype)
        force = terms.force_sum(jnp.asarray(t, state.dtype))
        return jnp.append(force, jnp.sum(self.inflow(t, state)[-1]))

    def integrate(self, field: Array) -> Float[Array, " components"]:
        weighted = in_dtype(self, field.dtype).volumes() * field
        return jnp.sum(weighted.reshape(field.shape[0], -1), axis=1)

    def coordinates(self) -> Float[Array, "points dim"]:
        return self._centres().reshape(len(self.grid.shape), -1).T

    def collocate(self, state: Array) -> Float[Array, "components points"]:
        return self.at_centres(state, None).reshape(state.shape[0], -1)

    def at_centres(self, state: Array, t: Array | None) -> Float[Array, "..."]:
        """State interpolated to the centres of the cells, (components, *cells).

        Without a time, boundary values are those at the start of the interval.
        """
        this = in_dtype(self, state.dtype)
        if t is None:
            interval = this.problem.interval
            t = jnp.zeros((), state.dtype) if interval is None else interval[0]
        layout, rows = this.layout, []
        for axis, faces in enumerate(layout.all_faces(t, state[:-1])):
            kind = layout.kinds(axis, axis)[0]
            index, weight = cubic_weights(self.grid, axis, kind)
            near = jnp.take(faces, index.ravel(), axis)
            near = jnp.moveaxis(near, axis, 0).reshape(*index.shape, -1)
            mixed = jnp.einsum("nk,nk...->n...", jnp.asarray(weight, state.dtype), near)
            shape = (self.grid.shape[axis], *np.delete(faces.shape, axis))
            rows.append(jnp.moveaxis(mixed.reshape(shape), 0, axis))
        return jnp.stack([*rows, state[-1]])

    def export(self, times: Array, states: Array):
        """Label the states at the centres of the cells."""
        centred = jax.vmap(self.at_centres)(states, times)
        lines = [np.asarray(line.centres) for line in self.layout.lines]
        return label_cells(lines, self.problem.law.components, times, centred)
