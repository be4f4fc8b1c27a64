"""What element loops compute once for many states: geometry and affine forms.

A form that is affine in the state, such as conduction with k(x), is a matrix and an
offset per cell: Newton's method then evaluates the law once instead of in every step.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from ..cells import ReferenceCell
from .affine_program import is_affine_program
from .geometry import CellGeometry, FacetGeometry
from .weak_form import Density, cell_matrix, cell_vector


class AffineForm(eqx.Module):
    """`matrix` times the nodal values plus `offset`, cell by cell.

    Attributes:
        offset: (components, k, cells).
        matrix: (components, components, k, k, cells).
    """

    offset: Float[Array, "components k cells"]
    matrix: Float[Array, "components components k k cells"]

    def __call__(self, nodal: Float[Array, "components k cells"]) -> Array:
        """The tested form (components, k, cells)."""
        rows, columns, k, _, _ = self.matrix.shape
        # written out: XLA on a CPU is slow at products over such short axes
        return jnp.stack(
            [
                self.offset[row]
                + sum(
                    self.matrix[row, column, :, node] * nodal[column, node]
                    for column in range(columns)
                    for node in range(k)
                )
                for row in range(rows)
            ]
        )


class StateFree(eqx.Module):
    """Geometry of the cells of one type, and their forms that are affine.

    Attributes:
        cells: geometry of the cells at the quadrature of the mass.
        supply_cells: the same at the quadrature of the supply.
        storage: tested storage, None where it or the supply is not affine.
        supply: tested source and flux, likewise.
    """

    cells: CellGeometry
    supply_cells: CellGeometry
    storage: AffineForm | None
    supply: AffineForm | None


class Prepared(eqx.Module):
    """What no state changes, for all blocks of a mesh.

    Attributes:
        blocks: for each block of cells.
        facets: geometry of the facets, by shape, of each boundary part with a natural
            condition.
    """

    blocks: tuple[StateFree, ...]
    facets: dict[str, tuple[FacetGeometry, ...]]


def affine_form(
    cell: ReferenceCell,
    geometry: CellGeometry,
    density: Density,
    t: Array,
    components: int,
) -> AffineForm:
    """The matrix and the offset of a density that `is_affine`."""
    rest = at_rest(components, len(cell.nodes), geometry)
    offset = cell_vector(cell, geometry, density, t, rest)
    return AffineForm(offset, cell_matrix(cell, geometry, density, t, rest))


def at_rest(components: int, nodes: int, geometry: CellGeometry) -> Array:
    """Nodal values zero, (components, nodes of a cell, cells).

    XLA would multiply a constant when it compiles, for seconds, and keep the products.
    """
    shape = (components, nodes, geometry.weight.shape[-1])
    return lax.optimization_barrier(jnp.zeros(shape, geometry.weight.dtype))


def is_affine(
    density: Callable, t: Array, dimension: int, components: int, dtype
) -> bool:
    """Whether a density certainly is affine in the state and its gradient."""
    at_rest = jnp.zeros(dimension, dtype)
    parts = lambda u, grad_u: [
        part for part in density(t, at_rest, u, grad_u) if part is not None
    ]
    u = jax.ShapeDtypeStruct((components,), dtype)
    grad_u = jax.ShapeDtypeStruct((components, dimension), dtype)
    return is_affine_program(parts, u, grad_u)
