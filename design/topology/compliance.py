"""Compliance: the work that loads do on a linear structure, small where it is stiff.

c = f·u with K u = f. The stiffness of a cell is E_min + ρ^p (E - E_min) (SIMP):
intermediate densities carry little for their weight. M. P. Bendsøe (1989), Optimal
shape design as a material distribution problem, Struct. Optim. 1, 193,
doi:10.1007/BF01650949; O. Sigmund (2007), Morphology-based black and white filters,
Struct. Multidisc. Optim. 33, 401, doi:10.1007/s00158-006-0087-x.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.core import Tracer
from jaxtyping import Array, Float

from ...physics import AbstractSolid, Problem, ScaledElastic
from ...physics.cell_field import CellField
from ...solvers import (
    AbstractLinearSolver,
    DirectSolver,
    FiniteElement,
    Mesh,
    free_motions,
)


def simp(
    density: Float[Array, " cells"], penalty: Array | float, void: Array | float
) -> Float[Array, " cells"]:
    """Stiffness relative to the solid: void + ρ^p (1 - void).

    Args:
        density: ρ, 0 to 1, (cells,).
        penalty: p [-], 3 in most published work.
        void: stiffness of an empty cell relative to a solid one, small but > 0.
    """
    return void + density**penalty * (1.0 - void)


def scaled_problem(problem: Problem, stiffness: Float[Array, " cells"]) -> Problem:
    """The problem with the material of each cell scaled in stiffness."""
    law = problem.law
    if not isinstance(law, AbstractSolid):
        raise TypeError(
            f"problem.law is a {type(law).__name__}; topology optimisation for "
            "stiffness needs a solid: Solid, PlaneStress, PlaneStrain or Axisymmetric."
        )
    material = ScaledElastic(law.material, CellField(stiffness))
    return eqx.tree_at(lambda p: p.law.material, problem, material)


def compliance(
    problem: Problem,
    mesh: Mesh,
    stiffness: Float[Array, " cells"],
    *,
    linear_solver: AbstractLinearSolver | None = None,
) -> Array:
    """Work of the loads f·u [J] on a linear solid with given relative stiffness.

    Its derivative costs no second solve: c is -2 times the least potential energy, so
    the displacement may be held fixed while the energy is differentiated.

    Args:
        problem: a linear solid; supports hold 0.
        mesh: its mesh.
        stiffness: of each cell relative to the material of the problem, (cells,).
        linear_solver: `DirectSolver()` unless given.

    Returns:
        c [J, per metre of thickness in two dimensions], shape (); NaN where the
        structure can move freely. Differentiable once, in reverse mode.
    """
    scheme = FiniteElement(scaled_problem(problem, stiffness), mesh)
    return external_work(scheme, linear_solver or DirectSolver())


def external_work(scheme: FiniteElement, linear_solver: AbstractLinearSolver) -> Array:
    """f·u [J] of a linear scheme whose supports hold 0, shape ()."""
    points = scheme.mesh.points
    still = jnp.zeros((points.shape[1], points.shape[0]), points.dtype)
    t = jnp.zeros((), points.dtype)
    free = scheme.free()
    free = np.ones(still.shape, bool) if free is None else free
    load = jnp.where(free, scheme.inflow(t, still), 0.0)
    fixed = lax.stop_gradient(eqx.filter(scheme, eqx.is_array))
    fixed = eqx.combine(fixed, eqx.filter(scheme, eqx.is_array, inverse=True))
    matrix = fixed.jacobian(t, still, 0.0, 1.0)
    found = linear_solver.solve(matrix, lax.stop_gradient(load).ravel())
    moved = lax.stop_gradient(found.value.reshape(still.shape))
    moved = jnp.where(found.ok, moved, jnp.nan)
    out_of_balance = jnp.where(free, scheme.inflow(t, moved), 0.0)
    # a structure that can move freely may pass for a very soft one
    allowed = jnp.finfo(load.dtype).eps ** 0.25 * jnp.max(jnp.abs(load))
    stands = lax.stop_gradient(jnp.max(jnp.abs(out_of_balance)) <= allowed)
    moved = jnp.where(stands, moved, jnp.nan)
    return jnp.sum(load * moved) + jnp.sum(moved * out_of_balance)


def check_supports(problem: Problem, mesh: Mesh) -> None:
    """Refuse supports that move, or that let the whole structure move.

    Raises:
        ValueError: a prescribed displacement that is not 0, or a free rigid motion.
    """
    scheme = FiniteElement(problem, mesh)
    moves = free_motions(scheme)
    if moves:
        raise ValueError(
            "problem.conditions leave the structure free to move: "
            f"{' and '.join(moves)}; give supports, such as Dirichlet(0.0) on a "
            "boundary part, that hold it."
        )
    still = jnp.zeros((mesh.dimension, len(mesh.points)), mesh.points.dtype)
    held = scheme.constrain(jnp.zeros((), still.dtype), still)
    if not isinstance(held, Tracer) and np.any(np.asarray(held) != 0):
        largest = np.asarray(held).ravel()[np.abs(np.asarray(held)).argmax()]
        raise ValueError(
            f"problem.conditions prescribe a displacement of {largest:g} m; compliance "
            "is the work of loads on supports that stay: hold 0 and give a load."
        )
