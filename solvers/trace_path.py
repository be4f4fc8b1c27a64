"""Equilibrium paths past limit points, by arc length.

Where the load is at a maximum no step of the load finds the next state. The states U
and the load factor λ are sought together at a given distance from the last point:

    F(U, λ) = 0,   |U - U0|² + ψ² (λ - λ0)² = ℓ²,

by Newton's method on both equations, solved by bordering with the Jacobian dF/dU. M. A.
Crisfield (1981), A fast incremental/iterative solution procedure that handles
"snap-through", Comput. Struct. 13, 55; Crisfield, Non-linear Finite Element Analysis of
Solids and Structures 1 (1991), chapter 9.
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jax.core import Tracer
from jaxtyping import Array

from .balance import SteadyBalance
from .default_solver import default_linear_solver, newton_patience
from .discretization import AbstractDiscretization, check_discretization
from .initial_state import initial_state
from .links import linked
from .newton import default_tolerance, driving_load, find_root, norm, ratio
from .solution import Ledger, Solution, Statistics
from .sparse import AbstractLinearSolver
from .status import Status
from .time_method import rates
from .well_posed import warn_of_free_motions

_CUTS = 5


def trace_path(
    discretization: AbstractDiscretization,
    *,
    steps: int,
    arc_length: Any,
    load_scale: Any = 0.0,
    linear_solver: AbstractLinearSolver | None = None,
    tolerance: Any = None,
    max_steps: int = 15,
) -> Solution:
    """Follow a path of equilibrium states through its limit points.

    The time of the problem is the load factor λ: give loads and prescribed values as
    functions of (t, x). The path starts in equilibrium at the start of the interval, or
    at λ = 0, towards a growing factor, and goes on in the direction in which it came.
    Where Newton's method fails, a step is halved up to five times. Differentiable at
    fixed arc length in both modes, and batched by `equinox.filter_vmap`.

    Args:
        discretization: the problem on its grid or mesh, without memory.
        steps: number of points after the first.
        arc_length: ℓ, root mean square over the nodes of the change of a step [unit of
            the unknown: m for a solid], > 0.
        load_scale: ψ, what a change of λ by one counts for in ℓ [same unit], >= 0;
            with 0 the displacements alone are measured.
        linear_solver: solves with the Jacobian; by default as in `solve_steady`.
        tolerance: relative residual, and error of ℓ², at which a point is accepted; by
            default 1e-10 in float64 and 1e-4 in float32.
        max_steps: most Newton steps for one point.

    Returns:
        A solution with `steps + 1` states, whose `times` are the load factors, and the
        rates of source and outflow. A path that cannot go on stays at its last point,
        with the status `NOT_CONVERGED` or `NON_FINITE` and the last residual in its
        statistics.

    Raises:
        ValueError: `steps` below 1, or an arc length that is not positive.
        TypeError: a problem that is on no grid or mesh.
    """
    check_discretization(discretization)
    if steps < 1:
        raise ValueError(f"steps = {steps} must be at least 1.")
    if not isinstance(arc_length, Tracer) and not arc_length > 0:
        raise ValueError(f"arc_length = {arc_length} must be positive.")
    warn_of_free_motions(discretization)
    return _trace_path(
        discretization,
        steps,
        jnp.asarray(arc_length),
        jnp.asarray(load_scale),
        linear_solver,
        None if tolerance is None else jnp.asarray(tolerance),
        max_steps,
    )


class _Point(NamedTuple):
    """A state and its load factor, or a change of both."""

    state: Array
    factor: Array


class _Ball(NamedTuple):
    """Where the next point lies: at the distance `length` of `centre`."""

    centre: _Point
    length: Array
    scale: Array

    def change(self, at: _Point) -> _Point:
        return jax.tree.map(jnp.subtract, at, self.centre)

    def excess(self, at: _Point) -> Array:
        change = self.change(at)
        return _dot(change, change, self.scale) - self.length**2


class _Found(NamedTuple):
    point: _Point
    cut: Array
    status: Array
    newton_steps: Array
    linear_steps: Array
    residual_norm: Array


@eqx.filter_jit
def _trace_path(
    scheme, steps, arc_length, load_scale, linear_solver, tolerance, max_steps
):
    problem, guess = scheme.problem, initial_state(scheme)
    dtype = guess.dtype
    start = 0.0 if problem.interval is None else problem.interval[0]
    start = jnp.asarray(start, dtype)
    if tolerance is None:
        tolerance = default_tolerance(dtype)
    tolerance = jnp.asarray(tolerance, dtype)
    linear_solver = linear_solver or default_linear_solver(scheme, guess)
    linear_solver = linked(linear_solver, scheme.links())
    root = find_root(
        SteadyBalance(scheme, start),
        guess,
        linear_solver,
        tolerance,
        max_steps=2 * max_steps,
        patience=newton_patience(problem.law),
    )
    first = _Point(root.state, start)
    scale = jnp.asarray(load_scale, dtype)
    length = jnp.asarray(arc_length, dtype)

    def advance(carry, _):
        point, direction, status, done = carry
        ball = _Ball(point, length, scale)
        found = _next_point(
            scheme, ball, direction, linear_solver, tolerance, max_steps=max_steps
        )
        status = jnp.where(status == Status.OK, found.status, status)
        going = status == Status.OK
        keep = lambda new, old: jnp.where(going, new, old)
        moved = jax.tree.map(keep, found.point, point)
        direction = jax.tree.map(keep, ball.change(found.point), direction)
        done = Statistics(
            done.newton_steps + found.newton_steps,
            done.linear_steps + found.linear_steps,
            keep(jnp.maximum(done.residual_norm, found.residual_norm), jnp.inf),
        )
        return (moved, direction, status, done), moved

    done = Statistics(root.newton_steps, root.linear_steps, root.residual_norm)
    ahead = _Point(jnp.zeros_like(guess), jnp.ones_like(start))
    (_, _, status, done), path = lax.scan(
        advance, (first, ahead, root.status, done), length=steps
    )
    path = jax.tree.map(lambda a, b: jnp.concatenate([a[None], b]), first, path)
    status = jnp.where(scheme.inverted(), jnp.int8(Status.INFEASIBLE), status)
    still = jnp.zeros_like(guess)
    books = jax.vmap(lambda t, state: rates(scheme, t, state, still))
    amounts = books(path.factor, path.state)
    content = jax.vmap(scheme.content)(path.factor, path.state)
    return Solution(
        discretization=scheme,
        times=path.factor,
        states=path.state,
        status=status,
        statistics=done,
        ledger=Ledger(content, amounts.source, amounts.outflow),
    )


@eqx.filter_custom_jvp
def _next_point(scheme, ball, direction, linear_solver, tolerance, *, max_steps):
    """The point of the path on the ball, or on a smaller one, that lies ahead."""
    slope = _load_slope(scheme, linear_solver, ball.centre)
    one = _Point(slope, jnp.ones_like(ball.length))
    forwards = jnp.where(_dot(direction, one, ball.scale) >= 0, 1.0, -1.0)
    pace = forwards / jnp.sqrt(_dot(one, one, ball.scale))

    def attempt(found):
        smaller = ball._replace(length=found.cut * ball.length)
        guess = jax.tree.map(
            lambda at, way: at + smaller.length * pace * way, ball.centre, one
        )
        last = _newton(scheme, smaller, guess, linear_solver, tolerance, max_steps)
        return last._replace(
            newton_steps=found.newton_steps + last.newton_steps,
            linear_steps=found.linear_steps + last.linear_steps,
            cut=jnp.where(last.status == Status.OK, found.cut, 0.5 * found.cut),
        )

    def again(found):
        return (found.status != Status.OK) & (found.cut > 0.75 * 0.5**_CUTS)

    none = jnp.zeros((), jnp.int32)
    unknown = jnp.asarray(Status.NOT_CONVERGED, jnp.int8)
    whole = jnp.ones_like(ball.length)
    before = _Found(ball.centre, whole, unknown, none, none, jnp.inf * whole)
    return lax.while_loop(again, attempt, before)


@_next_point.def_jvp
def _next_point_jvp(primals, tangents, *, max_steps):
    scheme, ball, direction, linear_solver, tolerance = primals
    found = _next_point(*primals, max_steps=max_steps)

    def rest(scheme, ball):
        smaller = ball._replace(length=found.cut * ball.length)
        point = found.point
        return scheme.steady_residual(point.factor, point.state), smaller.excess(point)

    _, (residual, excess) = eqx.filter_jvp(rest, (scheme, ball), tangents[:2])
    smaller = ball._replace(length=found.cut * ball.length)
    moved, _ = _bordered(scheme, smaller, found.point, residual, excess, linear_solver)
    return found, _Found(moved, None, None, None, None, None)


class _Iterate(NamedTuple):
    point: _Point
    residual: Array
    size: Array
    relative: Array
    steps: Array
    linear_steps: Array

    @property
    def state(self) -> Array:
        return self.point.state


def _newton(scheme, ball, guess, linear_solver, tolerance, max_steps) -> _Found:
    def at_point(point, relative, steps, linear_steps):
        state = scheme.constrain(point.factor, point.state)
        residual = scheme.steady_residual(point.factor, state)
        point = _Point(state, point.factor)
        return _Iterate(point, residual, norm(residual), relative, steps, linear_steps)

    def accurate(at):
        near = jnp.abs(ball.excess(at.point)) <= tolerance * ball.length**2
        return (at.relative <= tolerance) & near

    def unfinished(at):
        return ~accurate(at) & jnp.isfinite(at.size) & (at.steps < max_steps)

    def step(at):
        excess = ball.excess(at.point)
        change, work = _bordered(
            scheme, ball, at.point, at.residual, excess, linear_solver
        )
        load = driving_load(SteadyBalance(scheme, at.point.factor), work.matrix, at)
        moved = jax.tree.map(jnp.add, at.point, change)
        new = at_point(moved, at.relative, at.steps + 1, at.linear_steps + work.steps)
        return new._replace(relative=ratio(new.size, load))

    none = jnp.zeros((), jnp.int32)
    unknown = jnp.full_like(ball.length, jnp.inf)
    last = lax.while_loop(unfinished, step, at_point(guess, unknown, none, none))
    bad = jnp.where(jnp.isfinite(last.size), Status.NOT_CONVERGED, Status.NON_FINITE)
    status = jnp.where(accurate(last), Status.OK, bad).astype(jnp.int8)
    return _Found(
        last.point, unknown, status, last.steps, last.linear_steps, last.relative
    )


class _Work(NamedTuple):
    matrix: Any
    steps: Array


def _bordered(scheme, ball, at, residual, excess, linear_solver):
    """Change of the point that takes away a residual and an excess of distance."""
    matrix = scheme.jacobian(at.factor, at.state, 0.0, 1.0)
    freed = linear_solver.solve(matrix, -residual.ravel())
    slope = _load_slope(scheme, linear_solver, at)
    away, still = ball.change(at), jnp.zeros_like(at.factor)
    along = lambda state, factor: 2 * _dot(away, _Point(state, factor), ball.scale)
    free = freed.value.reshape(at.state.shape)
    growth = along(slope, jnp.ones_like(still))
    factor = (-excess - along(free, still)) / growth
    return _Point(free + factor * slope, factor), _Work(matrix, freed.steps)


def _load_slope(scheme, linear_solver, at):
    """dU/dλ in equilibrium."""
    residual = lambda factor: scheme.steady_residual(factor, at.state)
    _, change = jax.jvp(residual, (at.factor,), (jnp.ones_like(at.factor),))
    matrix = scheme.jacobian(at.factor, at.state, 0.0, 1.0)
    return linear_solver.solve(matrix, -change.ravel()).value.reshape(at.state.shape)


def _dot(a: _Point, b: _Point, scale: Array) -> Array:
    """Mean over the nodes of the product of two changes, and that of their factors."""
    nodes = a.state[0].size
    return jnp.vdot(a.state, b.state) / nodes + scale**2 * a.factor * b.factor
