"""Cook's membrane: bending and shear of a tapered panel, from Gmsh files.

(0, 0), (48, 44), (48, 60), (0, 44) [m], clamped on the left, a shear force of 1 N/m on
the right. Plane stress with E = 1 Pa and ν = 1/3, and plane strain with ν = 0.4999.
"""

import numpy as np

from froude.physics import (
    Dirichlet,
    IsotropicElastic,
    NormalFlux,
    PlaneStrain,
    PlaneStress,
    Problem,
    Region,
    Traction,
)
from froude.solvers import (
    FiniteElement,
    IncompatibleModes,
    MeanDilatation,
    read_mesh,
    solve_steady,
)

from ..evidence import below, relative
from ..meshes import MESHES

GROUP = "solids"
TIER = "verify"


def deflection(law, name: str, formulation=None) -> float:
    """v [m] at the middle of the loaded edge, (48, 52)."""
    mesh = read_mesh(MESHES / name)
    conditions = {
        "clamped": Dirichlet(0.0),
        "loaded": Traction((0.0, 1 / 16)),
        "y_min": NormalFlux(0.0),
        "y_max": NormalFlux(0.0),
    }
    problem = Problem(law, Region(2, mesh.boundary_names), conditions)
    scheme = FiniteElement(problem, mesh, formulation=formulation)
    final = solve_steady(scheme).final
    distance = np.linalg.norm(np.asarray(mesh.points) - [48.0, 52.0], axis=1)
    return float(final[1, distance.argmin()])


def run():
    quad, fine = "cook_membrane_16_quad.msh", "cook_membrane_32_quad9.msh"
    sheet = PlaneStress(IsotropicElastic(1.0, 1 / 3))
    yield relative(
        "deflection, plane stress, incompatible modes, 16 by 16 quad",
        deflection(sheet, quad, IncompatibleModes()),
        reference=23.966,
        tolerance=0.01,
        unit="m",
        source="Q1 to 128 by 128, extrapolated; R. D. Cook (1974), J. Struct. Div. 100",
    )
    slab = PlaneStrain(IsotropicElastic(1.0, 0.4999))
    converged = deflection(slab, fine)
    yield relative(
        "deflection, plane strain, ν = 0.4999, mean dilatation, 16 by 16 quad",
        deflection(slab, quad, MeanDilatation()),
        reference=converged,
        tolerance=0.01,
        unit="m",
        source="own, 32 by 32 quad9",
    )
    yield below(
        "the same without mean dilatation locks: share of that deflection",
        deflection(slab, quad) / converged,
        limit=0.9,
        source="own, 32 by 32 quad9",
    )
