"""Which element types of a deck finite elements carry, and as what.

An element type is shape functions and an integration rule. A type whose rule froude
lacks is refused: another rule would give another answer under the same name.
"""

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
    **{name: ReducedIntegration() for name in ("C3D20R", *(k + "8R" for k in _PLANE))},
    **{name: IncompatibleModes() for name in ("C3D8I", "CPS4I", "CPE4I")},
    "C3D8R": UniformStrain(),
}
"""The formulation of each element type that is carried. Displacement elements are fully
integrated, as in CalculiX; `UniformStrain` has the hourglass control of CalculiX."""

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
    if element.formulation == "heat":
        return "only decks of solids become problems; state the heat problem in Python"
    if element.reduced:
        return (
            "it has one integration point, and how its hourglasses are held depends on "
            f"the program; write {block.type[:-1]}, {block.type[:-2]}8R or, in three "
            "dimensions, C3D8R"
        )
    return f"froude has no {element.shape.cell_type} cell; it carries " + ", ".join(
        FORMULATIONS
    )
