"""A clamped beam of C3D8 with a million unknowns: time and memory of one solve.

As `clamped_beam`, next to torch-fem only; the error is the difference to its answer.
"""

import resource
import statistics
import tempfile
from pathlib import Path

from froude.solvers import solve_steady
from froude.solvers.abaqus import discretize_deck

from ..bench import Comparison, timed
from ..peer import run_peer
from .clamped_beam import write_beam

DTYPE = "float64"
CELLS = 43


def run():
    """Yield the comparison; the peer runs first, so that memory is not shared."""
    torch_fem = run_peer("torch_fem_beam", CELLS, 2)
    with tempfile.TemporaryDirectory() as folder:
        write_beam(Path(folder) / "beam.inp", CELLS)
        scheme = discretize_deck(Path(folder) / "beam.inp")
    cold, warm, solution = timed(lambda: solve_steady(scheme), repeats=1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    tip = solution.final[2, scheme.mesh.topology.nodes_of("x_max")].mean()
    yield Comparison(
        name=f"Clamped beam, C3D8, {solution.final.size} unknowns",
        ours=f"shuffled deck, MultigridCG, {peak:.1f} GiB",
        peer=f"torch-fem, {torch_fem['gigabytes']:.1f} GiB",
        peer_version=torch_fem["version"],
        peer_s=statistics.median(torch_fem["seconds"][1:]),
        error_ours=abs(float(tip) / torch_fem["mean"][2] - 1),
        error_peer=None,
        cold_s=cold,
        warm_s=warm,
        dtype=DTYPE,
    )
