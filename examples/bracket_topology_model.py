"""The bracket of `bracket_topology.py`: half of it, on a grid of cubes.

A plate of the domain is bolted down at four holes and carries a pin through an eye
above its middle. The eye's hole has a roof of 45 degrees, as a printed hole needs; the
bolts can be reached from above. Titanium Ti-6Al-4V, E 114 GPa, ν 0.34 (ASM Handbook 2).
"""

import dataclasses

import numpy as np

from froude.design import Part, TopologyResult, measure_part
from froude.physics import (
    Dirichlet,
    IsotropicElastic,
    NormalFlux,
    PointLoad,
    Problem,
    Region,
    Solid,
    Traction,
)
from froude.solvers import Mesh, box_mesh, name_points

LENGTH, HALF_WIDTH, HEIGHT = 0.128, 0.040, 0.064
PLATE = 0.008
BOLTS = ((0.020, 0.024), (0.108, 0.024))
BOLT_RADIUS, WASHER_RADIUS = 0.006, 0.012
PIN_PLACE, PIN_RADIUS, EYE_RADIUS, EYE_HALF_WIDTH = (0.064, 0.044), 0.008, 0.016, 0.012
LOADS = {"lift": (0.0, 0.0, 20e3), "pull": (20e3, 0.0, 0.0)}
MATERIAL = IsotropicElastic(114e9, 0.34)
DENSITY = 4430.0


@dataclasses.dataclass(frozen=True)
class Bracket:
    """Half of the bracket, y >= 0.

    Attributes:
        mesh: the domain, with the point sets `bolts` and `pin`.
        problems: a load case for each of `LOADS`.
        solid: cells around the bolts and the pin that stay, (cells,).
        void: cells of the holes and above the bolts, (cells,).
        plain: solid cells of the conventional bracket, in the order in which its web
            grows thicker; the plate comes first.
        plate: how many of these are the plate, the washers and the eye.
        cell: edge of a cube [m].
    """

    mesh: Mesh
    problems: tuple[Problem, ...]
    solid: np.ndarray
    void: np.ndarray
    plain: np.ndarray
    plate: int
    cell: float


def bracket(cell: float) -> Bracket:
    """Build the bracket of cubes with an edge of about `cell` [m].

    Raises:
        ValueError: cubes thicker than the plate, or no positive size.
    """
    if not 0 < cell <= PLATE:
        raise ValueError(
            f"cell = {cell} m must be positive and at most {PLATE} m, the thickness of "
            "the plate."
        )
    upper = (LENGTH, HALF_WIDTH, HEIGHT)
    counts = [round(extent / cell) for extent in upper]
    cell = LENGTH / counts[0]
    mesh = box_mesh(*counts, upper=upper, lower=(0.0, 0.0, 0.0))
    x, y, z = np.asarray(mesh.points)[mesh.topology.cells].mean(axis=1).T
    on_plate = z < PLATE
    bolt, washer = (_near_bolts(x, y, r) for r in (BOLT_RADIUS, WASHER_RADIUS))
    pin = _teardrop(x, z, PIN_RADIUS)
    eye = (np.hypot(x - PIN_PLACE[0], z - PIN_PLACE[1]) < EYE_RADIUS) & ~pin
    eye &= y < EYE_HALF_WIDTH
    void = bolt | pin | (washer & ~on_plate)
    solid = ((washer & on_plate) | eye) & ~void
    mesh = name_points(mesh, _fixings(mesh, cell))
    plain, plate = _plain_order(x, y, z, solid, void, cell)
    return Bracket(mesh, _load_cases(mesh), solid, void, plain, plate, cell)


def plain_bracket(body: Bracket, part: Part, result: TopologyResult) -> Part:
    """The conventional bracket with as many cubes as a part, measured alike.

    Raises:
        ValueError: a mass that does not even make a plate.
    """
    cubes = np.count_nonzero(part.solid)
    if not body.plate <= cubes <= len(body.plain):
        raise ValueError(
            f"a part of {cubes} cubes has no conventional bracket of its mass: plate, "
            f"rings and web take {body.plate} to {len(body.plain)}; give another "
            "--volume."
        )
    solid = np.zeros(len(part.solid), bool)
    solid[body.plain[:cubes]] = True
    return measure_part(result, solid, symmetry=("y_min",))


def _near_bolts(x, y, radius):
    return np.any([np.hypot(x - a, y - b) < radius for a, b in BOLTS], axis=0)


def _teardrop(x, z, radius):
    """A circle with a roof of 45 degrees, so that it prints without supports."""
    across, above = np.abs(x - PIN_PLACE[0]), z - PIN_PLACE[1]
    roof = (above > 0) & (across + above < 2**0.5 * radius)
    return (np.hypot(across, above) < radius) | roof


def _fixings(mesh: Mesh, cell: float) -> dict[str, np.ndarray]:
    """Nodes under the bolt heads, and around the pin on its side of each load."""
    points = np.asarray(mesh.points)
    x, y, z = points.T
    ring = _near_bolts(x, y, WASHER_RADIUS + 1e-9) & ~_near_bolts(x, y, BOLT_RADIUS)
    bolts = ring & (z < 1e-9)
    reach = np.hypot(x - PIN_PLACE[0], z - PIN_PLACE[1])
    pin = (reach > EYE_RADIUS - 1.2 * cell) & (reach < EYE_RADIUS - 0.1 * cell)
    pin &= y < EYE_HALF_WIDTH - 0.5 * cell
    return {"bolts": points[bolts], "pin": points[pin]}


def _load_cases(mesh: Mesh) -> tuple[Problem, ...]:
    free = Traction((0.0, 0.0, 0.0))
    symmetry = (
        Dirichlet(0.0, ("displacement_y",)),
        NormalFlux(0.0, ("displacement_x", "displacement_z")),
    )
    count = len(mesh.topology.point_sets["pin"])
    conditions = {name: free for name in mesh.boundary_names}
    conditions |= {"y_min": symmetry, "bolts": Dirichlet(0.0)}
    region = Region(3, (*mesh.boundary_names, "bolts", "pin"))
    return tuple(
        Problem(
            Solid(MATERIAL),
            region,
            conditions | {"pin": PointLoad(tuple(0.5 * f / count for f in force))},
        )
        for force in LOADS.values()
    )


def _plain_order(x, y, z, solid, void, cell):
    """Cells of a plate with a straight web, as the web grows from the middle."""
    plate = (solid | (z < PLATE)) & ~void
    slope = (z - PLATE) / (PIN_PLACE[1] + EYE_RADIUS - PLATE)
    half_length = 0.5 * LENGTH - slope * (0.5 * LENGTH - EYE_RADIUS)
    web = (np.abs(x - PIN_PLACE[0]) <= half_length) & ~plate & ~void
    layer = np.rint(y / cell - 0.5)
    grown = np.lexsort((z, layer))
    grown = grown[web[grown]]
    return np.concatenate([np.flatnonzero(plate), grown]), int(plate.sum())
