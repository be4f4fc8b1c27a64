"""A bracket of C3D10 with more than 100,000 unknowns, from a deck, against CalculiX.

The mesh of the bracket sweep, both halves, with every tetrahedron cut into eight and
all numbers shuffled; bolted to the wall, pulled at its lug. Ours assembles, computes
the hierarchy and solves in every call; CalculiX is timed as a whole. The error is that
of the mean displacement of the lug, relative to the direct solver of CalculiX.
"""

import resource
import statistics
import tempfile
from pathlib import Path

import numpy as np

from froude.solvers import read_mesh, solve_steady
from froude.solvers.abaqus import (
    Boundary,
    NodeLoad,
    Static,
    Step,
    discretize_deck,
    write_inp,
)

from ..bench import Comparison, timed
from ..cases import ROOT
from ..decks import deck_of, isotropic, shuffled
from ..meshes.refine import mirrored, refined
from ..peer import run_peer

DTYPE = "float64"
MESH = ROOT / "examples" / "meshes" / "bracket.msh"
FORCE = 2000.0


def write_bracket(path: Path) -> None:
    """The deck; the force is shared by the nodes of the lug."""
    mesh = shuffled(refined(mirrored(read_mesh(MESH), "symmetry")))
    share = -FORCE / len(mesh.topology.nodes_of("lug"))
    model = deck_of(
        mesh,
        "C3D10",
        **isotropic(210e9, 0.3, 7850.0),
        boundaries=(Boundary("bolts", 1, 3),),
        steps=(Step(Static(), node_loads=(NodeLoad("lug", 3, share),)),),
    )
    write_inp(path, model, print_sets=("lug",))
    path.write_text(path.read_text().replace("*EL FILE\nS\n", ""))


def run():
    """Yield the comparison; CalculiX runs before and after."""
    with tempfile.TemporaryDirectory() as folder:
        deck = Path(folder) / "bracket.inp"
        write_bracket(deck)
        before = run_peer("calculix", deck, 1)
        scheme = discretize_deck(deck)
        cold, warm, solution = timed(lambda: solve_steady(scheme), repeats=3)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        after = run_peer("calculix", deck, 1)
    moved = np.asarray(solution.final)[:, scheme.mesh.topology.nodes_of("lug")]
    exact = np.array(before["mean"])
    yield Comparison(
        name=f"Bracket, C3D10, {solution.final.size} unknowns",
        ours=f"shuffled deck, MultigridCG, {peak:.1f} GiB",
        peer=f"CalculiX, {before['gigabytes']:.1f} GiB",
        peer_version=before["version"],
        peer_s=statistics.median(before["seconds"] + after["seconds"]),
        error_ours=float(
            np.abs(moved.mean(axis=1) - exact).max() / np.abs(exact).max()
        ),
        error_peer=None,
        cold_s=cold,
        warm_s=warm,
        dtype=DTYPE,
    )
