"""The `froude` command on a saved surrogate."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray
from typer.testing import CliRunner

import froude
from froude.command_line import _cells, app
from froude.datasets import DesignSpace, Variable, evaluate, sobol
from froude.surrogates import Reason, certify, fit_baseline, save

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


def test_a_design_outside_is_rejected_and_the_others_are_answered(model, tmp_path):
    (tmp_path / "designs.csv").write_text("a,b\n1.25,1.5\n1.25,9.0\n1.5,nan\n")
    written = call(
        "predict", model, tmp_path / "designs.csv", "--output", tmp_path / "out.csv"
    )
    assert written.exit_code == 0, written.output
    header, *rows = (tmp_path / "out.csv").read_text().splitlines()
    rows = [dict(zip(header.split(","), r.split(","), strict=True)) for r in rows]
    assert [row["verdict"] for row in rows] == ["ok", "reject", "reject"]
    assert [row["verdict_reason"] for row in rows] == ["", "bounds", "bounds"]
    for name in ("area", "area_lower", "area_upper"):
        assert np.isnan([float(row[name]) for row in rows]).tolist() == [False, 1, 1]


@pytest.mark.parametrize("ending", ["csv", "nc"])
def test_output_to_a_full_disk_leaves_the_old_file(
    model, tmp_path, monkeypatch, ending
):
    (tmp_path / "designs.csv").write_text("a,b\n1.25,1.5\n")
    output = tmp_path / f"out.{ending}"
    output.write_bytes(b"the old answers")
    names = sorted(tmp_path.iterdir())

    def full(self, path_or_text, *_, **__):
        path = self if ending == "csv" else Path(path_or_text)
        path.write_bytes(b"hal")
        raise OSError(28, "No space left on device")

    writers = {"csv": (type(output), "write_text"), "nc": (xarray.Dataset, "to_netcdf")}
    monkeypatch.setattr(*writers[ending], full)
    result = call("predict", model, tmp_path / "designs.csv", "--output", output)
    assert result.exit_code == 1 and "No space left" in result.output
    assert output.read_bytes() == b"the old answers"
    assert sorted(tmp_path.iterdir()) == names


def test_reasons_are_written_in_words():
    reason = Reason.DISTANCE | Reason.SPREAD | Reason.UNCERTIFIED
    masks = np.asarray([member.value for member in Reason], np.int8)
    words = " ".join(member.name.lower() for member in Reason)
    attrs = {"flag_masks": masks, "flag_meanings": words}
    column = xarray.DataArray(np.array([0, reason], np.int8), attrs=attrs)
    assert _cells(column) == ["", "distance spread uncertified"]


def test_the_version_is_told():
    result = call("--version")
    assert result.exit_code == 0
    assert result.output == f"froude {froude.__version__}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [("a\n1.0\n", "missing ['b']"), ("a,b\n1,x\n", "line 2: b = 'x' is not")],
)
def test_a_bad_csv_ends_in_one_line(model, tmp_path, text, message):
    (tmp_path / "designs.csv").write_text(text)
    result = call("predict", model, tmp_path / "designs.csv")
    assert result.exit_code == 1 and message in result.output
    assert result.output.startswith("froude: ") and result.output.count("\n") == 1


def test_a_broken_model_and_a_missing_folder_end_in_one_line(model, tmp_path):
    (tmp_path / "designs.csv").write_text("a,b\n1.25,1.5\n")
    broken = tmp_path / "broken.froude"
    broken.write_bytes(model.read_bytes()[:-20])
    cut = call("predict", broken, tmp_path / "designs.csv")
    nowhere = ("--output", tmp_path / "nowhere" / "out.csv")
    lost = call("predict", model, tmp_path / "designs.csv", *nowhere)
    for result in (cut, lost):
        assert result.exit_code == 1
        assert result.output.startswith("froude: ") and result.output.count("\n") == 1
