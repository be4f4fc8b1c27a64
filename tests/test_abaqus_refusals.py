"""Input decks that are refused, each with file, line, what is wrong and what to do."""

import dataclasses

import numpy as np
import pytest
from abaqus_decks import BEAM, CAE, FULL, HEAT

from froude.solvers.abaqus import (
    Section,
    Static,
    Step,
    read_inp,
    surface_facets,
    write_inp,
)


def refused(folder, text, message):
    (folder / "deck.inp").write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        read_inp(folder / "deck.inp")
    assert "deck.inp" in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "keyword,advice",
    [
        ("SHELL SECTION, ELSET=E, MATERIAL=M", "solid elements"),
        ("BEAM SECTION", "solid elements"),
        ("CONTACT PAIR, INTERACTION=I", "shared nodes"),
        ("TIE, NAME=T", "shared nodes"),
        ("SPRING, ELSET=S", r"\*BOUNDARY or \*EQUATION"),
        ("RIGID BODY, NSET=TIP, REF NODE=1", r"\*COUPLING"),
        ("MPC", r"\*EQUATION"),
        ("TRANSFORM, NSET=TIP", "global axes"),
        ("NGEN, NSET=N", "list every node"),
        ("BUCKLE", r"use \*STATIC"),
        ("FROBNICATE, SPEED=3", "no keyword that froude knows"),
        ("RESTART, READ, STEP=2", "all its steps"),
        ("Damping, alpha=1.", "material model"),
    ],
)
def test_unsupported_keywords(tmp_path, keyword, advice):
    said = refused(
        tmp_path, BEAM.replace("*BOUNDARY", f"*{keyword}\n*BOUNDARY"), advice
    )
    assert f"deck.inp, line 31: *{keyword.split(',')[0].upper()}" in said


