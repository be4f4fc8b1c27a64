"""Nodes, elements, sets and surfaces of a deck, flattened to one numbering."""

import numpy as np

from .deck import Block
from .elements import ELEMENT_TYPES, refused_element
from .facets import free_faces
from .fields import (
    connectivity_rows,
    coordinate_rows,
    integer,
    integers_or_names,
    reals,
    rows,
)
from .labels import Names, Numbers, Scope, Sets
from .model import ElementBlock, ElementSurface, Nodes, NodeSurface
from .parts import Outline


class MeshReader:
    """The flattened mesh of a deck and the names by which it is referred to.

    Args:
        deck: the blocks by level.
    """

    def __init__(self, deck: Outline) -> None:
        self.top, self.top_blocks = Scope(), deck.blocks
        placed = [(Scope(f"{i.name}."), i.blocks, i.placement) for i in deck.instances]
        placed.append((self.top, deck.blocks, None))
        self._placed = placed
        self._scopes = {scope.prefix.upper(): scope for scope, _, _ in placed}
        outer = deck.assembly
        self.node_sets = Sets("node", outer, self._scopes.values())
        self.element_sets = Sets("element", outer, self._scopes.values())
        self.surface_names = Names("surface", outer)
        self.nodes = self._read_nodes()
        self.elements = self._read_elements()
        self._read_sets("ELSET", self.element_sets)
        self._read_sets("NSET", self.node_sets)
        self._face_counts = _face_counts(self.elements)
        self.surfaces = self._read_surfaces()

    def blocks(self, keyword: str):
        """(scope, block, placement) of a keyword, instances first."""
        for scope, blocks, placement in self._placed:
            for block in blocks:
                if block.keyword == keyword:
                    yield scope, block, placement

    def check_face(self, target, face: int, block: Block, row: int) -> None:
        """Refuse a face number that an element of the target does not have."""
        ids, counts = self._face_counts
        members = self.element_sets.members(target)
        short = counts[np.searchsorted(ids, members)] < face
        if short.any():
            raise block.error(
                f"names face {face}, which element {members[short][0]} does not have "
                f"({short.sum()} such elements in the target); correct the face",
                row,
            )

    def _read_nodes(self) -> Nodes:
        ids, points, floor = [], [], 0
        for scope, blocks, placement in self._placed:
            chunks = []
            for block in blocks:
                if block.keyword == "NODE":
                    numbers, coordinates = coordinate_rows(block)
                    scope.nodes.add(numbers, block, np.arange(len(numbers)))
                    if placement:
                        coordinates = placement.place(coordinates)
                    chunks.append((numbers, coordinates, block))
            floor = scope.nodes.close(floor)
            for numbers, coordinates, block in chunks:
                flat = numbers + scope.nodes.offset
                ids.append(flat)
                points.append(coordinates)
                if name := block.get("NSET"):
                    self.node_sets.add(scope.prefix + name, block, flat)
        if not sum(map(len, ids)):
            raise ValueError("the deck defines no *NODE; is it cut off?")
        return Nodes(np.concatenate(ids), np.concatenate(points))

    def _read_elements(self) -> tuple[ElementBlock, ...]:
        merged: dict[str, list[tuple[np.ndarray, np.ndarray, str]]] = {}
        floor = 0
        for scope, blocks, _ in self._placed:
            chunks = []
            for block in blocks:
                if block.keyword == "ELEMENT":
                    kind = block.need("TYPE").upper()
                    if kind not in ELEMENT_TYPES:
                        reason = refused_element(kind)
                        raise block.error(f"TYPE={kind} is not supported: {reason}")
                    found = connectivity_rows(block, ELEMENT_TYPES[kind].node_count)
                    ids, nodes, lines = found
                    scope.elements.add(ids, block, lines)
                    _check_nodes(scope.nodes, block, ids, nodes, lines)
                    chunks.append((kind, ids, nodes + scope.nodes.offset, block))
            floor = scope.elements.close(floor)
            for kind, ids, nodes, block in chunks:
                flat = ids + scope.elements.offset
                merged.setdefault(kind, []).append((flat, nodes, block.place()))
                if name := block.get("ELSET"):
                    self.element_sets.add(scope.prefix + name, block, flat)
        if not merged:
            raise ValueError("the deck defines no *ELEMENT; is it cut off?")
        return tuple(
            ElementBlock(
                kind,
                np.concatenate([ids for ids, _, _ in parts]),
                np.concatenate([nodes for _, nodes, _ in parts]),
                parts[0][2],
            )
            for kind, parts in merged.items()
        )

    def _read_sets(self, keyword: str, sets: Sets) -> None:
        for scope, block, _ in self.blocks(keyword):
            name = scope.prefix + block.need(keyword)
            inner = scope
            if instance := block.get("INSTANCE"):
                inner = self._scopes.get(f"{instance.upper()}.")
                if inner is None:
                    raise block.error(f"names the instance {instance!r}: there is none")
            elements = block.get("ELSET") if keyword == "NSET" else None
            if elements:
                sets.add(name, block, self._nodes_of_elements(elements, block, inner))
            elif not block.data:
                raise block.error("has no data lines; list its members or delete it")
            elif block.has("GENERATE"):
                sets.add(name, block, _generated(block, sets.numbers(inner)))
            else:
                found = integers_or_names(block)
                if isinstance(found, np.ndarray):
                    members = sets.numbers(inner).flat(found, block)
                else:
                    members = [(inner, row, field) for row, field in found]
                if not len(members):
                    raise block.error("has no members; list them or delete it")
                sets.add(name, block, members)

    def _nodes_of_elements(self, name: str, block: Block, scope: Scope) -> np.ndarray:
        target = self.element_sets.target(name, block, None, scope)
        members = self.element_sets.members(target)
        return np.concatenate(
            [b.nodes[np.isin(b.ids, members)].ravel() for b in self.elements]
        )

    def _read_surfaces(self) -> dict[str, ElementSurface | NodeSurface]:
        surfaces: dict[str, ElementSurface | NodeSurface] = {}
        for scope, block, _ in self.blocks("SURFACE"):
            name = self.surface_names.define(scope.prefix + block.need("NAME"), block)
            if not block.data:
                raise block.error("has no data lines; list its faces or nodes")
            nodal = block.get("TYPE") == "NODE"
            read = self._node_surface if nodal else self._element_surface
            surfaces[name] = read(block, scope)
        return surfaces

    def _node_surface(self, block: Block, scope: Scope) -> NodeSurface:
        parts = []
        for row, fields in enumerate(rows(block)):
            if len(fields) != 1 and reals(fields[1:], block, row) != [1.0]:
                raise block.error("needs a node or node set, with the area 1", row)
            target = self.node_sets.target(fields[0], block, row, scope)
            parts.append(self.node_sets.members(target))
        return NodeSurface(np.unique(np.concatenate(parts)))

    def _element_surface(self, block: Block, scope: Scope) -> ElementSurface:
        owners, faces = [], []
        for row, fields in enumerate(rows(block)):
            if not 1 <= len(fields) <= 2:
                raise block.error("needs an element or element set and a face", row)
            target = self.element_sets.target(fields[0], block, row, scope)
            if len(fields) == 1:
                members, numbers = free_faces(
                    self.elements, self.element_sets.members(target)
                )
            else:
                face = face_number(fields[1], "S", block, row)
                self.check_face(target, face, block, row)
                members = self.element_sets.members(target)
                numbers = np.full(len(members), face)
            owners.append(members)
            faces.append(numbers)
        pairs = np.stack([np.concatenate(owners), np.concatenate(faces)], axis=1)
        pairs = np.unique(pairs, axis=0)
        return ElementSurface(pairs[:, 0], pairs[:, 1])


