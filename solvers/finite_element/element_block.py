"""The cells of one type of a mesh, with their law and formulation."""

from typing import NamedTuple

import jax
from jaxtyping import Array, Float

from ...physics import AbstractBalanceLaw, AbstractIncompressible
from ...physics.cell_field import law_of_cells
from ..mesh import Mesh, MeshBlock
from .formulation import AbstractFormulation, Displacement
from .geometry import gather_nodes
from .state_free import Prepared, StateFree
from .taylor_hood import TaylorHood

Formulations = AbstractFormulation | tuple[AbstractFormulation, ...]
"""One for all cells, or one for each block of a mesh."""


class ElementBlock(NamedTuple):
    """What the element loops need of the cells of one type.

    Args:
        mesh: the cells with the points of the whole mesh.
        law: the balance law, its cell fields cut to these cells.
        formulation: what a cell makes of its nodal values.
        once: what no state changes, where it is computed already.
    """

    mesh: MeshBlock
    law: AbstractBalanceLaw
    formulation: AbstractFormulation
    once: StateFree | None

    def gather(self, state: Float[Array, "components nodes"]) -> jax.Array:
        """Nodal values of every cell, (components, nodes of a cell, cells)."""
        return gather_nodes(state, self.mesh.topology.cells.T)


def element_blocks(
    law: AbstractBalanceLaw,
    mesh: Mesh,
    formulation: Formulations,
    prepared: Prepared | None = None,
) -> tuple[ElementBlock, ...]:
    """Divide law and formulations among the blocks of a mesh."""
    count = len(mesh.blocks)
    each = formulation if isinstance(formulation, tuple) else (formulation,) * count
    once = (None,) * count if prepared is None else prepared.blocks
    found = []
    for block, own, kept in zip(mesh.blocks, each, once, strict=True):
        cells = block.topology
        # a mesh of one block keeps its law as it is
        part = law if count == 1 else law_of_cells(law, cells.start, cells.stop)
        found.append(ElementBlock(block, part, own, kept))
    return tuple(found)


def checked_formulations(
    formulation: Formulations | None, law: AbstractBalanceLaw, mesh: Mesh
) -> Formulations:
    """The formulation given, if cells and law admit it.

    By default `TaylorHood()` for incompressible laws and `Displacement()` for others.

    Raises:
        ValueError: not one for each block, or a cell that it is not made for.
        TypeError: a law that it is not made for.
    """
    mixed = isinstance(law, AbstractIncompressible)
    if formulation is None:
        formulation = TaylorHood() if mixed else Displacement()
    if isinstance(formulation, tuple) and len(formulation) != len(mesh.blocks):
        kinds = ", ".join(block.cell.name for block in mesh.blocks)
        raise ValueError(
            f"formulation holds {len(formulation)} entries, but the mesh has "
            f"{len(mesh.blocks)} blocks of cells ({kinds}); give one for each, or one "
            "for all."
        )
    for block in element_blocks(law, mesh, formulation):
        if mixed and not isinstance(block.formulation, TaylorHood):
            raise TypeError(
                f"formulation = {block.formulation} leaves a checkerboard of the "
                f"pressure of {type(law).__name__} free; use TaylorHood(), the default."
            )
        block.formulation.check(law, block.mesh.cell)
    return formulation