@pytest.mark.parametrize(
    "before,after,message",
    [
        ("*ELASTIC", "*ELASTIC, MODULI=LONG TERM", "line 26: .* MODULI=LONG TERM"),
        ("*ELASTIC", "*ELASTIC, TYPE=ANISOTROPIC", "reads ISO, ORTHO"),
        ("*BOUNDARY", "*BOUNDARY, TYPE=VELOCITY", "TYPE=VELOCITY"),
        ("*BOUNDARY", "*BOUNDARY, FIXED", "parameter FIXED"),
        ("*CLOAD", "*CLOAD, FOLLOWER", "parameter FOLLOWER"),
        ("*CLOAD", "*CLOAD, AMPLITUDE=RISE", "amplitude 'RISE'"),
        ("*STATIC", "*STATIC, RIKS", "parameter RIKS"),
        ("*STATIC", "*DYNAMIC, EXPLICIT", "parameter EXPLICIT"),
        ("*STATIC", "", "no procedure"),
        ("*STATIC", "*STATIC\n*FREQUENCY\n2", r"\*STATIC and \*FREQUENCY"),
        ("*STATIC", "*FREQUENCY\n", "number of modes"),
        ("*STATIC", "*STATIC\n-1., 1.", "negative time"),
        ("*NODE,", "*NODE, SYSTEM=C,", "SYSTEM=C"),
        ("*ELEMENT, TYPE=C3D8", "*ELEMENT, TYPE=S4R", "shells"),
        ("*ELEMENT, TYPE=C3D8", "*ELEMENT, TYPE=B31", "beams"),
        ("*ELEMENT, TYPE=C3D8", "*ELEMENT, TYPE=C3D8H", "use C3D8$|use C3D8\\."),
        ("*ELEMENT, TYPE=C3D8", "*ELEMENT, TYPE=X9", "supported are C3D4"),
        ("*ELEMENT, TYPE=C3D8", "*ELEMENT", "parameter TYPE="),
        ("7, 3, 2, 6, 8, 4", "7, 3, 2, 6, 8", "line 19: .*element 1 has 7"),
        ("7, 6, 10, 12, 8", "7, 6, 10, 12, 8, 3", "line 20: .*element 2 has 9"),
        ("7, 6, 10, 12, 8", "7, 6, 10, 12, 80", r"line 20: .*2 has the nodes \[80\]"),
        ("7, 6, 10, 12, 8", "7, 6, 10, 12, x", "line 20: .*'x' where a whole number"),
        ("7, 6, 10, 12, 8", "7, 6, 10, 12, 8.", "'8.' where a whole number"),
        ("12, 2., 1., 1.", "12, 2., one, 1.", "line 17: .*'one' where a number"),
        ("12, 2., 1., 1.", "12, 2., nan, 1.", "'nan' where a number"),
        ("12, 2., 1., 1.", "12, 2., 1_0, 1.", "'1_0' where a number"),
        ("12, 2., 1., 1.", "12, 2., 1., 1., 5.", "three coordinates"),
        ("12, 2., 1., 1.", "12, 2., 1., 1.\n3, 0., 0., 0.", "line 18: .*node 3 again"),
        ("12, 2., 1., 1.", "-12, 2., 1., 1.", "numbers run from 1"),
        ("12, 2., 1., 1.", "1234567890, 2., 1., 1.", "9 digits"),
        ("2, 5, 9, 11,", "2, 5, 9, 11\n", "line 20: .*element 2 has 3; a line"),
        ("2, 5, 9, 11,", "1, 5, 9, 11,", "line 20: .*element 1 again"),
        ("1, 2, 3, 4\n", "1, 2, 3, 14\n", r"1 nodes that do not exist \(first: \[14"),
        ("1, 2, 3, 4\n", "FIXED, 3\n", "node set 'FIXED', which does not exist"),
        ("1, 2, 3, 4\n", "TIP, FIX\n", "FIX -> FIX"),
        ("1, 2, 3, 4\n", "", "no data lines"),
        ("9, 12, 1\n", "20, 30\n", "no node that exists"),
        ("9, 12, 1\n", "12, 9, 1\n", "first, last, increment"),
        ("FIX, 1, 3", "FOX, 1, 3", "line 32: .*'FOX', which does not exist; there are"),
        ("FIX, 1, 3", "FIX, 3, 1", "lower one first"),
        ("FIX, 1, 3", "FIX, 8", "degree of freedom 8"),
        ("FIX, 1, 3", "FIX, CLAMPED", "'CLAMPED' where"),
        ("FIX, 1, 3", "FIX", "needs 2 to 4 fields"),
        ("TIP, 3, -1.", "TIP, 3", "needs 3 fields"),
        ("TIP, 3, -1.", "TIP, 11, -1.", "CFLUX"),
        ("TIP, 3, -1.", "TIP, 3, much", "'much' where a number"),
        ("MATERIAL=M\n", "MATERIAL=STEEL\n", "material 'STEEL', which does not exist"),
        (
            "*SOLID SECTION, ELSET=E, MATERIAL=M",
            "",
            "2 elements have no .SOLID SECTION",
        ),
        ("ELSET=E, MAT", "ELSET=F, MAT", "element set 'F'"),
        ("*SOLID", "*SOLID SECTION, ELSET=E, MATERIAL=M\n*SOLID", "second section"),
        ("=M\n*B", "=M\n-1.\n*B", "thickness -1"),
        ("*MATERIAL, NAME=M", "", "before any .MATERIAL"),
        (
            "*MATERIAL, NAME=M",
            "*MATERIAL, NAME=m\n*DENSITY\n1.\n*MATERIAL, NAME=M",
            "twice",
        ),
        ("1000., 0.3", "1000.", "needs 2 constants"),
        ("1000., 0.3", "1000., 0.3\n900., .3", "without a temperature"),
        ("1000., 0.3", "1000., 0.3, 9.\n900., .3, 2.", "increasing temperature"),
        ("*STEP", "*END STEP\n*STEP", "ends no .STEP"),
        ("*STEP", "*STEP\n*STATIC\n*STEP", "never ended"),
        ("*END STEP\n", "", r"line 33: \*STEP is never ended"),
        ("*STEP", "*CLOAD\nTIP, 1, 1.\n*STEP", "outside a .STEP"),
        ("*STATIC", "*STATIC\n*NSET, NSET=Q\n1", "inside a .STEP"),
        ("*STATIC", "*STATIC\n*CLOAD\nTIP, 1, 1.\n*CLOAD, OP=NEW\nTIP, 2, 1.", "first"),
        (
            "*STEP",
            "*COUPLING, CONSTRAINT NAME=C, REF NODE=1, SURFACE=S\n*STEP",
            "lacks",
        ),
        ("*STEP", "*EQUATION\n2\n1, 1, 1.\n*STEP", "says 2 terms"),
        ("*STEP", "*AMPLITUDE, NAME=A\n0., 0., 0., 1.\n*STEP", "increasing times"),
        ("*STEP", "*SURFACE, NAME=S\nE, S7\n*STEP", "face 7, which element 1"),
        ("*STEP", "*SURFACE, NAME=S\nE, SPOS\n*STEP", "'SPOS' where a face"),
        ("*STEP", "*HYPERELASTIC, OGDEN\n1., 2.\n*STEP", "OGDEN"),
        ("*STEP", "*ORIENTATION, NAME=O\n1., 0., 0., 2.\n*STEP", "give no axes"),
        ("*STEP", "*\n*STEP", "no keyword after"),
        ("*STEP", "*STEP, INC=5, INC=6", "twice"),
        ("*HEADING", "1, 2, 3\n*HEADING", "line 1: data comes before"),
    ],
)
def test_what_contradicts_itself_is_refused(tmp_path, before, after, message):
    assert before in BEAM
    refused(tmp_path, BEAM.replace(before, after, 1), message)


