"""States of linear problems at rest, so that a derivative costs one more solve.

K U = f is solved with everything held fixed. With that U, R = f - K U is zero, and as a
function of the parameters it has the derivative that U lacks: U + K⁻¹ R is the state,
with its first derivative in both modes.
"""

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from ...solvers import AbstractLinearSolver, FiniteElement
from ...solvers.default_solver import default_linear_solver
from ...solvers.sparse import SparseMatrix


class Rest(NamedTuple):
    """A state at rest and what is left of its balance.

    Attributes:
        state: U, (components, nodes), a constant; NaN where nothing balances.
        load: f at the free unknowns, of the state that is only held, differentiable.
        left: R, zero but for its derivative, (components, nodes).
        matrix: K, a constant.
        linear_solver: that found the state.
    """

    state: Float[Array, "components nodes"]
    load: Float[Array, "components nodes"]
    left: Float[Array, "components nodes"]
    matrix: SparseMatrix
    linear_solver: AbstractLinearSolver


def at_rest(scheme: FiniteElement, linear_solver: AbstractLinearSolver | None) -> Rest:
    """Solve a linear scheme; its solver is that of `solve_steady` unless given."""
    points = scheme.mesh.points
    shape = len(scheme.problem.law.components), points.shape[0]
    t = jnp.zeros((), points.dtype)
    held = scheme.constrain(t, jnp.zeros(shape, points.dtype))
    linear_solver = linear_solver or default_linear_solver(scheme, held)
    free = scheme.free()
    free = np.ones(shape, bool) if free is None else free
    load = jnp.where(free, scheme.inflow(t, held), 0.0)
    fixed = lax.stop_gradient(eqx.filter(scheme, eqx.is_array))
    fixed = eqx.combine(fixed, eqx.filter(scheme, eqx.is_array, inverse=True))
    matrix = fixed.jacobian(t, held, 0.0, 1.0)
    found = linear_solver.solve(matrix, lax.stop_gradient(load).ravel())
    state = lax.stop_gradient(held + found.value.reshape(shape))
    state = jnp.where(found.ok, state, jnp.nan)
    left = jnp.where(free, scheme.inflow(t, state), 0.0)
    # a structure that can move freely may pass for a very soft one
    allowed = jnp.finfo(load.dtype).eps ** 0.25 * jnp.max(jnp.abs(load))
    stands = lax.stop_gradient(jnp.max(jnp.abs(left)) <= allowed)
    return Rest(jnp.where(stands, state, jnp.nan), load, left, matrix, linear_solver)


def differentiable_state(rest: Rest) -> Float[Array, "components nodes"]:
    """U with its first derivative by the parameters of the scheme."""
    change = rest.linear_solver.solve(rest.matrix, rest.left.ravel()).value
    return rest.state + change.reshape(rest.state.shape)
