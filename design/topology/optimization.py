"""Stiff layouts under limits on volume, stress and temperature, and light ones."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from ...physics import Problem
from ...solvers import AbstractLinearSolver
from .compliance import check_supports
from .cone_filter import PlannedSensitivityFilter
from .iteration import Task, asymptote_steps, criteria_steps, follow, measure
from .layout import Layout
from .limit import AbstractLimit
from .moving_asymptotes import MovingAsymptotes
from .objective import Objective
from .optimality_criteria import OptimalityCriteria
from .stress_limit import StressLimit


@dataclasses.dataclass(frozen=True)
class TopologyResult:
    """What `minimize_compliance` or `minimize_volume` found.

    Attributes:
        layout: the map from the design to densities.
        problems: the load cases.
        design: variables, (variables,).
        densities: of each cell, 0 to 1, (cells,).
        compliance: weighted sum over the load cases [J].
        volume: share of the mesh's volume.
        greyness: M_nd [-], 0 for black and white.
        limits: largest value over what is allowed, of every limit [-].
        steps: designs evaluated.
        converged: whether the last stage came to rest.
        history: compliance, volume, largest change of a variable, sharpness and the
            largest use of every limit, (steps, 4 + limits).
        options: penalty, void, weights and limits, for what measures the result again.
    """

    layout: Layout
    problems: tuple[Problem, ...]
    design: np.ndarray
    densities: np.ndarray
    compliance: float
    volume: float
    greyness: float
    limits: tuple[float, ...]
    steps: int
    converged: bool
    history: np.ndarray
    options: Objective


def minimize_compliance(
    problems: Problem | Sequence[Problem],
    layout: Layout,
    *,
    volume: float,
    limits: AbstractLimit | Sequence[AbstractLimit] = (),
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

    The body force of a problem is the weight of its material: there is as much of it
    as there is material. One step is one compiled program; all steps, and all later
    problems of the same shape, use it.

    Args:
        problems: one linear solid, or one for each load case; supports hold 0.
        layout: mesh, filter and everything that makes densities from a design.
        volume: largest share of the mesh's volume, between 0 and 1.
        limits: `StressLimit`, `TemperatureLimit`, one or several; of the layout itself.
        weights: of the load cases; 1 each unless given.
        penalty: p of SIMP.
        void: stiffness of an empty cell relative to the material.
        method: `OptimalityCriteria()` unless given, or `MovingAsymptotes()`, which
            limits need.
        linear_solver: that of `solve_steady` unless given: in three dimensions direct
            up to 15,000 unknowns, multigrid above.
        tolerance: largest change of a variable in the last step.
        max_steps: most designs evaluated.
        progress: show a bar; by default only on a terminal.

    Returns:
        The last design evaluated and how it went.

    Raises:
        ValueError: a number out of range, fixed regions that allow no such volume, or
            supports that move.
        FloatingPointError: a compliance that is not finite: some part of the structure
            can move freely; the use of a limit that is not finite.
        TypeError: moving asymptotes with a sensitivity filter, or optimality criteria
            with limits.
    """
    if not 0 < volume < 1:
        raise ValueError(f"volume = {volume} must lie between 0 and 1.")
    given = weights, penalty, void, linear_solver, limits
    cases, objective = _objective(problems, layout, *given)
    fixed = float(layout.volume(jnp.asarray(layout.solid, layout.volumes.dtype)))
    if fixed >= volume:
        raise ValueError(
            f"solid fills {fixed:.3g} of the volume, which volume = {volume} does not "
            "leave; allow more or fix less."
        )
    task = Task(cases, layout, objective, jnp.asarray(volume, objective.void.dtype))
    if method is None:
        method = MovingAsymptotes() if objective.limits else OptimalityCriteria()
    return _laid_out(task, method, tolerance, max_steps, progress)


