"""Patch tests: uniform strain on distorted meshes, every element and formulation.

From Gmsh files. Displacements are given on two sides and tractions on the others; the
largest error of an inner or loaded node is at round-off.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from froude.physics import (
    Axisymmetric,
    Dirichlet,
    IsotropicElastic,
    PerRadian,
    PlaneStrain,
    PlaneStress,
    Problem,
    Region,
    Solid,
    Traction,
)
from froude.solvers import (
    DirectSolver,
    Displacement,
    FiniteElement,
    IncompatibleModes,
    MeanDilatation,
    ReducedIntegration,
    read_mesh,
)

from ..evidence import below
from ..meshes import MESHES

GROUP = "solids"
TIER = "verify"
FILES = {
    2: ("triangle", "triangle6", "quad", "quad9", "quad8"),
    3: ("tetra", "tetra10", "hexahedron", "hexahedron27", "hexahedron20"),
}
FORMULATIONS = (
    Displacement(),
    MeanDilatation(),
    IncompatibleModes(),
    ReducedIntegration(),
)
SLOPE = 1e-3 * np.array([[1.0, 2.0, -1.0], [0.5, -2.0, 1.5], [3.0, -0.5, 0.7]])


def uniform(law, dimension: int):
    """A displacement of uniform strain."""
    if isinstance(law, Axisymmetric):
        return lambda x: jnp.stack([2e-3 * x[0], -1e-3 * x[1]])
    slope = jnp.asarray(SLOPE[:dimension, :dimension])
    return lambda x: slope @ x + 1e-3


def error(law, mesh, formulation) -> float:
    """Largest error over the largest displacement."""
    exact = uniform(law, mesh.dimension)
    at = mesh.points[0]
    stress = law.stress(0.0, at, exact(at), jax.jacfwd(exact)(at))
    conditions = {}
    for name in mesh.boundary_names:
        axis, side = "xyz".index(name[0]), 1.0 if name.endswith("max") else -1.0
        load = Traction(side * stress[: mesh.dimension, axis])
        conditions[name] = PerRadian(load) if isinstance(law, Axisymmetric) else load
    for name in ("x_min", "y_min"):
        conditions[name] = Dirichlet(lambda t, x: exact(x))
    problem = Problem(law, Region(mesh.dimension, mesh.boundary_names), conditions)
    scheme = FiniteElement(problem, mesh, formulation=formulation)
    wanted = scheme.project(exact)
    return float(jnp.abs(displaced(scheme) - wanted).max() / jnp.abs(wanted).max())


@eqx.filter_jit
def displaced(scheme):
    """One linear solve, which is all that a linear solid takes."""
    t = jnp.zeros(())
    start = scheme.constrain(t, jnp.zeros_like(scheme.mesh.points.T))
    load = jnp.where(scheme.free(), scheme.inflow(t, start), 0.0)
    change = DirectSolver().solve(scheme.jacobian(t, start, 0.0, 1.0), load.ravel())
    return start + change.value.reshape(start.shape)


def accepts(formulation, law, cell) -> bool:
    try:
        formulation.check(law, cell)
    except (TypeError, ValueError):
        return False
    return True


def run():
    material = IsotropicElastic(200e9, 0.3)
    kinds = {2: (PlaneStrain, PlaneStress, Axisymmetric), 3: (Solid,)}
    for dimension, names in FILES.items():
        for formulation in FORMULATIONS:
            worst, counted = 0.0, []
            for name in names:
                mesh = read_mesh(MESHES / f"patch_{name}.msh")
                laws = [kind(material) for kind in kinds[dimension]]
                laws = [law for law in laws if accepts(formulation, law, mesh.cell)]
                worst = max([worst, *(error(law, mesh, formulation) for law in laws)])
                counted += [name] if laws else []
            yield below(
                f"uniform strain, {type(formulation).__name__}, {', '.join(counted)}",
                worst,
                limit=1e-11,
                source="exact",
            )
