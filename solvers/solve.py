"""Marching a problem through its interval with fixed steps."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array

from ..physics import (
    AbstractHistoryLaw,
    AbstractHistorySolid,
    AbstractIncompressible,
    AbstractSolid,
)
from .adjoint import AbstractAdjoint, StoreAll, keep_root
from .balance import StageBalance
from .default_solver import default_linear_solver, newton_patience
from .discretization import AbstractDiscretization, check_discretization
from .explicit import Explicit
from .finite_element.memory import (
    advanced_history,
    initial_history,
    scheme_over_step,
)
from .generalized_alpha import GeneralizedAlpha
from .implicit import SDIRK2, ThetaMethod
from .initial_state import initial_state
from .links import linked
from .newton import default_tolerance, find_root
from .pressure_level import lets_in_on_balance, with_levels, without_free_level
from .solution import Ledger, Solution, Statistics
from .sparse import AbstractLinearSolver
from .spectral import AbstractModalMethod, ModalMarch
from .ssprk3 import SSPRK3
from .status import Status
from .time_method import AbstractTimeMethod, Amounts, rates
from .well_posed import diffuses_backwards, is_vacuous

_NEWTON_STEPS = 20


def solve(
    discretization: AbstractDiscretization,
    *,
    steps: int,
    method: AbstractTimeMethod | None = None,
    saves: int = 1,
    linear_solver: AbstractLinearSolver | None = None,
    tolerance: Any = None,
    adjoint: AbstractAdjoint | None = None,
) -> Solution:
    """March from the initial state through the interval of the problem.

    Differentiable in every leaf of the discretisation in both modes and batched by
    `equinox.filter_vmap`. A member whose step is not finite keeps its last state and
    carries the status `NON_FINITE`; the others go on. One whose law diffuses backwards
    (negative conductivity) or whose gas has a density or pressure that is not positive,
    at its first or last state, or with a cell turned inside out, or a closed vessel
    that more flows into than out of, carries `INFEASIBLE`.

    Args:
        discretization: the problem on its grid or mesh, with `initial` and `interval`.
        steps: number of equal time steps.
        method: `ThetaMethod`, `SDIRK2` (default), `SDIRK3`, `BDF2`, `GeneralizedAlpha`,
            `Explicit`, `SSPRK3`, or a march of modes on a `FourierGrid`:
            `ExponentialRungeKutta`, `ExponentialAdamsBashforth`, `ImexRungeKutta`,
            `LowStorageCrankNicolson`. Solids at rest and laws with memory take backward
            Euler, `ThetaMethod(1.0)`; solids store nothing, so that every step ends in
            equilibrium and the steps are those of the load.
        saves: number of equally spaced saved times after the initial one; divides
            `steps`.
        linear_solver: solves with the Jacobian of a stage; by default chosen as in
            `solve_steady`.
        tolerance: of Newton's method in every stage, relative as in `solve_steady`;
            by default 1e-10 in float64 and 1e-4 in float32.
        adjoint: what the reverse pass keeps: `StoreAll()` (default) or
            `Checkpointed()`.

    Returns:
        A solution with `saves + 1` states and times, the first being the start; of a
        law with memory also the histories at those times.

    Raises:
        ValueError: a problem without interval or initial state (a solid at rest needs
            none), `saves` that do not divide `steps`, another method than backward
            Euler for a law with memory, or an explicit one for an incompressible law.
        TypeError: a problem that is on no grid or mesh.
    """
    check_discretization(discretization)
    problem = discretization.problem
    method = _method(problem.law, method)
    for name in ("initial", "interval"):
        rests = name == "initial" and isinstance(
            problem.law, AbstractSolid | AbstractHistorySolid
        )
        if getattr(problem, name) is None and not rests:
            raise ValueError(
                f"problem.{name} is None; solve marches from an initial state through "
                "an interval. For a steady state use solve_steady."
            )
    if steps < 1 or saves < 1 or steps % saves:
        raise ValueError(
            f"saves = {saves} must divide steps = {steps}, both at least 1."
        )
    return _solve(
        discretization,
        steps,
        method,
        saves,
        linear_solver,
        None if tolerance is None else jnp.asarray(tolerance),
        StoreAll() if adjoint is None else adjoint,
    )


def _method(law, method) -> AbstractTimeMethod:
    """The method, or the default of the law."""
    if method is None:
        still = isinstance(law, AbstractHistoryLaw | AbstractSolid)
        return ThetaMethod(1.0) if still else SDIRK2()
    if isinstance(law, AbstractHistoryLaw) and method != ThetaMethod(1.0):
        raise ValueError(
            f"method = {method!r}, but {type(law).__name__} updates its history once "
            "per step, at the end; use ThetaMethod(1.0), the default."
        )
    rated = isinstance(method, Explicit | GeneralizedAlpha)
    if rated and isinstance(law, AbstractIncompressible):
        raise ValueError(
            f"method = {type(method).__name__}, but the pressure of a "
            f"{type(law).__name__} is no rate of anything stored; use SDIRK2, the "
            "default, SDIRK3, BDF2, ThetaMethod, or ProjectionRungeKutta on a "
            "StaggeredGrid."
        )
    return method


class _Memory(NamedTuple):
    """History at the start of the last step and at its end."""

    before: Any
    after: Any


class _March(NamedTuple):
    state: Array
    history: _Memory
    amounts: Amounts
    memory: Any
    status: Array
    statistics: Statistics


@eqx.filter_jit
def _solve(discretization, steps, method, saves, linear_solver, tolerance, adjoint):
    scheme = discretization
    interval = scheme.problem.interval
    past = initial_history(scheme)
    length = (interval[1] - interval[0]) / steps
    state = initial_state(scheme_over_step(scheme, past, length))
    dtype = state.dtype
    start, dt = jnp.asarray(interval[0], dtype), jnp.asarray(length, dtype)
    scheme = with_levels(scheme, start)
    stepping = lambda history: scheme_over_step(scheme, history, dt)
    state = scheme.constrain(start, state)
    if tolerance is None:
        tolerance = default_tolerance(dtype)
    tolerance = jnp.asarray(tolerance, dtype)
    linear_solver = linear_solver or default_linear_solver(stepping(past), state)
    linear_solver = linked(linear_solver, scheme.links())

    carried, shown = state, lambda t, state: state
    if isinstance(method, AbstractModalMethod):
        method = ModalMarch.prepared(method, scheme, start, dt, state)
        carried, shown = method.enter(state), method.leave
        state = shown(start, carried)

    patience = newton_patience(scheme.problem.law)

    def advance(march: _March, n: Array) -> _March:
        t = start + n.astype(dtype) * dt
        over = stepping(march.history.after)

        def root(t, inflow_weight, known, guess):
            balance = StageBalance(over, t, inflow_weight, known)
            found = find_root(
                balance,
                guess,
                linear_solver,
                tolerance,
                max_steps=_NEWTON_STEPS + patience,
                patience=patience,
            )
            return found._replace(state=without_free_level(over, t, found.state))

        taken = method.step(over, root, t, dt, march.state, march.memory)
        reached = advanced_history(over, t + dt, taken.state)
        finite = jnp.all(jnp.isfinite(taken.state))
        failed = jnp.where(finite, taken.status, Status.NON_FINITE).astype(jnp.int8)
        status = jnp.where(march.status == Status.OK, failed, march.status)
        moving = status != Status.NON_FINITE
        done = march.statistics
        moved = _March(
            state=taken.state,
            history=_Memory(march.history.after, reached),
            amounts=jax.tree.map(jnp.add, march.amounts, taken.amounts),
            memory=taken.memory,
            status=status,
            statistics=Statistics(
                done.newton_steps + taken.newton_steps,
                done.linear_steps + taken.linear_steps,
                jnp.maximum(done.residual_norm, taken.residual_norm),
            ),
        )
        frozen = march._replace(status=status)
        return jax.tree.map(lambda a, b: jnp.where(moving, a, b), moved, frozen)

    rootless = isinstance(method, Explicit | SSPRK3 | ModalMarch)
    step = advance if rootless else keep_root(advance)

    def to_next_save(march: _March, k: Array):
        count = steps // saves
        march = adjoint.repeat(step, march, k * count, count)
        t = start + ((k + 1) * count).astype(dtype) * dt
        state = shown(t, march.state)
        content = scheme.content(t, state)
        return march, (state, march.amounts, content, march.history.after)

    books = eqx.filter_eval_shape(rates, stepping(past), start, state, state)
    none = jnp.zeros((), jnp.int32)
    first = _March(
        state=carried,
        history=_Memory(past, past),
        amounts=jax.tree.map(lambda b: jnp.zeros(b.shape, b.dtype), books),
        memory=method.start(scheme, start, state),
        status=jnp.zeros((), jnp.int8),
        statistics=Statistics(none, none, jnp.zeros((), dtype)),
    )
    last, saved = lax.scan(to_next_save, first, jnp.arange(saves))
    ends = jax.tree.map(
        lambda *both: jnp.stack(both),
        (start, state, past),
        (start + steps * dt, saved[0][-1], last.history.before),
    )
    breaks = jax.vmap(
        lambda t, u, h: diffuses_backwards(stepping(h), t, u) | is_vacuous(scheme, u)
    )(*ends)
    refused = breaks[0] | scheme.inverted()
    refused |= lets_in_on_balance(scheme, start, last.state)
    refused |= breaks[1] & (last.status == Status.OK)
    status = jnp.where(refused, jnp.int8(Status.INFEASIBLE), last.status)
    at_start = (state, first.amounts, scheme.content(start, state), past)
    states, amounts, content, history = jax.tree.map(
        lambda one, more: jnp.concatenate([one[None], more]), at_start, saved
    )
    return Solution(
        discretization=discretization,
        times=start + jnp.arange(saves + 1, dtype=dtype) * (steps // saves) * dt,
        states=states,
        status=status,
        statistics=last.statistics,
        ledger=Ledger(content, amounts.source, amounts.outflow),
        history=history,
    )
