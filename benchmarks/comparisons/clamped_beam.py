"""A clamped beam of C3D8 from a deck with shuffled numbers.

4 by 1 by 1 m, a force at the end. Ours reads the deck, then every call assembles,
computes the hierarchy and solves; what only the mesh decides (tables, aggregates) is
planned in the first call. CalculiX is timed as a whole on the same deck; torch-fem
makes its own mesh, numbered along the grid. Nobody computes stresses. Errors are those
of the mean displacement of the end face, relative to the direct solver of CalculiX,
which prints seven digits.
"""

import resource
import statistics
import tempfile
from pathlib import Path

from froude.solvers import box_mesh, solve_steady
from froude.solvers.abaqus import (
    Boundary,
    NodeLoad,
    Static,
    Step,
    discretize_deck,
    write_inp,
)

from ..bench import Comparison, timed
from ..decks import deck_of, isotropic, shuffled
from ..peer import run_peer

DTYPE = "float64"
CELLS = (14, 20)


def write_beam(path: Path, cells: int) -> None:
    """The deck, `cells` across and four times as many along."""
    mesh = box_mesh(4 * cells, cells, cells, (0.0, 0.0, 0.0), (4.0, 1.0, 1.0))
    share = -0.01 / (cells + 1) ** 2
    model = deck_of(
        shuffled(mesh),
        "C3D8",
        **isotropic(1000.0, 0.3, 1.0),
        boundaries=(Boundary("x_min", 1, 3),),
        steps=(Step(Static(), node_loads=(NodeLoad("x_max", 3, share),)),),
    )
    write_inp(path, model, print_sets=("x_max",))
    path.write_text(path.read_text().replace("*EL FILE\nS\n", ""))


def run():
    """Yield the comparisons; both peers run just before."""
    for cells in CELLS:
        with tempfile.TemporaryDirectory() as folder:
            deck = Path(folder) / "beam.inp"
            write_beam(deck, cells)
            calculix = run_peer("calculix", deck, 2)
            torch_fem = run_peer("torch_fem_beam", cells, 4)
            scheme = discretize_deck(deck)
        cold, warm, solution = timed(lambda scheme=scheme: solve_steady(scheme))
        nodes = scheme.mesh.topology.nodes_of("x_max")
        exact = calculix["mean"][2]
        error = lambda mean, exact=exact: abs(mean / exact - 1)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        for peer, found, seconds in (
            ("CalculiX", calculix, calculix["seconds"]),
            ("torch-fem", torch_fem, torch_fem["seconds"][1:]),
        ):
            yield Comparison(
                name=f"Clamped beam, C3D8, {torch_fem['unknowns']} unknowns",
                ours=f"shuffled deck, MultigridCG, {peak:.1f} GiB",
                peer=f"{peer}, {found['gigabytes']:.1f} GiB",
                peer_version=found["version"],
                peer_s=statistics.median(seconds),
                error_ours=error(float(solution.final[2, nodes].mean())),
                error_peer=None if found is calculix else error(found["mean"][2]),
                cold_s=cold,
                warm_s=warm,
                dtype=DTYPE,
            )
