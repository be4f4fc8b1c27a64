"""Write the Gmsh meshes of the bracket: one half of a bolted L with a lug hole.

Run `python examples/meshes/bracket_mesh.py` (needs the extra `mesh`) to write
`bracket.msh` for the study and `bracket_coarse.msh` for the coarse-solver baseline
beside this script, tetrahedra of second order. Physical groups: bolts (the walls of
the bolt holes), lug (the wall of the load hole), fillet (the rounded inner corner),
symmetry (the plane y = 0), skin (the rest of the surface), solid (the volume).
"""

from math import hypot
from pathlib import Path

import gmsh

FLANGE_LENGTH = 82e-3
FLANGE_THICKNESS = 10e-3
ARM_THICKNESS = 9e-3
ARM_LENGTH = 85e-3
HALF_WIDTH = 40e-3
FILLET_RADIUS = 6e-3
CORNER_RADIUS = 8e-3
BOLTS = ((42e-3, 30e-3), (68e-3, 30e-3))
BOLT_RADIUS = 4.5e-3
LUG_RADIUS = 6e-3
LUG_MARGIN = 14e-3
TOP = FLANGE_THICKNESS + ARM_LENGTH + LUG_MARGIN


def body() -> int:
    """The half bracket with its holes and rounded corners; returns the volume."""
    occ = gmsh.model.occ
    corner = ARM_THICKNESS + FILLET_RADIUS, FLANGE_THICKNESS + FILLET_RADIUS
    outline = (
        (0.0, 0.0),
        (FLANGE_LENGTH, 0.0),
        (FLANGE_LENGTH, FLANGE_THICKNESS),
        (corner[0], FLANGE_THICKNESS),
        (ARM_THICKNESS, corner[1]),
        (ARM_THICKNESS, TOP),
        (0.0, TOP),
    )
    points = [occ.addPoint(x, 0.0, z) for x, z in outline]
    centre = occ.addPoint(corner[0], 0.0, corner[1])
    lines = [
        occ.addCircleArc(start, centre, end) if number == 3 else occ.addLine(start, end)
        for number, (start, end) in enumerate(
            zip(points, points[1:] + points[:1], strict=True)
        )
    ]
    face = occ.addPlaneSurface([occ.addCurveLoop(lines)])
    solid = next(
        tag for d, tag in occ.extrude([(2, face)], 0.0, HALF_WIDTH, 0.0) if d == 3
    )
    tools = [
        occ.addCylinder(x, y, -1e-3, 0.0, 0.0, 2 * TOP, BOLT_RADIUS) for x, y in BOLTS
    ]
    lug = FLANGE_THICKNESS + ARM_LENGTH
    tools.append(occ.addCylinder(-1e-3, 0.0, lug, FLANGE_LENGTH, 0.0, 0.0, LUG_RADIUS))
    tools.append(_outside_corner((FLANGE_LENGTH, HALF_WIDTH, 0.0), 2))
    tools.append(_outside_corner((0.0, HALF_WIDTH, TOP), 0))
    cut, _ = occ.cut([(3, solid)], [(3, tag) for tag in tools])
    return cut[0][1]


def _outside_corner(at, axis: int) -> int:
    """What rounding takes from a corner of the outline, along `axis`."""
    occ, r, long = gmsh.model.occ, CORNER_RADIUS, FLANGE_THICKNESS
    start = [c - r if k != axis else c for k, c in enumerate(at)]
    size = [2 * r if k != axis else long for k in range(3)]
    along = [long if k == axis else 0.0 for k in range(3)]
    box = occ.addBox(*start, *size)
    round_ = occ.addCylinder(*start, *along, r)
    return occ.cut([(3, box)], [(3, round_)])[0][0][1]


def groups() -> dict[str, list[int]]:
    """Surfaces on the outside by name, told apart by where their points lie."""
    found: dict[str, list[int]] = {
        name: [] for name in ("bolts", "lug", "fillet", "symmetry", "skin")
    }
    volumes = gmsh.model.getEntities(3)
    outside = gmsh.model.getBoundary(volumes, combined=True, oriented=False)
    for _, tag in outside:
        found[_name(tag)].append(tag)
    return found


def _name(tag: int) -> str:
    low, high = gmsh.model.getParametrizationBounds(2, tag)
    middle = [0.5 * (a + b) for a, b in zip(low, high, strict=True)]
    x, y, z = gmsh.model.getValue(2, tag, middle)
    lug = FLANGE_THICKNESS + ARM_LENGTH
    round_ = gmsh.model.getType(2, tag) == "Cylinder"
    if not round_:
        return "symmetry" if abs(y) < 1e-9 else "skin"
    if any(abs(hypot(x - a, y - b) - BOLT_RADIUS) < 1e-9 for a, b in BOLTS):
        return "bolts"
    if abs(hypot(y, z - lug) - LUG_RADIUS) < 1e-9:
        return "lug"
    centre = ARM_THICKNESS + FILLET_RADIUS, FLANGE_THICKNESS + FILLET_RADIUS
    on_fillet = abs(hypot(x - centre[0], z - centre[1]) - FILLET_RADIUS) < 1e-9
    return "fillet" if on_fillet else "skin"


def write(path: Path, size: float, in_fillet: float, around: int) -> None:
    """Mesh the half bracket with elements of about `size` [m] and save it."""
    gmsh.initialize()
    gmsh.option.setNumber("General.Terminal", 0)
    gmsh.model.add("bracket")
    solid = body()
    gmsh.model.occ.synchronize()
    for index, (name, tags) in enumerate(groups().items(), start=1):
        gmsh.model.addPhysicalGroup(2, tags, index, name)
    gmsh.model.addPhysicalGroup(3, [solid], 6, "solid")

    near = gmsh.model.mesh.field.add("Box")
    for name, value in {
        "VIn": in_fillet,
        "VOut": size,
        "XMax": ARM_THICKNESS + FILLET_RADIUS,
        "YMin": -1.0,
        "YMax": 1.0,
        "XMin": ARM_THICKNESS - 1e-3,
        "ZMin": FLANGE_THICKNESS - 1e-3,
        "ZMax": FLANGE_THICKNESS + FILLET_RADIUS,
        "Thickness": 8e-3,
    }.items():
        gmsh.model.mesh.field.setNumber(near, name, value)
    gmsh.model.mesh.field.setAsBackgroundMesh(near)
    gmsh.option.setNumber("Mesh.MeshSizeExtendFromBoundary", 0)
    gmsh.option.setNumber("Mesh.MeshSizeFromCurvature", around)
    gmsh.option.setNumber("Mesh.MeshSizeFromPoints", 0)
    gmsh.option.setNumber("Mesh.Binary", 1)
    gmsh.option.setNumber("Mesh.MshFileVersion", 4.1)
    gmsh.model.mesh.generate(3)
    gmsh.model.mesh.optimize("Netgen")
    gmsh.model.mesh.setOrder(2)
    gmsh.model.mesh.optimize("HighOrder")
    gmsh.write(str(path))
    gmsh.finalize()


if __name__ == "__main__":
    here = Path(__file__).parent
    write(here / "bracket.msh", 11e-3, 3.3e-3, 10)
    write(here / "bracket_coarse.msh", 25e-3, 4e-3, 7)
