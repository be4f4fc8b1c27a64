"""A network that solves one problem: hard conditions, residual of the same law.

The field is lift + distance · network, so initial and Dirichlet values hold exactly
for any weights. What remains, the strong residual inside and the natural conditions
on the boundary, is fitted by Levenberg-Marquardt on collocation points that are drawn
again and again where the residual is large.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from ..datasets.arguments import require_between, require_count
from ..physics import (
    AbstractEssentialCondition,
    Jet,
    Problem,
    acts_on,
    autodiff_jet,
    strong_residual,
)
from ..physics.boundary import AbstractNaturalCondition
from ..solvers.status import Status
from .hard_conditions import HardConditions
from .levenberg_marquardt import Rows, levenberg_marquardt
from .network_jet import network_jet

_POOL = 5
_POLISH = 3


class PINN(eqx.Module):
    """u(t, x) = lift + distance · network(features).

    Args:
        problem: problem on a `Box`, steady or in time. Dirichlet and initial values
            hold exactly; periodic axes are exact through cosine and sine features.
        network: callable pytree from features (`PINN.inputs(problem)`,) to
            (components,), best a small float64 `MLP`.

    Raises:
        TypeError: a domain that is not a box.
        ValueError: data that contradict each other, or a network of wrong sizes.

    Example:
        >>> import jax
        >>> from froude.physics import Box, Dirichlet, HeatConduction, Problem
        >>> from froude.surrogates.networks import MLP
        >>> sides = {"x_min": Dirichlet(0.0), "x_max": Dirichlet(1.0)}
        >>> problem = Problem(HeatConduction(1.0), Box((0.0,), (2.0,)), sides)
        >>> network = MLP(PINN.inputs(problem), 1, widths=(8,), key=jax.random.key(0))
        >>> pinn = PINN(problem, network)
        >>> float(pinn(0.0, jax.numpy.array([2.0]))[0])
        1.0
    """

    problem: Problem
    network: Callable[[Array], Array]

    def __check_init__(self) -> None:
        hard, components = self._hard, len(self.problem.law.components)
        hard.refuse_contradiction()
        dtype = hard.box.lower.dtype
        wanted = jax.ShapeDtypeStruct((hard.inputs,), dtype)
        advice = (
            f"network must map ({hard.inputs},) features to ({components},) components"
        )
        try:
            given = eqx.filter_eval_shape(self.network, wanted)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{advice}; it refused them: {error}") from error
        if getattr(given, "shape", None) != (components,):
            raise ValueError(f"{advice}; it gave shape {given.shape}.")

    @staticmethod
    def inputs(problem: Problem) -> int:
        """Number of features that the network of a problem must take."""
        return HardConditions(problem).inputs

    def __call__(
        self, t: Array, x: Float[Array, " dim"]
    ) -> Float[Array, " components"]:
        """The field at time t [s] (ignored if steady) and position x [m]."""
        hard = self._hard
        network = self.network(hard.features(t, x))
        return hard.lift(t, x) + hard.distance(t, x) * network

    def jet(self, t: Array, x: Float[Array, " dim"]) -> Jet:
        """Value and derivatives at a point."""
        scaffold = _scaffold(self._hard, t, x)
        return _assemble(self._hard, self.network, scaffold, t, x)

    def residual(
        self, t: Array, x: Float[Array, " dim"]
    ) -> Float[Array, " components"]:
        """Strong residual of the law at a point, in the unit of its source."""
        return strong_residual(self.problem.law, t, x, self.jet(t, x))

    @property
    def _hard(self) -> HardConditions:
        return HardConditions(self.problem)


def _scaffold(hard: HardConditions, t: Array, x: Array) -> tuple[Jet, Jet]:
    """Jets of lift and distance: no weights in them, computed once per point."""
    return autodiff_jet(hard.lift, t, x), autodiff_jet(hard.distance, t, x)


def _assemble(hard, network, scaffold: tuple[Jet, Jet], t: Array, x: Array) -> Jet:
    lift, distance = scaffold
    inner = _product(distance, network_jet(network, hard.features, t, x))
    return jax.tree.map(jnp.add, lift, inner)


def _product(a: Jet, b: Jet) -> Jet:
    cross = a.grad_u[:, :, None] * b.grad_u[:, None, :]
    return Jet(
        a.u * b.u,
        a.u_t * b.u + a.u * b.u_t,
        a.grad_u * b.u[:, None] + a.u[:, None] * b.grad_u,
        a.hess_u * b.u[:, None, None]
        + cross
        + jnp.swapaxes(cross, 1, 2)
        + a.u[:, None, None] * b.hess_u,
    )


class _Point(NamedTuple):
    """A collocation point with everything that does not depend on the weights."""

    t: Array
    x: Array
    weight: Array
    scaffold: tuple[Jet, Jet]


class _InsideRow(eqx.Module):
    hard: HardConditions

    def __call__(self, network: Any, point: _Point) -> Array:
        law, t, x = self.hard.problem.law, point.t, point.x
        jet = _assemble(self.hard, network, point.scaffold, t, x)
        return point.weight * strong_residual(law, t, x, jet)


class _BoundaryRow(eqx.Module):
    """Natural conditions of one boundary part; those on one component add up."""

    hard: HardConditions
    normal: Array
    name: str = eqx.field(static=True)

    def __call__(self, network: Any, point: _Point) -> Array:
        problem, t, x = self.hard.problem, point.t, point.x
        law = problem.law
        jet = _assemble(self.hard, network, point.scaffold, t, x)
        flux = law.flux(t, x, jet.u, jet.grad_u) @ self.normal
        total, prescribed = jnp.zeros_like(flux), jnp.zeros(flux.shape, bool)
        for condition in problem.conditions[self.name]:
            mask = acts_on(condition, law)
            if isinstance(condition, AbstractNaturalCondition):
                given = condition.normal_flux(t, x, self.normal, jet.u)
                total = total - jnp.where(mask, given, 0.0)
                prescribed = prescribed | mask
            elif not isinstance(condition, AbstractEssentialCondition):
                own = condition.residual(t, x, self.normal, jet.u, jet.grad_u, flux)
                total = total + jnp.where(mask, own, 0.0)
        return point.weight * (total + jnp.where(prescribed, flux, 0.0))


class PINNFit(NamedTuple):
    """What `fit_pinn` found.

    Attributes:
        pinn: the fitted PINN.
        history: `loss` and `damping` after every step, NumPy arrays.
        status: as `levenberg_marquardt` gives it.
    """

    pinn: PINN
    history: dict
    status: Status


def fit_pinn(
    pinn: PINN,
    *,
    steps: int = 200,
    points: int = 4000,
    boundary_points: int = 200,
    weighted_steps: int = 75,
    resample_every: int = 5,
    tolerance: float | None = None,
    damping: float = 1.0,
    polish_steps: int = 15,
    callback: Callable[[int, float, PINN], Any] | None = None,
    key: PRNGKeyArray,
) -> PINNFit:
    """Fit the network of a PINN by Levenberg-Marquardt.

    The loss is the mean square of the strong residual over points drawn with density
    1 + |residual| / mean |residual|, plus the mean square of every natural condition.
    For the first `weighted_steps` steps the residual counts 1 / (1 + |grad u| / mean
    |grad u|), which lets fronts form before they dominate; the last `polish_steps`
    use three times the points, which calms the noise of the draw.

    Args:
        pinn: where to start.
        steps: Levenberg-Marquardt steps.
        points: collocation points inside; at least twice the number of weights.
        boundary_points: points on each side with a natural condition.
        weighted_steps: steps with the gradient weight.
        resample_every: steps between two draws of the points.
        polish_steps: last steps, with three times the points.
        tolerance: stop once the loss is at most this; `None` runs all steps.
        damping: first damping, relative to the diagonal of JᵀJ; small to resume a fit.
        callback: called with (step, loss, pinn); a true value ends the fit.
        key: random key of the points.

    Returns:
        The fitted PINN, its history and status.

    Raises:
        ValueError: a number out of range.

    Reference:
        C. Wu et al. (2023), Comput. Methods Appl. Mech. Eng. 403, 115671 (density).
    """
    from tqdm import tqdm

    least = {
        "steps": (steps, 1),
        "points": (points, 1),
        "boundary_points": (boundary_points, 1),
        "weighted_steps": (weighted_steps, 0),
        "resample_every": (resample_every, 1),
        "polish_steps": (polish_steps, 0),
    }
    for name, (value, smallest) in least.items():
        require_count(name, value, smallest)
    require_between("damping", damping, 0.0, math.inf)
    if tolerance is not None:
        require_between("tolerance", tolerance, 0.0, math.inf, ends=True)

    def draw(network, step):
        current, at = _with(pinn, network), jax.random.fold_in(key, step)
        count = points if step < steps - polish_steps else _POLISH * points
        return _rows(current, count, boundary_points, step < weighted_steps, key=at)

    with tqdm(total=steps, desc="Levenberg-Marquardt", disable=None) as bar:

        def report(step, loss, network):
            bar.update()
            bar.set_postfix_str(f"loss {loss:.2e}", refresh=False)
            return callback is not None and callback(step, loss, _with(pinn, network))

        fit = levenberg_marquardt(
            draw(pinn.network, 0),
            pinn.network,
            steps=steps,
            tolerance=tolerance,
            damping=damping,
            resample=draw,
            resample_every=resample_every,
            callback=report,
        )
    return PINNFit(_with(pinn, fit.parameters), fit.history, fit.status)


def _with(pinn: PINN, network: Any) -> PINN:
    return eqx.tree_at(lambda p: p.network, pinn, network)


def _rows(pinn, points, boundary_points, weighted, *, key) -> list[Rows]:
    inside, *sides = jax.random.split(key, 1 + len(pinn.problem.conditions))
    drawn = _draw_inside(pinn, points, weighted, key=inside)
    rows = [Rows(_InsideRow(pinn._hard), drawn)]
    for side, (name, conditions) in zip(
        sides, pinn.problem.conditions.items(), strict=True
    ):
        if any(not isinstance(c, AbstractEssentialCondition) for c in conditions):
            drawn, normal = _draw_side(pinn, name, boundary_points, key=side)
            rows.append(Rows(_BoundaryRow(pinn._hard, normal, name), drawn))
    return rows


@eqx.filter_jit
def _draw_inside(pinn: PINN, points: int, weighted: bool, *, key) -> _Point:
    """Choose `points` of a larger pool with density 1 + |residual| / mean."""
    for_pool, for_times, for_choice = jax.random.split(key, 3)
    count = _POOL * points
    x = pinn._hard.box.sample(count, key=for_pool)
    t = _draw_times(pinn._hard, count, key=for_times)
    jets = jax.vmap(pinn.jet)(t, x)
    residuals = jax.vmap(strong_residual, (None, 0, 0, 0))(pinn.problem.law, t, x, jets)
    weight = jnp.ones(count, x.dtype)
    if weighted:
        slope = jnp.sqrt(jnp.sum(jets.grad_u**2, axis=(1, 2)))
        weight = 1.0 / (1.0 + slope / (jnp.mean(slope) + jnp.finfo(x.dtype).tiny))
    size = weight * jnp.sqrt(jnp.sum(residuals**2, axis=1))
    density = 1.0 + size / (jnp.mean(size) + jnp.finfo(x.dtype).tiny)
    chosen = jax.random.choice(
        for_choice, count, (points,), replace=False, p=density / jnp.sum(density)
    )
    t, x, weight = t[chosen], x[chosen], weight[chosen] / jnp.sqrt(points * 1.0)
    return _Point(t, x, weight, jax.vmap(partial(_scaffold, pinn._hard))(t, x))


@eqx.filter_jit
def _draw_side(pinn: PINN, name: str, points: int, *, key) -> tuple[_Point, Array]:
    for_points, for_times = jax.random.split(key)
    x, normal = pinn._hard.box.sample_boundary(name, points, key=for_points)
    t = _draw_times(pinn._hard, points, key=for_times)
    weight = jnp.full(points, 1.0 / jnp.sqrt(points * 1.0), x.dtype)
    return _Point(t, x, weight, jax.vmap(partial(_scaffold, pinn._hard))(t, x)), normal


def _draw_times(hard: HardConditions, count: int, *, key) -> Array:
    dtype, interval = hard.box.lower.dtype, hard.problem.interval
    if interval is None:
        return jnp.zeros(count, dtype)
    start, end = interval
    return start + (end - start) * jax.random.uniform(key, (count,), dtype)
