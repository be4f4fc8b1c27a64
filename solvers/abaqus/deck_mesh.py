"""The mesh of a deck: nodes in its order, sets as groups and point sets."""

from collections.abc import Collection, Mapping

import numpy as np

from ..facets import CellBlock
from ..mesh import Mesh, turned_over
from .carried_elements import carried_blocks, carried_ids
from .model import Model
from .record import refusal


def node_numbers(model: Model) -> np.ndarray:
    """Numbers in the deck of the nodes of its mesh, in the order of the mesh.

    Nodes that no element has, such as reference nodes, are not in the mesh. Elements
    keep their order: cell i is element `model.elements[0].ids[i]`, and the cells of the
    next type follow.

    Args:
        model: the deck.

    Returns:
        Node numbers, (nodes,), in the order of the deck.

    Example:
        >>> from froude.solvers.abaqus import ElementBlock, Nodes
        >>> nodes = Nodes(np.array([30, 7, 4, 12]), np.eye(4, 3))
        >>> plate = ElementBlock("CPS3", np.array([1]), np.array([[4, 30, 12]]))
        >>> node_numbers(Model(nodes, (plate,))).tolist()
        [30, 4, 12]
    """
    used = [block.nodes.ravel() for block in model.elements]
    ids = model.nodes.ids
    return ids[np.isin(ids, np.concatenate(used))]


class DeckNodes:
    """Where the numbers of a deck are in its mesh.

    Args:
        model: the deck.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self.numbers = node_numbers(model)
        self._order = np.argsort(self.numbers)

    def rows(self, numbers: np.ndarray) -> np.ndarray:
        """Mesh nodes of node numbers, any shape; those of no element are left out."""
        sorted_numbers = self.numbers[self._order]
        at = np.minimum(np.searchsorted(sorted_numbers, numbers), len(self._order) - 1)
        return self._order[at[sorted_numbers[at] == numbers]]

    def of(
        self,
        target: str | int,
        place: str,
        keyword: str,
        without: Collection[int] = (),
    ) -> np.ndarray:
        """Mesh nodes of a target that something acts on, but for some numbers.

        Raises:
            ValueError: a node of the target belongs to no element.
        """
        numbers = np.setdiff1d(self._model.nodes_of(target), list(without))
        bare = np.setdiff1d(numbers, self.numbers)
        if len(bare):
            raise refusal(
                place,
                keyword,
                f"acts on {len(bare)} nodes that no element has (first: "
                f"{bare[:5].tolist()}); take them out of {target!r}",
            )
        return self.rows(numbers)

    def points(self) -> np.ndarray:
        """Coordinates of the mesh [m], (nodes, dim).

        Raises:
            ValueError: plane elements out of a plane of constant z.
        """
        model, block = self._model, carried_blocks(self._model)[0]
        points = model.nodes.coordinates[model.rows_of_nodes(self.numbers)]
        dimension = block.element.shape.dimension
        if dimension == 2 and np.ptp(points[:, 2]) > 0:
            raise refusal(
                block.place,
                "ELEMENT",
                f"TYPE={block.type} lies in a plane, but z runs from "
                f"{points[:, 2].min():g} to {points[:, 2].max():g}; make it constant",
            )
        return points[:, :dimension]


def deck_mesh(
    model: Model,
    nodes: DeckNodes,
    boundaries: Mapping[str, list[np.ndarray]],
    point_sets: Mapping[str, np.ndarray],
) -> Mesh:
    """Make the mesh.

    Args:
        model: the deck.
        nodes: where its numbers are.
        boundaries: name to corner node numbers of faces, (faces, corners) of each
            shape.
        point_sets: name to mesh nodes.

    Raises:
        ValueError: whatever `Mesh` refuses, such as inverted elements.
    """
    blocks, ids = carried_blocks(model), carried_ids(model)
    groups = {
        name: np.flatnonzero(np.isin(ids, members))
        for name, members in model.element_sets.items()
    }
    rows = lambda numbers: nodes.rows(numbers).reshape(numbers.shape)
    points = nodes.points()
    for block in blocks:
        kind, table = block.element.shape.cell_type, rows(block.nodes)
        bad = block.ids[turned_over(points, [CellBlock(kind, table, 0)], np)]
        if len(bad):
            raise refusal(
                block.place,
                "ELEMENT",
                f"TYPE={block.type} has {len(bad)} elements that are inverted or have "
                f"no volume (first: {bad[:5].tolist()}); reverse their node order",
            )
    try:
        return Mesh.from_blocks(
            points,
            [(block.element.shape.cell_type, rows(block.nodes)) for block in blocks],
            boundaries={
                name: [rows(corners) for corners in shapes]
                for name, shapes in boundaries.items()
            },
            groups=groups,
            point_sets=point_sets,
        )
    except ValueError as error:
        raise refusal(
            blocks[0].place,
            "ELEMENT",
            f"makes no mesh (cells and nodes count from 0, in the order of the deck): "
            f"{str(error).rstrip('.')}",
        ) from None
