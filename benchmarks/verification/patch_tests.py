"""Patch tests in the plane: uniform strain on distorted meshes, from Gmsh files.

Every element in every formulation that it has, in plane strain; the first of each also
in plane stress and as a solid of revolution. Displacements are given on two sides and
tractions on the others; the largest error of an inner or loaded node is at round-off.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from froude.physics import (
    AbstractNaturalCondition,
    Axisymmetric,
    Dirichlet,
    IsotropicElastic,
    PerRadian,
    PlaneStrain,
    PlaneStress,
    Problem,
    Region,
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


class UniformPull(AbstractNaturalCondition):
    """P·n of a uniform stress (3, 3) [Pa]."""

    stress: Array
    component_names: tuple[str, ...] | None = eqx.field(static=True, default=None)

    def normal_flux(self, t, x, normal, u):
        return -self.stress[: len(x), : len(x)] @ normal

    def residual(self, t, x, normal, u, grad_u, normal_flux):
        return normal_flux - self.normal_flux(t, x, normal, u)


@eqx.filter_jit
def error(law, mesh, formulation):
    """Largest error over the largest displacement, after one linear solve."""
    exact = uniform(law, mesh.dimension)
    at = mesh.points[0]
    stress = law.stress(0.0, at, exact(at), jax.jacfwd(exact)(at))
    pull = UniformPull(stress=stress)
    conditions = {
        "held": Dirichlet(lambda t, x: exact(x)),
        "loaded": PerRadian(pull) if isinstance(law, Axisymmetric) else pull,
    }
    problem = Problem(law, Region(mesh.dimension, mesh.boundary_names), conditions)
    t = jnp.zeros(())
    scheme = FiniteElement(problem, mesh, formulation=formulation)
    start = scheme.constrain(t, jnp.zeros_like(mesh.points.T))
    load = jnp.where(scheme.free(), scheme.inflow(t, start), 0.0)
    change = DirectSolver().solve(scheme.jacobian(t, start, 0.0, 1.0), load.ravel())
    found, wanted = start + change.value.reshape(start.shape), scheme.project(exact)
    return jnp.abs(found - wanted).max() / jnp.abs(wanted).max()


def accepts(formulation, law, cell) -> bool:
    try:
        formulation.check(law, cell)
    except (TypeError, ValueError):
        return False
    return True


def rows(dimension: int, kinds: tuple):
    """One row for each formulation."""
    material = IsotropicElastic(200e9, 0.3)
    for formulation in FORMULATIONS:
        worst, counted = 0.0, []
        for name in FILES[dimension]:
            mesh = read_mesh(MESHES / f"patch_{name}.msh")
            laws = [kind(material) for kind in kinds]
            laws = [law for law in laws if accepts(formulation, law, mesh.cell)]
            laws = laws[:1] if counted else laws
            worst = max(
                [worst, *(float(error(law, mesh, formulation)) for law in laws)]
            )
            counted += [name] if laws else []
        yield below(
            f"uniform strain, {type(formulation).__name__}, {', '.join(counted)}",
            worst,
            limit=1e-11,
            source="exact",
        )


def run():
    yield from rows(2, (PlaneStrain, PlaneStress, Axisymmetric))
