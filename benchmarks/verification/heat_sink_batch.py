"""32 heat sinks in one vmapped solve, one of them bad; one compilation for a sweep.

On the coarse mesh. The times per design are stated, not judged.
"""

import functools
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from examples.heat_sink_model import SPACE, simulation
from froude.datasets import sobol
from froude.solvers import DirectSolver, Status, solve_steady

from ..cases import ROOT
from ..evidence import below, close, holds

GROUP = "batching"
TIER = "verify"

MESH = ROOT / "examples" / "meshes" / "heat_sink_coarse.msh"
COUNT, BAD = 32, 5


def run():
    simulate = simulation(MESH)
    samples = sobol(SPACE, COUNT, seed=1)
    designs = {name: jnp.asarray(samples[name].values) for name in SPACE.names}
    traces = 0

    def counted(design):
        nonlocal traces
        traces += 1
        return simulate(design)

    batched = jax.jit(jax.vmap(counted))
    direct = eqx.tree_at(
        lambda s: s.solve,
        simulate,
        functools.partial(solve_steady, linear_solver=DirectSolver()),
    )
    members = [{n: column[i] for n, column in designs.items()} for i in range(COUNT)]
    seconds, serial = {}, {}
    for name, each in (("multigrid", simulate), ("direct", direct)):
        compiled = jax.jit(each.__call__)
        jax.block_until_ready(compiled(members[0]))
        began = time.perf_counter()
        found = [jax.block_until_ready(compiled(member)) for member in members]
        seconds[name] = (time.perf_counter() - began) / COUNT
        serial[name] = np.stack([fields["temperature"] for _, fields, _ in found])

    bad = {
        "a negative conductivity": ("conductivity", -200.0),
        "a power that is not a number": ("chip_power", jnp.nan),
    }
    for words, (variable, value) in bad.items():
        spoilt = designs | {variable: designs[variable].at[BAD].set(value)}
        _, fields, status = batched(spoilt)
        good = np.arange(COUNT) != BAD
        yield holds(
            f"{words}: 31 of {COUNT} members are OK and the bad one is not",
            np.all((np.asarray(status) == Status.OK) == good),
            source="status of each member",
        )
        for name, truth in serial.items():
            yield below(
                f"{words}: largest relative difference of the others, serial {name}",
                np.max(np.abs(np.asarray(fields["temperature"]) / truth - 1.0)[good]),
                limit=1e-8,
                source="serial solves",
            )
    began = time.perf_counter()
    jax.block_until_ready(batched(designs))
    seconds["batched"] = (time.perf_counter() - began) / COUNT
    stated = ", ".join(f"{name} {1e3 * s:.1f} ms" for name, s in seconds.items())
    yield close(
        f"traces of one program over three sweeps; per design: {stated}",
        traces,
        reference=1,
        tolerance=0,
        source="count",
    )
