"""The linear solver that a discretisation gets when the caller names none."""

from typing import Any

import jax
import numpy as np
from jaxtyping import Array

from ..physics import (
    AbstractBalanceLaw,
    AbstractEssentialCondition,
    AbstractSmallStrainMaterial,
    NormalFlux,
    PerRadian,
    PointLoad,
    Pressure,
    Problem,
    Robin,
    Spring,
    Traction,
)
from ..physics.cell_field import law_of
from ..physics.solid import AbstractSolid
from .discretization import AbstractDiscretization
from .finite_element import FiniteElement
from .finite_element.dependence import dependence
from .finite_element.linear_part import linear_part
from .finite_element.rigid_motion import near_null_space
from .incompressible.staggered_jacobian import InverseSolver, StaggeredJacobian
from .sparse import (
    AbstractLinearSolver,
    DirectSolver,
    Krylov,
    LinearSolution,
    MultigridCG,
    SparseMatrix,
)

_PATIENCE = 12
_LARGEST_DIRECT = {2: 20_000, 3: 7_000}
_LARGEST_DIRECT_SOLID = {2: 50_000, 3: 15_000}


class DefaultSolver(AbstractLinearSolver):
    """`Krylov` for operators without entries, another solver for sparse matrices.

    The Jacobian of a staggered flow has an inverse of its own.

    It chooses when it is given the matrix: to trace a Jacobian only for its type took
    a third of the time of tracing a march.

    Args:
        sparse: solver of sparse matrices.
    """

    sparse: AbstractLinearSolver

    def solve(
        self, matrix: Any, rhs: Array, *, enough: Array | float = 0.0
    ) -> LinearSolution:
        """Solve `matrix @ x = rhs` for `rhs` (n,)."""
        solver = self.sparse if isinstance(matrix, SparseMatrix) else Krylov()
        if isinstance(matrix, StaggeredJacobian):
            solver = InverseSolver()
        return solver.solve(matrix, rhs, enough=enough)


def default_linear_solver(
    discretization: AbstractDiscretization, state: Array
) -> AbstractLinearSolver:
    """Choose a linear solver by the Jacobian's type, size and symmetry.

    `Krylov` for operators without entries, with the operator's own preconditioner.
    `DirectSolver` for sparse matrices that may be unsymmetric (`MultigridCG` needs a
    flux that does not depend on u, as in conduction with constant k), in one
    dimension, and up to 20,000 unknowns in two and 7,000 in three. `MultigridCG` for
    larger ones. Solids, whose tangent is symmetric unless a load depends on the
    displacement (springs may), get it above 50,000 unknowns in two and 15,000 in three
    dimensions, with their rigid motions as near-null space.

    Measured before aggregates were packed and cycles rounded (multigrid is faster now),
    on two shared CPU cores, warm milliseconds per solve (direct, multigrid):
    plane 4,225 unknowns 6 and 3, 16,641 unknowns 31 and 56; cube 1,331 unknowns 10
    and 7, 4,913 unknowns 99 and 16; finned heat sink 6,703 unknowns 24 and 13 to 25,
    a batch of 32 of it 670 and 550 to 970. The first call takes 0.02 to 0.8 s and 1.5
    to 5 s. The limits trade the two; they are no measured crossing. A sweep over
    compact bodies in three dimensions is faster with `MultigridCG()`. Solids (direct,
    multigrid): cube 8,232 unknowns 430 and 140, 20,577 unknowns 2,700 and 690; slender
    beam 7,872 unknowns 200 and 420; plane 24,642 unknowns 220 and 200; the first call
    0.3 to 3 s and 8 to 15 s of processor time.

    Args:
        discretization: the problem on its grid or mesh.
        state: any state.
    """
    components = state.shape[0]
    law = law_of(discretization.problem.law, 0)
    dimension = discretization.problem.domain.dimension
    limits = _LARGEST_DIRECT
    if isinstance(law, AbstractSolid):
        limits = _LARGEST_DIRECT_SOLID
    if state.size <= limits.get(dimension, state.size):
        return DefaultSolver(DirectSolver())
    if isinstance(law, AbstractSolid) and isinstance(discretization, FiniteElement):
        if not _loads_are_symmetric(discretization.problem):
            return DefaultSolver(DirectSolver())
        mesh = discretization.mesh
        return DefaultSolver(
            MultigridCG(
                components=components,
                near_null=near_null_space(mesh.points),
                linear_part=linear_part(mesh.topology),
            )
        )
    if not _symmetric(law, components, dimension):
        return DefaultSolver(DirectSolver())
    quadratic = None
    if isinstance(discretization, FiniteElement):
        quadratic = linear_part(discretization.mesh.topology)
    return DefaultSolver(MultigridCG(components=components, linear_part=quadratic))


def newton_patience(law: AbstractBalanceLaw) -> int:
    """Newton steps that need not reduce the residual: some in finite strain.

    A cantilever of slenderness 100 under loads that turn its end by 20° and more took
    up to 11 full steps before its residual fell below that of its start, and 15 in all.
    """
    solid = isinstance(law, AbstractSolid)
    finite = solid and not isinstance(law.material, AbstractSmallStrainMaterial)
    return _PATIENCE if finite else 0


def _symmetric(law: AbstractBalanceLaw, components: int, dimension: int) -> bool:
    """Whether the law has one unknown, a flux free of u and a source free of grad u."""
    if components != 1:
        return False
    shapes = ((), (dimension,), (components,), (components, dimension))
    arguments = [jax.ShapeDtypeStruct(shape, np.float32) for shape in shapes]
    ((_, _, flux_reads_u, _),) = dependence(law.flux, *arguments)
    ((_, _, _, source_reads_gradient),) = dependence(law.source, *arguments)
    return not (flux_reads_u or source_reads_gradient)


def _loads_are_symmetric(problem: Problem) -> bool:
    """Whether every load of a solid is dead, or acts on each component alone."""
    dead = (AbstractEssentialCondition, NormalFlux, Traction, Pressure, PointLoad)
    known = (*dead, Spring, Robin)
    return all(
        isinstance(
            condition.condition if isinstance(condition, PerRadian) else condition,
            known,
        )
        for conditions in problem.conditions.values()
        for condition in conditions
    )
