"""Continuous Galerkin finite elements for balance laws."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...physics import Box, Problem
from ..discretization import AbstractDiscretization
from ..elimination import Elimination
from ..links import Links
from ..mesh import Mesh, inverted_cells
from ..sparse import DirectSolver, SparseMatrix
from . import cell_forms
from .assembly import identity_where_held, matrix_assembly, vector_assembly
from .boundary import (
    Held,
    check_conditions,
    check_extents,
    free_mask,
    held_components,
    natural_parts,
    point_supply,
    reaction_shares,
    write_prescribed,
)
from .cell_density import check_cell_fields
from .element_block import (
    ElementBlock,
    Formulations,
    checked_formulations,
    element_blocks,
)
from .export import export_nodal
from .free_level import Levels, find_levels, shifted, with_levels, without_sum
from .geometry import facet_block_geometry, gather_nodes
from .linear_constraint import (
    LinearConstraint,
    checked_constraints,
    constraint_forces,
    constraint_links,
    plan_elimination,
)
from .memory import at_start, check_memory
from .natural_supply import natural_matrix, natural_vector
from .per_member import per_member
from .sampling import error_norm, evaluate_at
from .state_free import Prepared
from .taylor_hood import LinearRows, check_mixed, linear_rows
from .weak_form import cell_vector

if TYPE_CHECKING:
    import xarray as xr


class FiniteElement(AbstractDiscretization):
    """P1, P2, Q1, Q2 and S2 elements on an unstructured mesh.

    With shape functions v and the solution u in their span,

        d/dt ∫ storage v = ∫ flux·grad v + ∫ source v - ∮ (natural flux·n) v

    for every v that vanishes where u is prescribed. The storage uses the consistent
    mass, natural conditions are integrated, essential values are eliminated
    symmetrically, and the flux through an essential part is its nodal reaction, so
    budgets close to round-off. Second order in L2 for P1 and Q1, third for P2 and
    Q2, on smooth data, and for S2 where the cells are close to parallelograms or
    parallelepipeds. No upwinding: advection needs a cell Péclet number below 2.

    Args:
        problem: conditions for exactly the boundary parts of the mesh; its domain is
            a `Region`, or a `Box` that the mesh fills.
        mesh: the mesh; its points may be traced.
        formulation: what a cell makes of its nodal values: `Displacement()`,
            `MeanDilatation()`, `IncompatibleModes()`, `ReducedIntegration()`,
            `UniformStrain()` or `TaylorHood()`, the default of incompressible laws; a
            tuple gives one for each block of the mesh.
        constraints: equations between nodal unknowns, eliminated exactly, under names
            that `boundary_flux` and `reaction_forces` tell their forces by; not with
            `TaylorHood()`.

    Raises:
        ValueError: dimension or boundary names of problem and mesh differ, the mesh
            does not fill the `Box` of the problem (unless traced), or the formulation
            is not made for its cells; a constraint of other nodes, that others imply or
            contradict, or between values that are all prescribed.
        TypeError: a condition that finite elements cannot impose, or a formulation
            that is not made for the law.

    Reference:
        Carey (1982), Derivative calculation from finite element solutions, Comput.
        Methods Appl. Mech. Eng. 35, doi:10.1016/0045-7825(82)90124-4 (reactions).
    """

    problem: Problem
    mesh: Mesh
    formulation: Formulations
    constraints: dict[str, LinearConstraint]
    _elimination: Elimination | None = eqx.field(static=True)
    _prepared: Prepared | None
    _levels: Levels | None

    def __init__(
        self,
        problem: Problem,
        mesh: Mesh,
        *,
        formulation: Formulations | None = None,
        constraints: Mapping[str, LinearConstraint] | None = None,
    ) -> None:
        check_conditions(problem, mesh.topology)
        check_cell_fields(problem.law, mesh.topology)
        if isinstance(problem.domain, Box):
            check_extents(problem.domain, mesh)
        check_memory(problem.law, mesh)
        self.formulation = checked_formulations(
            formulation, at_start(problem.law), mesh
        )
        self.problem, self.mesh = problem, mesh
        self._prepared = self._levels = None
        at = (problem, mesh.topology)
        self.constraints = checked_constraints(constraints, *at)
        check_mixed(self.formulation, self.constraints)
        self._elimination = plan_elimination(self.constraints, *at)

    @property
    def blocks(self) -> tuple[ElementBlock, ...]:
        """The cells by type, with law and formulation."""
        law, mesh = self.problem.law, self.mesh
        return element_blocks(law, mesh, self.formulation, self._prepared)

    @property
    def linear_rows(self) -> LinearRows | None:
        """The components that are linear on cells of second order."""
        law = at_start(self.problem.law)
        return linear_rows(self.formulation, law, self.mesh.topology)

    @property
    def _components(self) -> int:
        return len(self.problem.law.components)

    @property
    def _held(self) -> Held:
        return held_components(self.problem)

    def project(self, function: Callable[[Array], Array]) -> Array:
        values = jax.vmap(lambda x: jnp.atleast_1d(function(x)))(self.mesh.points).T
        state = jnp.broadcast_to(values, (self._components, len(self.mesh.points)))
        rows = self.linear_rows
        return state if rows is None else rows.spread(state)

    def prepared(self, t: Array) -> "FiniteElement":
        scheme = self if self.linear_rows is None else with_levels(self, t)
        once = cell_forms.prepare(self.problem, self.mesh, self.blocks, t)
        nothing = lambda node: node is None
        return eqx.tree_at(lambda this: this._prepared, scheme, once, is_leaf=nothing)

    def levels(self, t: Array) -> Levels:
        """Which linear components have a level that nothing fixes."""
        at = jnp.asarray(t, self.mesh.points.dtype)
        return find_levels(self, at) if self._levels is None else self._levels

    def storage(self, t: Array, state: Array) -> Array:
        def cells(block, t, nodal):
            if block.once is not None and block.once.storage is not None:
                return block.once.storage(nodal)
            return _tested(block, cell_forms.storage_density(block.law), t, nodal)

        return self._assemble(cells, t, state)

    def inflow(self, t: Array, state: Array) -> Array:
        return self._inflow(jnp.asarray(t, state.dtype), state)

    # Traced once, though Newton's method, its Jacobian and the books all call it.
    @eqx.filter_jit
    def _inflow(self, t: Array, state: Array) -> Array:
        supplied, rows = self.whole_inflow(t, state), self.linear_rows
        if rows is None:
            return supplied
        return without_sum(self.levels(t), rows.rows, supplied)

    def whole_inflow(self, t: Array, state: Array) -> Array:
        """The inflow with the sum that a free level takes from it."""

        def cells(block, t, nodal):
            mesh, law, formulation, once = block
            return cell_forms.supply(law, mesh, formulation, once, t, nodal)

        supplied = self._assemble(cells, t, state, facets=True)
        for name, load in self._point_supply(t, state).items():
            nodes = self.mesh.topology.point_sets[name]
            supplied = supplied.at[:, nodes].add(load)
        return supplied

    def constrain(self, t: Array, state: Array) -> Array:
        state = write_prescribed(self.problem, self.mesh, t, state)
        links, linear = self.links(), self.linear_rows
        state = state if links is None else links.write(state)
        return state if linear is None else linear.spread(state)

    def free(self) -> np.ndarray | None:
        plan, linear = self._elimination, self.linear_rows
        if not self._held and plan is None and linear is None:
            return None
        free = free_mask(self.mesh.topology, self._held, self._components)
        free = free if plan is None else plan.without_dependents(free)
        return free if linear is None else linear.without_middles(free)

    def links(self) -> Links | None:
        plan = self._elimination
        return None if plan is None else constraint_links(self.constraints, plan)

    def rate(self, t: Array, state: Array, storage_rate: Array) -> Array:
        t = jnp.asarray(t, state.dtype)
        one, still = jnp.ones_like(t), jnp.zeros_like(state)
        _, prescribed = jax.jvp(lambda s: self.constrain(s, still), (t,), (one,))
        _, explicit = jax.jvp(self.storage, (t, state), (one, prescribed))
        balance = self.close(prescribed, self.gather(storage_rate - explicit))
        mass = self.jacobian(t, state, 1.0, 0.0)
        change = DirectSolver().solve(mass, balance.ravel()).value.reshape(state.shape)
        links, change = self.links(), self.close(prescribed, change)
        return change if links is None else links.spread(change)

    def inverted(self) -> Array:
        return jnp.any(inverted_cells(self.mesh))

    def jacobian(
        self,
        t: Array,
        state: Array,
        storage_weight: Array | float,
        inflow_weight: Array | float,
    ) -> SparseMatrix:
        parts = natural_parts(self.problem)
        pattern = matrix_assembly(self.mesh.topology, parts, self._components).pattern
        values = per_member(self._jacobian_values)(
            t, state, storage_weight, inflow_weight
        )
        matrix, links, free = SparseMatrix(values, pattern), self.links(), self.free()
        if links is not None:
            matrix = links.reduce(matrix)
        if free is None:
            return matrix
        values = identity_where_held(matrix.pattern, matrix.values, free.ravel())
        matrix, rows = SparseMatrix(values, matrix.pattern), self.linear_rows
        if rows is None:
            return matrix
        return shifted(self.levels(t), rows, rows.tie_middles(matrix))

    def boundary_flux(
        self, t: Array, state: Array, *, storage_rate: Array | None = None
    ) -> dict[str, Float[Array, " components"]]:
        flux = {
            name: jnp.zeros(self._components, state.dtype)
            for name in self.mesh.boundary_names
        }
        flux |= per_member(self._natural_outflow)(t, state)
        for name in self.mesh.topology.point_sets:
            if name in self.problem.conditions:
                flux[name] = jnp.zeros(self._components, state.dtype)
        for name, load in self._point_supply(t, state).items():
            flux[name] = flux[name] - jnp.sum(load, axis=1)
        if self.free() is not None:
            reaction = self.inflow(t, state)
            if storage_rate is not None:
                reaction = reaction - storage_rate
            links = self.links()
            if links is not None:
                multipliers = links.multipliers(reaction)
                forces = constraint_forces(
                    self.constraints, multipliers, self._components
                )
                flux |= {name: -force for name, force in forces.items()}
                reaction = links.gather(reaction)
            topology = self.mesh.topology
            shares = reaction_shares(topology, self._held, self._components)
            for (name, _), share in zip(self._held, shares, strict=True):
                nodes = topology.nodes_of(name)
                flux[name] = flux[name] + jnp.sum(share * reaction[:, nodes], axis=1)
        return flux

    def source_integral(self, t: Array, state: Array) -> Float[Array, " components"]:
        def cells(block, t, nodal):
            mesh, law, formulation, _ = block
            return cell_forms.source(law, mesh, formulation, t, nodal)

        return jnp.sum(self._assemble(cells, t, state), axis=1)

    def integrate(self, field: Array) -> Float[Array, " components"]:
        density = lambda t, x, u, grad_u: (u, None)
        cells = lambda block, t, nodal: _tested(block, density, t, nodal)
        return jnp.sum(self._assemble(cells, jnp.zeros(()), field), axis=1)

    def coordinates(self) -> Float[Array, "points dim"]:
        return self.mesh.points

    def collocate(self, state: Array) -> Float[Array, "components points"]:
        return state

    def export(self, times: Array, states: Array) -> "xr.Dataset":
        return export_nodal(self.mesh, self.problem.law.components, times, states)

    def evaluate(self, state: Array, points: np.ndarray) -> Array:
        """Interpolate a state at arbitrary points of the mesh.

        The containing cells are found on the host, so mesh and points must be
        concrete; differentiable in the state.

        Args:
            state: (components, nodes).
            points: positions [m], (points, dim).

        Returns:
            (components, points).

        Raises:
            ValueError: a point outside the mesh, or traced mesh points.
        """
        return evaluate_at(self.mesh, state, points)

    def error(
        self, state: Array, exact: Callable[[Array], Array]
    ) -> Float[Array, " components"]:
        """L2 norm of the error of a state, with quadrature well above its order.

        Args:
            state: (components, nodes).
            exact: x (dim,) -> u (components,).
        """
        return error_norm(self.mesh, state, exact)

    def _jacobian_values(self, t, state, storage_weight, inflow_weight) -> Array:
        matrices, rows = [], self.linear_rows
        folded = lambda cell, m: m if rows is None else rows.fold_matrix(cell, m)
        for block in self.blocks:
            mesh, law, formulation, once = block
            nodal, weights = block.gather(state), (storage_weight, inflow_weight)
            at = (law, mesh, formulation, once, t, nodal, *weights)
            matrices.append(folded(mesh.cell, cell_forms.matrices(*at)))
        parts = natural_parts(self.problem)
        for name in parts:
            at = (self.problem, name, self.mesh.points)
            for facets, geometry in self._facets(name):
                nodal = gather_nodes(state, facets.nodes)
                matrix = natural_matrix(*at, facets, geometry, t, nodal)
                matrices.append(inflow_weight * folded(facets.facet, matrix))
        return matrix_assembly(self.mesh.topology, parts, self._components)(matrices)

    def _facet_vectors(self, name: str, t: Array, state: Array) -> list[Array]:
        at, parts = (self.problem, name, self.mesh.points), self._facets(name)
        return [
            natural_vector(*at, f, geometry, t, gather_nodes(state, f.nodes))
            for f, geometry in parts
        ]

    def _point_supply(self, t: Array, state: Array) -> dict[str, Array]:
        points = self.mesh.points
        return point_supply(self.problem, self.mesh.topology, t, points, state)

    def _natural_outflow(self, t: Array, state: Array) -> dict[str, Array]:
        outflow = {}
        for name in natural_parts(self.problem):
            vectors = self._facet_vectors(name, t, state)
            sums = [jnp.sum(vector, axis=(1, 2)) for vector in vectors]
            outflow[name] = sum(sums[1:], sums[0])
        return outflow

    def _facets(self, name: str):
        """The facets of a part by shape, with their geometry."""
        blocks, once = self.mesh.topology.boundary(name).blocks, self._prepared
        fresh = lambda block: facet_block_geometry(self.mesh.points, block)
        known = map(fresh, blocks) if once is None else once.facets[name]
        return list(zip(blocks, known, strict=True))

    def _assemble(self, cells, t, state, *, facets: bool = False) -> Array:
        """Add up what `cells(block, t, nodal)` gives for the cells of every block,
        (components, nodes)."""

        def assembled(t, state):
            vectors = [cells(block, t, block.gather(state)) for block in self.blocks]
            parts = natural_parts(self.problem) if facets else ()
            for name in parts:
                vectors += [-vector for vector in self._facet_vectors(name, t, state)]
            assembly = vector_assembly(self.mesh.topology, parts, state.shape[0])
            flat = jnp.concatenate([vector.ravel() for vector in vectors])
            return assembly(flat).reshape(state.shape)

        rows = self.linear_rows
        if rows is None:
            return per_member(assembled)(t, state)
        return rows.fold(per_member(assembled)(t, rows.spread(state)))


def _tested(block: ElementBlock, density, t, nodal) -> Array:
    geometry = cell_forms.storage_cells(block.mesh, block.once)
    return cell_vector(block.mesh.cell, geometry, density, t, nodal)
