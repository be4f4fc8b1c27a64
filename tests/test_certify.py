"""Coverage against its law, verdicts against known shifts, the report's counts."""

import functools
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from analytic_sink import SPACE, residual, runs, shifted_residual

from froude.datasets import sobol
from froude.surrogates import (
    Output,
    Verdict,
    area_under_curve,
    certify,
    conformal_quantile,
    coverage_law,
    covered_bounds,
    covered_law,
    fit_baseline,
)
from froude.surrogates.accuracy import accuracy
from froude.surrogates.guard import spread_score
from froude.surrogates.report import Accuracy, Report

IN_CORNER = lambda data: (
    ((data["a"] > np.sqrt(3.0)) & (data["b"] > 2.0) & (data["c"] > 2.0)).values
)


@pytest.fixture(scope="module")
def held_out():
    return runs(384, seed=1)


@pytest.fixture(scope="module")
def certified(held_out):
    data = runs(128, seed=0)
    surrogate = fit_baseline(
        data, SPACE, fields=("temperature",), key=jax.random.key(0)
    )
    return certify(surrogate, held_out, residual=residual, seconds_per_run=0.5, seed=0)


@pytest.mark.parametrize(
    ("count", "level", "band"),
    [
        (100, 0.9, (0.7885, 0.9695)),
        (500, 0.9, (0.8544, 0.9369)),
        (1000, 0.9, (0.8686, 0.9271)),
        (1000, 0.95, (0.9262, 0.9688)),
    ],
)
def test_coverage_law_has_the_published_band(count, level, band):
    law = coverage_law(count, level)
    np.testing.assert_allclose(law.ppf([0.001, 0.999]), band, atol=5e-5)


def test_simulated_coverage_follows_the_beta_binomial_law():
    """4000 calibrations with 100 runs, 50 test runs each, from a skewed law."""
    scores = np.random.default_rng(0).lognormal(size=(4000, 150))
    bounds = [conformal_quantile(row[:100], 0.9) for row in scores]
    covered = (scores[:, 100:] <= np.asarray(bounds)[:, None]).sum(axis=1)
    law = covered_law(100, 50, 0.9)
    assert abs(covered.mean() / 50 - 0.9009901) < 4 * law.std() / 50 / np.sqrt(4000)
    low, high = covered_bounds(100, 50, 0.9)
    inside = np.mean((covered >= low) & (covered <= high))
    exact = law.cdf(high) - law.cdf(low - 1)
    assert abs(inside - exact) < 4 * np.sqrt(exact * (1 - exact) / 4000)


def test_too_few_runs_give_an_infinite_bound():
    assert conformal_quantile(np.ones(8), 0.9) == np.inf
    assert conformal_quantile([np.nan, *range(8)], 0.9) == np.inf


def test_coverage_on_fresh_runs_is_inside_its_law(certified):
    surrogate, report = certified
    assert report.coverage_holds, str(report)
    fresh = runs(256, seed=7)
    predicted = surrogate.predict(fresh, fields=True)
    low, high = covered_bounds(report.calibration_runs, 256, 0.9)
    for name in ("mass", "resistance", "peak", "temperature"):
        inside = (predicted[f"{name}_lower"] <= fresh[name]) & (
            fresh[name] <= predicted[f"{name}_upper"]
        )
        inside = inside.all("node") if "node" in inside.dims else inside
        assert low <= int(inside.sum()) <= high, name


def test_designs_inside_are_seldom_rejected(certified):
    fresh = runs(512, seed=8)
    predicted = certified[0].predict(fresh, residual=residual)
    assert (predicted["verdict"] == Verdict.REJECT).mean() <= 0.01


def test_the_residual_sees_a_shifted_law(certified):
    fresh = runs(128, seed=9)
    predict = functools.partial(certified[0].predict, fresh, bounds_test=False)
    inside = predict(residual=residual)["guard_score"]
    outside = predict(residual=shifted_residual)["guard_score"]
    assert area_under_curve(inside, outside) >= 0.9


