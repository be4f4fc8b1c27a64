"""Supports and loads of a deck as conditions on named parts and point sets.

Sets keep their names, so that reactions and displacements are found under them.
"""

import dataclasses

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...physics import (
    AbstractBoundaryCondition,
    AbstractNaturalCondition,
    Dirichlet,
    NormalFlux,
    PerRadian,
    PointLoad,
    Pressure,
)
from ...physics.axisymmetric import is_per_radian
from ..topology import REMAINDER
from .acting import Acting
from .carried_elements import carried_blocks, carried_dimension, carried_ids
from .deck_law import deck_thickness
from .deck_mesh import DeckNodes
from .facets import free_faces
from .model import ElementSurface, Model
from .record import refusal
from .step import Boundary, NodeLoad
from .ties import Ties


@dataclasses.dataclass
class DeckConditions:
    """What holds where; filled by support, load and pressure.

    Args:
        boundaries: name to corner node numbers of faces, (faces, corners) of each
            shape.
        point_sets: name to mesh nodes.
        conditions: by name of either.
    """

    boundaries: dict[str, list[np.ndarray]]
    point_sets: dict[str, np.ndarray]
    conditions: dict[str, tuple[AbstractBoundaryCondition, ...]]


def deck_conditions(model: Model, acts: Acting, law, nodes: DeckNodes, ties: Ties):
    """Translate supports, loads at nodes and pressures.

    Args:
        model: the deck.
        acts: what acts in the step.
        law: the solid, at rest or in motion.
        nodes: where node numbers are in the mesh.
        ties: what equations and couplings make of supports and loads.

    Raises:
        ValueError: supports that contradict each other, faces inside the body, nodes
            of no element, directions that solid elements do not have.
    """
    found = DeckConditions({}, {}, {})
    for name, faces, total in _pressures(model, acts):
        found.boundaries[name] = faces
        found.conditions[name] = _natural(Pressure(total), law)
    found.conditions[REMAINDER] = _natural(NormalFlux(0.0), law)
    taken = {REMAINDER, *found.boundaries}
    names = {name: _free_name(name, "nodes", taken) for name in model.node_sets}
    for name, members in model.node_sets.items():
        rows = nodes.rows(members)
        if len(rows):
            found.point_sets[names[name]] = rows
    _support(model, acts, law, nodes, found, names, ties)
    _load(model, acts, law, nodes, found, names, ties)
    return found


def _natural(condition: AbstractNaturalCondition, law):
    if not is_per_radian(law):
        return (condition,)
    return (PerRadian(condition),)  # pyright: ignore[reportCallIssue]


def _free_name(name: str, suffix: str, taken) -> str:
    return f"{name} {suffix}" if name in taken else name


def _support(model, acts, law, nodes, found, names, ties) -> None:
    components = [component.name for component in law.components]
    dimension = carried_dimension(model)
    still = len(components) > dimension
    held = np.full((dimension, len(nodes.numbers)), np.nan)
    supports: dict[str, dict[int, float]] = {}
    if is_per_radian(law):
        on_axis = np.flatnonzero(nodes.points()[:, 0] == 0)
        if len(on_axis):
            name = _free_name("axis", "of symmetry", {*found.point_sets, *names})
            found.point_sets[name] = on_axis
            supports[name], held[0, on_axis] = {0: 0.0}, 0.0
    for entry in acts.boundaries:
        axis, taken = entry.first - 1, ties.takes(entry.first)
        if taken.issuperset(model.nodes_of(entry.target).tolist()):
            continue
        if axis >= dimension:
            _check_absent(entry, dimension)
            continue
        value = 0.0 if still else entry.value
        rows = nodes.of(entry.target, entry.place, "BOUNDARY", taken)
        before = held[axis, rows]
        other = rows[~np.isnan(before) & (before != value)]
        if len(other):
            raise refusal(
                entry.place,
                "BOUNDARY",
                f"holds node {nodes.numbers[other[0]]} in direction {entry.first} at "
                f"{value:g} and another entry at {held[axis, other[0]]:g}; keep one",
            )
        held[axis, rows] = value
        name = _point_name(entry, names)
        found.point_sets[name] = rows
        supports.setdefault(name, {})[axis] = value
    for name, values in supports.items():
        found.conditions[name] = _held(values, components, dimension)


def _held(values: dict[int, float], components: list[str], dimension: int):
    """Conditions on every component; velocities are held with displacements."""
    conditions, covered = [], set()
    for value in dict.fromkeys(values.values()):
        axes = [axis for axis, other in values.items() if other == value]
        mine = [c for k, c in enumerate(components) if k % dimension in axes]
        conditions.append(Dirichlet(value, tuple(mine)))
        covered.update(mine)
    rest = tuple(name for name in components if name not in covered)
    return (*conditions, PointLoad(0.0, rest)) if rest else tuple(conditions)


