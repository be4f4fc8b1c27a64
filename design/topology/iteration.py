"""From design to design: the steps of an optimisation, one compiled program each."""

from collections.abc import Iterator, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ...physics import Problem
from .layout import Layout
from .moving_asymptotes import MovingAsymptotes
from .objective import Objective
from .optimality_criteria import OptimalityCriteria

_KEPT = 0.5
_MET = 1e-3
_UNUSED = 1e-6


class Task(eqx.Module):
    """What is minimised, over which layouts and within which bounds.

    Attributes:
        problems: the load cases.
        layout: the map from the design to densities.
        objective: compliance and limits.
        volume: largest volume share under which compliance is minimised; `None` where
            the volume is.
        stiff: largest compliance [J], or `None`.
    """

    problems: tuple[Problem, ...]
    layout: Layout
    objective: Objective
    volume: Array | None
    stiff: Array | None = None

    @property
    def margin(self) -> float:
        """Of the projection."""
        projection = self.layout.projection
        return 0.0 if projection is None else projection.margin

    def part(self, design: Float[Array, " variables"], sharpness) -> Array:
        """Densities, (cells,)."""
        return self.layout.densities(design, sharpness)

    def work(self, design: Float[Array, " variables"], sharpness) -> Array:
        """Compliance of the thinnest version."""
        density = self.layout.densities(design, sharpness, 0.5 + self.margin)
        return self.objective(self.problems, self.layout.mesh, density)

    def built(self, design: Float[Array, " variables"], sharpness) -> Array:
        """Volume share of the part."""
        return self.layout.volume(self.part(design, sharpness))

    def uses(self, design: Float[Array, " variables"], sharpness):
        """p-norms and largest values of the limits on the part, (limits,) each."""
        density = self.part(design, sharpness)
        found = self.objective.uses(self.problems, self.layout.mesh, density)
        smooth, largest = zip(*found, strict=True)
        return jnp.stack(smooth), jnp.stack(largest)

    def stages(self, max_steps: int) -> list[tuple[float, int]]:
        """Sharpness and most steps of each stage."""
        projection = self.layout.projection
        if projection is None:
            return [(1.0, max_steps)]
        stages = [(beta, projection.steps) for beta in projection.sharpness]
        return [*stages[:-1], (stages[-1][0], max_steps)]

    def start(self) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
        """A uniform design of the volume asked for, else full, and the bounds."""
        lower, upper = self.layout.bounds()
        dtype = self.layout.mesh.points.dtype
        share = 1.0 if self.volume is None else float(self.volume)
        uniform = np.full(self.layout.variables, share)
        lower, upper = lower.astype(dtype), upper.astype(dtype)
        return np.clip(uniform, lower, upper).astype(dtype), (lower, upper)


Step = tuple[np.ndarray, float, tuple[float, ...], bool]


def criteria_steps(
    task: Task, method: OptimalityCriteria, tolerance: float, max_steps: int
) -> Iterator[Step]:
    """Design, sharpness, row of the history, and whether the last stage rests."""
    design, bounds = task.start()
    bounds = tuple(jnp.asarray(b) for b in bounds)
    design = jnp.asarray(design)
    moves, change = jnp.full_like(design, method.move), jnp.zeros_like(design)
    stages = task.stages(max_steps)
    last = stages[-1][0]
    for beta, steps in stages:
        sharpness = jnp.asarray(beta, design.dtype)
        for _ in range(steps):
            new, value, share, moves, change = _criteria_step(
                task, method, design, sharpness, bounds, moves, change
            )
            largest = float(jnp.max(jnp.abs(change)))
            rests = largest <= tolerance
            row = (float(value), float(share), largest, beta)
            yield np.asarray(design), beta, row, rests and beta == last
            design = new
            if rests:
                break