def test_the_guard_sees_a_corner_without_data():
    data, held_out, fresh = runs(256, seed=0), runs(256, seed=1), runs(1024, seed=2)
    surrogate = fit_baseline(
        data.isel(sample=~IN_CORNER(data)),
        SPACE,
        quantities=("mass",),
        key=jax.random.key(0),
    )
    surrogate, _ = certify(surrogate, held_out.isel(sample=~IN_CORNER(held_out)))
    score = surrogate.predict(fresh, bounds_test=False)["guard_score"].values
    corner = IN_CORNER(fresh)
    assert area_under_curve(score[~corner], score[corner]) >= 0.9


def test_the_guard_sees_designs_outside_the_box(certified):
    place = np.random.default_rng(0).uniform(-0.5, 1.5, (400, 6))
    outside = np.any((place < -0.25) | (place > 1.25), axis=1)
    designs = {n: np.asarray(c) for n, c in SPACE.from_unit(place[outside]).items()}
    score = certified[0].predict(designs, bounds_test=False)["guard_score"]
    inside = certified[0].predict(runs(128, seed=3))["guard_score"]
    assert area_under_curve(inside, score) >= 0.99


def test_a_residual_that_is_not_a_number_is_rejected(certified):
    design = {name: [value] for name, value in SPACE.default.items()}
    broken = lambda design, fields: np.nan * residual(design, fields)
    assert certified[0].predict(design)["verdict"] == Verdict.OK
    assert certified[0].predict(design, residual=broken)["verdict"] == Verdict.REJECT


def test_predictions_name_the_tests_that_were_made(certified, held_out):
    design = SPACE.default
    both, plain = certified[0], certify(certified[0], held_out)[0]
    names = lambda surrogate, **options: surrogate.predict(design, **options).attrs
    assert names(both)["guard_tests"] == "bounds distance spread"
    assert names(both, bounds_test=False)["guard_tests"] == "distance spread"
    made = names(both, residual=residual)["guard_tests"]
    assert made == certified[1].guard_tests == "bounds distance spread residual budget"
    assert names(plain)["guard_tests"] == "bounds distance spread"
    with pytest.raises(ValueError, match="certified without one.*residual= to certify"):
        plain.predict(design, residual=residual)


def test_reference_scores_that_are_not_finite_are_counted_or_refused(
    certified, held_out
):
    """The residual breaks at 5 % of the designs, then at most of them."""

    def breaks(share):
        at = 1.0 + 2.0 * share
        return lambda design, fields: (
            residual(design, fields) / jnp.where(design["b"] < at, 0.0, 1.0)
        )

    _, report = certify(certified[0], held_out, residual=breaks(0.05))
    assert set(report.unscored) == {"residual", "budget"}
    lost = report.unscored["residual"]
    assert 3 <= lost <= 20
    assert f"leave out {lost} residual, {lost} budget scores" in str(report)
    with pytest.raises(ValueError, match="residual test .* too few .* residual,"):
        certify(certified[0], held_out, residual=breaks(0.8))


def test_a_spread_that_is_not_a_number_is_rejected():
    score = spread_score(jnp.array([0.1, jnp.nan]), jnp.ones(2))
    assert np.isposinf(score)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"level": 1.0}, "level is 1.0; give a number between 0 and 1, ends excluded"),
        ({"level": np.nan}, "level is nan"),
        ({"calibration": 1.5}, "calibration is 1.5; give a number between 0 and 1"),
        ({"seed": -1}, "seed is -1; give an integer of at least 0"),
        ({"seconds_per_run": 0.0}, "seconds_per_run is 0.0; give a number above 0"),
    ],
)
def test_a_number_out_of_range_is_refused_by_name(
    certified, held_out, options, message
):
    with pytest.raises(ValueError, match=message):
        certify(certified[0], held_out, **options)


