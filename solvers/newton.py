"""Newton's method on a sparse balance, differentiable at its root.

F(U) = 0 is solved with the assembled Jacobian J = dF/dU. The derivative of the root
follows from dF + J dU = 0 with J taken at the root, one more linear solve in either
mode (implicit function theorem), so no iteration is ever differentiated.
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jax.ad_checkpoint import checkpoint_name
from jaxtyping import Array, Float

from .balance import AbstractBalance
from .sparse import AbstractLinearSolver
from .status import Status

ROOT = "froude_root"
_SHORTEST_STEP = 1 / 1024
_NOISE_MARGIN = 100.0
_FLOOR = 1e-3
_FORCING = 0.1


class Root(NamedTuple):
    """Outcome of Newton's method; `state` is the last finite iterate."""

    state: Array
    status: Array
    newton_steps: Array
    linear_steps: Array
    residual_norm: Array


def default_tolerance(dtype: Any) -> float:
    """Relative residual that a dtype can meet: 1e-10 in float64, 1e-4 in float32."""
    return 1e-10 if jnp.finfo(dtype).eps < 1e-10 else 1e-4


@eqx.filter_custom_jvp
def find_root(
    balance: AbstractBalance,
    guess: Array,
    linear_solver: AbstractLinearSolver,
    tolerance: Float[Array, ""],
    *,
    max_steps: int,
    patience: int = 0,
) -> Root:
    """Solve F(U) = 0 by Newton's method with backtracking.

    The residual is measured relative to the load ‖J (U - mean U) - F‖ of the
    linearised equations on the free rows; for linear F = K U - f that is the norm of
    f - K mean(U), the supply and exchange that drive the solution, whatever the zero
    of the temperature scale. A thousandth of ‖J mean U‖ and of the last ‖F‖ is added,
    so that uniform and zero solutions have a scale. A step is halved until ‖F‖ falls;
    at least one is taken. The root does not depend on `guess`, so its derivative with
    respect to it is zero.

    With patience the line search keeps watch instead (Chamberlain et al.): up to that
    many full steps may pass without a new least ‖F‖ before it goes back to where that
    was and halves from there. A slender solid that turns needs it: stretched by its
    first step, it has a residual thousands of times larger on its way to the root.

    Args:
        balance: F and its Jacobian.
        guess: first iterate, shaped like the state; essential values are overwritten.
        linear_solver: solves with J and, for derivatives, with its transpose.
        tolerance: relative residual at which to stop.
        max_steps: most Newton steps.
        patience: full steps in a row that need not reduce ‖F‖.

    Returns:
        The root with a status: `OK`; `NON_FINITE` where F or a step was not finite;
        `PRECISION` where round-off in F stopped the iteration; `NOT_CONVERGED`.

    Reference:
        R. M. Chamberlain, M. J. D. Powell, C. Lemarechal and H. C. Pedersen (1982), The
        watchdog technique for forcing convergence in algorithms for constrained
        optimization, Math. Program. Study 16, 1.
    """
    balance = balance.prepared()
    state = balance.discretization.constrain(balance.t, guess)
    residual = balance.residual(state)
    size, none = norm(residual), jnp.zeros((), jnp.int32)
    first = _Iterate(
        state=state,
        residual=residual,
        size=size,
        relative=jnp.full_like(size, jnp.inf),
        steps=none,
        linear_steps=none,
        finite=jnp.isfinite(size),
        stuck=~jnp.isfinite(size),
        least=None if patience == 0 else _Least(state, residual, size, none),
    )

    def active(at: "_Iterate") -> Array:
        return ~at.stuck & (at.relative > tolerance) & (at.steps < max_steps)

    def step(at: "_Iterate") -> "_Iterate":
        # Under vmap the body also runs for members that are done: give them no work.
        moving = active(at)
        at, watching = _go_on(at, patience)
        matrix = balance.jacobian(at.state)
        rhs = jnp.where(moving, -at.residual, 0.0).ravel()
        solution = linear_solver.solve(matrix, rhs, enough=_enough(at, tolerance))
        correction = solution.value.reshape(at.state.shape)
        load = driving_load(balance, matrix, at)
        accepted = lambda size: _shorter(size, at.size) | (watching & (size < jnp.inf))
        state, residual, size = _backtrack(balance, at, correction, moving, accepted)
        shorter = accepted(size)
        keep = lambda new, old: jnp.where(shorter, new, old)
        return _Iterate(
            state=keep(state, at.state),
            residual=keep(residual, at.residual),
            size=keep(size, at.size),
            relative=ratio(keep(size, at.size), load),
            steps=at.steps + 1,
            linear_steps=at.linear_steps + solution.steps,
            finite=jnp.isfinite(norm(correction)),
            stuck=~shorter,
            least=_least(at.least, state, residual, size),
        )

    last = lax.while_loop(active, step, first)
    converged = last.relative <= tolerance
    noise = lax.cond(
        converged,
        lambda: jnp.zeros_like(last.size),
        lambda: _noise(balance, last.state, last.residual),
    )
    at_noise = last.size <= _NOISE_MARGIN * noise
    unconverged = jnp.where(at_noise, Status.PRECISION, Status.NOT_CONVERGED)
    status = jnp.where(converged, Status.OK, unconverged)
    status = jnp.where(last.finite, status, Status.NON_FINITE).astype(jnp.int8)
    return Root(last.state, status, last.steps, last.linear_steps, last.relative)


