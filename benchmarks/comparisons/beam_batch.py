"""32 clamped beams of C3D8 with 38,475 unknowns each, in one vmapped solve.

Seconds per design, next to what torch-fem takes for one beam. The designs differ in
their height, so every member assembles and computes a hierarchy of its own.
"""

import resource
import statistics
import tempfile
from pathlib import Path

import equinox as eqx
import jax.numpy as jnp

from froude.solvers import solve_steady
from froude.solvers.abaqus import discretize_deck

from ..bench import Comparison, timed
from ..peer import run_peer
from .clamped_beam import write_beam

DTYPE = "float64"
CELLS, DESIGNS = 14, 32


def run():
    """Yield the comparison."""
    with tempfile.TemporaryDirectory() as folder:
        write_beam(Path(folder) / "beam.inp", CELLS)
        scheme = discretize_deck(Path(folder) / "beam.inp")
    torch_fem = run_peer("torch_fem_beam", CELLS, 4)
    nodes, points = scheme.mesh.topology.nodes_of("x_max"), scheme.mesh.points

    def tip(height):
        moved = points * jnp.stack([1.0, 1.0, height])
        design = eqx.tree_at(lambda s: s.mesh.points, scheme, moved)
        solution = solve_steady(design)
        return solution.final[2, nodes].mean(), solution.status

    sweep = eqx.filter_jit(eqx.filter_vmap(tip))
    heights = jnp.linspace(0.8, 1.2, DESIGNS).at[0].set(1.0)
    cold, warm, (tips, status) = timed(lambda: sweep(heights), repeats=2)
    if status.any():
        raise RuntimeError(f"the members ended with the status {status}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    yield Comparison(
        name=f"{DESIGNS} beams of {torch_fem['unknowns']} unknowns, per design",
        ours=f"one batch, MultigridCG, {peak:.1f} GiB",
        peer=f"torch-fem one by one, {torch_fem['gigabytes']:.1f} GiB",
        peer_version=torch_fem["version"],
        peer_s=statistics.median(torch_fem["seconds"][1:]),
        error_ours=abs(float(tips[0]) / torch_fem["mean"][2] - 1),
        error_peer=None,
        cold_s=cold / DESIGNS,
        warm_s=warm / DESIGNS,
        dtype=DTYPE,
    )