def face_number(field: str, letter: str, block: Block, row: int) -> int:
    """The number in a face label such as S3."""
    number = field[1:]
    if field[:1].upper() != letter or not number.isdecimal() or number == "0":
        raise block.error(
            f"has {field!r} where a face {letter}1, {letter}2, ... is needed", row
        )
    return int(number)


def _face_counts(elements: tuple[ElementBlock, ...]) -> tuple[np.ndarray, np.ndarray]:
    ids = np.concatenate([block.ids for block in elements])
    counts = [np.full(len(b.ids), len(b.element.faces)) for b in elements]
    order = np.argsort(ids)
    return ids[order], np.concatenate(counts)[order]


def _check_nodes(numbers: Numbers, block: Block, ids, nodes, lines) -> None:
    missing = numbers.missing(nodes)
    if missing.any():
        first = int(np.flatnonzero(missing.any(axis=1))[0])
        absent = nodes[first][missing[first]].tolist()
        raise block.error(
            f"{ids[first]} has the nodes {absent}, which do not exist "
            f"({missing.any(axis=1).sum()} elements have missing nodes); define the "
            "nodes or correct the element",
            lines[first],
        )


def _generated(block: Block, numbers: Numbers) -> np.ndarray:
    """Flat numbers of ranges; a range may run over numbers that do not exist."""
    parts = []
    for row, fields in enumerate(rows(block)):
        limits = [integer(field, block, row) for field in fields]
        if len(limits) == 2:
            limits.append(1)
        if len(limits) != 3 or limits[2] < 1 or limits[1] < limits[0]:
            raise block.error("GENERATE needs lines of first, last, increment", row)
        last = min(limits[1], numbers.largest)
        found = np.arange(limits[0], last + 1, limits[2])
        found = found[~numbers.missing(found)]
        if not len(found):
            raise block.error(
                f"generates no {numbers.noun} that exists; correct the range", row
            )
        parts.append(found)
    return numbers.flat(np.concatenate(parts), block)