@find_root.def_jvp
def _find_root_jvp(primals, tangents, *, max_steps, patience=0):
    balance, _, linear_solver, _ = primals
    root = find_root(*primals, max_steps=max_steps, patience=patience)
    # Named so that an adjoint can keep roots and drop all else (`adjoint.py`).
    root = jax.tree.map(lambda leaf: checkpoint_name(leaf, ROOT), root)
    if not jax.tree.leaves(tangents[0]):
        return root, Root(None, None, None, None, None)
    at_root = lambda b: b.residual(root.state)
    _, change = eqx.filter_jvp(at_root, (balance,), (tangents[0],))
    # Prepared as in the iteration: equal to the last bit, its factors are found again.
    matrix = balance.prepared().jacobian(root.state)
    solution = linear_solver.solve(matrix, -change.ravel())
    moved = solution.value.reshape(root.state.shape)
    return root, Root(moved, None, None, None, None)


class _Least(NamedTuple):
    """Iterate with the least residual, and how many steps ago it was."""

    state: Array
    residual: Array
    size: Array
    since: Array


class _Iterate(NamedTuple):
    state: Array
    residual: Array
    size: Array
    relative: Array
    steps: Array
    linear_steps: Array
    finite: Array
    stuck: Array
    least: _Least | None


def _go_on(at, patience):
    """Where the next step starts, and whether it may leave the residual larger."""
    if patience == 0:
        return at, False
    watching = at.least.since < patience
    back = at._replace(
        state=at.least.state, residual=at.least.residual, size=at.least.size
    )
    return jax.tree.map(lambda a, b: jnp.where(watching, a, b), at, back), watching


def _least(least, state, residual, size):
    if least is None:
        return None
    new = _Least(state, residual, size, jnp.zeros_like(least.since))
    waited = least._replace(since=least.since + 1)
    lower = _shorter(size, least.size)
    return jax.tree.map(lambda a, b: jnp.where(lower, a, b), new, waited)


def _enough(at, tolerance):
    """Relative residual of the linear solve that keeps the convergence quadratic, and
    no smaller than what is left to do.

    The first step is solved fully: it is the last one of a linear problem.

    Reference:
        S. C. Eisenstat and H. F. Walker (1996), SIAM J. Sci. Comput. 17, 16,
        doi:10.1137/0917003.
    """
    quadratic = jnp.minimum(_FORCING * at.relative, _FORCING)
    left = jnp.minimum(_FORCING * tolerance / at.relative, _FORCING)
    return jnp.where(at.steps == 0, 0.0, jnp.maximum(quadratic, left))


def driving_load(balance, matrix, at):
    """Magnitude that the residual is compared with."""
    space = tuple(range(1, at.state.ndim))
    mean = jnp.mean(at.state, axis=space, keepdims=True)
    mean = jnp.broadcast_to(mean, at.state.shape)
    product = lambda field: matrix.mv(field.ravel()).reshape(field.shape)
    still = jnp.zeros_like(at.state)
    free = lambda rows: balance.discretization.close(still, rows)
    uniform = product(mean)
    varying = product(at.state - mean) - at.residual
    return norm(free(varying)) + _FLOOR * (norm(free(uniform)) + at.size)


def _backtrack(balance, at, correction, moving, accepted):
    """State, residual and its norm after the longest step whose norm is accepted."""

    def too_long(search):
        length, _, _, size = search
        return moving & ~accepted(size) & (length > _SHORTEST_STEP)

    def halve(search):
        length = 0.5 * search[0]
        state = at.state + length * correction
        residual = balance.residual(state)
        return length, state, residual, norm(residual)

    twice = jnp.full_like(at.size, 2.0)
    start = (twice, at.state, at.residual, jnp.full_like(at.size, jnp.inf))
    return lax.while_loop(too_long, halve, start)[1:]


def _shorter(new, old):
    return (new < old) | (new == 0)


def _noise(balance, state, residual):
    """Change of F when every value moves by one unit of round-off."""
    sign = jnp.where(jnp.arange(state.size) % 2 == 0, 1.0, -1.0).reshape(state.shape)
    moved = state * (1 + jnp.finfo(state.dtype).eps * sign.astype(state.dtype))
    moved = balance.discretization.constrain(balance.t, moved)
    return norm(balance.residual(moved) - residual)


def norm(array):
    """Euclidean norm whose squares neither overflow nor vanish."""
    largest = jnp.max(jnp.abs(array))
    scale = jnp.where((largest > 0) & jnp.isfinite(largest), largest, 1.0)
    return scale * jnp.sqrt(jnp.sum((array / scale) ** 2))


def ratio(size, load):
    return jnp.where(size > 0, size / jnp.where(load > 0, load, 1.0), 0.0)
