"""Decks that are read and become no problem: each refused by keyword, file and line."""

import pytest
from abaqus_decks import BEAM, HEAT, PLATE

from froude.solvers.abaqus import discretize_deck

ORTHO = "1e3, 1e3, 1e3, .3, .3, .3, 400., 400.\n400."


@pytest.mark.parametrize(
    "deck,before,after,message",
    [
        (PLATE, "TYPE=CPS4", "TYPE=CPS4R", r": \*ELEMENT TYPE=CPS4R .*one integration"),
        (
            BEAM.replace("TYPE=C3D8", "TYPE=C3D8I"),
            "*STATIC\n*CLOAD\nTIP, 3, -1.",
            "*FREQUENCY\n3",
            r"18: \*ELEMENT TYPE=C3D8I is not carried in this step: .*Elastodynamics",
        ),
        (
            BEAM,
            "*NSET, NSET=FIX",
            "*ELEMENT, TYPE=C3D4, ELSET=E\n3, 9, 10, 11, 5\n*NSET, NSET=FIX",
            r"18: \*ELEMENT makes no mesh .*3 quadrilateral facets meet triangles",
        ),
        (
            PLATE,
            "TYPE=CPS4, ELSET=B",
            "TYPE=CPE4, ELSET=B",
            r"\*ELEMENT TYPE=CPE4 stands beside CPS4; one body",
        ),
        (HEAT, "", "", r"\*STEP is a \*HEAT TRANSFER step"),
        (BEAM, "*STEP", "*STEP, NLGEOM", r"33: \*STEP has NLGEOM, large deformation"),
        (BEAM, "*STEP", "*STEP, PERTURBATION", r"33: \*STEP has PERTURBATION"),
        (BEAM, "*STATIC", "*DYNAMIC\n.1, 1.", r"33: \*STEP is a \*DYNAMIC step"),
        (BEAM, "*STATIC", "*FREQUENCY\n3", r"37: \*CLOAD stands in a \*FREQUENCY step"),
        (
            BEAM,
            "*STEP\n*STATIC\n*CLOAD",
            "*AMPLITUDE, NAME=R\n0., 0., 1., 2.\n*STEP\n*STATIC\n*CLOAD, AMPLITUDE=R",
            r"38: \*CLOAD follows the amplitude R",
        ),
        (BEAM, "*CLOAD", "*TEMPERATURE\nFIX, 20.\n*CLOAD", r"36: \*TEMPERATURE is not"),
        (BEAM, "*CLOAD", "*FILM\nE, F1, 0., 1.\n*CLOAD", r"36: \*FILM is not"),
        (BEAM, "*DENSITY", "*PLASTIC\n10., 0.\n*DENSITY", r"28: \*PLASTIC of .* M is"),
        (BEAM, "*ELASTIC", "*HYPERELASTIC, NEO HOOKE", r"26: \*HYPERELASTIC of the"),
        (
            BEAM,
            "*ELASTIC\n1000., 0.3\n",
            "",
            r"\*SOLID SECTION .* M, which has no \*EL",
        ),
        (
            BEAM,
            "*ELASTIC\n1000., 0.3",
            f"*ELASTIC, TYPE=ENGINEERING CONSTANTS\n{ORTHO}",
            r"26: \*ELASTIC TYPE=ENGINEERING CONSTANTS is not carried",
        ),
        (
            BEAM,
            "1000., 0.3",
            "1000., 0.3, 0.\n900., 0.3, 100.",
            r"26: \*ELASTIC has 2 rows over temperature",
        ),
        (
            BEAM,
            "*CLOAD",
            "*DLOAD\nE, CENTRIF, 9., 0., 0., 0., 0., 0., 1.\n*CLOAD",
            r"36: \*DLOAD CENTRIF is not carried; .*GRAV",
        ),
        (
            BEAM.replace("*DENSITY\n2.5,\n", ""),
            "*CLOAD",
            "*DLOAD\nE, GRAV, 9., 0., 0., 1.\n*CLOAD",
            r"34: \*DLOAD GRAV acts on elements without mass \(first: \[1, 2\]\)",
        ),
        (
            PLATE,
            "B, BX, 3.",
            "B, BZ, 3.",
            r"24: \*DLOAD BZ acts out of the plane of CPS4",
        ),
        (
            BEAM,
            "*CLOAD",
            "*DLOAD\n1, P4, 1.\n*CLOAD",
            r"36: \*DLOAD 1 P4 has 1 faces inside the body \(first: S4 of element 1\)",
        ),
        (BEAM, "TIP, 3, -1.", "TIP, 4, -1.", r"36: \*CLOAD .* freedom 4, which these"),
        (
            BEAM,
            "FIX, 1, 3\n",
            "FIX, 1, 3\n1, 1, 1, 0.5\n",
            r"33: \*BOUNDARY holds node 1 in direction 1 at 0.5 and another .* at 0;",
        ),
        (
            BEAM,
            "FIX, 1, 3\n",
            "FIX, 1, 3\nTIP, 5, 5, .1\n",
            r"33: .* 0.1 in .* freedom 5",
        ),
        (
            BEAM.replace("12, 2., 1., 1.\n", "12, 2., 1., 1.\n99, 3., 0., 0.\n"),
            "TIP, 3, -1.",
            "99, 3, -1.",
            r"37: \*CLOAD acts on 1 nodes that no element has \(first: \[99\]\)",
        ),
        (
            BEAM,
            "1, 1, 5, 7, 3, 2, 6, 8, 4",
            "1, 2, 6, 8, 4, 1, 5, 7, 3",
            r"18: \*ELEMENT TYPE=C3D8 has 1 elements that are inverted .*first: \[1\]",
        ),
        (
            BEAM,
            "1000., 0.3",
            "1000., 0.5",
            r"26: \*ELASTIC of the material M has E = 1000 and nu = 0.5; give",
        ),
        (
            PLATE,
            "*SOLID SECTION, ELSET=B, MATERIAL=M\n1.",
            "*SOLID SECTION, ELSET=B, MATERIAL=M\n2.",
            r"16: \*SOLID SECTION has the thickness 2 m after one of 1 m",
        ),
        (PLATE, "6, 2, 1\n", "6, 2, 1, .1\n", r"8: \*ELEMENT .*z runs from 0 to 0.1"),
        (BEAM.split("*STEP")[0], "", "", r"has no \*STEP"),
        (
            BEAM,
            "*END STEP",
            "*END STEP\n*STEP\n*STATIC\n*CLOAD\n9, 3, 5.\n*END STEP",
            r"43: \*CLOAD overlaps an entry of an earlier step \(.*line 36\)",
        ),
    ],
)
def test_what_cannot_be_carried_is_refused_by_place(
    tmp_path, deck, before, after, message
):
    assert before in deck
    (tmp_path / "deck.inp").write_text(deck.replace(before, after) if before else deck)
    with pytest.raises(ValueError, match=message):
        step = 2 if "overlaps" in message else 1
        discretize_deck(tmp_path / "deck.inp", step=step)


def test_the_text_of_a_deck_is_no_path(tmp_path):
    for text in (BEAM, "*NODE"):
        with pytest.raises(ValueError, match=r"path begins with '\*.*text of a deck"):
            discretize_deck(text)
