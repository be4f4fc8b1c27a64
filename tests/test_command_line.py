"""The `froude` command on a saved surrogate."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from typer.testing import CliRunner

from froude.command_line import app
from froude.datasets import DesignSpace, Variable, evaluate, sobol
from froude.surrogates import certify, fit_baseline, save

SPACE = DesignSpace((Variable("a", 1.0, 2.0, "m"), Variable("b", 1.0, 2.0, "m")))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    def simulate(design):
        return {"area": jnp.asarray(design["a"] * design["b"])}, {}, 0

    runs = evaluate(simulate, sobol(SPACE, 128, seed=0))
    train, held_out = runs.isel(sample=slice(64)), runs.isel(sample=slice(64, None))
    surrogate = fit_baseline(train, SPACE, key=jax.random.key(0))
    path = tmp_path_factory.mktemp("model") / "area.froude"
    save(certify(surrogate, held_out)[0], path)
    return path


def call(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_predict_writes_value_interval_and_verdict(model, tmp_path):
    (tmp_path / "designs.csv").write_text("a,b\n1.25,1.5\n")
    result = call("predict", model, tmp_path / "designs.csv")
    assert result.exit_code == 0, result.output
    header, row = (line.split(",") for line in result.output.strip().splitlines())
    answer = dict(zip(header, row, strict=True))
    assert float(answer["area"]) == pytest.approx(1.875, rel=1e-3)
    assert float(answer["area_lower"]) <= 1.875 <= float(answer["area_upper"])
    assert answer["verdict"] == "ok"


def test_info_lists_what_a_model_answers(model):
    result = call("info", model)
    assert result.exit_code == 0
    assert "area" in result.output and "certified: yes" in result.output


def test_a_broken_model_and_a_strange_design_end_in_one_line(model, tmp_path):
    (tmp_path / "designs.csv").write_text("a,b\n1.25,9.0\n")
    outside = call("predict", model, tmp_path / "designs.csv")
    assert outside.exit_code == 1 and "b" in outside.output
    broken = tmp_path / "broken.froude"
    broken.write_bytes(model.read_bytes()[:-20])
    cut = call("predict", broken, tmp_path / "designs.csv")
    assert cut.exit_code == 1 and "froude:" in cut.output
    assert np.all(["Traceback" not in r.output for r in (outside, cut)])
