"""Elliptic membrane under outward pressure, from Gmsh files (NAFEMS LE1).

A quarter of an elliptic ring in plane stress, E = 210 GPa, ν = 0.3, pulled outwards by
10 MPa along the outer edge. Stress σ_yy at the point D = (2, 0).
"""

import numpy as np

from froude.physics import (
    Dirichlet,
    IsotropicElastic,
    NormalFlux,
    PlaneStress,
    Pressure,
    Problem,
    Region,
)
from froude.solvers import (
    FiniteElement,
    ReducedIntegration,
    nodal_stress,
    read_mesh,
    solve_steady,
)

from ..evidence import relative
from ..meshes import MESHES

GROUP = "solids"
TIER = "verify"
SOURCE = "NAFEMS, The Standard NAFEMS Benchmarks (1990), test LE1"


def stress_at_d(name: str, formulation=None) -> float:
    """σ_yy at D [Pa] on the mesh of a file."""
    mesh = read_mesh(MESHES / name)
    slide = {
        "AB": (
            Dirichlet(0.0, ("displacement_x",)),
            NormalFlux(0.0, ("displacement_y",)),
        ),
        "CD": (
            Dirichlet(0.0, ("displacement_y",)),
            NormalFlux(0.0, ("displacement_x",)),
        ),
    }
    loads = {"inner": NormalFlux(0.0), "outer": Pressure(-10e6)}
    region = Region(2, mesh.boundary_names)
    law = PlaneStress(IsotropicElastic(210e9, 0.3))
    scheme = FiniteElement(
        Problem(law, region, slide | loads), mesh, formulation=formulation
    )
    stress = nodal_stress(scheme, solve_steady(scheme).final)
    distance = np.linalg.norm(np.asarray(mesh.points) - [2.0, 0.0], axis=1)
    return float(stress[distance.argmin(), 1, 1])


def run():
    for words, name, formulation in (
        ("12 by 16 quad8", "nafems_le1_quad8.msh", None),
        ("12 by 16 quad8, reduced", "nafems_le1_quad8.msh", ReducedIntegration()),
        ("384 triangle6", "nafems_le1_triangle6.msh", None),
    ):
        yield relative(
            f"stress along y at D, {words}",
            stress_at_d(name, formulation),
            reference=92.7e6,
            tolerance=0.01,
            unit="Pa",
            source=SOURCE,
        )
