"""First in-plane frequencies of a tapered cantilever membrane (NAFEMS FV32).

Steel of E = 200 GPa, ν = 0.3, ρ = 8000 kg/m³ in plane stress, 10 m long, 5 m wide at
the clamped end and 1 m at the tip, from a Gmsh file. Thickness (0.05 m) scales
stiffness and mass alike.
"""

from pathlib import Path

from froude.physics import (
    Dirichlet,
    Elastodynamics,
    IsotropicElastic,
    NormalFlux,
    PlaneStress,
    Problem,
    Region,
)
from froude.solvers import FiniteElement, read_mesh, solve_modes

from ..evidence import holds, relative

GROUP = "solids"
TIER = "verify"

MESH = Path(__file__).parents[1] / "meshes" / "nafems_fv32.msh"
FREQUENCIES = (44.623, 130.03, 162.70, 246.05, 379.90, 391.44)
SOURCE = "NAFEMS, The Standard NAFEMS Benchmarks (1990), test FV32"


def run():
    mesh = read_mesh(MESH)
    steel = PlaneStress(IsotropicElastic(200e9, 0.3))
    region = Region(mesh.dimension, mesh.boundary_names)
    conditions = {"clamped": Dirichlet(0.0), "free": NormalFlux(0.0)}
    problem = Problem(Elastodynamics(steel, 8000.0), region, conditions)
    modes = solve_modes(FiniteElement(problem, mesh), len(FREQUENCIES))
    for number, (found, wanted) in enumerate(
        zip(modes.frequencies, FREQUENCIES, strict=True), start=1
    ):
        yield relative(
            f"frequency {number}",
            found,
            reference=wanted,
            tolerance=0.005,
            unit="Hz",
            source=SOURCE,
        )
    yield holds("all modes found", modes.ok, source="status")
