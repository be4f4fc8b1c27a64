"""What a deck says: mesh, sets, materials, sections, constraints and steps.

One flat numbering of nodes and of elements, in the numbers of the deck where it has no
instances. Names keep the spelling of their definition, and every reference uses that
spelling. A deck states no units; froude takes its numbers as SI.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from .elements import ELEMENT_TYPES, ElementType
from .material import Material
from .record import AbstractRecord, place_field
from .step import Amplitude, Boundary, InitialTemperature, Step


@dataclasses.dataclass(frozen=True, eq=False)
class Nodes(AbstractRecord):
    """Numbered points.

    Args:
        ids: node numbers, (nodes,), in the order of the deck.
        coordinates: [m], (nodes, 3); left out coordinates are 0.
    """

    ids: np.ndarray
    coordinates: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class ElementBlock(AbstractRecord):
    """All elements of one type, in the order of the deck.

    Args:
        type: a name in `ELEMENT_TYPES`.
        ids: element numbers, (elements,).
        nodes: node numbers, (elements, nodes of an element), in Abaqus order.
        place: file and line in the deck, for messages.
    """

    type: str
    ids: np.ndarray
    nodes: np.ndarray
    place: str = place_field()

    @property
    def element(self) -> ElementType:
        return ELEMENT_TYPES[self.type]


@dataclasses.dataclass(frozen=True, eq=False)
class ElementSurface(AbstractRecord):
    """A surface of element faces.

    Args:
        elements: element number of each face, (faces,).
        faces: 1 for S1, 2 for S2, ..., (faces,).
    """

    elements: np.ndarray
    faces: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class NodeSurface(AbstractRecord):
    """A surface of nodes.

    Args:
        nodes: node numbers, (nodes,).
    """

    nodes: np.ndarray


@dataclasses.dataclass(frozen=True)
class Orientation:
    """Local axes for materials and couplings.

    Args:
        system: `"RECTANGULAR"`: `a` on the local 1-axis, `b` in the 1-2 plane, both
            from the origin. `"CYLINDRICAL"`: `a` and `b` on the axis [m]; local axes
            are radial, tangential, axial.
        axis: local axis 1, 2 or 3 of a further rotation, 0 for none.
        angle: of the further rotation [degree].
    """

    name: str
    system: str
    a: tuple[float, float, float]
    b: tuple[float, float, float]
    axis: int = 0
    angle: float = 0.0


@dataclasses.dataclass(frozen=True)
class Section:
    """The material of an element set.

    Args:
        elements: name of an element set.
        material: name of a material.
        orientation: name of an orientation, None for global axes.
        thickness: of plane elements [m], None if the deck leaves it out (1).
        place: file and line in the deck, for messages.
    """

    elements: str
    material: str
    orientation: str | None = None
    thickness: float | None = None
    place: str = place_field()


@dataclasses.dataclass(frozen=True, eq=False)
class Equation(AbstractRecord):
    """sum(coefficients * u[nodes, dofs]) = 0.

    Args:
        nodes: node numbers, (terms,). The first term is the one to eliminate.
        dofs: 1 to 6, or 11 for temperature, (terms,).
        coefficients: (terms,).
        place: file and line in the deck, for messages.
    """

    nodes: np.ndarray
    dofs: np.ndarray
    coefficients: np.ndarray
    place: str = place_field()


@dataclasses.dataclass(frozen=True)
class Coupling:
    """A surface that follows a reference node.

    Args:
        reference: node number; it has three rotations, 4 to 6, of its own.
        surface: name of a surface.
        kind: `"KINEMATIC"` (rigid) or `"DISTRIBUTING"` (in the mean).
        dofs: first and last degree of freedom of each coupled range.
        orientation: name of the axes of `dofs`, None for global ones.
        place: file and line in the deck, for messages.
    """

    name: str
    reference: int
    surface: str
    kind: str
    dofs: tuple[tuple[int, int], ...]
    orientation: str | None = None
    place: str = place_field()


@dataclasses.dataclass(frozen=True, eq=False)
class Model(AbstractRecord):
    """A deck.

    Args:
        nodes: every node, reference nodes too.
        elements: one block for each element type.
        node_sets: name to sorted node numbers.
        element_sets: name to sorted element numbers.
        surfaces: name to faces or nodes.
        orientations: by name.
        materials: by name.
        amplitudes: by name.
        sections: every element is in one of them, unless the deck is a mesh only.
        equations: linear constraints.
        couplings: surfaces tied to reference nodes.
        initial_temperatures: before the first step.
        boundaries: supports that hold from the start.
        steps: in order.
        heading: free text.

    Example:
        >>> nodes = Nodes(np.arange(1, 4), np.eye(3))
        >>> plate = ElementBlock("CPS3", np.array([7]), np.array([[1, 2, 3]]))
        >>> model = Model(nodes, (plate,), node_sets={"left": np.array([1, 2])})
        >>> model.nodes_of("left"), model.nodes_of(3), model.rows_of_nodes([3, 1])
        (array([1, 2]), array([3]), array([2, 0]))
    """

    nodes: Nodes
    elements: tuple[ElementBlock, ...]
    node_sets: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)
    element_sets: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)
    surfaces: Mapping[str, ElementSurface | NodeSurface] = dataclasses.field(
        default_factory=dict
    )
    orientations: Mapping[str, Orientation] = dataclasses.field(default_factory=dict)
    materials: Mapping[str, Material] = dataclasses.field(default_factory=dict)
    amplitudes: Mapping[str, Amplitude] = dataclasses.field(default_factory=dict)
    sections: tuple[Section, ...] = ()
    equations: tuple[Equation, ...] = ()
    couplings: tuple[Coupling, ...] = ()
    initial_temperatures: tuple[InitialTemperature, ...] = ()
    boundaries: tuple[Boundary, ...] = ()
    steps: tuple[Step, ...] = ()
    heading: str = ""

    def nodes_of(self, target: str | int) -> np.ndarray:
        """Node numbers of a node set, or of the node of that number.

        Raises:
            ValueError: no such node set.
        """
        return _members(self.node_sets, "node set", target)

    def elements_of(self, target: str | int) -> np.ndarray:
        """Element numbers of an element set, or of the element of that number.

        Raises:
            ValueError: no such element set.
        """
        return _members(self.element_sets, "element set", target)

    def rows_of_nodes(self, ids: np.ndarray) -> np.ndarray:
        """Where nodes are in `nodes`.

        Args:
            ids: node numbers, any shape.

        Returns:
            Indices into `nodes.ids`, same shape.

        Raises:
            ValueError: numbers that the model does not have.
        """
        order = np.argsort(self.nodes.ids)
        at = np.searchsorted(self.nodes.ids, ids, sorter=order)
        rows = order[np.minimum(at, len(order) - 1)]
        missing = np.unique(np.asarray(ids)[self.nodes.ids[rows] != ids])
        if len(missing):
            raise ValueError(
                f"ids has {len(missing)} numbers that no node has (first: "
                f"{missing[:5].tolist()})."
            )
        return rows


def _members(sets: Mapping[str, np.ndarray], noun: str, target: str | int):
    if not isinstance(target, str):
        return np.array([target])
    if target not in sets:
        raise ValueError(f"target = {target!r} is no {noun}; there are {list(sets)}.")
    return sets[target]
