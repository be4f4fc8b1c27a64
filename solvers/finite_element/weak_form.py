"""Element vectors and matrices of a weak form given at a point.

A density (t, x, u, grad_u) -> (value, flux) stands for the form

    integral of value·v + flux:grad v

tested with every shape function v; either part may be None. Interpolation to the
quadrature points and testing are products with small constant matrices, so that the
density is the only thing evaluated point by point, with cells as the last axis.
"""

from collections.abc import Callable
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...physics import AbstractBalanceLaw
from ..cells import Degree, ReferenceCell
from .cell_density import CellDensity
from .dependence import dependence
from .formulation import AbstractFormulation
from .geometry import CellGeometry, FacetGeometry

Density = Callable[[Array, Array, Array, Array], tuple[Array | None, Array | None]]
FacetFlux = Callable[[Array, Array, Array, Array], Array]


def cell_vector(
    cell: ReferenceCell,
    geometry: CellGeometry,
    density: Density,
    t: Array,
    nodal: Float[Array, "components k cells"],
    degree: Degree = None,
) -> Float[Array, "components k cells"]:
    """Test a density with the shape functions of every cell.

    `degree` is that of the quadrature of `geometry`.
    """
    basis = _basis(cell, degree)
    return _test(basis, *_tested(density, geometry, t, _interpolate(basis, nodal)))


def supply_vector(
    cell: ReferenceCell,
    geometry: CellGeometry,
    law: AbstractBalanceLaw,
    formulation: AbstractFormulation,
    t: Array,
    nodal: Float[Array, "components k cells"],
) -> tuple[Float[Array, "components k cells"], Float[Array, "components k cells"]]:
    """Source and flux of a law in a formulation, tested: the source alone, and both."""
    basis = _basis(cell, formulation.degree(cell))
    u, gradient = _at_points(geometry, _interpolate(basis, nodal))
    value, flux = formulation.supply(law, cell, t, geometry, u, gradient)
    value, flux = _weighted(geometry, value, flux)
    source = _test(basis, value, None)
    return source, source + _test(basis, None, flux)


def supply_matrix(
    cell: ReferenceCell,
    geometry: CellGeometry,
    law: AbstractBalanceLaw,
    formulation: AbstractFormulation,
    t: Array,
    nodal: Float[Array, "components k cells"],
) -> Float[Array, "components components k k cells"]:
    """Derivative of `supply_vector` by the nodal values, one after the other, for
    formulations whose quadrature points depend on each other."""
    both = lambda nodal: supply_vector(cell, geometry, law, formulation, t, nodal)[1]
    return slope_by_nodes(both, nodal)


def slope_by_nodes(
    vector: Callable[[Array], Array], nodal: Float[Array, "components k elements"]
) -> Float[Array, "components components k k elements"]:
    """Derivative of an element vector by the nodal values of its own element, one
    value after the other."""
    _, slope = jax.linearize(vector, nodal)
    components, k, elements = nodal.shape
    each = jnp.eye(components * k, dtype=nodal.dtype)
    each = each.reshape(-1, components, k, 1)
    columns = jax.lax.map(lambda one: slope(jnp.broadcast_to(one, nodal.shape)), each)
    columns = columns.reshape(components, k, components, k, elements)
    return jnp.transpose(columns, (2, 0, 3, 1, 4))


def interpolated(
    cell: ReferenceCell,
    geometry: CellGeometry,
    nodal: Float[Array, "components k cells"],
    degree: Degree = None,
) -> tuple[Array, Array]:
    """u (quadrature, C, cells) and grad u (quadrature, C, dim, cells)."""
    return _at_points(geometry, _interpolate(_basis(cell, degree), nodal))


def _test(basis: np.ndarray, value: Array | None, flux: Array | None) -> Array:
    """Sum weighted values and reference fluxes against the shape functions."""
    terms = []
    if value is not None:
        terms.append(jnp.einsum("qk,qce->cke", _as(basis[:, 0], value), value))
    if flux is not None:
        terms.append(jnp.einsum("qik,qice->cke", _as(basis[:, 1:], flux), flux))
    return sum(terms[1:], terms[0])


def cell_matrix(
    cell: ReferenceCell,
    geometry: CellGeometry,
    density: Density,
    t: Array,
    nodal: Float[Array, "components k cells"],
    degree: Degree = None,
) -> Float[Array, "components components k k cells"]:
    """Derivative of `cell_vector` by the nodal values: row and column component,
    test and trial function, cell."""
    basis = _basis(cell, degree)
    state = _interpolate(basis, nodal)
    components, dimension = nodal.shape[0], cell.dimension
    pairs = _coupled_pairs(density, t, dimension, components, nodal.dtype)
    columns = sorted({column for _, column in pairs})
    derivative = {}
    for column in columns:
        for trial in range(components):
            tangent = jnp.zeros_like(state).at[:, column, trial].set(1.0)
            _, (value, flux) = jax.jvp(
                lambda z: _tested(density, geometry, t, z), (state,), (tangent,)
            )
            rows = {} if value is None else {0: value}
            if flux is not None:
                rows |= {1 + i: flux[:, i] for i in range(dimension)}
            for row in rows:
                derivative[row, column, trial] = rows[row]
    stacked = jnp.stack(
        [
            jnp.stack([derivative[row, column, s] for s in range(components)], axis=2)
            for row, column in pairs
        ],
        axis=1,
    )
    table = np.stack([basis[:, r, :, None] * basis[:, c, None, :] for r, c in pairs], 1)
    return jnp.einsum("qpkl,qpcse->cskle", _as(table, nodal), stacked)


