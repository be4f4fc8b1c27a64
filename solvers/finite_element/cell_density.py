"""Densities of a weak form whose law differs from cell to cell, or point to point."""

from collections.abc import Callable

import jax
from jaxtyping import Array

from ...physics import AbstractBalanceLaw
from ...physics.cell_field import (
    cell_fields,
    law_of,
    point_fields,
    with_cell_values,
    with_point_values,
)
from ..topology import Topology


def at_every_point(form: Callable, law: AbstractBalanceLaw) -> Callable:
    """Map form(law, ...) over quadrature points (first axis) and cells (last axis),
    with the law of each cell and point."""
    own = [field.values for field in cell_fields(law)]
    remembered = [field.values for field in point_fields(law)]

    def in_cell(own, here, *fields):
        return form(with_point_values(with_cell_values(law, own), here), *fields)

    def in_cells(here, *fields):
        axes = (0, 0, *(-1 for _ in fields))
        return jax.vmap(in_cell, in_axes=axes, out_axes=-1)(own, here, *fields)

    def everywhere(*fields):
        axes = (1, *(0 for _ in fields))
        return jax.vmap(in_cells, in_axes=axes)(remembered, *fields)

    return everywhere


class CellDensity:
    """form(law, t, x, u, grad_u) with the law of each cell and quadrature point.

    Called at a point it takes the law of the first, which has the structure of all
    others; `everywhere` gives every one its own.
    """

    def __init__(self, form: Callable, law: AbstractBalanceLaw) -> None:
        self.form, self.law = form, law

    def __call__(self, t: Array, x: Array, u: Array, grad_u: Array):
        return self.form(law_of(self.law, 0), t, x, u, grad_u)

    def everywhere(self, t: Array, x: Array, u: Array, grad_u: Array):
        """At all quadrature points, the first axis, of all cells, the last."""
        at_point = lambda law, x, u, grad_u: self.form(law, t, x, u, grad_u)
        return at_every_point(at_point, self.law)(x, u, grad_u)


def density_of(form: Callable, law: AbstractBalanceLaw) -> Callable:
    """The density t, x, u, grad_u -> form(law, t, x, u, grad_u)."""
    if cell_fields(law) or point_fields(law):
        return CellDensity(form, law)
    return lambda t, x, u, grad_u: form(law, t, x, u, grad_u)


def check_cell_fields(law: AbstractBalanceLaw, topology: Topology) -> None:
    """Refuse cell fields of another mesh.

    Raises:
        ValueError: not one value for each cell.
    """
    for field in cell_fields(law):
        if len(field.values) != topology.cell_count:
            raise ValueError(
                f"problem.law holds a parameter for {len(field.values)} cells, but the "
                f"mesh has {topology.cell_count}; give one value for each cell."
            )
