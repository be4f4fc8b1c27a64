"""32 heat sinks in one vmapped solve against the fastest serial path, on two meshes.

Warm medians over sweeps of designs that no sweep had before. Serial means one compiled
solve after another, by multigrid and by the host's direct solver.
"""

import functools
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from examples.heat_sink_model import SPACE, simulation
from froude.datasets import sobol
from froude.solvers import DirectSolver, MultigridCG, solve_steady

from ..cases import ROOT
from ..evidence import below

GROUP = "batching"
TIER = "records"
SEEDS = (1, 2, 3, 4)
TWIN = "heat_sink_batch"
DEPENDS = (
    "examples/heat_sink_model.py",
    "examples/meshes",
    "physics",
    "solvers",
)

COUNT = 32
MESH_FILES = ("heat_sink_coarse.msh", "heat_sink.msh")


def sweep(seed):
    samples = sobol(SPACE, COUNT, seed=seed)
    return {name: jnp.asarray(samples[name].values) for name in SPACE.names}


def by(simulate, solver):
    solve = functools.partial(solve_steady, linear_solver=solver)
    return eqx.tree_at(lambda s: s.solve, simulate, solve)


def seconds_per_design(*runs):
    """Median of each over all sweeps but the first, which compiles, turn by turn."""
    taken = [[] for _ in runs]
    for seed in SEEDS:
        designs = sweep(seed)
        for run_sweep, times in zip(runs, taken, strict=True):
            began = time.perf_counter()
            run_sweep(designs)
            times.append((time.perf_counter() - began) / COUNT)
    return (float(np.median(times[1:])) for times in taken)


def run():
    for mesh in MESH_FILES:
        simulate = simulation(ROOT / "examples" / "meshes" / mesh)
        serial, batched = measure(simulate)
        stated = "; ".join(
            f"{name} {1e3 * serial[name]:.0f} and {1e3 * batched[name]:.0f} ms"
            for name in serial
        )
        yield below(
            f"{mesh}: time per design, best batched over best serial "
            f"(serial and batched: {stated})",
            min(batched.values()) / min(serial.values()),
            limit=1.0,
            source="median of three sweeps of 32",
        )


def measure(simulate):
    """Seconds per design of each linear solver, serial and batched."""
    serial, batched = {}, {}
    for name, solver in (("direct", DirectSolver()), ("multigrid", MultigridCG())):
        solved = by(simulate, solver)
        one, many = jax.jit(solved.__call__), jax.jit(jax.vmap(solved.__call__))

        def one_by_one(designs, one=one):
            for i in range(COUNT):
                jax.block_until_ready(one({n: c[i] for n, c in designs.items()}))

        serial[name], batched[name] = seconds_per_design(
            one_by_one,
            lambda designs, many=many: jax.block_until_ready(many(designs)),
        )
        print(f"{name}: serial {serial[name]:.4f} s, batched {batched[name]:.4f} s")
    return serial, batched
