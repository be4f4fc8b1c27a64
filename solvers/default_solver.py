"""The linear solver that a discretisation gets when the caller names none."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array

from ..physics import AbstractBalanceLaw
from .discretization import AbstractDiscretization
from .finite_element.dependence import dependence
from .sparse import (
    AbstractLinearSolver,
    DirectSolver,
    Krylov,
    MultigridCG,
    SparseMatrix,
)

_LARGEST_DIRECT = 4000


def default_linear_solver(
    discretization: AbstractDiscretization,
    jacobian: Callable[[Array], Any],
    state: Array,
) -> AbstractLinearSolver:
    """Choose a linear solver by the Jacobian's type, size and symmetry.

    `Krylov` for operators without entries. `DirectSolver` for sparse matrices with up
    to 4,000 unknowns, and for larger ones that may be unsymmetric: `MultigridCG` needs
    a flux that does not depend on u, as in conduction with constant k.
    (Measured on tetrahedra: at 4,913 nodes and one load `MultigridCG` takes 28 ms and
    the factorisation 116 ms; at 1,331 nodes with four Newton steps 116 and 78 ms.)

    Args:
        discretization: the problem on its grid or mesh.
        jacobian: state -> Jacobian; only its shape is evaluated.
        state: any state.
    """
    matrix = eqx.filter_eval_shape(jacobian, state)
    if not isinstance(matrix, SparseMatrix):
        return Krylov()
    components = state.shape[0]
    law = discretization.problem.law
    dimension = discretization.problem.domain.dimension
    if state.size <= _LARGEST_DIRECT or not _symmetric(law, components, dimension):
        return DirectSolver()
    return MultigridCG(components=components)


def _symmetric(law: AbstractBalanceLaw, components: int, dimension: int) -> bool:
    """Whether the law has one unknown, a flux free of u and a source free of grad u."""
    if components != 1:
        return False
    shapes = ((), (dimension,), (components,), (components, dimension))
    arguments = [jax.ShapeDtypeStruct(shape, np.float32) for shape in shapes]
    ((_, _, flux_reads_u, _),) = dependence(law.flux, *arguments)
    ((_, _, _, source_reads_gradient),) = dependence(law.source, *arguments)
    return not (flux_reads_u or source_reads_gradient)
