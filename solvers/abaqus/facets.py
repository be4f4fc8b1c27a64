"""Faces of elements as node numbers, and the free faces of a body."""

from collections.abc import Iterable

import numpy as np

from ..facets import facet_ids
from .model import ElementBlock, ElementSurface, Model


def surface_facets(model: Model, surface: str) -> dict[int, np.ndarray]:
    """Node numbers of the faces of an element surface.

    Args:
        model: the deck.
        surface: name of a surface of element faces.

    Returns:
        For each number of nodes of a face: (faces, nodes of a face), corners first,
        outward by the right hand, then the middles of the edges.

    Raises:
        ValueError: no such surface, or a surface of nodes.
    """
    found = model.surfaces.get(surface)
    if not isinstance(found, ElementSurface):
        names = [k for k, v in model.surfaces.items() if isinstance(v, ElementSurface)]
        raise ValueError(
            f"surface = {surface!r} is no surface of element faces; the model has "
            f"{names}."
        )
    facets: dict[int, list[np.ndarray]] = {}
    for block in model.elements:
        order = np.argsort(block.ids)
        rows = np.searchsorted(block.ids, found.elements, sorter=order)
        rows = order[np.minimum(rows, len(order) - 1)]
        here = block.ids[rows] == found.elements
        for number, nodes in enumerate(block.element.faces, start=1):
            chosen = rows[here & (found.faces == number)]
            if len(chosen):
                facets.setdefault(len(nodes), []).append(
                    block.nodes[chosen][:, list(nodes)]
                )
    return {size: np.concatenate(parts) for size, parts in facets.items()}


def free_faces(
    blocks: Iterable[ElementBlock], elements: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Faces of some elements that no second element of the model has.

    Args:
        blocks: all elements.
        elements: element numbers.

    Returns:
        Element number and face number of each, in the order of the elements.
    """
    by_corners: dict[int, list[tuple[np.ndarray, np.ndarray, np.ndarray]]] = {}
    for block in blocks:
        for number, corners in enumerate(block.element.shape.face_corners, start=1):
            by_corners.setdefault(len(corners), []).append(
                (block.ids, np.full(len(block.ids), number), block.nodes[:, corners])
            )
    ids, numbers = [], []
    for parts in by_corners.values():
        (keys,) = facet_ids(np.concatenate([part[2] for part in parts]))
        free = np.bincount(keys)[keys] == 1
        owners = np.concatenate([part[0] for part in parts])
        free &= np.isin(owners, elements)
        ids.append(owners[free])
        numbers.append(np.concatenate([part[1] for part in parts])[free])
    owners, faces = np.concatenate(ids), np.concatenate(numbers)
    order = np.lexsort((faces, owners))
    return owners[order], faces[order]
