"""Sweeps and optimisation on an analytic simulation, where the truth is known."""

from functools import partial

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
WIDER = DesignSpace((Variable("width", 1.0, 4.0, unit="m"), *SPACE.variables[1:]))


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


def test_evaluate_says_why_a_run_failed_and_raises_a_mistake():
    samples = sobol(SPACE, 4, seed=0)

    def written(design):
        if f"{design['load']:.3f}" > "1.5":  # a tracer refuses the format
            raise RuntimeError("it broke")
        return {"area": float(design["width"])}, {}, Status.OK

    broken = samples["load"].values > 1.5
    texts = evaluate(written, samples)["error"].values
    assert np.array_equal(texts == "RuntimeError: it broke", broken) and broken.any()
    with pytest.raises(TypeError, match=r"'T' has the shape \(3,\); return a scalar"):
        evaluate(lambda d: ({"T": jnp.ones(3)}, {}, 0), samples)
    with pytest.raises(TypeError, match="incompatible shapes"):
        evaluate(lambda d: ({"T": jnp.ones(3) + jnp.ones(2)}, {}, 0), samples)
    with pytest.raises(ValueError, match=r"returns \['width'\], names"):
        evaluate(lambda d: ({"width": d["width"]}, {}, 0), samples)


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
    for suffix in ("_lower", "_upper"):
        assert np.all(np.isnan(result[f"area{suffix}"].values[unsolved]))
    audited = np.isfinite(result["area_audit_error"].values)
    assert audited.sum() == result.attrs["audits"]
    assert result.attrs["audits_failed"] == 0


def test_a_tight_tolerance_sends_designs_to_the_solver(certified):
    samples = sobol(SPACE, 40, seed=4)
    result = sweep(
        certified, samples, fallback=simulate, tolerance={"area": 0.0}, budget=64
    )
    assert result.attrs["solver_calls"] == 40
    truth = (samples["width"] * samples["height"]).values
    assert np.allclose(result["area"].values, truth, rtol=1e-12)


@pytest.mark.parametrize("reason", [Status.NOT_CONVERGED, Status.OUT_OF_DOMAIN])
def test_an_audit_that_the_solver_fails_keeps_the_prediction(certified, reason):
    def brittle(design):
        """Fails where the load is high, without JAX."""
        values = {name: float(value) for name, value in simulate(design)[0].items()}
        return values, {}, reason if float(design["load"]) > 1.5 else Status.OK

    samples = sobol(SPACE, 64, seed=6)
    result = sweep(
        certified, samples, fallback=brittle, tolerance={"area": 1e3}, audit=0.5
    )
    audited = result["route_reason"].values == Route.AUDIT
    failed = audited & (samples["load"].values > 1.5)
    assert failed.any() and (audited & ~failed).any()
    predicted = certified.predict(samples)
    for key in ("area", "area_lower", "area_upper"):
        assert np.array_equal(result[key].values[failed], predicted[key].values[failed])
    assert np.all(result["status"].values[failed] == reason)
    assert np.all(result["source"].values[failed] == 0)
    answered = audited & ~failed
    assert np.array_equal(np.isfinite(result["area_audit_error"].values), answered)
    assert result.attrs["audits"] == answered.sum()
    assert result.attrs["audits_failed"] == failed.sum()
    truth = result["area"].values
    inside = (predicted["area_lower"] <= truth) & (truth <= predicted["area_upper"])
    covered = int(np.sum(inside.values & answered))
    assert result.attrs["area_audit_covered"] == covered > 0


def test_a_sweep_takes_a_plain_dict_and_ignores_what_is_no_variable(certified):
    samples = sobol(SPACE, 40, seed=4)
    ask = lambda designs: sweep(
        certified, designs, fallback=simulate, tolerance={"area": 0.0}, budget=4
    )
    columns = {name: samples[name].values for name in SPACE.names}
    plain, data_set = ask(columns), ask(evaluate(simulate, samples))
    assert np.array_equal(plain["area"], data_set["area"])
    assert plain.attrs["solver_calls"] == 4


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


def test_optimize_stops_where_the_search_comes_back(surrogate):
    limits = {"deflection": Limit(upper=1e-4)}
    best = optimize(
        surrogate, "area", simulate=simulate, limits=limits, starts=4, max_rounds=12
    )
    assert not best.feasible and not best.converged
    assert "came back" in best.stopped and "breaks a limit" in best.stopped
    assert best.runs.sizes["sample"] < 6
    least = best.runs["deflection"].values.min()
    assert best.solved["deflection"] == least
    assert best.violation == pytest.approx(1 - 1e-4 / least)
    unit = np.stack([best.runs[name].values for name in SPACE.names], axis=1)
    assert len(np.unique(unit.round(5), axis=0)) == len(unit)


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


