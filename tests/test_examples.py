"""The studies at reduced size, and what they say to bad input."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import meshio
import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
COARSE = ROOT / "examples" / "meshes" / "heat_sink_coarse.msh"
HEADER = (
    "fin_height,fin_thickness,base_thickness,conductivity,film_coefficient,chip_power"
)


def run(*arguments, script="heat_sink.py"):
    environment = os.environ | {"MPLBACKEND": "agg"}
    return subprocess.run(
        [sys.executable, ROOT / "examples" / script, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment,
    )


@pytest.mark.slow
def test_the_heat_sink_study_runs_on_another_mesh_and_answers_a_csv(tmp_path):
    designs = tmp_path / "mine.csv"
    designs.write_text(f"{HEADER}\n0.03,0.002,0.005,200,30,30\n")
    result = run(
        *("--mesh", COARSE, "--designs", designs, "--output", tmp_path / "out"),
        *("--train", 48, "--choose", 16, "--certify", 48, "--sweep", 300_000),
    )
    assert result.returncode == 0, result.stderr
    assert "0 failed" in result.stdout
    assert "verified by the solver" in result.stdout
    peak = float(re.search(r"peak (\d+\.\d+) °C", result.stdout)[1])
    assert 79.0 < peak < 80.0 + 1e-2
    written = {path.name for path in (tmp_path / "out").iterdir()}
    stores = {"runs.zarr", "coarse.zarr"}
    assert written == stores | {"heat_sink.froude", "heat_sink.png", "answers.csv"}
    answers = np.genfromtxt(tmp_path / "out" / "answers.csv", delimiter=",", names=True)
    assert answers["peak_temperature_lower"] < answers["peak_temperature_upper"]


def test_a_mesh_without_the_groups_is_refused_by_name(tmp_path):
    from froude.solvers import box_mesh, write_mesh

    write_mesh(tmp_path / "box.msh", box_mesh(2, 2, 2, element="P1"))
    result = run("--mesh", tmp_path / "box.msh")
    assert result.returncode != 0
    assert "base" in result.stderr and "x_min" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_inverted_element_is_counted(tmp_path):
    mesh = meshio.read(COARSE)
    tetrahedra = mesh.get_cells_type("tetra")
    node = np.bincount(tetrahedra.ravel()).argmax()
    mesh.points[node] += (0.05, 0.05, 0.05)
    mesh.write(tmp_path / "bad.msh", file_format="gmsh22", binary=False)
    result = run("--mesh", tmp_path / "bad.msh")
    assert result.returncode != 0
    assert "inverted" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_design_outside_the_bounds_names_variable_and_value(tmp_path):
    designs = tmp_path / "mine.csv"
    designs.write_text(f"{HEADER}\n0.03,0.002,0.005,200,30,300\n")
    result = run("--designs", designs)
    assert result.returncode != 0
    assert "chip_power" in result.stderr and "300" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.slow
def test_the_bracket_study_runs_on_the_coarse_mesh(tmp_path):
    mesh = ROOT / "examples" / "meshes" / "bracket_coarse.msh"
    result = run(
        *("--mesh", mesh, "--output", tmp_path, "--sweep", 20_000),
        *("--train", 24, "--choose", 6, "--certify", 24),
        script="bracket_sweep.py",
    )
    assert result.returncode == 0, result.stderr
    assert "54 solver runs, 0 failed" in result.stdout
    peak = float(re.search(r"peak stress (\d+\.\d+) MPa", result.stdout)[1])
    assert peak < 503 / 1.5 * 1.02
    written = {path.name for path in tmp_path.iterdir()}
    assert {"bracket.froude", "bracket.png", "optimum.inp"} <= written
    ratios = re.findall(r"^  (?:defl|peak|freq)\S+ +(\d\.\d+)$", result.stdout, re.M)
    assert len(ratios) == (3 if shutil.which("ccx") else 0)
    assert all(abs(float(ratio) - 1) < 0.02 for ratio in ratios)


def test_a_mesh_that_is_no_bracket_stops_the_study(tmp_path):
    result = run("--mesh", COARSE, script="bracket_sweep.py")
    assert result.returncode != 0
    assert "bolts" in result.stderr and "Traceback" not in result.stderr


@pytest.mark.slow
def test_the_bracket_is_printable_and_its_files_hold_the_part(tmp_path):
    result = run(
        *("--cell", 0.008, "--member", 0.016, "--volume", 0.25, "--stage", 2),
        *("--output", tmp_path / "out"),
        script="bracket_topology.py",
    )
    assert result.returncode == 0, result.stderr
    assert "compliance:" not in result.stderr
    table = dict(re.findall(r"^  (\S.*?)\s{2,}(\S+)", result.stdout, re.MULTILINE))
    assert table["unsupported cubes"] == "0"
    assert "fixed rings kept: 100.0 %" in result.stdout
    assert float(re.search(r"equal mass: (\S+) times", result.stdout)[1]) > 1.0
    cells = meshio.read(tmp_path / "out" / "bracket.vtu").cells_dict["hexahedron"]
    surface = meshio.read(tmp_path / "out" / "bracket.stl")
    corners = surface.points[surface.cells_dict["triangle"]]
    enclosed = np.linalg.det(corners.astype(float)).sum() / 6
    assert abs(enclosed / (len(cells) * 0.008**3) - 1) < 1e-4
    share = enclosed / (0.128 * 0.040 * 0.064)
    assert abs(share - float(table["share of the domain [-]"])) < 1e-4
    assert (tmp_path / "out" / "bracket.png").exists()


def test_a_bracket_that_cannot_be_is_refused_by_argument(tmp_path):
    for wrong, words in (
        (("--cell", 0.02), "cell = 0.02 m"),
        (("--member", 0.001), "--member 0.001 m is below two cubes"),
        (("--volume", 1.5, "--cell", 0.008, "--member", 0.016), "volume = 1.5"),
    ):
        result = run(*wrong, "--output", tmp_path / "out", script="bracket_topology.py")
        assert result.returncode != 0
        assert words in result.stderr
        assert "Traceback" not in result.stderr
    assert not (tmp_path / "out").exists()


def test_the_shock_tube_meets_the_exact_solution_and_writes_its_files(tmp_path):
    import xarray as xr

    result = run(*("--cells", 50, "--output", tmp_path), script="shock_tube.py")
    assert result.returncode == 0, result.stderr
    assert "on 50 cells: ok" in result.stdout
    error = float(re.search(r"mean error of density (\d\.\d+)", result.stdout)[1])
    assert error < 0.012
    assert {path.name for path in tmp_path.iterdir()} == {
        "shock_tube.zarr",
        "shock_tube.png",
    }
    with xr.open_zarr(tmp_path / "shock_tube.zarr", consolidated=False) as dataset:
        assert dataset.density.attrs["units"] == "kg m-3"
        gap = abs(dataset.density[-1] - dataset.density_exact).mean()
        np.testing.assert_allclose(gap, error, atol=1e-5)


def test_the_shock_tube_refuses_too_few_cells(tmp_path):
    result = run("--cells", 5, "--output", tmp_path, script="shock_tube.py")
    assert result.returncode != 0
    assert "--cells 5 resolves no wave" in result.stderr
