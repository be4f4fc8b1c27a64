"""Compliance of a clamped block of hexahedra with uniform density (Mosaic).

2 m by 1 m by 1 m, 8 by 2 by 4 hexahedra, E 70 000 Pa, E_min 70 Pa, ν 0.3, p 3, clamped
at x = 0, traction of 1 Pa along -z on x = 2.
"""

import jax.numpy as jnp

from froude.design.topology import compliance, simp
from froude.physics import (
    Dirichlet,
    IsotropicElastic,
    Problem,
    Region,
    Solid,
    Traction,
)
from froude.solvers import box_mesh

from ..evidence import relative

GROUP = "topology optimisation"
TIER = "verify"
PUBLISHED = {0.2: 0.0556488, 0.4: 0.007705957, 0.5: 0.003975325}


def run():
    mesh = box_mesh(8, 2, 4, (0.0, 0.0, 0.0), (2.0, 1.0, 1.0))
    conditions = {name: Traction((0.0, 0.0, 0.0)) for name in mesh.boundary_names}
    conditions |= {"x_min": Dirichlet(0.0), "x_max": Traction((0.0, 0.0, -1.0))}
    law = Solid(IsotropicElastic(70_000.0, 0.3))
    problem = Problem(law, Region(3, mesh.boundary_names), conditions)
    for density, published in PUBLISHED.items():
        stiffness = simp(jnp.full(64, density), 3.0, 1e-3)
        yield relative(
            f"compliance at a uniform density of {density}",
            float(compliance(problem, mesh, stiffness)),
            reference=published,
            tolerance=1e-6,
            unit="J",
            source="Mosaic 0.2.0, recomputed to 7 digits (Apache-2.0)",
        )