def minimize_volume(
    problems: Problem | Sequence[Problem],
    layout: Layout,
    *,
    limits: AbstractLimit | Sequence[AbstractLimit] = (),
    compliance: float | None = None,
    weights: Sequence[float] | None = None,
    penalty: float = 3.0,
    void: float = 1e-9,
    method: MovingAsymptotes | None = None,
    linear_solver: AbstractLinearSolver | None = None,
    tolerance: float = 0.01,
    max_steps: int = 500,
    progress: bool | None = None,
) -> TopologyResult:
    """Find the layout of least volume that keeps within its limits.

    Steps start from the full mesh. Otherwise as `minimize_compliance`. Under a stress
    limit short moves, `MovingAsymptotes(0.05)`, and mild projections come to rest where
    longer and sharper ones break members.

    Args:
        problems: one linear solid, or one for each load case; supports hold 0.
        layout: mesh, filter and everything that makes densities from a design.
        limits: `StressLimit`, `TemperatureLimit`, one or several; of the layout itself.
        compliance: largest weighted compliance [J], of the thinnest version where the
            projection has a margin; any unless given.
        weights: of the load cases; 1 each unless given.
        penalty: p of SIMP.
        void: stiffness of an empty cell relative to the material.
        method: `MovingAsymptotes()` unless given.
        linear_solver: that of `solve_steady` unless given.
        tolerance: largest change of a variable in the last step.
        max_steps: most designs evaluated.
        progress: show a bar; by default only on a terminal.

    Returns:
        The last design evaluated and how it went. Limits that no layout meets are
        missed by as little as possible: read `limits`, `compliance` and `converged`.

    Raises:
        ValueError: a number out of range, supports that move, or neither limits nor a
            compliance, so that nothing would be left.
        FloatingPointError: as of `minimize_compliance`.
        TypeError: a method other than moving asymptotes, or a sensitivity filter.

    Reference:
        C. Le et al. (2010), Stress-based topology optimization for continua, Struct.
        Multidisc. Optim. 41, 605, doi:10.1007/s00158-009-0440-y, section 6.
    """
    if compliance is not None and not 0 < compliance < math.inf:
        raise ValueError(f"compliance = {compliance} must be positive.")
    given = weights, penalty, void, linear_solver, limits
    cases, objective = _objective(problems, layout, *given)
    if compliance is None and not objective.limits:
        raise ValueError(
            "limits = () and compliance = None leave nothing to keep: the least volume "
            "is none. Give StressLimit(...) or a compliance."
        )
    method = MovingAsymptotes() if method is None else method
    if not isinstance(method, MovingAsymptotes):
        raise TypeError(
            f"method = {type(method).__name__}() minimises no volume; use "
            "MovingAsymptotes()."
        )
    stiff = (
        None if compliance is None else jnp.asarray(compliance, objective.void.dtype)
    )
    task = Task(cases, layout, objective, None, stiff)
    return _laid_out(task, method, tolerance, max_steps, progress)


def _objective(
    problems, layout, weights, penalty, void, linear_solver, limits
) -> tuple[tuple[Problem, ...], Objective]:
    """The load cases, and what is asked of a layout under them."""
    cases = (problems,) if isinstance(problems, Problem) else tuple(problems)
    limits = (limits,) if isinstance(limits, AbstractLimit) else tuple(limits)
    weights = (1.0,) * len(cases) if weights is None else weights
    _check(cases, layout, weights, void)
    _check_limits(limits, penalty)
    number = lambda value: jnp.asarray(value, layout.mesh.points.dtype)
    weights, penalty, void = tuple(map(number, weights)), number(penalty), number(void)
    return cases, Objective(weights, penalty, void, linear_solver, limits)


def _laid_out(task: Task, method, tolerance, max_steps, progress) -> TopologyResult:
    if not tolerance > 0 or max_steps < 1:
        raise ValueError(
            f"tolerance = {tolerance} must be positive and max_steps = {max_steps} at "
            "least 1."
        )
    layout, objective = task.layout, task.objective
    _check_method(method, layout, objective.limits)
    if isinstance(method, MovingAsymptotes):
        steps = asymptote_steps(task, method, tolerance, max_steps)
    else:
        steps = criteria_steps(task, method, tolerance, max_steps)
    design, sharpness, history, converged = follow(steps, max_steps, progress)
    densities = task.part(jnp.asarray(design), sharpness)
    value, uses = measure(objective, task.problems, layout.mesh, densities)
    return TopologyResult(
        layout=layout,
        problems=task.problems,
        design=np.asarray(design),
        densities=np.asarray(densities),
        compliance=float(value),
        volume=float(layout.volume(densities)),
        greyness=float(layout.greyness(densities)),
        limits=tuple(map(float, uses)),
        steps=len(history),
        converged=converged,
        history=np.asarray(history),
        options=objective,
    )


def _check(
    cases: tuple[Any, ...],
    layout: Any,
    weights: Sequence[float],
    void: float,
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
    if not 0 < void < 1:
        raise ValueError(
            f"void = {void} must lie between 0 and 1: an empty cell without stiffness "
            "leaves the structure without a unique displacement."
        )
    for problem in cases:
        check_supports(problem, layout.mesh)


def _check_limits(limits: Sequence[Any], penalty: float) -> None:
    for limit in limits:
        if not isinstance(limit, AbstractLimit):
            raise TypeError(
                f"limits holds a {type(limit).__name__}; give StressLimit(...) or "
                "TemperatureLimit(...)."
            )
        if isinstance(limit, StressLimit) and not limit.relaxation < penalty:
            raise ValueError(
                f"relaxation = {limit.relaxation} of StressLimit must lie below "
                f"penalty = {penalty}: otherwise thin material bears any load."
            )


def _check_method(method: Any, layout: Layout, limits: Sequence[Any]) -> None:
    if not isinstance(method, MovingAsymptotes):
        if limits:
            raise TypeError(
                f"method = {type(method).__name__}() with {len(limits)} limits beside "
                "the volume; use MovingAsymptotes()."
            )
    elif isinstance(layout.filter, PlannedSensitivityFilter):
        raise TypeError(
            "method = MovingAsymptotes() with a SensitivityFilter, whose "
            "sensitivities are no gradients; use a DensityFilter or "
            "OptimalityCriteria()."
        )
