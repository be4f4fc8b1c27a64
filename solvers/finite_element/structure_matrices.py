"""Stiffness and mass of a structure: two blocks of the linearised law of motion.

With the displacement d and the velocity v of `Elastodynamics` the momentum rows are
M dv/dt + C v + K d = f: K is minus the derivative of their inflow by d, M that of
their storage by v. Both are read from the law, which is evaluated on these rows only.
"""

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...physics import Elastodynamics
from ..links import Links
from ..sparse import SparseMatrix, SparsityPattern
from ..topology import Topology
from .assembly import matrix_assembly
from .boundary import Held, free_mask, natural_flux, natural_parts
from .cell_density import density_of
from .finite_element import FiniteElement
from .geometry import cell_geometry, facet_block_geometry, gather_nodes
from .per_member import per_member
from .weak_form import cell_matrix, facet_matrix


class StructureMatrices(NamedTuple):
    """K and M of all displacements, and where they are free.

    Attributes:
        stiffness: K [N m^-1], with springs and other natural conditions; rows follow
            the flattened displacement (dim, nodes).
        mass: M [kg], consistent.
        free: False where a displacement is held or depends on others, host array
            (dim, nodes).
        links: how displacements depend on others, None where none do; K and M are
            those without constraints.
    """

    stiffness: SparseMatrix
    mass: SparseMatrix
    free: np.ndarray
    links: Links | None = None

    @property
    def free_blocks(self) -> tuple[SparseMatrix, SparseMatrix]:
        """Tᵀ K T and Tᵀ M T of the free displacements."""
        links, both = self.links, (self.stiffness, self.mass)
        if links is not None:
            both = tuple(links.reduce(matrix) for matrix in both)
        stiffness, mass = (free_block(matrix, self.free) for matrix in both)
        return stiffness, mass


def structure_matrices(
    scheme: FiniteElement, t: Array, displacement: Float[Array, "dim nodes"]
) -> StructureMatrices:
    """Linearise a structure about a displacement, at rest.

    Per metre of thickness in plane strain and plane stress, per radian on an axis of
    symmetry.

    Args:
        scheme: elements whose law is `Elastodynamics`.
        t: time [s] at which loads and temperature are taken.
        displacement: where the derivative is taken [m]; it counts where material or
            loads are not linear.

    Raises:
        TypeError: another discretisation or law.
        ValueError: a part that holds a displacement but not its velocity, or the
            velocity alone; likewise for constraints.
    """
    check_structure(scheme)
    topology, count = scheme.mesh.topology, scheme.mesh.dimension
    parts = natural_parts(scheme.problem)
    assembly = matrix_assembly(topology, parts, count)
    mass_assembly = matrix_assembly(topology, (), count)

    def stiffness(t, displacement):
        blocks = _cell_stiffness(scheme, t, displacement)
        for name in parts:
            blocks += _facet_stiffness(scheme, name, t, displacement)
        return assembly(blocks)

    def mass(t, displacement):
        return mass_assembly(_cell_mass(scheme, t, displacement))

    return StructureMatrices(
        SparseMatrix(per_member(stiffness)(t, displacement), assembly.pattern),
        SparseMatrix(per_member(mass)(t, displacement), mass_assembly.pattern),
        _free_displacements(scheme),
        scheme.links(),
    )


def check_structure(scheme: FiniteElement) -> None:
    """Refuse what has no stiffness and mass.

    Raises:
        TypeError: another discretisation than finite elements, or another law than
            `Elastodynamics`.
    """
    if not isinstance(scheme, FiniteElement):
        raise TypeError(
            f"discretization is a {type(scheme).__name__}; vibration needs finite "
            "elements: discretize(problem, mesh)."
        )
    law = scheme.problem.law
    if not isinstance(law, Elastodynamics):
        raise TypeError(
            f"problem.law is {type(law).__name__}, which has no inertia; give "
            "Elastodynamics(solid, density)."
        )


def free_block(matrix: SparseMatrix, free: np.ndarray) -> SparseMatrix:
    """The rows and columns of free degrees of freedom, a host array of booleans."""
    matrix = matrix.by_entries
    entries, pattern = _free_pattern(matrix.pattern, np.packbits(free).tobytes())
    return SparseMatrix(matrix.values[entries], pattern)


