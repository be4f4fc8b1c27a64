"""Stiff layouts under a limit on volume: the iteration and its result."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...physics import Problem
from ...solvers import AbstractLinearSolver, DirectSolver
from .compliance import check_supports, compliance, simp
from .cone_filter import PlannedSensitivityFilter
from .layout import Layout
from .moving_asymptotes import MovingAsymptotes
from .optimality_criteria import OptimalityCriteria


@dataclasses.dataclass(frozen=True)
class TopologyResult:
    """What `minimize_compliance` found.

    Attributes:
        layout: the map from the design to densities.
        problems: the load cases.
        design: variables, (variables,).
        densities: of each cell, 0 to 1, (cells,).
        compliance: weighted sum over the load cases [J].
        volume: share of the mesh's volume.
        greyness: M_nd [-], 0 for black and white.
        steps: designs evaluated.
        converged: whether the last stage came to rest.
        history: compliance, volume, largest change of a variable and sharpness of every
            step, (steps, 4).
        options: penalty, void and weights, for what measures the result again.
    """

    layout: Layout
    problems: tuple[Problem, ...]
    design: np.ndarray
    densities: np.ndarray
    compliance: float
    volume: float
    greyness: float
    steps: int
    converged: bool
    history: np.ndarray
    options: "Objective"


class Objective(eqx.Module):
    """Weighted compliance of the load cases as a function of densities."""

    weights: tuple[Array, ...]
    penalty: Array
    void: Array
    linear_solver: AbstractLinearSolver

    def __call__(self, problems, mesh, density: Float[Array, " cells"]) -> Array:
        """c [J], shape ()."""
        stiffness = simp(density, self.penalty, self.void)
        cases = [
            weight
            * compliance(problem, mesh, stiffness, linear_solver=self.linear_solver)
            for weight, problem in zip(self.weights, problems, strict=True)
        ]
        return sum(cases[1:], start=cases[0])


def minimize_compliance(
    problems: Problem | Sequence[Problem],
    layout: Layout,
    *,
    volume: float,
    weights: Sequence[float] | None = None,
    penalty: float = 3.0,
    void: float = 1e-9,
    method: OptimalityCriteria | MovingAsymptotes | None = None,
    linear_solver: AbstractLinearSolver | None = None,
    tolerance: float = 0.01,
    max_steps: int = 500,
    progress: bool | None = None,
) -> TopologyResult:
    """Find the layout of a given volume on which loads do the least work.

    One step is one compiled program; all steps, and all later problems of the same
    shape, use it.

    Args:
        problems: one linear solid, or one for each load case; supports hold 0.
        layout: mesh, filter and everything that makes densities from a design.
        volume: largest share of the mesh's volume, between 0 and 1.
        weights: of the load cases; 1 each unless given.
        penalty: p of SIMP.
        void: stiffness of an empty cell relative to the material.
        method: `OptimalityCriteria()` unless given, or `MovingAsymptotes()`.
        linear_solver: `DirectSolver()` unless given.
        tolerance: largest change of a variable in the last step.
        max_steps: most designs evaluated.
        progress: show a bar; by default only on a terminal.

    Returns:
        The last design evaluated and how it went.

    Raises:
        ValueError: a number out of range, fixed regions that allow no such volume, or
            supports that move.
        FloatingPointError: a compliance that is not finite: some part of the structure
            can move freely.
        TypeError: moving asymptotes with a sensitivity filter.
    """
    cases = (problems,) if isinstance(problems, Problem) else tuple(problems)
    if weights is None:
        weights = (1.0,) * len(cases)
    _check(cases, layout, volume, weights, void, tolerance, max_steps)
    method = OptimalityCriteria() if method is None else method
    dtype = layout.mesh.points.dtype
    objective = Objective(
        tuple(jnp.asarray(w, dtype) for w in weights),
        jnp.asarray(penalty, dtype),
        jnp.asarray(void, dtype),
        linear_solver or DirectSolver(),
    )
    task = _Task(cases, layout, objective, jnp.asarray(volume, dtype))
    if isinstance(method, MovingAsymptotes):
        if isinstance(layout.filter, PlannedSensitivityFilter):
            raise TypeError(
                "method = MovingAsymptotes() with a SensitivityFilter, whose "
                "sensitivities are no gradients; use a DensityFilter or "
                "OptimalityCriteria()."
            )
        steps = _ascend(task, method, max_steps)
    else:
        steps = _criteria_steps(task, method, tolerance, max_steps)
    design, sharpness, history, converged = _follow(steps, max_steps, progress)
    value, share, grey, densities = _measured(task, jnp.asarray(design), sharpness)
    return TopologyResult(
        layout,
        cases,
        np.asarray(design),
        np.asarray(densities),
        float(value),
        float(share),
        float(grey),
        len(history),
        converged,
        np.asarray(history),
        objective,
    )


class _Task(eqx.Module):
    problems: tuple[Problem, ...]
    layout: Layout
    objective: Objective
    limit: Array

    @property
    def margin(self) -> float:
        projection = self.layout.projection
        return 0.0 if projection is None else projection.margin

    def work(self, design, sharpness):
        """Compliance of the thinnest version."""
        density = self.layout.densities(design, sharpness, 0.5 + self.margin)
        return self.objective(self.problems, self.layout.mesh, density)

    def built(self, design, sharpness):
        """Volume share of the part."""
        return self.layout.volume(self.layout.densities(design, sharpness))


@eqx.filter_jit
def _evaluate(task: _Task, design, sharpness):
    """c, its sensitivity, the volume and its derivative."""
    value, slope = jax.value_and_grad(task.work)(design, sharpness)
    slope = task.layout.sensitivity(design, slope)
    share, share_slope = jax.value_and_grad(task.built)(design, sharpness)
    return value, slope, share, share_slope


@eqx.filter_jit
def _step(task: _Task, method, design, sharpness, bounds, moves, before):
    value, slope, share, share_slope = _evaluate(task, design, sharpness)
    volume = lambda x: task.built(x, sharpness)
    new = method.update(design, slope, share_slope, volume, task.limit, bounds, moves)
    change = new - design
    if task.layout.projection is not None:
        moves = method.moves(moves, before, change)
    return new, value, share, moves, change


@eqx.filter_jit
def _measured(task: _Task, design, sharpness):
    density = task.layout.densities(design, sharpness)
    value = task.objective(task.problems, task.layout.mesh, density)
    layout = task.layout
    return value, layout.volume(density), layout.greyness(density), density


def _start(task: _Task) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    lower, upper = task.layout.bounds()
    dtype = task.layout.mesh.points.dtype
    uniform = np.full(task.layout.variables, float(task.limit))
    lower, upper = lower.astype(dtype), upper.astype(dtype)
    return np.clip(uniform, lower, upper).astype(dtype), (lower, upper)


def _stages(task: _Task, max_steps: int) -> list[tuple[float, int]]:
    """Sharpness and most steps of each stage."""
    projection = task.layout.projection
    if projection is None:
        return [(1.0, max_steps)]
    stages = [(beta, projection.steps) for beta in projection.sharpness]
    return [*stages[:-1], (stages[-1][0], max_steps)]


_Yield = tuple[np.ndarray, float, tuple[float, float, float, float], bool]


def _criteria_steps(task, method, tolerance, max_steps) -> Iterator[_Yield]:
    design, bounds = _start(task)
    bounds = tuple(jnp.asarray(b) for b in bounds)
    design = jnp.asarray(design)
    moves, change = jnp.full_like(design, method.move), jnp.zeros_like(design)
    stages = _stages(task, max_steps)
    last = stages[-1][0]
    for beta, steps in stages:
        sharpness = jnp.asarray(beta, design.dtype)
        for _ in range(steps):
            new, value, share, moves, change = _step(
                task, method, design, sharpness, bounds, moves, change
            )
            largest = float(jnp.max(jnp.abs(change)))
            rests = largest <= tolerance
            row = (float(value), float(share), largest, beta)
            yield np.asarray(design), beta, row, rests and beta == last
            design = new
            if rests:
                break


def _ascend(task, method, max_steps) -> Iterator[_Yield]:
    design, bounds = _start(task)
    stages = _stages(task, max_steps)
    for beta, steps in stages:
        sharpness = jnp.asarray(beta, design.dtype)
        rows: list[tuple[float, float, float, float]] = []

        def evaluate(x, sharpness=sharpness, rows=rows, beta=beta):
            at = jnp.asarray(x, task.limit.dtype)
            value, slope, share, share_slope = _evaluate(task, at, sharpness)
            rows.append((float(value), float(share), np.nan, beta))
            slopes = np.asarray(slope, float), np.asarray(share_slope, float)
            return float(value), slopes[0], float(share), slopes[1]

        before = design
        design = method.minimize(evaluate, design, bounds, float(task.limit), steps)
        change = float(np.max(np.abs(design - before)))
        for row in rows:
            yield design, beta, (*row[:2], change, beta), len(rows) < steps


def _follow(steps: Iterator[_Yield], max_steps: int, progress: bool | None):
    from tqdm import tqdm

    history: list[tuple[float, float, float, float]] = []
    disable = None if progress is None else not progress
    with tqdm(total=max_steps, desc="compliance", disable=disable, leave=False) as bar:
        for design, sharpness, row, rests in steps:
            history.append(row)
            if not np.isfinite(row[0]):
                raise FloatingPointError(
                    f"the compliance of step {len(history)} is {row[0]}: some part of "
                    "the structure can move freely, or a load is not finite. Hold "
                    "every rigid motion and check the supports of each load case."
                )
            bar.update()
            bar.set_postfix_str(f"{row[0]:.5g}, change {row[2]:.2g}")
            last = design, sharpness, rests
            if len(history) >= max_steps:
                break
    return last[0], last[1], history, last[2]


def _check(
    cases: tuple[Any, ...],
    layout: Any,
    volume: float,
    weights: Sequence[float],
    void: float,
    tolerance: float,
    max_steps: int,
) -> None:
    if not isinstance(layout, Layout):
        raise TypeError(
            f"layout is a {type(layout).__name__}; give Layout(mesh, "
            "filter=DensityFilter(radius))."
        )
    if not cases or len(weights) != len(cases):
        raise ValueError(
            f"problems holds {len(cases)} load cases and weights {len(weights)}; give "
            "at least one case and one weight for each."
        )
    if not min(weights) > 0:
        raise ValueError(f"weights = {tuple(weights)} must be positive.")
    if not 0 < volume < 1:
        raise ValueError(f"volume = {volume} must lie between 0 and 1.")
    if not 0 < void < 1:
        raise ValueError(
            f"void = {void} must lie between 0 and 1: an empty cell without stiffness "
            "leaves the structure without a unique displacement."
        )
    if not tolerance > 0 or max_steps < 1:
        raise ValueError(
            f"tolerance = {tolerance} must be positive and max_steps = {max_steps} at "
            "least 1."
        )
    for problem in cases:
        check_supports(problem, layout.mesh)
    fixed = float(layout.volume(jnp.asarray(layout.solid, layout.volumes.dtype)))
    if fixed >= volume:
        raise ValueError(
            f"solid fills {fixed:.3g} of the volume, which volume = {volume} does not "
            "leave; allow more or fix less."
        )
