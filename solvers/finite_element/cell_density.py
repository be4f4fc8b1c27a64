"""Densities of a weak form whose law differs from cell to cell."""

from collections.abc import Callable

import jax
from jaxtyping import Array

from ...physics import AbstractBalanceLaw
from ...physics.cell_field import cell_fields, law_of, with_cell_values
from ..topology import Topology


class CellDensity:
    """form(law, t, x, u, grad_u) with the law of each cell.

    Called at a point it takes the law of the first cell, which has the structure of
    all others; `over_cells` gives every cell its own.
    """

    def __init__(self, form: Callable, law: AbstractBalanceLaw) -> None:
        self.form, self.law = form, law

    def __call__(self, t: Array, x: Array, u: Array, grad_u: Array):
        return self.form(law_of(self.law, 0), t, x, u, grad_u)

    def over_cells(self, t: Array, x: Array, u: Array, grad_u: Array):
        """At one quadrature point of all cells, which are the last axis."""
        values = [field.values for field in cell_fields(self.law)]

        def in_cell(values, x, u, grad_u):
            return self.form(with_cell_values(self.law, values), t, x, u, grad_u)

        return jax.vmap(in_cell, in_axes=(0, -1, -1, -1), out_axes=-1)(
            values, x, u, grad_u
        )


def density_of(form: Callable, law: AbstractBalanceLaw) -> Callable:
    """The density t, x, u, grad_u -> form(law, t, x, u, grad_u)."""
    if cell_fields(law):
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