@pytest.mark.parametrize(
    "before,after,message",
    [
        ("2, P6, .5", "2, P7, .5", "face 7"),
        ("2, P6, .5", "2, HP, .5", "'HP'"),
        ("2, P6, .5", "2, P6", "3 to 9 fields"),
        ("2, P6, .5", "2, P6, .5, 1.", "magnitude only"),
        ("0., 0., -1.", "0., 0., 0.", "a direction"),
        ("END, P, .2", "END, TRVEC, .2", "froude reads the pressure P"),
        ("END, P, .2", "TAIL, P, .2", "surface 'TAIL'"),
        ("150.,\n100., 20.", "150., 100.", "ninth on the next"),
        ("FIX, TIP\n", "FIX, TIP, 50\n", r"first: \[50\]"),
        ("REF NODE=99", "REF NODE=FIX", "4 reference nodes"),
        ("0.5D6, 1.d-7", "0.5D6", "needs 2 constants"),
        ("*STEP, PERTURBATION", "*STEP, NLGEOM=NO", "stays on"),
        ("1, 3\n*INITIAL", "4, 6\n*INITIAL", "rotations only"),
        ("ALL, 20.", "ALL, 20., 5.", "needs 2 fields"),
        ("TIP, 1.\n", "TIP, 2.\n", "area 1"),
    ],
)
def test_loads_and_constraints_are_checked(tmp_path, before, after, message):
    assert before in FULL
    refused(tmp_path, FULL.replace(before, after, 1), message)


@pytest.mark.parametrize(
    "before,after,message",
    [
        ("*End Part\n", "", r"\*ASSEMBLY stands inside \*PART"),
        ("*End Assembly\n", "", "has no meaning"),
        ("*End Instance\n", "", r"stands inside \*INSTANCE"),
        ("part=Beam\n*End", "part=Rod\n*End", "part 'Rod', which does not exist"),
        ("name=Beam-2", "name=beam-1", "twice"),
        ("6.,   90.", "5.,   90.", "axis of no length"),
        ("6.,   90.", "90.", "translation"),
        ("instance=Beam-1\n  1", "instance=Beam-9\n  1", "there is none"),
        ("Beam-2.9, 1", "Beam-2.13, 1", r"first: \[13\]"),
        ("Beam-2.9, 1", "Beam-3.9, 1", "'Beam-3.9', which does not exist"),
        ("*Nset, nset=Point", "*Cload\n1, 1, 1.\n*Nset, nset=Point", "no meaning"),
    ],
)
def test_levels_that_do_not_fit_are_refused(tmp_path, before, after, message):
    assert before in CAE
    refused(tmp_path, CAE.replace(before, after, 1), message)


def test_a_deck_cut_off_anywhere_is_refused_or_has_no_step(tmp_path):
    lines = CAE.splitlines(keepends=True)
    complete = next(n for n, line in enumerate(lines) if "7850" in line)
    for count in range(len(lines)):
        (tmp_path / "deck.inp").write_text("".join(lines[:count]))
        try:
            assert read_inp(tmp_path / "deck.inp").steps == ()
            assert count > complete  # A material with constants, no step yet.
        except ValueError as error:
            assert "deck.inp" in str(error)


