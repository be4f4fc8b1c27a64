"""Decks made of meshes, with node and element numbers in no order."""

import dataclasses

import numpy as np

from froude.solvers import Mesh
from froude.solvers.abaqus import (
    ELEMENT_TYPES,
    ElementBlock,
    ElementSurface,
    Material,
    Model,
    Nodes,
    Section,
    Table,
)
from froude.solvers.facets import facet_ids


def shuffled(mesh: Mesh) -> Mesh:
    """The same mesh with nodes and cells in no order."""
    random, topology = np.random.default_rng(3), mesh.topology
    place = random.permutation(len(mesh.points))
    number = np.argsort(place)
    corners = mesh.cell.facet.corners
    return Mesh.from_cells(
        np.asarray(mesh.points)[place],
        topology.cell_type,
        number[random.permutation(topology.cells)],
        boundaries={
            name: number[part.nodes.T[:, :corners]]
            for name, part in topology.boundaries.items()
        },
    )


def deck_of(mesh: Mesh, *element_type: str, **says) -> Model:
    """Make a deck whose numbers are shuffled and have gaps.

    Args:
        mesh: its boundary parts become node sets and surfaces of their names, its
            nodes the set ALL and its cells the set BODY.
        element_type: such as "C3D8"; several, one for each block of a mixed mesh.
        **says: further fields of `Model`, such as materials and steps.
    """
    random = np.random.default_rng(5)
    count, topology = len(mesh.points), mesh.topology
    ids = random.permutation(3 * count)[:count] + 1
    numbers = random.permutation(2 * topology.cell_count)[: topology.cell_count] + 1
    blocks, faces = [], []
    for kind, cells in zip(element_type, topology.blocks, strict=True):
        own = numbers[cells.start : cells.stop]
        blocks.append(ElementBlock(kind, own, ids[cells.cells]))
        for number, corners in enumerate(ELEMENT_TYPES[kind].shape.face_corners, 1):
            faces.append((own, number, cells.cells[:, list(corners)]))
    sets, surfaces = {"ALL": np.sort(ids)}, {}
    for name in topology.boundary_names:
        nodes = topology.nodes_of(name)
        sets[name] = np.sort(ids[nodes])
        of_part = [f.nodes[: f.facet.corners].T for f in topology.boundary(name).blocks]
        ids_of_faces = facet_ids(*of_part, *(corners for _, _, corners in faces))
        wanted = np.concatenate(ids_of_faces[: len(of_part)])
        elements, sides = [], []
        for (own, number, _), found in zip(
            faces, ids_of_faces[len(of_part) :], strict=True
        ):
            mine = own[np.isin(found, wanted)]
            elements.append(mine)
            sides.append(np.full(len(mine), number))
        elements, sides = np.concatenate(elements), np.concatenate(sides)
        order = np.lexsort((sides, elements))
        surfaces[name] = ElementSurface(elements[order], sides[order])
    points = np.pad(np.asarray(mesh.points), ((0, 0), (0, 3 - mesh.dimension)))
    order = random.permutation(count)
    model = Model(
        Nodes(ids[order], points[order]),
        tuple(blocks),
        node_sets=sets,
        element_sets={"BODY": np.sort(numbers)},
        surfaces=surfaces,
    )
    return dataclasses.replace(model, **says)


def isotropic(young_modulus, poisson_ratio, density, **section) -> dict:
    """The material and section of a whole deck, as fields of `Model`."""
    elastic = Table("ISO", np.array([[young_modulus, poisson_ratio]]))
    mass = Table("ISO", np.array([[density]]))
    return {
        "materials": {"METAL": Material("METAL", elastic=elastic, density=mass)},
        "sections": (Section("BODY", "METAL", **section),),
    }
