"""What certification refuses to compare, and what a study has spent."""

import json

import jax
import numpy as np
import pytest

from froude.datasets import DesignSpace, Variable, latin_hypercube
from froude.surrogates import certify, fit_baseline, load, save


@pytest.fixture(scope="module")
def narrow():
    """A space of one variable, and a surrogate of more runs than the guard keeps."""
    space = DesignSpace((Variable("a", 0.0, 1.0),))

    def make(count, seed):
        samples = latin_hypercube(space, count, seed=seed)
        values = np.sin(3 * samples["a"].values)
        return samples.assign(q=("sample", values), r=("sample", 1.0 + values))

    data = make(600, 0)
    surrogate = fit_baseline(data, space, quantities=("q", "r"), key=jax.random.key(0))
    return surrogate, data, make(80, 1).assign(wall_time=("sample", np.ones(80)))


def test_all_training_runs_are_known_again_also_from_a_file(narrow, tmp_path):
    surrogate, data, _ = narrow
    anchors = np.asarray(surrogate.density.anchors)[:, 0]
    others = np.flatnonzero(~np.isin(data["a"].values, anchors))
    assert len(anchors) == 512 and len(others) == 88
    save(surrogate, tmp_path / "model.froude")
    for known in (surrogate, load(tmp_path / "model.froude")):
        with pytest.raises(ValueError, match="held_out: 88 of 88 designs are among"):
            certify(known, data.isel(sample=others))


def test_a_held_out_design_that_occurs_twice_is_refused(narrow):
    surrogate, _, held_out = narrow
    index = np.r_[np.arange(80), 3, 3]
    with pytest.raises(ValueError, match="held_out: 2 of 82 designs repeat"):
        certify(surrogate, held_out.isel(sample=index))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.isel(sample=np.arange(80)[::-1]), "other designs .* sample 0"),
        (lambda c: c.isel(sample=slice(79)), "coarse_solver has 79 runs"),
        (lambda c: c.drop_vars("q"), "coarse_solver has no quantity 'q'"),
        (
            lambda c: c.assign(status=("sample", np.ones(80, np.int8))),
            "failed at all 40 test runs",
        ),
    ],
)
def test_a_coarse_solver_that_cannot_be_compared_is_refused(narrow, change, message):
    surrogate, _, held_out = narrow
    with pytest.raises(ValueError, match=message):
        certify(surrogate, held_out, coarse_solver=change(held_out))


def test_a_coarse_solver_is_timed_by_the_runs_compared_and_its_failures_are_told(
    narrow,
):
    surrogate, _, held_out = narrow
    fails = np.arange(80) % 4 == 0
    times = np.where(fails, 9.0, 0.25)
    times[1] = 100.0  # with what was compiled
    coarse = held_out.assign(
        status=("sample", fails.astype(np.int8)), wall_time=("sample", times)
    )
    _, report = certify(
        *(surrogate, held_out),
        coarse_solver=coarse,
        baselines={"again": surrogate},
        extra_runs=7,
        extra_seconds=5.0,
    )
    assert report.coarse_seconds_per_run == 0.25
    assert 0 < report.coarse_failed < 20
    assert f"failed at {report.coarse_failed} of 40 test runs" in str(report)
    assert report.equal_error_solver == "coarse solver"
    assert report.data_runs == 600 + 80 + 7
    assert report.extra_seconds == 5.0 + times.sum()
    own = json.loads(surrogate.record)["fit_seconds"]
    assert report.fit_seconds == pytest.approx(2 * own)
    spent = 687 + report.fit_seconds + report.extra_seconds
    gain = 0.25 - report.seconds_per_design
    assert report.break_even == np.ceil(spent / gain)