def test_films_are_checked(tmp_path):
    refused(tmp_path, HEAT.replace("F3, 290.", "P3, 290."), "a face F1")
    refused(tmp_path, HEAT.replace("E, BF, 1.", "E, BX, 1."), "S1, S2, ... and BF")


def test_files_that_are_missing_cyclic_or_no_text(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file"):
        read_inp(tmp_path / "deck.inp")
    (tmp_path / "deck.inp").write_text("*HEADING\n*INCLUDE, INPUT=gone.inp\n")
    with pytest.raises(FileNotFoundError, match=r"line 2: \*INCLUDE .*'gone.inp'"):
        read_inp(tmp_path / "deck.inp")
    (tmp_path / "other.inp").write_text("** c\n*INCLUDE, INPUT=deck.inp\n")
    text = "*INCLUDE, INPUT=other.inp\n"
    said = refused(tmp_path, text, "deck.inp -> other.inp -> deck.inp")
    assert "other.inp, line 2" in said
    refused(tmp_path, "*INCLUDE\n", "parameter INPUT")
    refused(tmp_path, "** nothing\n", "no keyword line")
    refused(tmp_path, "*NODE\n1, 0., 0.\n", "no .ELEMENT")
    refused(tmp_path, "*HEADING\n", "no .NODE")
    refused(tmp_path, "*NODE\n\0", "no text file")
    (tmp_path / "nodes.txt").write_text("1, 0.\n2, zero\n")
    said = refused(tmp_path, "*NODE, INPUT=nodes.txt\n", "'zero'")
    assert "nodes.txt, line 2" in said


def test_a_mesh_alone_needs_no_section(tmp_path):
    text = BEAM.split("*MATERIAL")[0]
    (tmp_path / "mesh.inp").write_text(text)
    assert read_inp(tmp_path / "mesh.inp").sections == ()


@pytest.mark.parametrize(
    "change,message",
    [
        ({"sections": (Section("F", "M"),)}, "'F', which element_sets"),
        ({"sections": (Section("E", "M", "O"),)}, "'O', which orientations"),
        ({"node_sets": {"FIX": np.array([1]), "fix": np.array([2])}}, "'fix'"),
        ({"node_sets": {"12": np.array([1])}}, "no numbers"),
        ({"node_sets": {"A,B": np.array([1])}}, "'A,B'"),
        ({"node_sets": {"A" * 81: np.array([1])}}, "1 to 80 characters"),
        ({"node_sets": {"FIX": np.array([], int)}}, "empty"),
        ({"node_sets": {"FIX": np.array([99])}}, r"first: \[99\]"),
        ({"steps": (Step(Static(), name="1st, mounted"),)}, "steps has the name"),
        ({"heading": "two\n*lines"}, "heading"),
    ],
)
def test_models_that_no_deck_can_hold_are_not_written(tmp_path, change, message):
    (tmp_path / "deck.inp").write_text(BEAM)
    model = dataclasses.replace(read_inp(tmp_path / "deck.inp"), **change)
    with pytest.raises(ValueError, match=message):
        write_inp(tmp_path / "new.inp", model)
    assert not (tmp_path / "new.inp").exists()


def test_what_a_model_does_not_have_is_an_error(tmp_path):
    (tmp_path / "deck.inp").write_text(FULL)
    model = read_inp(tmp_path / "deck.inp")
    with pytest.raises(ValueError, match=r"first: \[13, 100\]"):
        model.rows_of_nodes(np.array([[1, 13], [99, 100]]))
    with pytest.raises(ValueError, match="'E' is no node set; there are"):
        model.nodes_of("E")
    with pytest.raises(ValueError, match="'POINTS' is no surface of element faces"):
        surface_facets(model, "POINTS")


def test_printed_sets_must_exist(tmp_path):
    (tmp_path / "deck.inp").write_text(BEAM)
    model = read_inp(tmp_path / "deck.inp")
    with pytest.raises(ValueError, match="print_sets names 'TOP'"):
        write_inp(tmp_path / "new.inp", model, print_sets=["TOP"])