def _check_absent(entry: Boundary, dimension: int) -> None:
    """A degree of freedom that the elements lack is held at 0 anyway."""
    if entry.first == 11 or entry.value:
        raise refusal(
            entry.place,
            "BOUNDARY",
            f"prescribes {entry.value:g} in the degree of freedom {entry.first}, which "
            f"these elements do not have; they have 1 to {dimension}",
        )


def _load(model, acts, law, nodes, found, names, ties) -> None:
    dimension = len(law.components)
    share = 2 * np.pi if is_per_radian(law) else 1.0
    share = deck_thickness(model) if dimension == 2 and share == 1.0 else share
    loads: dict[str, np.ndarray] = {}
    for entry in acts.node_loads:
        taken = ties.takes(entry.dof)
        if taken.issuperset(model.nodes_of(entry.target).tolist()):
            continue
        if entry.dof > dimension:
            raise refusal(
                entry.place,
                "CLOAD",
                f"acts on the degree of freedom {entry.dof}, which these elements do "
                f"not have; they have 1 to {dimension}",
            )
        name = _free_name(_point_name(entry, names), "load", found.conditions)
        found.point_sets[name] = nodes.of(entry.target, entry.place, "CLOAD", taken)
        total = loads.setdefault(name, np.zeros(dimension))
        total[entry.dof - 1] += entry.value / share
    for name, total in loads.items():
        found.conditions[name] = (PointLoad(total),)
    for node, forces in ties.forces.items():
        name = _free_name(f"node {node}", "load", found.conditions)
        numbers = np.unique([number for number, _ in forces])
        found.point_sets[name] = rows = nodes.rows(numbers)
        values = np.zeros((len(numbers), dimension))
        for (number, dof), force in forces.items():
            values[np.searchsorted(numbers, number), dof - 1] = force / share
        found.conditions[name] = (PointLoad(_ByNode(nodes.points()[rows], values)),)


class _ByNode(eqx.Module):
    """A value for each of some places."""

    places: Float[Array, "nodes dim"] = eqx.field(converter=jnp.asarray)
    values: Float[Array, "nodes components"] = eqx.field(converter=jnp.asarray)

    def __call__(self, t, x):
        return self.values[jnp.argmin(jnp.sum((self.places - x) ** 2, axis=1))]


def _point_name(entry: Boundary | NodeLoad, names: dict[str, str]) -> str:
    if isinstance(entry.target, str):
        return names[entry.target]
    return f"node {entry.target}"


def _pressures(model: Model, acts: Acting):
    """(name, corner node numbers by shape, pressure): faces under the same loads,
    disjoint."""
    blocks = carried_blocks(model)
    loads = []
    for load in acts.surface_pressures:
        surface = model.surfaces[load.surface]
        if not isinstance(surface, ElementSurface):
            raise refusal(
                load.place, "DSLOAD", f"acts on {load.surface}, a surface of nodes"
            )
        faces = surface.elements, surface.faces
        loads.append((load, "DSLOAD", load.surface, faces))
    for load in acts.element_loads:
        if load.label[1:].isdecimal():
            ids = model.elements_of(load.target)
            faces = ids, np.full(len(ids), int(load.label[1:]))
            name = f"{load.target} {load.label}"
            loads.append((load, "DLOAD", name, faces))
    if not loads:
        return
    span = max(len(block.element.faces) for block in blocks) + 1
    keys = lambda ids, faces: np.asarray(ids) * span + faces
    free = np.unique(keys(*free_faces(model.elements, carried_ids(model))))
    under = np.zeros((len(free), len(loads)), bool)
    for number, (load, keyword, name, faces) in enumerate(loads):
        wanted = keys(*faces)
        inside = wanted[~np.isin(wanted, free)]
        if len(inside):
            element, face = divmod(int(inside[0]), span)
            raise refusal(
                load.place,
                keyword,
                f"{name} has {len(inside)} faces inside the body (first: S{face} of "
                f"element {element}); a pressure acts on free faces",
            )
        under[:, number] = np.isin(free, wanted)
    for pattern in np.unique(under[under.any(axis=1)], axis=0):
        elements, faces = np.divmod(free[(under == pattern).all(axis=1)], span)
        chosen = np.flatnonzero(pattern)
        name = " + ".join(dict.fromkeys(loads[k][2] for k in chosen))
        total = sum(loads[k][0].magnitude for k in chosen)
        yield name, _corners(blocks, elements, faces), total


def _corners(blocks, elements: np.ndarray, faces: np.ndarray) -> list[np.ndarray]:
    """Corner node numbers of faces, (faces, corners) for each shape."""
    shapes: dict[int, list[np.ndarray]] = {}
    for block in blocks:
        order = np.argsort(block.ids)
        at = np.minimum(
            np.searchsorted(block.ids, elements, sorter=order), len(order) - 1
        )
        rows = order[at]
        mine = block.ids[rows] == elements
        for number, corners in enumerate(block.element.shape.face_corners, start=1):
            chosen = rows[mine & (faces == number)]
            if len(chosen):
                nodes = block.nodes[chosen][:, list(corners)]
                shapes.setdefault(len(corners), []).append(nodes)
    return [np.concatenate(alike) for alike in shapes.values()]
