"""A sweep killed by SIGKILL at five random moments resumes to the same data."""

import random
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import jax.numpy as jnp

from froude.datasets import (
    DesignSpace,
    Variable,
    generate,
    open_dataset,
    sobol,
    without_cost,
)
from froude.solvers.status import Status

from ..evidence import close, holds

GROUP = "data sets"
TIER = "test"

SPACE = DesignSpace(
    (Variable("length", 0.5, 2.0, "m"), Variable("diffusivity", 1e-2, 1.0, "m2/s"))
)
SAMPLES = 96
# writes after which a process is killed: in the plan, then within chunks
MOMENTS = ((1, 45), (60, 75), (1, 10), (1, 10), (1, 10))


def decay(design):
    """Decay of a sine on a rod: rate [s^-1] and profile after one second."""
    rate = design["diffusivity"] * (jnp.pi / design["length"]) ** 2
    profile = jnp.exp(-rate) * jnp.sin(jnp.linspace(0, jnp.pi, 40))
    status = jnp.where(rate > 20.0, Status.NOT_CONVERGED.value, Status.OK.value)
    return {"rate": rate}, {"profile": profile}, status


def sweep(store):
    return generate(
        decay, sobol(SPACE, SAMPLES, seed=7), store, chunk=8, problem="decay"
    )


_KILLED = """
import os, sys, time
import jax, zarr.storage._local as local
jax.config.update("jax_enable_x64", True)
sys.path.append(sys.argv[1])
from benchmarks.verification.resume_after_kill import sweep

put = local._put

def slow(*arguments, **options):
    os.write(1, b".")
    time.sleep(0.02)
    return put(*arguments, **options)

local._put = slow
sweep(sys.argv[2])
"""


def run():
    with tempfile.TemporaryDirectory() as folder:
        unbroken = without_cost(sweep(Path(folder) / "unbroken")).load()
        store, draw, kills = Path(folder) / "killed", random.Random(5), 0
        root = str(Path(__file__).parents[2])
        command = [sys.executable, "-c", _KILLED, root, str(store)]
        for moment in MOMENTS:
            with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
                assert child.stdout is not None
                for _ in range(draw.randint(*moment)):
                    child.stdout.read(1)
                kills += child.poll() is None
                child.send_signal(signal.SIGKILL)
        status = open_dataset(store)["status"].values
        left = int((status == Status.PENDING).sum())
        resumed = without_cost(sweep(store)).load()

    yield close(
        "processes killed while they were writing",
        kills,
        reference=len(MOMENTS),
        tolerance=0,
        source="planted",
    )
    yield holds(
        f"the last one left work to do ({left} of {SAMPLES} samples)",
        0 < left < SAMPLES,
        source="planted",
    )
    yield holds(
        "resumed designs, values, status and attributes equal the unbroken run's, "
        "bit for bit, apart from cost fields",
        _same(unbroken, resumed),
        source="the same sweep, unbroken",
    )


def _same(one, other):
    return one.attrs == other.attrs and all(
        one[name].values.tolist() == other[name].values.tolist()
        or one[name].values.tobytes() == other[name].values.tobytes()
        for name in {*one.variables, *other.variables}
    )
