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


def deck_of(mesh: Mesh, element_type: str, **says) -> Model:
    """Make a deck whose numbers are shuffled and have gaps.

    Args:
        mesh: its boundary parts become node sets and surfaces of their names, its
            nodes the set ALL and its cells the set BODY.
        element_type: such as "C3D8".
        **says: further fields of `Model`, such as materials and steps.
    """
    random = np.random.default_rng(5)
    count, topology = len(mesh.points), mesh.topology
    ids = random.permutation(3 * count)[:count] + 1
    shape = ELEMENT_TYPES[element_type].shape
    numbers = random.permutation(2 * len(topology.cells))[: len(topology.cells)] + 1
    block = ElementBlock(element_type, numbers, ids[topology.cells])
    sets, surfaces = {"ALL": np.sort(ids)}, {}
    corners = topology.cells[:, np.array(shape.face_corners)]
    for name in topology.boundary_names:
        nodes = topology.nodes_of(name)
        sets[name] = np.sort(ids[nodes])
        cells, faces = np.nonzero(np.isin(corners, nodes).all(axis=2))
        order = np.lexsort((faces, numbers[cells]))
        surfaces[name] = ElementSurface(numbers[cells][order], faces[order] + 1)
    points = np.pad(np.asarray(mesh.points), ((0, 0), (0, 3 - mesh.dimension)))
    order = random.permutation(count)
    model = Model(
        Nodes(ids[order], points[order]),
        (block,),
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
