"""How a design becomes densities: ties, filter, projection, print, fixed regions."""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...solvers import Mesh
from .cell_geometry import centroids_and_volumes
from .cone_filter import (
    AbstractFilter,
    AbstractPlannedFilter,
    PlannedDensityFilter,
    Unfiltered,
)
from .overhang import Overhang, PrintOrder
from .projection import Projection, projected
from .ties import AbstractTie, tied_cells


class Layout(eqx.Module):
    """The map from design variables to the density of every cell of a mesh.

    In this order: tied cells take one variable, the filter averages, the projection
    sharpens, fixed cells are set, what cannot be printed is taken away.

    Args:
        mesh: concrete points.
        filter: `SensitivityFilter`, `DensityFilter`, or `None`.
        projection: stages of a projection, with a margin for a minimum member size;
            needs a `DensityFilter`. `None` for none.
        overhang: build direction, if the part is printed without supports.
        ties: symmetry planes and extrusions.
        solid: cells that stay solid, under an overhang limit as far as something
            holds them up: indices or a mask, such as `mesh.topology.groups["flange"]`.
        void: cells that stay empty, likewise.

    Raises:
        ValueError: no cell left to design, or whatever a part refuses.
        TypeError: a projection without a density filter.
    """

    mesh: Mesh
    filter: AbstractPlannedFilter
    projection: Projection | None
    order: PrintOrder | None
    variable: np.ndarray
    solid: np.ndarray
    void: np.ndarray
    volumes: Float[Array, " cells"]

    def __init__(
        self,
        mesh: Mesh,
        *,
        filter: AbstractFilter | None = None,
        projection: Projection | None = None,
        overhang: Overhang | None = None,
        ties: Sequence[AbstractTie] = (),
        solid: Any = (),
        void: Any = (),
    ) -> None:
        planned = Unfiltered() if filter is None else filter.plan(mesh)
        count = len(mesh.topology.cells)
        self.mesh, self.filter, self.projection = mesh, planned, projection
        self.order = None if overhang is None else overhang.plan(mesh)
        self.variable = tied_cells(mesh, ties)
        self.solid = _mask(solid, count, "solid")
        self.void = _mask(void, count, "void")
        self.volumes = jnp.asarray(centroids_and_volumes(mesh)[1], mesh.points.dtype)
        both = np.flatnonzero(self.solid & self.void)
        if len(both):
            raise ValueError(
                f"solid and void share {len(both)} cells (first: {both[0]}); a cell is "
                "one or the other."
            )
        if (self.solid | self.void).all():
            raise ValueError(
                f"solid and void fix all {count} cells; leave some to be designed."
            )
        if projection is not None and not isinstance(planned, PlannedDensityFilter):
            raise TypeError(
                f"projection with filter = {filter!r}; a projection needs a "
                "DensityFilter, whose densities it sharpens."
            )

    @property
    def variables(self) -> int:
        """How many design variables there are."""
        return int(self.variable.max()) + 1

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Least and greatest value of each variable, (variables,)."""
        lower, upper = np.zeros(self.variables), np.ones(self.variables)
        upper[self.variable[self.void]] = 0.0
        upper[self.variable[self.solid]] = 1.0
        lower[self.variable[self.solid]] = 1.0
        return lower, upper

    def densities(
        self,
        design: Float[Array, " variables"],
        sharpness: Array | float = 1.0,
        level: Array | float = 0.5,
    ) -> Float[Array, " cells"]:
        """Density of every cell, 0 void to 1 solid.

        Args:
            design: between 0 and 1, (variables,).
            sharpness: β of the projection, if there is one.
            level: threshold η of the projection.
        """
        density = self.filter.apply(design[self.variable])
        if self.projection is not None:
            density = projected(density, jnp.asarray(sharpness), level)
        density = jnp.where(self.solid, 1.0, density)
        density = jnp.where(self.void, 0.0, density)
        if self.order is None:
            return density
        return jnp.where(self.void, 0.0, self.order.printed(density))

    def sensitivity(
        self, design: Float[Array, " variables"], gradient: Float[Array, " variables"]
    ) -> Float[Array, " variables"]:
        """The sensitivity an update uses instead of the gradient by the variables."""
        shared = jnp.zeros_like(gradient).at[self.variable].add(1.0)
        cells = (gradient / shared)[self.variable]
        changed = self.filter.sensitivity(design[self.variable], cells)
        return jnp.zeros_like(gradient).at[self.variable].add(changed)

    def volume(self, density: Float[Array, " cells"]) -> Array:
        """Share of the mesh's volume that densities fill, shape ()."""
        return jnp.sum(self.volumes * density) / jnp.sum(self.volumes)

    def greyness(self, density: Float[Array, " cells"]) -> Array:
        """Σ 4 ρ(1 - ρ) / n: 0 for black and white, 1 for all grey, shape ()."""
        return jnp.mean(4.0 * density * (1.0 - density))


def _mask(given: Any, count: int, name: str) -> np.ndarray:
    marked = np.asarray(given)
    if marked.dtype == bool and marked.shape == (count,):
        return marked
    if marked.size and not np.issubdtype(marked.dtype, np.integer):
        raise ValueError(
            f"{name} has the type {marked.dtype} and shape {marked.shape}; give cell "
            f"indices or a mask ({count},)."
        )
    if marked.size and (marked.min() < 0 or marked.max() >= count):
        raise ValueError(f"{name} holds a cell index outside 0 … {count - 1}.")
    mask = np.zeros(count, bool)
    mask[marked.astype(int).ravel()] = True
    return mask