def test_a_quantity_that_never_varies_is_predicted_and_called_constant():
    """No warning, no NaN, no part in the choice of a winner, no broken coverage."""

    def with_constants(data):
        ones = np.ones((data.sizes["sample"], 5))
        data["price"] = ("sample", 0.1 * ones[:, 0])
        data["zero"] = ("sample", 0.0 * ones[:, 0])
        data["wall"] = (("sample", "node"), 293.15 * ones)
        return data

    data, held_out = (
        with_constants(runs(count, seed)[["mass", *SPACE.names]])
        for count, seed in ((48, 0), (600, 1))
    )
    surrogate = fit_baseline(data, SPACE, fields=("wall",), key=jax.random.key(0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        surrogate, report = certify(surrogate, held_out)
        predicted = surrogate.predict(sobol(SPACE, 4, seed=2), fields=True)
    for name, value in (("price", 0.1), ("zero", 0.0), ("wall", 293.15)):
        assert np.all(predicted[name].values == value)
        row = report.accuracy(name)
        assert row.constant and row.rank is None
        assert row.median == 0.0 and row.covered == report.test_runs
    assert report.coverage_holds and report.covered_bounds[1] < report.test_runs
    assert str(report).count("constant") == 3
    assert not report.accuracy("mass").constant


def test_a_method_that_always_answers_the_same_ranks_nothing():
    truth = np.linspace(1.0, 2.0, 9)
    row = accuracy("mean", Output("q"), np.full(9, 1.5), truth, None)
    assert (row.rank, row.constant) == (0.0, False)


@pytest.mark.parametrize("value", [np.nan, 1e6])
def test_runs_of_designs_outside_the_space_are_refused(certified, held_out, value):
    astray = held_out.copy(deep=True)
    astray["a"][3] = value
    with pytest.raises(ValueError, match="outside the space, the first in sample 3"):
        certify(certified[0], astray)


def test_runs_that_the_surrogate_was_trained_on_are_refused(certified, held_out):
    seen = runs(128, seed=0)
    with pytest.raises(ValueError, match="held_out: 128 of 128 designs"):
        certify(certified[0], seen)


def test_the_report_says_which_tests_were_timed(certified):
    text, report = str(certified[1]), certified[1]
    assert "us with the bounds, distance and spread tests" in text
    assert report.seconds_with_physics > 0
    assert "us with the residual and budget tests" in text


def test_too_few_held_out_runs_are_refused(certified, held_out):
    with pytest.raises(ValueError, match="needs at least 9"):
        certify(certified[0], held_out.isel(sample=slice(0, 12)))


_report = functools.partial(
    Report,
    level=0.9,
    calibration_runs=100,
    test_runs=50,
    covered_bounds=(37, 50),
    seed=0,
    warned=0,
    rejected=0,
    guard_tests="bounds",
    seconds_per_design=0.001,
    seconds_per_run=1.001,
    fit_seconds=100.0,
    data_runs=200,
)


def test_break_even_counts_data_and_training_or_says_never():
    row = lambda method, error: Accuracy(
        method, "q", "K", error, error, 1.0, None, None, False
    )
    report = _report
    plain = report(rows=(row("surrogate", 0.1),), coarse_seconds_per_run=None)
    assert plain.break_even == 301  # (200 * 1.001 + 100) / 1, rounded up
    coarse = report(
        rows=(row("surrogate", 0.1), row("coarse solver", 0.05)),
        coarse_seconds_per_run=0.001,
    )
    assert coarse.equal_error_solver == "coarse solver"
    assert coarse.to_dict()["break_even"] == "never"
    assert "never" in str(coarse)
    wins = report(
        rows=(row("surrogate", 0.1), row("kernel ridge", 0.01)),
        coarse_seconds_per_run=None,
    )
    assert "kernel ridge wins" in str(wins)


def test_a_coarse_solver_without_a_quantity_is_of_no_equal_error():
    row = lambda method, name: Accuracy(
        method, name, "K", 0.1, 0.1, 1.0, None, None, False
    )
    report = _report(
        rows=(row("surrogate", "q"), row("surrogate", "r"), row("coarse solver", "q")),
        coarse_seconds_per_run=0.1,
    )
    assert report.equal_error_solver == "solver"


def test_a_forgotten_entry_of_a_design_is_refused(certified):
    names = certified[0].space.names
    designs = {name: np.full(2, 0.5) for name in names} | {names[0]: np.array([0.5])}
    with pytest.raises(ValueError, match="arrays of one length"):
        certified[0].predict(designs)
