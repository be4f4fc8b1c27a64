"""The linear solver that a discretisation gets when the caller names none."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
from jaxtyping import Array

from .discretization import AbstractDiscretization
from .sparse import AbstractLinearSolver, DirectSolver, SparseMatrix


def default_linear_solver(
    discretization: AbstractDiscretization,
    jacobian: Callable[[Array], Any],
    state: Array,
) -> AbstractLinearSolver:
    """Choose a linear solver by the Jacobian's type and size.

    Args:
        discretization: the problem on its grid or mesh.
        jacobian: state -> Jacobian; only its shape is evaluated.
        state: any state.
    """
    matrix = eqx.filter_eval_shape(jacobian, state)
    if isinstance(matrix, SparseMatrix):
        return DirectSolver()
    raise NotImplementedError
