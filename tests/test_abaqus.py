"""Input decks: what is read, how it is flattened, and that it is written back whole."""

import os
import shutil
import subprocess

import numpy as np
import pytest
from abaqus_decks import BEAM, CAE, FULL, HEAT

from froude.solvers.abaqus import (
    ELEMENT_TYPES,
    Boundary,
    Coupling,
    ElementLoad,
    ElementSurface,
    Frequency,
    Increments,
    NodeLoad,
    Section,
    Static,
    read_inp,
    surface_facets,
    write_inp,
)
from froude.solvers.abaqus.fields import write_real
from froude.solvers.cells import CELLS

SHAPES = {kind.shape.cell_type: kind.shape for kind in ELEMENT_TYPES.values()}
# Faces by corner numbers, as the manuals list them.
MANUAL = {
    "triangle": ("12", "23", "31"),
    "quad": ("12", "23", "34", "41"),
    "tetra": ("123", "142", "243", "341"),
    "wedge": ("123", "456", "1254", "2365", "3146"),
    "hexahedron": ("1234", "5876", "1562", "2673", "3784", "4851"),
}


def read(folder, text, name="deck.inp"):
    (folder / name).write_text(text)
    return read_inp(folder / name)


@pytest.mark.parametrize("name", SHAPES)
def test_faces_are_those_of_the_manual_outward_and_with_middles_half_way(name):
    shape = SHAPES[name]
    manual = MANUAL[name.rstrip("0123456789")]
    center = shape.points[: shape.corner_count].mean(axis=0)
    total = 0.0
    for number, (face, corners) in enumerate(
        zip(shape.faces, shape.face_corners, strict=True)
    ):
        assert {c + 1 for c in corners} == set(map(int, manual[number]))
        assert face[: len(corners)] == corners
        points = shape.points[list(corners)]
        middles = shape.points[list(face[len(corners) :])]
        assert len(middles) in (0, 1 if shape.dimension == 2 else len(corners))
        half_way = (points + np.roll(points, -1, axis=0)) / 2
        np.testing.assert_array_equal(middles, half_way[: len(middles)])
        if shape.dimension == 2:
            x, y = points[1] - points[0]
            normal = np.array([y, -x])
        else:
            normal = np.cross(points[1] - points[0], points[-1] - points[0])
            normal = normal * (0.5 if len(corners) == 3 else 1.0)
        assert normal @ (points.mean(axis=0) - center) > 0
        total = total + normal
    np.testing.assert_allclose(total, 0.0, atol=1e-15)


@pytest.mark.parametrize("name", ["triangle6", "quad", "tetra10", "hexahedron"])
def test_node_order_is_that_of_the_reference_cells(name):
    np.testing.assert_array_equal(SHAPES[name].points, CELLS[name].nodes)


def test_a_small_deck_says_what_is_written_in_it(tmp_path):
    model = read(tmp_path, BEAM)
    assert model.heading == "two elements"
    assert model.nodes.coordinates[model.rows_of_nodes([12, 2])].tolist() == [
        [2.0, 1.0, 1.0],
        [0.0, 0.0, 1.0],
    ]
    (block,) = model.elements
    assert block.type == "C3D8" and block.nodes[1].tolist()[:3] == [5, 9, 11]
    assert model.nodes_of("TIP").tolist() == [9, 10, 11, 12]
    assert model.materials["M"].elastic.values.tolist() == [[1000.0, 0.3]]
    assert model.materials["M"].density.temperatures is None
    assert model.sections == (Section("E", "M"),)
    assert model.boundaries == (Boundary("FIX", 1, 3),)
    (step,) = model.steps
    assert step.procedure == Static() and step.node_loads == (NodeLoad("TIP", 3, -1.0),)


