"""The forms of a law on cells of one type: storage, supply and their derivatives.

Storage is integrated with the consistent mass, source and flux as the formulation says.
`prepare` computes once what no state changes.
"""

from collections.abc import Callable

from jaxtyping import Array, Float

from ...physics import AbstractBalanceLaw, Problem
from ...physics.cell_field import at_first_points
from ..mesh import Mesh, MeshBlock
from .boundary import natural_parts
from .cell_density import density_of
from .element_block import ElementBlock
from .formulation import AbstractFormulation, AbstractPointwiseFormulation
from .geometry import CellGeometry, cell_geometry, facet_block_geometry
from .per_member import per_member
from .state_free import (
    AffineForm,
    Prepared,
    StateFree,
    affine_form,
    at_rest,
    is_affine,
)
from .weak_form import (
    Density,
    cell_matrix,
    cell_vector,
    supply_matrix,
    supply_vector,
)


def storage_density(law: AbstractBalanceLaw) -> Density:
    """The storage of a law, to be tested with the shape functions."""

    form = lambda law, t, x, u, grad_u: (law.storage(t, x, u), None)
    # Storage has no memory, and may be integrated at other points than the history.
    return density_of(form, at_first_points(law))


def supply_density(law: AbstractBalanceLaw) -> Density:
    """Source and flux of a law, to be tested with shape functions and gradients."""

    return density_of(_supply, law)


def _supply(law, t, x, u, grad_u):
    return law.source(t, x, u, grad_u), law.flux(t, x, u, grad_u)


def storage_cells(mesh: MeshBlock, once: StateFree | None) -> CellGeometry:
    """Geometry at the quadrature of the mass."""
    return cell_geometry(mesh) if once is None else once.cells


def supply_cells(
    mesh: MeshBlock, formulation: AbstractFormulation, once: StateFree | None
) -> CellGeometry:
    """Geometry at the quadrature of source and flux."""
    if once is not None:
        return once.supply_cells
    return cell_geometry(mesh, formulation.degree(mesh.cell))


def supply(
    law: AbstractBalanceLaw,
    mesh: MeshBlock,
    formulation: AbstractFormulation,
    once: StateFree | None,
    t: Array,
    nodal: Float[Array, "components k cells"],
) -> Float[Array, "components k cells"]:
    """Source and flux, tested."""
    if once is not None and once.supply is not None:
        return once.supply(nodal)
    geometry = supply_cells(mesh, formulation, once)
    if isinstance(formulation, AbstractPointwiseFormulation):
        degree = formulation.degree(mesh.cell)
        density = supply_density(law)
        return cell_vector(mesh.cell, geometry, density, t, nodal, degree)
    return supply_vector(mesh.cell, geometry, law, formulation, t, nodal)[1]


def source(
    law: AbstractBalanceLaw,
    mesh: MeshBlock,
    formulation: AbstractFormulation,
    t: Array,
    nodal: Float[Array, "components k cells"],
) -> Float[Array, "components k cells"]:
    """The source alone, tested."""
    geometry = supply_cells(mesh, formulation, None)
    return supply_vector(mesh.cell, geometry, law, formulation, t, nodal)[0]


def matrices(
    law: AbstractBalanceLaw,
    mesh: MeshBlock,
    formulation: AbstractFormulation,
    once: StateFree | None,
    t: Array,
    nodal: Float[Array, "components k cells"],
    storage_weight: Array | float,
    inflow_weight: Array | float,
) -> Float[Array, "components components k k cells"]:
    """Derivative of storage_weight * storage - inflow_weight * supply."""
    steady = isinstance(storage_weight, int | float) and storage_weight == 0
    if once is not None and once.supply is not None and once.storage is not None:
        matrix = -inflow_weight * once.supply.matrix
        return matrix if steady else matrix + storage_weight * once.storage.matrix
    cell = mesh.cell
    pointwise = isinstance(formulation, AbstractPointwiseFormulation)
    if pointwise and formulation.degree(cell) is None:

        def form(law, t, x, u, grad_u):
            source, flux = _supply(law, t, x, u, grad_u)
            value = -inflow_weight * source
            if not steady:
                value = value + storage_weight * law.storage(t, x, u)
            return value, -inflow_weight * flux

        density = density_of(form, law)
        return cell_matrix(cell, storage_cells(mesh, once), density, t, nodal)
    geometry = supply_cells(mesh, formulation, once)
    matrix = -inflow_weight * _supply_slope(law, mesh, formulation, geometry, t, nodal)
    if steady:
        return matrix
    mass = cell_matrix(cell, storage_cells(mesh, once), storage_density(law), t, nodal)
    return matrix + storage_weight * mass


def prepare(
    problem: Problem, mesh: Mesh, blocks: tuple[ElementBlock, ...], t: Array
) -> Prepared:
    """Geometry, and the forms where both are affine in the state."""
    facets = {
        name: tuple(
            per_member(lambda _, f=f: facet_block_geometry(mesh.points, f))(t)
            for f in mesh.topology.boundary(name).blocks
        )
        for name in natural_parts(problem)
    }
    return Prepared(tuple(_prepare_block(block, t) for block in blocks), facets)


def _prepare_block(block: ElementBlock, t: Array) -> StateFree:
    # one loop for each part, so that one which nobody reads is not computed
    part = lambda compute: per_member(compute)(t)
    mesh, law, formulation, _ = block
    components, degree = len(law.components), formulation.degree(mesh.cell)
    at = (t, mesh.dimension, components, mesh.points.dtype)
    forms = (None, None)
    if all(is_affine(form(law), *at) for form in (storage_density, supply_density)):
        forms = (
            part(_affine_storage(law, mesh, components)),
            part(_affine_supply(law, mesh, formulation, components)),
        )
    cells = part(lambda t: cell_geometry(mesh))
    return StateFree(
        cells,
        cells if degree is None else part(lambda t: cell_geometry(mesh, degree)),
        *forms,
    )


def _affine_storage(law, mesh, components) -> Callable[[Array], AffineForm]:
    def compute(t):
        geometry = cell_geometry(mesh)
        return affine_form(mesh.cell, geometry, storage_density(law), t, components)

    return compute


def _affine_supply(law, mesh, formulation, components) -> Callable[[Array], AffineForm]:
    def compute(t):
        geometry = supply_cells(mesh, formulation, None)
        rest = at_rest(components, len(mesh.cell.nodes), geometry)
        offset = supply(law, mesh, formulation, None, t, rest)
        slope = _supply_slope(law, mesh, formulation, geometry, t, rest)
        return AffineForm(offset, slope)

    return compute


def _supply_slope(law, mesh, formulation, geometry, t, nodal) -> Array:
    if isinstance(formulation, AbstractPointwiseFormulation):
        degree, density = formulation.degree(mesh.cell), supply_density(law)
        return cell_matrix(mesh.cell, geometry, density, t, nodal, degree)
    return supply_matrix(mesh.cell, geometry, law, formulation, t, nodal)
