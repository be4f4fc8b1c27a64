"""Compliance: the work that loads do on a linear structure, small where it is stiff.

c = f·u with K u = f. The stiffness of a cell is E_min + ρ^p (E - E_min) (SIMP):
intermediate densities carry little for their weight. M. P. Bendsøe (1989), Optimal
shape design as a material distribution problem, Struct. Optim. 1, 193,
doi:10.1007/BF01650949; O. Sigmund (2007), Morphology-based black and white filters,
Struct. Multidisc. Optim. 33, 401, doi:10.1007/s00158-006-0087-x.
"""

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float

from ...physics import Problem
from ...solvers import AbstractLinearSolver, FiniteElement, Mesh, free_motions
from .equilibrium import at_rest
from .scaled import scaled_problem


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


def compliance(
    problem: Problem,
    mesh: Mesh,
    stiffness: Float[Array, " cells"],
    *,
    density: Float[Array, " cells"] | None = None,
    linear_solver: AbstractLinearSolver | None = None,
) -> Array:
    """Work of the loads f·u [J] on a linear solid with given relative stiffness.

    Its derivative costs no second solve: c is -2 times the least potential energy, so
    the displacement may be held fixed while the energy is differentiated.

    Args:
        problem: a linear solid; supports hold 0.
        mesh: its mesh.
        stiffness: of each cell relative to the material of the problem, (cells,).
        density: share of material in each cell, (cells,), if the body force of the
            problem is the weight of the material; `None` for one that acts everywhere.
        linear_solver: that of `solve_steady` unless given.

    Returns:
        c [J, per metre of thickness in two dimensions], shape (); NaN where the
        structure can move freely. Differentiable once, in reverse mode.
    """
    scheme = FiniteElement(scaled_problem(problem, stiffness, density), mesh)
    return external_work(scheme, linear_solver)


def external_work(
    scheme: FiniteElement, linear_solver: AbstractLinearSolver | None
) -> Array:
    """f·u [J] of a linear scheme whose supports hold 0, shape ()."""
    rest = at_rest(scheme, linear_solver)
    return jnp.sum(rest.load * rest.state) + jnp.sum(rest.state * rest.left)


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
