"""Stiff layouts under limits on volume, stress and temperature."""

import dataclasses
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
    limits: Sequence[AbstractLimit] = (),
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
        limits: `StressLimit`, `TemperatureLimit`; of the layout itself.
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
    cases = (problems,) if isinstance(problems, Problem) else tuple(problems)
    if weights is None:
        weights = (1.0,) * len(cases)
    _check(cases, layout, volume, weights, void, tolerance, max_steps)
    if method is None:
        method = MovingAsymptotes() if limits else OptimalityCriteria()
    _check_method(method, layout, limits)
    dtype = layout.mesh.points.dtype
    objective = Objective(
        tuple(jnp.asarray(w, dtype) for w in weights),
        jnp.asarray(penalty, dtype),
        jnp.asarray(void, dtype),
        linear_solver,
        tuple(limits),
    )
    task = Task(cases, layout, objective, jnp.asarray(volume, dtype))
    if isinstance(method, MovingAsymptotes):
        steps = asymptote_steps(task, method, tolerance, max_steps)
    else:
        steps = criteria_steps(task, method, tolerance, max_steps)
    design, sharpness, history, converged = follow(steps, max_steps, progress)
    densities = task.part(jnp.asarray(design), sharpness)
    value, uses = measure(objective, cases, layout.mesh, densities)
    return TopologyResult(
        layout=layout,
        problems=cases,
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


def _check_method(method: Any, layout: Layout, limits: Sequence[Any]) -> None:
    for limit in limits:
        if not isinstance(limit, AbstractLimit):
            raise TypeError(
                f"limits holds a {type(limit).__name__}; give StressLimit(...) or "
                "TemperatureLimit(...)."
            )
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
