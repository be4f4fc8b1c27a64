"""Thick elliptic plate under pressure, from a Gmsh file (NAFEMS LE10).

A quarter of an elliptic plate 0.6 m thick with an elliptic hole, E = 210 GPa, ν = 0.3,
pressed from above by 1 MPa. The outer face is held along x and y, its middle line along
z. Stress σ_yy at D = (2, 0), on the loaded face.
"""

import numpy as np

from froude.physics import (
    Dirichlet,
    IsotropicElastic,
    NormalFlux,
    PointLoad,
    Pressure,
    Problem,
    Region,
    Solid,
)
from froude.solvers import (
    FiniteElement,
    ReducedIntegration,
    name_points,
    nodal_stress,
    read_mesh,
    solve_steady,
)

from ..evidence import relative
from ..meshes import MESHES

GROUP = "solids"
TIER = "verify"
SOURCE = "NAFEMS, The Standard NAFEMS Benchmarks (1990), test LE10"
AXES = ("displacement_x", "displacement_y", "displacement_z")


def held(*names: str):
    """Hold some displacements and leave the others free of load."""
    rest = tuple(axis for axis in AXES if axis not in names)
    return Dirichlet(0.0, names), NormalFlux(0.0, rest)


def stress_at_d(formulation) -> float:
    """σ_yy at D [Pa]."""
    mesh = read_mesh(MESHES / "nafems_le10_hexahedron20.msh")
    points = np.asarray(mesh.points)
    outer = points[mesh.topology.boundary("outer").unique_nodes]
    middle_line = outer[np.abs(outer[:, 2] - 0.3) < 1e-9]
    mesh = name_points(mesh, {"middle_line": middle_line})
    conditions = {
        "AB": held("displacement_x"),
        "CD": held("displacement_y"),
        "outer": held("displacement_x", "displacement_y"),
        "middle_line": (Dirichlet(0.0, AXES[2:]), PointLoad(0.0, AXES[:2])),
        "inner": NormalFlux(0.0),
        "bottom": NormalFlux(0.0),
        "top": Pressure(1e6),
    }
    law = Solid(IsotropicElastic(210e9, 0.3))
    problem = Problem(law, Region(3, tuple(conditions)), conditions)
    scheme = FiniteElement(problem, mesh, formulation=formulation)
    stress = nodal_stress(scheme, solve_steady(scheme).final)
    distance = np.linalg.norm(points - [2.0, 0.0, 0.6], axis=1)
    return float(stress[distance.argmin(), 1, 1])


def run():
    for words, formulation in (("", None), (", reduced", ReducedIntegration())):
        yield relative(
            f"stress along y at D, 192 hexahedron20{words}",
            stress_at_d(formulation),
            reference=-5.38e6,
            tolerance=0.02,
            unit="Pa",
            source=SOURCE,
        )
