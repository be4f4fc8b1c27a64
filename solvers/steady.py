"""Steady states: inflow(t, U) = 0."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from .balance import SteadyBalance
from .default_solver import default_linear_solver, newton_patience
from .discretization import AbstractDiscretization, check_discretization
from .initial_state import initial_state
from .links import linked
from .newton import default_tolerance, find_root
from .pressure_level import lets_in_on_balance, with_levels, without_free_level
from .solution import Ledger, Solution, Statistics
from .sparse import AbstractLinearSolver
from .status import Status
from .well_posed import (
    diffuses_backwards,
    level_is_free,
    warn_of_free_level,
    warn_of_free_motions,
)


def solve_steady(
    discretization: AbstractDiscretization,
    *,
    guess: Array | None = None,
    linear_solver: AbstractLinearSolver | None = None,
    tolerance: Any = None,
    max_steps: int = 30,
) -> Solution:
    """Find the steady state by Newton's method.

    Differentiable in every leaf of the discretisation in both modes and batched by
    `jax.vmap` (`equinox.filter_vmap`); one compilation serves a sweep over
    parameters. A failed member of a batch carries its own `status` and leaves the
    others alone.

    Args:
        discretization: the problem on its grid or mesh. Parameters that depend on time
            are taken at the start of the problem's interval, or at 0 s.
        guess: first iterate, shaped like a state; by default the initial state of the
            problem, or a uniform one near the mean of its prescribed and ambient
            values. It does not change the derivative.
        linear_solver: solves with the Jacobian; by default `DirectSolver` for small
            or unsymmetric sparse matrices, `MultigridCG` for large ones, and a Krylov
            method where the Jacobian has no entries.
        tolerance: norm of the residual relative to that of the supply and exchange
            that drive the solution; by default 1e-10 in float64 and 1e-4 in float32.
        max_steps: most Newton steps.

    Returns:
        A solution with one state, `times` (0,), the stored content in its ledger and
        the rates [storage unit s^-1] of source and outflow. Its status is `OK`,
        `NOT_CONVERGED`, `NON_FINITE`, `PRECISION`, `INFEASIBLE` where the law diffuses
        backwards at the state found (negative conductivity, a solid whose tangent is
        not positive), a cell is turned inside out or the boundary of a closed vessel
        lets in more than out, or `SINGULAR` where nothing fixes
        the level, as under given fluxes only, balanced or not, or a rigid motion of a
        solid is free. Outside of jit and vmap a warning says what is free.

    Raises:
        TypeError: a problem that is on no grid or mesh.
    """
    check_discretization(discretization)
    warn_of_free_motions(discretization)
    solution = _solve_steady(
        discretization,
        guess,
        linear_solver,
        None if tolerance is None else jnp.asarray(tolerance),
        max_steps,
    )
    warn_of_free_level(discretization, solution.status)
    return solution


@eqx.filter_jit
def _solve_steady(discretization, guess, linear_solver, tolerance, max_steps):
    scheme, problem = discretization, discretization.problem
    if guess is None:
        guess = initial_state(scheme)
    start = 0.0 if problem.interval is None else problem.interval[0]
    t = jnp.asarray(start, guess.dtype)
    if tolerance is None:
        tolerance = default_tolerance(guess.dtype)
    scheme = with_levels(scheme, t)
    balance = SteadyBalance(scheme, t)
    linear_solver = linear_solver or default_linear_solver(scheme, guess)
    linear_solver = linked(linear_solver, scheme.links())
    patience = newton_patience(problem.law)
    root = find_root(
        balance,
        guess,
        linear_solver,
        jnp.asarray(tolerance, guess.dtype),
        max_steps=max_steps,
        patience=patience,
    )
    root = root._replace(state=without_free_level(scheme, t, root.state))
    backwards = diffuses_backwards(scheme, t, root.state)
    if patience:
        # The tangent of an iterate that is no root says nothing of the material.
        backwards &= root.status == Status.OK
    status = jnp.where(backwards, Status.INFEASIBLE, root.status)
    status = jnp.where(level_is_free(scheme, t, root.state), Status.SINGULAR, status)
    refused = scheme.inverted() | lets_in_on_balance(scheme, t, root.state)
    status = jnp.where(refused, Status.INFEASIBLE, status)
    ledger = Ledger(
        content=scheme.content(t, root.state)[None],
        source=scheme.source_integral(t, root.state)[None],
        outflow=jax.tree.map(
            lambda rate: rate[None], scheme.boundary_flux(t, root.state)
        ),
    )
    return Solution(
        discretization=discretization,
        times=jnp.zeros(1, guess.dtype),
        states=root.state[None],
        status=status.astype(jnp.int8),
        statistics=Statistics(root.newton_steps, root.linear_steps, root.residual_norm),
        ledger=ledger,
    )
