"""Kirsch's hole in an infinite sheet, from a Gmsh file.

A quarter of a square of side 8 around a hole of radius 1 in plane stress, pulled along
x; its outer edges carry the traction of the closed form for the infinite sheet.
"""

import jax.numpy as jnp
import numpy as np

from froude.physics import (
    Dirichlet,
    IsotropicElastic,
    NormalFlux,
    PlaneStress,
    Problem,
    Region,
    Traction,
)
from froude.solvers import FiniteElement, nodal_stress, read_mesh, solve_steady

from ..evidence import close, relative
from ..meshes import MESHES

GROUP = "solids"
TIER = "verify"
SOURCE = "G. Kirsch (1898); Timoshenko and Goodier (1970), section 35"


def exact_stress(x):
    """(σ_xx, σ_yy, σ_xy) for a pull of 1 Pa and a hole of radius 1 m."""
    square = 1.0 / (x @ x)
    angle = jnp.arctan2(x[1], x[0])
    c2, c4 = jnp.cos(2 * angle), jnp.cos(4 * angle)
    s2, s4 = jnp.sin(2 * angle), jnp.sin(4 * angle)
    near = 1.5 * square**2
    return (
        1.0 - square * (1.5 * c2 + c4) + near * c4,
        -square * (0.5 * c2 - c4) - near * c4,
        -square * (0.5 * s2 + s4) + near * s4,
    )


def pull_right(t, x):
    along, _, shear = exact_stress(x)
    return jnp.stack([along, shear])


def pull_top(t, x):
    _, across, shear = exact_stress(x)
    return jnp.stack([shear, across])


def run():
    mesh = read_mesh(MESHES / "kirsch_hole_quad8.msh")
    conditions = {
        "hole": NormalFlux(0.0),
        "right": Traction(pull_right),
        "top": Traction(pull_top),
        "y=0": (
            Dirichlet(0.0, ("displacement_y",)),
            NormalFlux(0.0, ("displacement_x",)),
        ),
        "x=0": (
            Dirichlet(0.0, ("displacement_x",)),
            NormalFlux(0.0, ("displacement_y",)),
        ),
    }
    law = PlaneStress(IsotropicElastic(1.0, 0.3))
    scheme = FiniteElement(
        Problem(law, Region(2, mesh.boundary_names), conditions), mesh
    )
    stress = nodal_stress(scheme, solve_steady(scheme).final)
    points = np.asarray(mesh.points)
    at = lambda x, y: int(np.hypot(points[:, 0] - x, points[:, 1] - y).argmin())
    yield relative(
        "stress along x at the top of the hole over the pull, 192 quad8",
        stress[at(0.0, 1.0), 0, 0],
        reference=3.0,
        tolerance=0.01,
        source=SOURCE,
    )
    yield close(
        "stress along y at its side over the pull",
        stress[at(1.0, 0.0), 1, 1],
        reference=-1.0,
        tolerance=0.01,
        source=SOURCE,
    )