def facet_vector(
    facet: ReferenceCell,
    geometry: FacetGeometry,
    flux: FacetFlux,
    t: Array,
    nodal: Float[Array, "components k facets"],
) -> Float[Array, "components k facets"]:
    """Integrate flux(t, x, normal, u) v over every facet."""
    shape = _as(_basis(facet)[:, 0], nodal)
    values = _on_facets(flux, geometry, t, jnp.einsum("qk,cke->qce", shape, nodal))
    return jnp.einsum("qk,qce->cke", shape, values)


def facet_matrix(
    facet: ReferenceCell,
    geometry: FacetGeometry,
    flux: FacetFlux,
    t: Array,
    nodal: Float[Array, "components k facets"],
) -> Float[Array, "components components k k facets"]:
    """Derivative of `facet_vector` by the nodal values."""
    shape = _basis(facet)[:, 0]
    u = jnp.einsum("qk,cke->qce", _as(shape, nodal), nodal)
    columns = []
    for trial in range(nodal.shape[0]):
        tangent = jnp.zeros_like(u).at[:, trial].set(1.0)
        columns.append(
            jax.jvp(lambda z: _on_facets(flux, geometry, t, z), (u,), (tangent,))[1]
        )
    table = shape[:, :, None] * shape[:, None, :]
    return jnp.einsum("qkl,qcse->cskle", _as(table, nodal), jnp.stack(columns, 2))


@lru_cache(maxsize=32)
def _basis(cell: ReferenceCell, degree: Degree = None) -> np.ndarray:
    """Shape functions and reference gradients, (quadrature, 1 + dim, nodes)."""
    points, _ = cell.quadrature(degree)
    return np.concatenate([cell.shape(points)[:, None], cell.shape_gradient(points)], 1)


def _as(table: np.ndarray, like: Array) -> Array:
    return jnp.asarray(table, like.dtype)


def _interpolate(basis: np.ndarray, nodal: Array) -> Array:
    """Values and reference gradients, (quadrature, 1 + dim, components, cells)."""
    return jnp.einsum("qak,cke->qace", _as(basis, nodal), nodal)


def _tested(density: Density, geometry: CellGeometry, t: Array, state: Array):
    """Weighted value (q, C, cells) and reference flux (q, dim, C, cells)."""
    fields = (geometry.x, *_at_points(geometry, state))
    if isinstance(density, CellDensity):
        value, flux = density.everywhere(t, *fields)
    else:
        at_point = jax.vmap(
            lambda x, u, grad_u: density(t, x, u, grad_u), in_axes=-1, out_axes=-1
        )
        value, flux = jax.vmap(at_point)(*fields)
    return _weighted(geometry, value, flux)


def _at_points(geometry: CellGeometry, state: Array) -> tuple[Array, Array]:
    """u and grad u from values and reference gradients."""
    inverse = geometry.inverse
    axes = range(inverse.shape[1])
    gradient = jnp.stack(
        [sum(inverse[:, i, None, j] * state[:, 1 + i] for i in axes) for j in axes],
        axis=2,
    )
    return state[:, 0], gradient


def _weighted(geometry: CellGeometry, value: Array | None, flux: Array | None):
    weight, inverse = geometry.weight, geometry.inverse
    axes = range(inverse.shape[1])
    if value is not None:
        value = weight[:, None] * value
    if flux is not None:
        weighted = weight[:, None, None] * inverse
        flux = jnp.stack(
            [sum(weighted[:, i, j, None] * flux[:, :, j] for j in axes) for i in axes],
            axis=1,
        )
    return value, flux


def _on_facets(flux: FacetFlux, geometry: FacetGeometry, t: Array, u: Array) -> Array:
    at_point = jax.vmap(
        lambda x, normal, u: flux(t, x, normal, u), in_axes=-1, out_axes=-1
    )
    values = jax.vmap(at_point)(geometry.x, geometry.normal, u)
    return geometry.weight[:, None] * values


def _coupled_pairs(
    density: Density, t: Array, dimension: int, components: int, dtype
) -> list[tuple[int, int]]:
    """Pairs of test and trial rows (0 value, 1… gradient) that may be non-zero."""
    trial = {"value": [0], "flux": list(range(1, dimension + 1))}
    present: list[str] = []

    def parts(u, grad_u):
        value, flux = density(t, jnp.zeros(dimension, dtype), u, grad_u)
        present[:] = [
            name
            for name, part in (("value", value), ("flux", flux))
            if part is not None
        ]
        return [part for part in (value, flux) if part is not None]

    depends = dependence(
        parts,
        jax.ShapeDtypeStruct((components,), dtype),
        jax.ShapeDtypeStruct((components, dimension), dtype),
    )
    pairs = []
    for name, (on_value, on_gradient) in zip(present, depends, strict=True):
        for row in trial[name]:
            pairs += [(row, 0)] if on_value else []
            pairs += [(row, c) for c in trial["flux"]] if on_gradient else []
    return pairs or [(0 if "value" in present else 1, 0)]