@lru_cache(maxsize=8)
def _free_pattern(pattern: SparsityPattern, packed: bytes):
    count = pattern.shape[0]
    free = np.unpackbits(np.frombuffer(packed, np.uint8), count=count).astype(bool)
    number = np.cumsum(free) - 1
    entries = np.flatnonzero(free[pattern.rows] & free[pattern.indices])
    rows, columns = number[pattern.rows[entries]], number[pattern.indices[entries]]
    size = int(free.sum())
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=size))])
    return entries, SparsityPattern(starts, columns, (size, size))


def _free_displacements(scheme) -> np.ndarray:
    components = len(scheme.problem.law.components)
    free = _checked_mask(scheme.mesh.topology, scheme._held, components)
    plan = scheme._elimination
    if plan is None:
        return free[: components // 2]
    half = plan.size // 2
    rows = plan.dependents[plan.rows]
    pairs = np.stack([rows, plan.columns], axis=1)
    sides = [np.all(pairs < half, axis=1), np.all(pairs >= half, axis=1)]
    moved, speed = (np.unique(pairs[side] % half, axis=0) for side in sides)
    loose = plan.without_dependents(free).reshape(2, -1)
    if not np.array_equal(moved, speed) or np.any(loose[0] != loose[1]):
        raise ValueError(
            f"constraints {list(scheme.constraints)} tie displacements without their "
            "velocities, or the velocities alone; give every equation for both."
        )
    return loose[0].reshape(-1, scheme.mesh.topology.node_count)


@lru_cache(maxsize=8)
def _checked_mask(topology: Topology, held: Held, components: int) -> np.ndarray:
    free = free_mask(topology, held, components)
    moved, speed = np.split(free, 2)
    if np.any(moved != speed):
        odd = int(np.sum(np.any(moved != speed, axis=0)))
        raise ValueError(
            f"problem.conditions hold the displacement without its velocity, or the "
            f"velocity alone, at {odd} nodes; hold both, as in Dirichlet(0.0, "
            "('displacement_x', 'velocity_x'))."
        )
    return free


def _cell_stiffness(scheme, t, displacement) -> list[Array]:
    count = scheme.mesh.dimension

    def momentum(law, t, x, u, grad_u):
        state, gradient = _at_rest(u), _at_rest(grad_u)
        source = law.source(t, x, state, gradient)[count:]
        return -source, -law.flux(t, x, state, gradient)[count:]

    return _on_cells(scheme, momentum, t, displacement, reduced=True)


def _cell_mass(scheme, t, displacement) -> list[Array]:
    count = scheme.mesh.dimension

    def momentum(law, t, x, velocity, rate):
        state = jnp.concatenate([jnp.zeros_like(velocity), velocity])
        return law.storage(t, x, state)[count:], None

    return _on_cells(scheme, momentum, t, jnp.zeros_like(displacement))


def _on_cells(scheme, form, t, nodal, *, reduced: bool = False) -> list[Array]:
    found = []
    for block in scheme.blocks:
        cell, density = block.mesh.cell, density_of(form, block.law)
        degree = block.formulation.degree(cell) if reduced else None
        geometry = cell_geometry(block.mesh, degree)
        gathered = block.gather(nodal)
        found.append(cell_matrix(cell, geometry, density, t, gathered, degree))
    return found


def _facet_stiffness(scheme, name: str, t, displacement) -> list[Array]:
    mesh = scheme.mesh
    outward = natural_flux(scheme.problem, name)

    def momentum(t, x, normal, u):
        return outward(t, x, normal, _at_rest(u))[mesh.dimension :]

    found = []
    for facets in mesh.topology.boundary(name).blocks:
        geometry = facet_block_geometry(mesh.points, facets)
        nodal = gather_nodes(displacement, facets.nodes)
        found.append(facet_matrix(facets.facet, geometry, momentum, t, nodal))
    return found


def _at_rest(displacement: jax.Array) -> jax.Array:
    """A displacement (or its gradient) with no velocity, along the first axis."""
    return jnp.concatenate([displacement, jnp.zeros_like(displacement)])
