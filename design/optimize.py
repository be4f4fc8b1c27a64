"""Optimise on the surrogate, let the solver judge, correct, repeat."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ..datasets import DesignSpace
from ..datasets.arguments import require_between, require_count
from ..solvers import Status
from ..surrogates import Surrogate
from ..surrogates.coarse import SAME
from .correction import Correction
from .judge import ask_solver

if TYPE_CHECKING:
    import xarray as xr


@dataclasses.dataclass(frozen=True)
class Limit:
    """A bound on a quantity: lower <= quantity <= upper, in its unit.

    Raises:
        ValueError: bounds that no value can keep.
    """

    lower: float = -np.inf
    upper: float = np.inf

    def __post_init__(self):
        if not self.lower <= self.upper:
            raise ValueError(
                f"Limit({self.lower}, {self.upper}) holds for no value; give "
                "lower <= upper."
            )


@dataclasses.dataclass(frozen=True)
class Optimum:
    """A design that the solver has confirmed, or the best one found.

    Args:
        design: variable name to value [its unit].
        predicted: quantities that the surrogate promised there.
        solved: quantities that the solver found there.
        gap: largest |predicted - solved| / |solved| of the quantities involved.
        feasible: the solved quantities keep every limit within the gap tolerance.
        violation: by how much the solved quantities break a limit at most, relative to
            themselves.
        converged: feasible, and the gap below the tolerance.
        runs: every design solved on the way, to be added to the data set.
        stopped: a sentence that says why the loop ended.
    """

    design: dict[str, float]
    predicted: dict[str, float]
    solved: dict[str, float]
    gap: float
    feasible: bool
    converged: bool
    runs: "xr.Dataset"
    stopped: str = ""
    violation: float = 0.0


def optimize(
    surrogate: Surrogate,
    minimize: str,
    *,
    simulate: Callable[..., Any],
    limits: Mapping[str, Limit] | None = None,
    fixed: Mapping[str, float] | None = None,
    gap: float = 2e-3,
    starts: int = 16,
    max_rounds: int = 6,
    seed: int = 0,
) -> Optimum:
    """Minimise a quantity within the design space, subject to limits on others.

    Each round runs SLSQP from several starts with exact gradients through the
    surrogate, re-solves the best point, and adds it to the data that correct the
    surrogate near it (space mapping), until surrogate and solver agree there. It
    stops as well where the search comes back to a design that is solved already, as it
    does where no design keeps the limits; `stopped` says so.

    Args:
        surrogate: fitted surrogate; its design space gives the bounds.
        minimize: name of the quantity to minimise.
        simulate: simulate(design) -> (quantities, fields, status), the judge.
        limits: quantity name to `Limit`; none by default.
        fixed: variables that are not free to choose, such as a load, and their value.
        gap: relative difference between surrogate and solver that ends the loop.
        starts: Sobol' starting points in the first round.
        max_rounds: solver calls at most.
        seed: of the starting points.

    Returns:
        The optimum with what was promised and what the solver found.

    Raises:
        ValueError: a name that is no quantity of the surrogate or no variable of its
            space, a fixed value outside the bounds, or a number out of range.
        TypeError: a limit that is no `Limit`.
        RuntimeError: the solver could not solve any candidate.
    """
    limits = {} if limits is None else limits
    _check(tuple(surrogate.quantity_names), minimize, limits)
    require_between("gap", gap, 0.0, math.inf)
    for name, count in (("starts", starts), ("max_rounds", max_rounds)):
        require_count(name, count, 1)
    require_count("seed", seed, 0)
    import xarray as xr
    from scipy.stats import qmc

    involved = tuple(dict.fromkeys((minimize, *limits)))
    space = surrogate.space
    correction = Correction.empty(space.dimension, involved)
    sequence = qmc.Sobol(space.dimension, rng=seed)
    held = _held(space, fixed or {})

    def draw() -> np.ndarray:
        return np.where(np.isnan(held), sequence.random(starts), held)

    points = draw()
    runs, tried, best = [], [], None
    stopped = f"max_rounds = {max_rounds} rounds are used up."
    for _ in range(max_rounds):
        unit = _search(surrogate, correction, minimize, limits, points, held)
        design = {k: np.asarray(v) for k, v in space.from_unit(unit[None]).items()}
        known = [run for at, run in tried if np.max(np.abs(at - unit)) <= SAME]
        if known:
            run = known[0]
        else:
            sample = xr.Dataset({name: ("sample", v) for name, v in design.items()})
            run = ask_solver(simulate, sample, involved)
            runs.append(run)
            tried.append((unit, run))
        if int(run["status"][0]) != Status.OK:
            # An unsolvable optimum is left by starting the next search elsewhere.
            points = points[np.argsort(np.linalg.norm(points - unit, axis=1))[1:]]
            points = points if len(points) else draw()
            continue
        plain = _predict(surrogate, jnp.asarray(unit), involved)
        promised = plain + correction(jnp.asarray(unit))
        solved = np.array([float(run[name][0]) for name in involved])
        found = _judge(design, involved, promised, solved, limits, gap, runs)
        if best is None or _supersedes(found, best, minimize):
            best = found
        if found.converged:
            stopped = f"Surrogate and solver agree within gap = {gap:g}."
            break
        if known:
            stopped = _came_back(found)
            break
        correction = correction.add(unit, solved - np.asarray(plain))
        points = np.concatenate([unit[None], points[: max(1, starts // 4)]])
    if best is None:
        messages = {
            str(run["error"].values[0]) or Status(int(run["status"][0])).message
            for run in runs
        }
        raise RuntimeError(f"No candidate optimum could be solved: {messages}")
    return dataclasses.replace(best, runs=xr.concat(runs, "sample"), stopped=stopped)


def _came_back(found: Optimum) -> str:
    text = f"The search came back to {found.design}, which is solved already"
    if found.feasible:
        return f"{text}, with a gap of {found.gap:.2g}."
    return f"{text} and breaks a limit: perhaps no design keeps them all."


def _check(names: tuple[str, ...], minimize: str, limits: Mapping[str, Limit]) -> None:
    if not isinstance(limits, Mapping):
        raise TypeError(
            f"limits is {limits!r}; give a `Limit` for each limited quantity by name."
        )
    unknown = sorted({minimize, *limits} - set(names))
    if unknown:
        raise ValueError(
            f"minimize/limits name {unknown}; the surrogate predicts {names}."
        )
    for name, limit in limits.items():
        if not isinstance(limit, Limit):
            raise TypeError(
                f"limits[{name!r}] is {limit!r}; write Limit(upper={limit!r}) for an "
                f"upper bound, Limit(lower={limit!r}) for a lower one."
            )


def _supersedes(found: Optimum, best: Optimum, minimize: str) -> bool:
    """Whether a later round is to be reported.

    A converged one is; then the feasible ones come first, in the order of what is to be
    minimised, then the others in the order of their violation.
    """
    if found.converged or found.feasible != best.feasible:
        return found.feasible
    if not found.feasible and found.violation != best.violation:
        return found.violation < best.violation
    return found.solved[minimize] < best.solved[minimize]


def _held(space: DesignSpace, fixed: Mapping[str, float]) -> np.ndarray:
    """Unit coordinate of each fixed variable, NaN where free (dim,)."""
    unknown = sorted(set(fixed) - set(space.names))
    if unknown:
        raise ValueError(f"fixed names {unknown}; the space has {space.names}.")
    design = {v.name: float(fixed.get(v.name, v.default)) for v in space.variables}
    space.check(design)
    place = np.asarray(space.to_unit(design), float)
    return np.where([name in fixed for name in space.names], place, np.nan)


def _predict(surrogate: Surrogate, unit: Array, names: tuple[str, ...]) -> Array:
    design = surrogate.space.from_unit(unit)
    point = jnp.stack([design[name] for name in surrogate.space.names])
    values = surrogate.quantities(point)
    return jnp.stack([values[name] for name in names])


@eqx.filter_jit
def _value_and_jacobian(surrogate, correction, unit, names):
    def function(u):
        value = _predict(surrogate, u, names) + correction(u)
        return value, value

    jacobian, value = jax.jacrev(function, has_aux=True)(unit)
    return value, jacobian


def _search(
    surrogate: Surrogate,
    correction: Correction,
    minimize: str,
    limits: Mapping[str, Limit],
    points: np.ndarray,
    held: np.ndarray,
) -> np.ndarray:
    """Best feasible point of SLSQP over all starts, in the unit cube (dim,)."""
    from scipy.optimize import minimize as minimise_scipy

    names = correction.names
    objective = names.index(minimize)
    start = [
        np.asarray(_value_and_jacobian(surrogate, correction, jnp.asarray(p), names)[0])
        for p in points
    ]
    scale = np.maximum(np.abs(np.median(start, axis=0)), np.finfo(float).tiny)
    memory: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}

    def evaluate_at(u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        key = u.tobytes()
        if key not in memory:
            pair = _value_and_jacobian(surrogate, correction, jnp.asarray(u), names)
            value, jacobian = (np.asarray(part, float) for part in pair)
            memory.clear()
            memory[key] = value / scale, jacobian / scale[:, None]
        return memory[key]

    bounds = [
        (sign, names.index(name), edge / scale[names.index(name)])
        for name, limit in limits.items()
        for sign, edge in ((1.0, limit.lower), (-1.0, limit.upper))
        if np.isfinite(edge)
    ]
    constraints = [
        {
            "type": "ineq",
            "fun": lambda u, s=s, i=i, e=e: s * (evaluate_at(u)[0][i] - e),
            "jac": lambda u, s=s, i=i: s * evaluate_at(u)[1][i],
        }
        for s, i, e in bounds
    ]
    found = [
        minimise_scipy(
            lambda u: evaluate_at(u)[0][objective],
            point,
            jac=lambda u: evaluate_at(u)[1][objective],
            method="SLSQP",
            bounds=[(0.0, 1.0) if np.isnan(h) else (h, h) for h in held],
            constraints=constraints,
            options={"maxiter": 200, "ftol": 1e-10},
        )
        for point in points
    ]

    def rank(result: Any) -> tuple[float, float]:
        value = evaluate_at(np.clip(result.x, 0, 1))[0]
        violation = sum(max(0.0, -s * (value[i] - e)) for s, i, e in bounds)
        return (violation if violation > 1e-8 else 0.0, value[objective])

    return np.clip(min(found, key=rank).x, 0.0, 1.0)


def _judge(
    design: dict[str, np.ndarray],
    names: tuple[str, ...],
    promised: Array,
    solved: np.ndarray,
    limits: Mapping[str, Limit],
    tolerance: float,
    runs: list,
) -> Optimum:
    import xarray as xr

    size = np.maximum(np.abs(solved), np.finfo(float).tiny)
    gap = float(np.max(np.abs(np.asarray(promised) - solved) / size))
    values = dict(zip(names, solved.tolist(), strict=True))
    excess = {
        name: max(limit.lower - values[name], values[name] - limit.upper, 0.0)
        for name, limit in limits.items()
    }
    feasible = all(excess[name] <= tolerance * abs(values[name]) for name in limits)
    sizes = dict(zip(names, size.tolist(), strict=True))
    violation = max((excess[name] / sizes[name] for name in limits), default=0.0)
    return Optimum(
        design={name: float(value[0]) for name, value in design.items()},
        predicted=dict(zip(names, np.asarray(promised).tolist(), strict=True)),
        solved=values,
        gap=gap,
        feasible=feasible,
        converged=feasible and gap <= tolerance,
        violation=violation,
        runs=xr.concat(runs, "sample"),
    )
