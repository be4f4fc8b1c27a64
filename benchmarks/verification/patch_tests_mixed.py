"""Patch tests on meshes that mix cell types, with moved corners: see `patch_tests`.

Quadrilaterals with triangles; hexahedra, wedges and tetrahedra; of both orders.
"""

from froude.physics import IsotropicElastic, PlaneStrain, Solid
from froude.solvers import Displacement, IncompatibleModes, ReducedIntegration

from ..evidence import below
from ..mixed_mesh import mixed_angle, mixed_plate
from .patch_tests import error

GROUP = "solids"
TIER = "verify"

FULL, MODES, REDUCED = Displacement(), IncompatibleModes(), ReducedIntegration()
CASES = (
    (mixed_plate, 1, None),
    (mixed_plate, 1, (MODES, FULL)),
    (mixed_plate, 2, (REDUCED, FULL)),
    (mixed_angle, 1, None),
    (mixed_angle, 1, (MODES, REDUCED, FULL)),
    (mixed_angle, 2, None),
    (mixed_angle, 2, (REDUCED, REDUCED, FULL)),
)


def run():
    material = IsotropicElastic(200e9, 0.3)
    for make, order, formulation in CASES:
        mesh = make(2, order, 0.1)
        law = PlaneStrain(material) if mesh.dimension == 2 else Solid(material)
        each = formulation or (FULL,) * len(mesh.blocks)
        cells = ", ".join(
            f"{block.cell.name} {type(one).__name__}"
            for block, one in zip(mesh.blocks, each, strict=True)
        )
        yield below(
            f"uniform strain, {cells}",
            float(error(law, mesh, formulation)),
            limit=1e-11,
            source="exact",
        )
