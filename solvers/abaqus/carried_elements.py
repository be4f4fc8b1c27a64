"""Which element types of a deck finite elements carry, and as what.

An element type is shape functions and an integration rule. A type whose rule froude
lacks is refused: another rule would give another answer under the same name.
"""

from typing import Any

from ...physics import Axisymmetric, PlaneStrain, PlaneStress, Solid
from .model import ElementBlock, Model
from .record import refusal

FORMULATIONS: dict[str, dict[str, Any]] = {
    "C3D4": {},
    "C3D10": {},
    "C3D8": {},
    "C3D20": {},
    "CPS3": {},
    "CPS4": {},
    "CPS6": {},
    "CPS8": {},
    "CPE3": {},
    "CPE4": {},
    "CPE6": {},
    "CPE8": {},
    "CAX3": {},
    "CAX4": {},
    "CAX6": {},
    "CAX8": {},
}
"""For each element type that is carried, options of `FiniteElement` besides problem and
mesh. None: the displacement formulation, fully integrated, as in CalculiX."""

SOLIDS = {
    "solid": Solid,
    "plane strain": PlaneStrain,
    "plane stress": PlaneStress,
    "axisymmetric": Axisymmetric,
}
"""The law for each formulation of `ElementType`."""


def carried_block(model: Model) -> ElementBlock:
    """The elements of a deck that has one type, and one that is carried.

    Raises:
        ValueError: several types, or one that froude has no element for.
    """
    if len(model.elements) != 1:
        kinds = ", ".join(f"{len(b.ids)} {b.type}" for b in model.elements)
        raise refusal(
            model.elements[1].place if model.elements else "",
            "ELEMENT",
            f"mixes element types: {kinds or 'none'}; mesh the body with one type",
        )
    (block,) = model.elements
    if block.type not in FORMULATIONS:
        raise refusal(
            block.place,
            "ELEMENT",
            f"TYPE={block.type} is not carried: {_reason(block)}",
        )
    return block


def _reason(block: ElementBlock) -> str:
    element = block.element
    full = block.type.rstrip("RI")
    if element.formulation == "heat":
        return "only decks of solids become problems; state the heat problem in Python"
    if element.reduced:
        return (
            f"it is integrated at fewer points than froude's element; write {full} if "
            "full integration is meant"
        )
    if element.incompatible:
        return (
            "froude's element has no incompatible modes and is too stiff in bending; "
            f"write {full} if that is meant, or C3D20"
        )
    return f"froude has no {element.shape.cell_type} cell; it carries " + ", ".join(
        FORMULATIONS
    )
