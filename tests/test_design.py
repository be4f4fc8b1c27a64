"""Sweeps and optimisation on an analytic simulation, where the truth is known."""

import jax.numpy as jnp
import numpy as np
import pytest

from froude.datasets import DesignSpace, Variable, evaluate, sobol
from froude.design import Limit, Optimum, Route, optimize, pareto_front, sweep
from froude.design.optimize import _supersedes
from froude.solvers import Status
from froude.surrogates import certify, fit_baseline

SPACE = DesignSpace(
    (
        Variable("width", 1.0, 3.0, unit="m"),
        Variable("height", 1.0, 3.0, unit="m"),
        Variable("load", 1.0, 2.0, unit="N"),
    )
)


def simulate(design):
    """A cantilever: area b h, and deflection of the order of load / (b h³)."""
    width, height = design["width"], design["height"]
    quantities = {
        "area": width * height,
        "deflection": design["load"] / (width * height**3),
    }
    return quantities, {"shape": jnp.stack([width, height])}, Status.OK


@pytest.fixture(scope="module")
def surrogate():
    data = evaluate(simulate, sobol(SPACE, 128, seed=0))
    return fit_baseline(data, SPACE, quantities=("area", "deflection"), key=_key())


@pytest.fixture(scope="module")
def certified(surrogate):
    held_out = evaluate(simulate, sobol(SPACE, 256, seed=1))
    return certify(surrogate, held_out, seed=0)[0]


def _key():
    import jax

    return jax.random.key(0)


def test_pareto_front_equals_the_definition():
    points = np.random.default_rng(0).integers(0, 12, (200, 2)).astype(float)
    points[3] = np.nan
    front = pareto_front(points[:, 0], points[:, 1])
    dominated = [
        any(np.all(q <= p) and np.any(q < p) for q in points[np.arange(200) != 3])
        for p in points
    ]
    expected = {tuple(points[i]) for i in range(200) if i != 3 and not dominated[i]}
    assert {tuple(points[i]) for i in front} == expected
    assert len(front) == len(expected)


def test_evaluate_takes_plain_python_and_records_failures():
    def brittle(design):
        if float(design["load"]) > 1.5:
            raise RuntimeError("it broke")
        return {"area": float(design["width"])}, {}, Status.OK

    answers = evaluate(brittle, sobol(SPACE, 16, seed=0))
    broken = answers["load"].values > 1.5
    assert broken.any() and not broken.all()
    assert np.array_equal(answers["status"].values == Status.ERROR, broken)
    assert np.array_equal(np.isnan(answers["area"].values), broken)


def test_a_sweep_solves_what_it_must_and_never_answers_outside(certified):
    samples = sobol(SPACE, 512, seed=3)
    width = samples["width"].values.copy()
    width[:5] = 9.0
    samples = samples.assign(width=("sample", width))
    result = sweep(
        certified, samples, fallback=simulate, tolerance={"area": 1e3}, budget=8
    )
    rejected = result["route_reason"].values == Route.REJECTED
    assert rejected[:5].all()
    assert result.attrs["solver_calls"] == 8
    assert result.attrs["audits"] >= 2
    solved = result["source"].values == 1
    unsolved = rejected & ~solved
    assert np.all(np.isnan(result["area"].values[unsolved]))
    assert np.all(result["status"].values[unsolved] == Status.OUT_OF_DOMAIN)
    truth = (samples["width"] * samples["height"]).values
    assert np.allclose(result["area"].values[solved], truth[solved], rtol=1e-12)
    audited = np.isfinite(result["area_audit_error"].values)
    assert audited.sum() == result.attrs["audits"]


def test_a_tight_tolerance_sends_designs_to_the_solver(certified):
    samples = sobol(SPACE, 40, seed=4)
    result = sweep(
        certified, samples, fallback=simulate, tolerance={"area": 0.0}, budget=64
    )
    assert result.attrs["solver_calls"] == 40
    truth = (samples["width"] * samples["height"]).values
    assert np.allclose(result["area"].values, truth, rtol=1e-12)


def test_an_uncertified_surrogate_leaves_every_design_to_the_solver(surrogate):
    samples = sobol(SPACE, 20, seed=5)
    result = sweep(
        surrogate, samples, fallback=simulate, tolerance={"area": 1.0}, budget=10
    )
    assert np.all(result["route_reason"].values == Route.UNCERTIFIED)
    assert result.attrs["solver_calls"] == 10
    assert (result["status"].values == Status.PENDING).sum() == 10


def test_optimize_finds_the_constrained_optimum_and_the_solver_confirms(surrogate):
    """Least area with deflection <= d: height as large as allowed, by Lagrange."""
    limit, load = 0.1, 1.5
    best = optimize(
        surrogate,
        "area",
        simulate=simulate,
        limits={"deflection": Limit(upper=limit)},
        fixed={"load": load},
        gap=1e-4,
        starts=4,
    )
    height = 3.0
    width = max(1.0, load / (limit * height**3))
    expected = min(width * height, 1.0 * max(1.0, (load / limit) ** (1 / 3)))
    assert best.converged
    assert best.design["load"] == pytest.approx(load)
    assert best.solved["area"] == pytest.approx(expected, rel=2e-3)
    assert best.solved["deflection"] <= limit * (1 + 1e-4)
    assert best.runs.sizes["sample"] >= 1


def _fails(design):
    return simulate(design)[:2] + (Status.NOT_CONVERGED,)


def test_a_sweep_whose_solver_always_fails_says_so(certified):
    samples = sobol(SPACE, 40, seed=4)
    result = sweep(
        certified, samples, fallback=_fails, tolerance={"area": 0.0}, budget=8
    )
    solved = result["source"].values == 1
    assert solved.sum() == 8
    assert np.all(result["status"].values[solved] == Status.NOT_CONVERGED)
    assert np.all(np.isnan(result["area"].values[solved]))


def test_optimize_starts_again_when_every_start_leads_nowhere(surrogate):
    with pytest.raises(RuntimeError, match="No candidate"):
        optimize(surrogate, "area", simulate=_fails, limits={}, starts=1, max_rounds=3)


def test_a_later_round_replaces_the_best_only_when_it_is_better():
    def found(area, *, feasible=True, converged=False):
        return Optimum({}, {}, {"area": area}, 0.1, feasible, converged, None)

    assert _supersedes(found(2.0, feasible=False), found(1.0, feasible=False), "area")
    assert _supersedes(found(2.0), found(1.0, feasible=False), "area")
    assert not _supersedes(found(0.5, feasible=False), found(1.0), "area")
    assert not _supersedes(found(2.0), found(1.0), "area")
    assert _supersedes(found(2.0, converged=True), found(1.0), "area")


def test_bad_requests_name_the_argument(surrogate):
    with pytest.raises(ValueError, match="starts"):
        optimize(surrogate, "area", simulate=simulate, limits={}, starts=0)
    with pytest.raises(ValueError, match="max_rounds"):
        optimize(surrogate, "area", simulate=simulate, limits={}, max_rounds=0)
    for lower, upper in ((2.0, 1.0), (float("nan"), 1.0)):
        with pytest.raises(ValueError, match="lower <= upper"):
            Limit(lower, upper)
    with pytest.raises(ValueError, match="colour"):
        optimize(surrogate, "colour", simulate=simulate, limits={})
    with pytest.raises(ValueError, match="tolerance"):
        sweep(surrogate, sobol(SPACE, 4, seed=0), fallback=simulate, tolerance={})
    with pytest.raises(ValueError, match="fixed"):
        optimize(surrogate, "area", simulate=simulate, limits={}, fixed={"depth": 1.0})
