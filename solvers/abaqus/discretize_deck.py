"""From a deck to finite elements that `solve_steady` and `solve_modes` take."""

from os import PathLike

from ...physics import Problem, Region
from ..finite_element import EquationError, FiniteElement
from ..topology import REMAINDER
from .acting import acting
from .carried_elements import FORMULATIONS, carried_blocks
from .deck_conditions import deck_conditions
from .deck_constraints import deck_constraints
from .deck_law import deck_law
from .deck_mesh import DeckNodes, deck_mesh
from .model import Model
from .read import read_inp
from .record import refusal
from .ties import deck_ties


def discretize_deck(
    deck: Model | str | PathLike, *, step: int | None = None
) -> FiniteElement:
    """Put one linear step of a deck on its mesh.

    A *STATIC step is for `solve_steady`: its state is the displacement at the end of
    the step. A *FREQUENCY step is for `solve_modes`; what its supports prescribe counts
    as held. Nodes and elements keep their order; `node_numbers` gives their numbers.

    Node sets are point sets of the mesh, element sets groups, loaded surfaces boundary
    parts, under their names: `reaction_forces(scheme, solution.final)["HELD"]` is
    the force [N] of the support on the set HELD.
    Where faces carry several pressures the names are joined by " + ", and a set that is
    held and loaded has its loads under its name and " load". Plane solids have forces
    per metre of thickness and axisymmetric ones per radian; concentrated loads are
    taken as those of the whole thickness or ring, and the axis is held.
    Equations and couplings are multi-point constraints: the force that they exert on
    the body is found under "equations" and the name of the coupling. Loads and supports
    of nodes that no element has become what they mean for the others.

    Carried: the element types in `FORMULATIONS`, also several in one mesh where they
    share whole faces, isotropic elasticity, any number of materials, supports,
    concentrated loads, pressures, gravity and other uniform body forces, equations,
    kinematic couplings, and distributing ones of faces of first order. The
    displacement elements and C3D8R are those of CalculiX; C3D8, CPE4, CAX4 and C3D8R
    of Abaqus differ.

    Args:
        deck: a model, or the path of an `.inp` file.
        step: number of the step, from 1; `None` if there is one only. Supports and
            loads of earlier steps act too unless the deck ends or replaces them.

    Returns:
        Finite elements; `problem` and `mesh` are in it.

    Raises:
        FileNotFoundError: no such file.
        ValueError: anything in the deck that cannot be carried, by file, line and
            keyword; or whatever `read_inp` refuses.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from froude.solvers import solve_steady
        >>> text = '''*NODE
        ... 10, 0, 0
        ... 20, 2, 0
        ... 30, 2, 1
        ... 40, 0, 1
        ... *ELEMENT, TYPE=CPS4, ELSET=PLATE
        ... 1, 10, 20, 30, 40
        ... *MATERIAL, NAME=STEEL
        ... *ELASTIC
        ... 200e9, 0.3
        ... *SOLID SECTION, ELSET=PLATE, MATERIAL=STEEL
        ... *BOUNDARY
        ... 10, 1, 2
        ... 40, 1
        ... *STEP
        ... *STATIC
        ... *DLOAD
        ... PLATE, P2, -1e6
        ... *END STEP
        ... '''
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "plate.inp"
        ...     _ = path.write_text(text)
        ...     scheme = discretize_deck(path)
        >>> displacement = solve_steady(scheme).states[0]
        >>> print(f"{displacement[0, 1]:.3g} m")
        1e-05 m
    """
    model = deck if isinstance(deck, Model) else read_inp(deck)
    blocks = carried_blocks(model)
    acts = acting(model, step)
    law = deck_law(model, acts)
    nodes = DeckNodes(model)
    ties = deck_ties(model, acts, nodes)
    found = deck_conditions(model, acts, law, nodes, ties)
    mesh = deck_mesh(model, nodes, found.boundaries, found.point_sets)
    if REMAINDER not in mesh.boundary_names:
        del found.conditions[REMAINDER]
    region = Region(mesh.dimension, tuple(found.conditions))
    problem = Problem(law, region, found.conditions)
    for block, cells in zip(blocks, mesh.blocks, strict=True):
        try:
            FORMULATIONS[block.type].check(law, cells.cell)
        except TypeError as error:
            raise refusal(
                block.place,
                "ELEMENT",
                f"TYPE={block.type} is not carried in this step: "
                f"{str(error).rstrip('.')}",
            ) from None
    each = tuple(FORMULATIONS[block.type] for block in blocks)
    formulation = each if each[1:] else each[0]
    constraints, said = deck_constraints(ties, nodes, found.conditions, law)
    try:
        return FiniteElement(
            problem, mesh, formulation=formulation, constraints=constraints
        )
    except EquationError as error:
        row = said[error.name][error.number]
        raise refusal(row.place, row.keyword, error.reason) from None