def asymptote_steps(
    task: Task, method: MovingAsymptotes, tolerance: float, max_steps: int
) -> Iterator[Step]:
    """Design, sharpness, row of the history, and whether the last stage rests."""
    design, bounds = task.start()
    dtype, scale, factor = design.dtype, None, None
    stages = task.stages(max_steps)
    last = stages[-1][0]
    for beta, steps in stages:
        asymptotes = method.start(design, bounds)
        for _ in range(steps):
            work, built, (smooth, largest, slopes) = _evaluate(
                task, jnp.asarray(design, dtype), jnp.asarray(beta, dtype)
            )
            value, slope = built if task.volume is None else work
            scale = abs(float(value)) if scale is None else scale
            smooth, largest = np.maximum(smooth, _UNUSED), np.asarray(largest)
            now = largest / smooth
            factor = now if factor is None else _KEPT * now + (1 - _KEPT) * factor
            if task.volume is not None:
                over = np.append(factor * smooth, built[0] / task.volume) - 1.0
                down = [factor[:, None] * slopes, built[1] / task.volume]
            else:
                # nothing else holds material: a step that overshoots must come back,
                # and the logarithm of a power of density is no steeper there
                over = np.log(np.maximum(factor * smooth, _UNUSED))
                down = [slopes / smooth[:, None]]
            if task.stiff is not None:
                over = np.append(over, np.log(work[0] / task.stiff))
                down.append(work[1] / work[0])
            down = np.vstack(down)
            new = asymptotes.step(np.asarray(slope, float) / scale, over, down)
            change = float(np.max(np.abs(new - design)))
            rests = change <= tolerance and bool(np.all(over <= _MET))
            row = (float(work[0]), float(built[0]), change, beta, *largest.tolist())
            yield np.asarray(design), beta, row, rests and beta == last
            design = new
            if rests:
                break


def follow(steps: Iterator[Step], max_steps: int, progress: bool | None):
    """Take the steps; the last design and sharpness, the history, whether it rests.

    Raises:
        FloatingPointError: a compliance or the use of a limit that is not finite.
    """
    from tqdm import tqdm

    history: list[tuple[float, ...]] = []
    disable = None if progress is None else not progress
    with tqdm(total=max_steps, desc="compliance", disable=disable, leave=False) as bar:
        for design, sharpness, row, rests in steps:
            history.append(row)
            check_finite(row[0], row[4:], f"step {len(history)}")
            bar.update()
            bar.set_postfix_str(f"{row[0]:.5g}, change {row[2]:.2g}")
            last = design, sharpness, rests
            if len(history) >= max_steps:
                break
    return last[0], last[1], history, last[2]


def check_finite(value: float, uses: Sequence[float], where: str) -> None:
    """Refuse a compliance, or the use of a limit, that is not finite."""
    if not np.isfinite(value):
        raise FloatingPointError(
            f"the compliance of {where} is {value}: some part of the structure can "
            "move freely, or a load is not finite. Hold every rigid motion and check "
            "the supports of each load case."
        )
    if not np.isfinite(uses).all():
        raise FloatingPointError(
            f"the uses of the limits in {where} are {tuple(uses)}: a problem of a "
            "limit has no solution or is not linear. Hold a temperature, and give a "
            "conductivity that does not depend on it."
        )


@eqx.filter_jit
def measure(objective: Objective, problems, mesh, density) -> tuple[Array, list[Array]]:
    """Compliance, and the largest value over what is allowed, of every limit."""
    uses = objective.uses(problems, mesh, density)
    return objective(problems, mesh, density), [largest for _, largest in uses]


@eqx.filter_jit
def _evaluate(task: Task, design, sharpness):
    """Compliance, volume and uses, each with its derivative."""
    work = jax.value_and_grad(task.work)(design, sharpness)
    built = jax.value_and_grad(task.built)(design, sharpness)
    if not task.objective.limits:
        none = jnp.zeros(0, design.dtype)
        return work, built, (none, none, jnp.zeros((0, design.size), design.dtype))
    smooth, pull, largest = jax.vjp(
        lambda x: task.uses(x, sharpness), design, has_aux=True
    )
    rows = jnp.eye(len(smooth), dtype=smooth.dtype)
    slopes = jnp.stack([pull(row)[0] for row in rows])
    return work, built, (smooth, largest, slopes)


@eqx.filter_jit
def _criteria_step(task: Task, method, design, sharpness, bounds, moves, before):
    value, slope = jax.value_and_grad(task.work)(design, sharpness)
    slope = task.layout.sensitivity(design, slope)
    share, share_slope = jax.value_and_grad(task.built)(design, sharpness)
    volume = lambda x: task.built(x, sharpness)
    new = method.update(design, slope, share_slope, volume, task.volume, bounds, moves)
    change = new - design
    if task.layout.projection is not None:
        moves = method.moves(moves, before, change)
    return new, value, share, moves, change