def test_a_sweep_makes_the_physics_tests_where_a_residual_is_given():
    """The second residual is that of a law with twice the load."""
    left = lambda load, design, fields: (
        fields["shape"]
        - load * jnp.stack([design["width"], design["height"]])
        + 1e-6 * jnp.sin(40.0 * design["load"])
    )
    train, held_out = (evaluate(simulate, sobol(SPACE, 64, seed=s)) for s in (0, 1))
    surrogate = fit_baseline(
        *(train, SPACE), quantities=("area",), fields=("shape",), key=_key()
    )
    surrogate, _ = certify(surrogate, held_out, residual=partial(left, 1.0))
    ask = partial(
        *(sweep, surrogate, sobol(SPACE, 64, seed=2)),
        fallback=simulate,
        tolerance={"area": 1e3},
        budget=0,
    )
    plain, other = ask(), ask(residual=partial(left, 2.0))
    assert plain.attrs["guard_tests"] == "bounds distance spread"
    assert other.attrs["guard_tests"].endswith("spread residual budget")
    assert plain.attrs["route_rejected"] < 8
    assert other.attrs["route_rejected"] == 64


def test_optimize_starts_again_when_every_start_leads_nowhere(surrogate):
    with pytest.raises(RuntimeError, match="No candidate"):
        optimize(surrogate, "area", simulate=_fails, limits={}, starts=1, max_rounds=3)


def test_a_later_round_replaces_the_best_only_when_it_is_better():
    def found(area, *, violation=0.0, converged=False):
        feasible = not violation
        return Optimum(
            *({}, {}, {"area": area}, 0.1, feasible, converged, None),
            violation=violation,
        )

    assert not _supersedes(found(2.0, violation=0.1), found(1.0, violation=0.1), "area")
    assert not _supersedes(found(0.5, violation=0.3), found(1.0, violation=0.1), "area")
    assert _supersedes(found(2.0, violation=0.1), found(1.0, violation=0.3), "area")
    assert _supersedes(found(2.0), found(1.0, violation=0.1), "area")
    assert not _supersedes(found(0.5, violation=0.1), found(1.0), "area")
    assert not _supersedes(found(2.0), found(1.0), "area")
    assert _supersedes(found(2.0, converged=True), found(1.0), "area")


def test_a_limit_is_optional_and_a_bare_number_is_none(surrogate):
    ask = lambda **options: optimize(surrogate, "area", simulate=simulate, **options)
    with pytest.raises(RuntimeError, match="No candidate"):
        optimize(surrogate, "area", simulate=_fails, starts=1, max_rounds=1)
    with pytest.raises(TypeError, match=r"limits\['deflection'\] is 0.1; write Limit"):
        ask(limits={"deflection": 0.1})
    with pytest.raises(TypeError, match="limits is 0.1; give a `Limit`"):
        ask(limits=0.1)


def test_a_solver_without_the_quantity_is_refused(certified):
    small = lambda design: ({"area": design["width"] * design["height"]}, {}, Status.OK)
    message = r"no quantity 'deflection'.*\['area', 'deflection'\]"
    with pytest.raises(ValueError, match=message):
        sweep(
            certified,
            sobol(SPACE, 4, seed=0),
            fallback=small,
            tolerance={"area": 0.0},
        )


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"tolerance": 5.0}, TypeError, "tolerance is 5.0; .*{'area': 5.0}"),
        ({"tolerance": {}}, ValueError, "tolerance names nothing"),
        ({"tolerance": {"colour": 1.0}}, ValueError, "'colour'"),
        ({"tolerance": {"area": np.nan}}, ValueError, r"tolerance\['area'\] is nan"),
        ({"budget": -1}, ValueError, "budget is -1; give an integer"),
        ({"budget": 8.5}, ValueError, "budget is 8.5; give an integer"),
        ({"audit": 2.0}, ValueError, "audit is 2.0; give a number between 0 and 1"),
        ({"seed": -3}, ValueError, "seed is -3"),
        ({"samples": sobol(WIDER, 4, seed=0)}, ValueError, "another space"),
        ({"samples": [1.0, 2.0]}, TypeError, "names no variables"),
        ({"samples": {"width": [1.0]}}, ValueError, r"missing \['height', 'load'\]"),
    ],
)
def test_a_bad_request_to_sweep_names_the_argument(surrogate, options, error, message):
    good = {"samples": sobol(SPACE, 4, seed=0), "tolerance": {"area": 1.0}}
    with pytest.raises(error, match=message):
        sweep(surrogate, fallback=simulate, **(good | options))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"starts": 0}, "starts is 0; give an integer of at least 1"),
        ({"starts": 2.5}, "starts is 2.5; give an integer"),
        ({"max_rounds": 0}, "max_rounds is 0"),
        ({"gap": 0.0}, "gap is 0.0; give a number above 0"),
        ({"minimize": "colour"}, "colour"),
        ({"fixed": {"depth": 1.0}}, "fixed"),
    ],
)
def test_a_bad_request_to_optimize_names_the_argument(surrogate, options, message):
    with pytest.raises(ValueError, match=message):
        optimize(surrogate, simulate=simulate, **({"minimize": "area"} | options))


@pytest.mark.parametrize("bounds", [(2.0, 1.0), (float("nan"), 1.0)])
def test_a_limit_that_nothing_keeps_is_refused(bounds):
    with pytest.raises(ValueError, match="lower <= upper"):
        Limit(*bounds)
