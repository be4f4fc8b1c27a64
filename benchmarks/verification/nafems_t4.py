"""Steady conduction with convection on two sides, from a Gmsh file (NAFEMS T4).

Plate 0.6 m by 1 m, k = 52 W/(m K); base held at 100 °C, left side insulated, right
side and top lose heat to 0 °C with h = 750 W/(m² K). Temperature at (0.6, 0.2) m.
"""

import tempfile
from pathlib import Path

import numpy as np

from froude.physics import Dirichlet, HeatConduction, NormalFlux, Problem, Region, Robin
from froude.solvers import (
    FiniteElement,
    Mesh,
    read_mesh,
    rectangle_mesh,
    solve_steady,
    write_mesh,
)

from ..evidence import close

GROUP = "heat conduction"
TIER = "verify"
SOURCE = (
    "NAFEMS, The Standard NAFEMS Benchmarks (1990), test T4: 18.3; converged 18.254"
)


def write_mesh_file(path: Path, element: str, refinement: int = 1) -> None:
    """Write the plate as a .msh file with the parts base, insulated, film."""
    grid = rectangle_mesh(
        12 * refinement, 20 * refinement, (0.0, 0.0), (0.6, 1.0), element=element
    )
    corners = grid.cell.facet.corners
    facets = {
        name: part.nodes.T[:, :corners]
        for name, part in grid.topology.boundaries.items()
    }
    boundaries = {
        "base": facets["y_min"],
        "insulated": facets["x_min"],
        "film": np.concatenate([facets["x_max"], facets["y_max"]]),
    }
    mesh = Mesh.from_cells(
        grid.points, grid.topology.cell_type, grid.topology.cells, boundaries=boundaries
    )
    write_mesh(path, mesh)


def temperature(path: Path) -> float:
    """Temperature at (0.6, 0.2) m [°C] on the mesh of a file."""
    mesh = read_mesh(path)
    conditions = {
        "base": Dirichlet(100.0),
        "insulated": NormalFlux(0.0),
        "film": Robin(750.0, 0.0),
    }
    region = Region(mesh.dimension, mesh.boundary_names)
    scheme = FiniteElement(Problem(HeatConduction(52.0), region, conditions), mesh)
    final = solve_steady(scheme).final
    return float(scheme.evaluate(final, np.array([[0.6, 0.2]]))[0, 0])


def run():
    with tempfile.TemporaryDirectory() as folder:
        for element, refinement in (("P1", 8), ("Q1", 8), ("P2", 2), ("Q2", 2)):
            path = Path(folder) / f"{element}.msh"
            write_mesh_file(path, element, refinement)
            yield close(
                f"temperature at (0.6, 0.2) m, {element}, "
                f"{12 * refinement} by {20 * refinement} intervals",
                temperature(path),
                reference=18.254,
                tolerance=0.01,
                unit="degC",
                source=SOURCE,
            )