def test_everything_a_deck_may_say_arrives(tmp_path):
    model = read(tmp_path, FULL)
    assert model.node_sets["BOTH"].tolist() == [1, 2, 3, 4, 5, 9, 10, 11, 12]
    assert model.surfaces["END"] == ElementSurface(np.array([2]), np.array([4]))
    outside = model.surfaces["OUTSIDE"]
    assert list(zip(outside.elements, outside.faces, strict=True)) == [
        *((1, f) for f in (1, 2, 3, 5, 6)),
        *((2, f) for f in (1, 2, 3, 4, 5)),
    ]
    facets = surface_facets(model, "END")[4]
    corners = model.nodes.coordinates[model.rows_of_nodes(facets[0])]
    normal = np.cross(corners[1] - corners[0], corners[2] - corners[1])
    assert normal.tolist() == [1.0, 0.0, 0.0] and (corners[:, 0] == 2).all()
    laminate = model.materials["Laminate"]
    assert laminate.elastic.values.shape == (2, 9)
    assert laminate.elastic.temperatures.tolist() == [20.0, 120.0]
    assert laminate.expansion_zero == 20.0 and laminate.expansion.kind == "ORTHO"
    assert model.materials["Rubber"].hyperelastic.values.tolist() == [[5e5, 1e-7]]
    assert model.materials["Steel"].plastic.values.tolist() == [[2e8, 0], [3e8, 0.1]]
    assert model.orientations["TURNED"].angle == 30.0
    assert model.amplitudes["A"].times.tolist() == [0, 1, 2, 3, 4]
    assert model.amplitudes["A"].total_time and not model.amplitudes["B"].total_time
    assert model.equations[0].nodes.tolist() == [7, 8]
    assert model.couplings == (Coupling("C", 99, "END", "KINEMATIC", ((1, 3),)),)
    static, modes = model.steps
    assert static.procedure == Static(Increments(0.5, 1.0, 1e-5, 0.5))
    assert static.nonlinear_geometry and static.increment_limit == 50
    assert static.boundaries == (Boundary(6, 2, 2, 0.001, "A"),)
    assert [load.amplitude for load in static.node_loads] == [None, "A", "A"]
    assert static.element_loads[2] == ElementLoad(
        "E", "CENTRIF", 4.0, (0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    )
    assert modes.procedure == Frequency(3, None, 1e5)
    assert modes.perturbation and not modes.nonlinear_geometry


def test_instances_are_placed_renumbered_and_named(tmp_path):
    model = read(tmp_path, CAE)
    x = model.nodes.coordinates
    assert model.nodes.ids.tolist() == list(range(1, 26))
    turned = np.stack([-x[:12, 1], x[:12, 0], x[:12, 2] + 5], axis=1)
    np.testing.assert_array_equal(x[12:24], turned)
    assert model.elements[0].ids.tolist() == [1, 2, 3, 4]
    assert (model.elements[0].nodes[2:] == model.elements[0].nodes[:2] + 12).all()
    assert model.node_sets["Set-1"].tolist() == [1, 2, 3, 4, 13, 14, 15, 16]
    assert model.node_sets["Beam-2.Tip"].tolist() == [21, 22, 23, 24]
    assert model.orientations["Beam-2.Ori-1"].a == (0.0, 1.0, 0.0)
    assert [s.elements for s in model.sections] == ["Beam-1.E", "Beam-2.E"]
    assert model.couplings[0].reference == 25
    assert model.couplings[0].dofs == ((1, 3),)
    assert model.boundaries[0] == Boundary("Set-1", 1, 6)
    assert [(b.first, b.last) for b in model.boundaries[1:]] == [(2, 2), (4, 4), (6, 6)]
    (step,) = model.steps
    assert step.name == "Step 1"
    assert [load.target for load in step.node_loads] == ["Point", 21]
    assert [load.target for load in step.element_loads] == ["Beam-1.E", "Beam-2.E"]


def test_spelling_does_not_matter(tmp_path):
    loose = (
        BEAM.replace("*ELEMENT, TYPE=C3D8,", "*element ,\n type = c3d8 ,")
        .replace("*SOLID SECTION", "*SolidSection")
        .replace("*ELASTIC", "*Elastic, Type = Isotropic")
        .replace("TIP, GENERATE", "TIP, generate")
        .replace("ELSET=E, MAT", "elset=e, mat")
        .replace("FIX, 1, 3", "  fix ,1,3,")
        .replace("*BOUNDARY\n", "*Boundary,\n")
        .replace("1000., 0.3", "1.d3,\t3.0D-1")
        .replace("1, 2, 3, 4\n", "1,\n2,\n\n3,\n** c\n4,\n")
        .replace("9, 2., 0., 0.", "9, 2.")
        .replace("\n", "\r\n")
    )
    assert read(tmp_path, loose, "loose.inp") == read(tmp_path, BEAM)


def test_long_elements_go_on_over_lines_and_types_mix(tmp_path):
    hexahedron, wedge = SHAPES["hexahedron20"].points, SHAPES["wedge15"].points + 9
    lines = [f"{n}, {x}, {y}, {z}" for n, (x, y, z) in enumerate(hexahedron, 1)]
    lines += [f"{n}, {x}, {y}, {z}" for n, (x, y, z) in enumerate(wedge, 21)]
    text = "\n".join(
        [
            *("*NODE", *lines, "*ELEMENT, TYPE=C3D20R, ELSET=A"),
            "5, " + ", ".join(map(str, range(1, 12))) + ",",
            ", ".join(map(str, range(12, 21))),
            *("*ELEMENT, TYPE=C3D15", "2, " + ", ".join(map(str, range(21, 36)))),
        ]
    )
    model = read(tmp_path, text)
    assert [(b.type, b.ids.tolist()) for b in model.elements] == [
        ("C3D20R", [5]),
        ("C3D15", [2]),
    ]
    assert model.elements[0].nodes.tolist() == [list(range(1, 21))]
    write_inp(tmp_path / "again.inp", model)
    assert read_inp(tmp_path / "again.inp") == model
    # Three wedges make 21 numbers too, as many as one such hexahedron.
    wedges = "C3D20R, ELSET=A\n" + "1, 1, 2, 3, 4, 5, 6\n" * 3 + "*ELEMENT, TYPE=C3D15"
    head, tail = text.split("C3D20R, ELSET=A"), text.split("*ELEMENT, TYPE=C3D15")
    with pytest.raises(ValueError, match="C3D20R needs 20 nodes; element 1 has 6"):
        read(tmp_path, head[0] + wedges + tail[1])


def test_included_files_stand_where_they_are_named(tmp_path):
    head, rest = BEAM.split("1, 0., 0., 0.\n")
    nodes, rest = rest.split("*ELEMENT")
    (tmp_path / "mesh").mkdir()
    (tmp_path / "mesh" / "nodes.txt").write_text("1, 0., 0., 0.\n" + nodes)
    (tmp_path / "mesh" / "all.inp").write_text(
        head.split("\n\n")[1] + "*INCLUDE, INPUT=nodes.txt\n*ELEMENT" + rest
    )
    text = head.split("\n\n")[0] + '\n*Include, input="mesh/all.inp"\n'
    assert read(tmp_path, text) == read(tmp_path, BEAM, "whole.inp")
    text = BEAM.replace(head.split("\n\n")[1], "*NODE, NSET=ALL, INPUT=mesh/one.txt\n")
    (tmp_path / "mesh" / "one.txt").write_text("1, 0., 0., 0.\n")
    text = text.replace("1, 0., 0., 0.\n2", "2")
    assert read(tmp_path, text) == read(tmp_path, BEAM, "whole.inp")


@pytest.mark.parametrize(
    "name,dofs",
    [
        *(
            ("ENCASTRE", "123456"),
            ("PINNED", "123"),
            ("XSYMM", "156"),
            ("ysymm", "246"),
        ),
        *(("ZSYMM", "345"), ("XASYMM", "234"), ("YASYMM", "135"), ("ZASYMM", "126")),
    ],
)
def test_named_supports_are_degrees_of_freedom(tmp_path, name, dofs):
    model = read(tmp_path, BEAM.replace("FIX, 1, 3", f"FIX, {name}"))
    held = [d for b in model.boundaries for d in range(b.first, b.last + 1)]
    assert held == [int(dof) for dof in dofs]


def test_equations_over_sets_pair_their_nodes(tmp_path):
    text = BEAM.replace(
        "*BOUNDARY",
        "*NSET, NSET=PAIR, UNSORTED\n8, 7, 6, 5\n"
        "*EQUATION\n3\nTIP, 1, 1., PAIR, 1, -1., 4, 1, .5\n*BOUNDARY",
    )
    equations = read(tmp_path, text).equations
    assert [e.nodes.tolist() for e in equations] == [
        [9, 8, 4],
        [10, 7, 4],
        [11, 6, 4],
        [12, 5, 4],
    ]


def test_large_deformation_stays_on_and_new_loads_replace(tmp_path):
    step = "*STEP\n*STATIC\n*CLOAD, OP=NEW\nTIP, 2, 1.\n*END STEP\n"
    model = read(tmp_path, BEAM.replace("*STEP", "*STEP, NLGEOM", 1) + step)
    assert [s.nonlinear_geometry for s in model.steps] == [True, True]
    assert [s.renewed for s in model.steps] == [(), ("CLOAD",)]
    rise = "*AMPLITUDE, NAME=A\n0., 0., 1., 1.\n*CLOAD, AMPLITUDE=A\nTIP, 1, 1.\n"
    step = step.replace("*END", rise + "*END")
    model = read(tmp_path, BEAM + step)
    write_inp(tmp_path / "again.inp", model)
    text = (tmp_path / "again.inp").read_text()
    # CalculiX looks at the first of several.
    assert text.index("OP=NEW") < text.index("TIP, 2") and text.count("OP=NEW") == 1
    assert read_inp(tmp_path / "again.inp") == model


@pytest.mark.parametrize("text", [BEAM, FULL, CAE, HEAT])
def test_what_is_written_reads_back_equal(tmp_path, text):
    model = read(tmp_path, text)
    write_inp(tmp_path / "again.inp", model, print_sets=list(model.node_sets))
    again = read_inp(tmp_path / "again.inp")
    assert again == model
    write_inp(tmp_path / "third.inp", again)
    assert read_inp(tmp_path / "third.inp") == model
    assert model != read(tmp_path, text.replace("0., 1.", "0., 1.5"), "other.inp")


def test_numbers_fit_in_what_calculix_reads():
    random = np.random.default_rng(0)
    values = random.normal(size=3000) * 10.0 ** random.integers(-120, 120, 3000)
    for value in [*values, 0.0, -0.0, 1e300, 5e-324, 1 / 3, -1 / 3e5, 0.1]:
        text = write_real(value)
        assert len(text) <= 20
        assert float(text) == pytest.approx(value, rel=5e-14, abs=0.0)
        assert write_real(float(text)) == text
        short = float(f"{value:.13e}")
        assert float(write_real(short)) == short
        near_one = np.sign(value) * (0.01 + abs(np.sin(value)))
        assert float(write_real(near_one)) == near_one


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    model = read(tmp_path, BEAM)
    wrong = read(tmp_path, FULL, "full.inp")
    wrong.orientations["TURNED"].__dict__["angle"] = np.nan
    with pytest.raises(ValueError, match="nan"):
        write_inp(tmp_path / "deck.inp", wrong)
    assert (tmp_path / "deck.inp").read_text() == BEAM
    with monkeypatch.context() as patch, pytest.raises(OSError, match="disk"):
        patch.setattr(os, "replace", fail_to_replace)
        write_inp(tmp_path / "deck.inp", model)
    assert (tmp_path / "deck.inp").read_text() == BEAM
    write_inp(tmp_path / "deck.inp", model)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["deck.inp", "full.inp"]


def fail_to_replace(*_):
    raise OSError("disk is gone")


def displacements(folder, name):
    done = subprocess.run(
        ["ccx", name],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=60,
    )
    assert "*ERROR" not in done.stdout and done.returncode == 0, done.stdout
    lines = (folder / f"{name}.frd").read_text().splitlines()
    return [line for line in lines if line.startswith(" -1") and "E" in line]


@pytest.mark.skipif(shutil.which("ccx") is None, reason="CalculiX is not installed")
@pytest.mark.parametrize("text", [BEAM, FULL, CAE, HEAT])
def test_calculix_runs_what_is_written(tmp_path, text):
    model = read(tmp_path, text)
    write_inp(tmp_path / "ours.inp", model)
    ours = displacements(tmp_path, "ours")
    assert len(ours) > len(model.nodes.ids)
    if text is not CAE:  # CalculiX has no instances.
        nodal, inner = ("NT", "HFL") if text is HEAT else ("U", "S")
        theirs = text.replace("*NODE PRINT, NSET=TIP\nU\n", "")
        theirs = theirs.replace("*SURFACE, NAME=OUTSIDE\nE,\n", "")
        theirs = theirs.replace("TIP, 1.\n", "TIP\n")
        asked = f"*NODE FILE\n{nodal}\n"
        theirs = theirs.replace("1e5\n", f"1e5\n{asked}")
        theirs = theirs.replace(
            "*END STEP", f"{asked}*EL FILE\n{inner}\n*END STEP"
        ).replace(f"{asked}{asked}*EL FILE\nS\n", asked)
        (tmp_path / "theirs.inp").write_text(theirs)
        assert displacements(tmp_path, "theirs") == ours
