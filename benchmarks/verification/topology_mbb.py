"""Stiff layouts of the half MBB beam with the published optimality-criteria settings.

Squares of side 1 in plane stress, E 1, E_min 1e-9, ν 0.3, p 3, half the volume, unit
load, move 0.2, until no variable changes by more than 0.01.
"""

import jax.numpy as jnp

from froude.design.topology import (
    DensityFilter,
    Layout,
    SensitivityFilter,
    compliance,
    minimize_compliance,
    threshold,
)
from froude.physics import (
    Dirichlet,
    IsotropicElastic,
    NormalFlux,
    PlaneStress,
    PointLoad,
    Problem,
    Region,
    Traction,
)
from froude.solvers import name_points, rectangle_mesh

from ..evidence import above, relative

GROUP = "topology optimisation"
TIER = "verify"
SOURCE = (
    "E. Andreassen et al. (2011), Struct. Multidisc. Optim. 43, 1, "
    "doi:10.1007/s00158-010-0594-7"
)
PUBLISHED = (
    (60, 20, SensitivityFilter(2.4), 216.81),
    (60, 20, DensityFilter(2.4), 233.71),
    (150, 50, SensitivityFilter(6.0), 219.52),
    (150, 50, DensityFilter(6.0), 235.73),
)


def beam(nx: int, ny: int):
    """Half of the beam: load at the upper left, roller at the lower right corner."""
    mesh = rectangle_mesh(nx, ny, (0.0, 0.0), (float(nx), float(ny)))
    mesh = name_points(mesh, {"load": (0.0, ny), "roller": (nx, 0.0)})
    conditions = {name: Traction((0.0, 0.0)) for name in mesh.boundary_names}
    conditions |= {
        "x_min": (
            Dirichlet(0.0, ("displacement_x",)),
            NormalFlux(0.0, ("displacement_y",)),
        ),
        "load": PointLoad((0.0, -1.0)),
        "roller": (
            Dirichlet(0.0, ("displacement_y",)),
            PointLoad(0.0, ("displacement_x",)),
        ),
    }
    law = PlaneStress(IsotropicElastic(1.0, 0.3))
    return Problem(law, Region(2, tuple(conditions)), conditions), mesh


def run():
    half_bar, half_mesh = beam(60, 10)
    baseline = float(compliance(half_bar, half_mesh, jnp.ones(600)))
    yield relative(
        "compliance of the solid bar of half the height, 60 by 10",
        baseline,
        reference=882.5539,
        tolerance=1e-6,
        unit="J/m",
        source="own assembly in NumPy and SciPy",
    )
    for nx, ny, filter, published in PUBLISHED:
        problem, mesh = beam(nx, ny)
        result = minimize_compliance(problem, Layout(mesh, filter=filter), volume=0.5)
        words = f"{nx} by {ny}, {type(filter).__name__}({filter.radius:g})"
        yield relative(
            f"compliance after {result.steps} steps, {words}",
            result.compliance,
            reference=published,
            tolerance=1e-3,
            unit="J/m",
            source=SOURCE,
        )
        if nx == 60:
            part = threshold(result, symmetry=("x_min",))
            yield above(
                "stiffness over that of the solid bar of half the height at equal "
                f"mass, cut to black and white, {words}",
                baseline / part.compliance,
                limit=4.6,
                source="own run of the published settings in NumPy and SciPy",
            )
