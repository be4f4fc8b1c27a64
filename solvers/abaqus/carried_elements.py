"""Which element types of a deck finite elements carry, and as what.

An element type is shape functions and an integration rule. A type whose rule froude
lacks is refused: another rule would give another answer under the same name.
"""

import numpy as np

from ...physics import Axisymmetric, PlaneStrain, PlaneStress, Solid
from ..finite_element import (
    AbstractFormulation,
    Displacement,
    IncompatibleModes,
    ReducedIntegration,
    UniformStrain,
)
from .model import ElementBlock, Model
from .record import refusal

_FULL = ("C3D4", "C3D8", "C3D10", "C3D20")
_PLANE = ("CPS", "CPE", "CAX")

FORMULATIONS: dict[str, AbstractFormulation] = {
    **{name: Displacement() for name in _FULL},
    **{kind + nodes: Displacement() for kind in _PLANE for nodes in "3468"},
    **{name: ReducedIntegration() for name in ("C3D6", "C3D15", "C3D20R")},
    **{kind + "8R": ReducedIntegration() for kind in _PLANE},
    **{name: IncompatibleModes() for name in ("C3D8I", "CPS4I", "CPE4I")},
    "C3D8R": UniformStrain(),
}
"""The formulation of each element type that is carried. Displacement elements are fully
integrated and wedges at two and nine points, as in CalculiX; `UniformStrain` has its
hourglass control."""

SOLIDS = {
    "solid": Solid,
    "plane strain": PlaneStrain,
    "plane stress": PlaneStress,
    "axisymmetric": Axisymmetric,
}
"""The law for each formulation of `ElementType`."""


def carried_blocks(model: Model) -> tuple[ElementBlock, ...]:
    """The elements of a deck by type, if all are carried; cells count through them.

    Raises:
        ValueError: no elements, a type that froude has no element for, or types of
            different kinds of solids.
    """
    if not model.elements:
        raise refusal("", "ELEMENT", "is missing: the deck has no elements")
    first, *_ = model.elements
    for block in model.elements:
        if block.type not in FORMULATIONS:
            raise refusal(
                block.place,
                "ELEMENT",
                f"TYPE={block.type} is not carried: {_reason(block)}",
            )
        if block.element.formulation != first.element.formulation:
            raise refusal(
                block.place,
                "ELEMENT",
                f"TYPE={block.type} stands beside {first.type}; one body is carried, "
                "in three dimensions, plane stress, plane strain or axisymmetric",
            )
    return model.elements


def carried_ids(model: Model) -> np.ndarray:
    """Element numbers in the order of the cells, (cells,)."""
    return np.concatenate([block.ids for block in carried_blocks(model)])


def carried_dimension(model: Model) -> int:
    """Space dimension of the elements."""
    return carried_blocks(model)[0].element.shape.dimension


def _reason(block: ElementBlock) -> str:
    if block.element.formulation == "heat":
        return "only decks of solids become problems; state the heat problem in Python"
    return (
        "it has one integration point, and how its hourglasses are held depends on the "
        f"program; write {block.type[:-1]}, {block.type[:-2]}8R or, in three "
        "dimensions, C3D8R"
    )
