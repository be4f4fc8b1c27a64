"""A plate on a skew roller, for tests of multi-point constraints."""

import numpy as np

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
from froude.solvers import FiniteElement, LinearConstraint, rectangle_mesh

STEEL = PlaneStress(IsotropicElastic(1.0, 0.3))
INSULATED = dict.fromkeys(("x_min", "x_max", "y_min", "y_max"), NormalFlux(0.0))
HELD_X = (Dirichlet(0.0, ("displacement_x",)), NormalFlux(0.0, ("displacement_y",)))
HELD_Y = (Dirichlet(0.0, ("displacement_y",)), PointLoad(0.0, ("displacement_x",)))


def plate(constraints, mesh=None, law=STEEL, load=(0.1, 0.05), **options):
    """A square held in x on the left and pulled on the right."""
    conditions = INSULATED | {"x_min": HELD_X, "x_max": Traction(load)}
    mesh = rectangle_mesh(3, 2) if mesh is None else mesh
    domain = Region(2, tuple(conditions))
    return FiniteElement(
        Problem(law, domain, conditions), mesh, constraints=constraints, **options
    )


def skew(mesh=None, coefficients=(0.3, 1.0), value=0.02):
    """A roller under the lower edge; its left node is held in x as well."""
    nodes = (mesh or rectangle_mesh(3, 2)).topology.nodes_of("y_min")
    return LinearConstraint(np.stack([nodes, nodes], 1), (0, 1), coefficients, value)
