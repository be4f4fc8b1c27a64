"""Cost of a gradient: warm time of value and gradient over that of the value.

Every call gets a parameter that no call had before, so that no factor is found in the
cache of the direct solver but the one that the same call made. Medians of calls that
alternate. The memory stated is that of XLA's temporaries, without SuperLU's factors.
"""

import functools
import time

import diffrax
import jax
import jax.numpy as jnp
import numpy as np

from examples.heat_sink_model import QUANTITIES, SPACE, HeatSink
from froude.physics import (
    Box,
    Burgers,
    Dirichlet,
    HeatConduction,
    NormalFlux,
    Polynomial,
    Problem,
    Robin,
)
from froude.solvers import (
    SDIRK2,
    CartesianGrid,
    Checkpointed,
    DirectSolver,
    Explicit,
    FourierGrid,
    MultigridCG,
    StoreAll,
    box_mesh,
    discretize,
    rectangle_mesh,
    solve,
    solve_steady,
)

from ..cases import ROOT
from ..evidence import below

GROUP = "gradient cost"
TIER = "records"
SEEDS = (0,)
TWIN = "gradients"
DEPENDS = (
    "examples/heat_sink_model.py",
    "examples/meshes/heat_sink.msh",
    "physics",
    "solvers",
)

CALLS = 9
GAP = (
    "2.9 to 3.05 from run to run, either side of the limit: storing 0.7 MB per step "
    "and one slow reduction per stage leave no room; attempts are in docs/decisions.md"
)
SPECTRAL = "Burgers march, Fourier 64², 1024 steps of three stages, {}"
GAPS = {SPECTRAL.format("all states stored"): GAP}
ADJOINTS = {
    "all states stored": (StoreAll(), 3.0),
    "checkpointed": (Checkpointed(), 4.5),
}


def walls(dimension):
    box = Box((0.0,) * dimension, (1.0,) * dimension)
    held = dict.fromkeys(box.boundary_names, NormalFlux(0.0))
    return box, held | {"x_min": Dirichlet(1.0), "x_max": Robin(2.0, 0.0)}


def mean_square(solution):
    return solution.discretization.integrate(solution.final**2)[0]


def linear(dimension, mesh, solver, design):
    box, conditions = walls(dimension)
    law = HeatConduction(design["conductivity"], 1.0, design["source"])
    scheme = discretize(Problem(law, box, conditions), mesh)
    return mean_square(solve_steady(scheme, linear_solver=solver))


def heat_sink(sink, solver, design):
    return QUANTITIES[0](solve_steady(sink(design), linear_solver=solver))


def conduction_march(adjoint, design):
    box, conditions = walls(2)
    law = HeatConduction(Polynomial(jnp.stack([design["conductivity"], 0.1])))
    problem = Problem(law, box, conditions, 0.0, (0.0, 0.5))
    scheme = discretize(problem, CartesianGrid((32, 32)))
    return mean_square(solve(scheme, steps=64, method=SDIRK2(), adjoint=adjoint))


def burgers_march(adjoint, design):
    box = Box((0.0, 0.0), (1.0, 1.0), (True, True))
    law = Burgers(design["viscosity"], (1.0, 0.5))
    initial = lambda x: (
        1.0 + 0.5 * jnp.sin(2 * jnp.pi * x[:1]) * jnp.cos(2 * jnp.pi * x[1])
    )
    problem = Problem(law, box, {}, initial, (0.0, 0.3))
    scheme = discretize(problem, FourierGrid((64, 64)))
    method = Explicit(diffrax.Bosh3())
    return mean_square(solve(scheme, steps=1024, method=method, adjoint=adjoint))


def cases():
    """(words, function of a design, design, limit)."""
    plate = {"conductivity": jnp.array(2.0), "source": jnp.array(3.0)}
    sink = HeatSink.read(ROOT / "examples" / "meshes" / "heat_sink.msh")
    middle = SPACE.from_unit(jnp.full(SPACE.dimension, 0.5))
    direct, multigrid = DirectSolver(), MultigridCG()
    yield (
        "linear plane, Q1, 40,401 unknowns, direct",
        functools.partial(linear, 2, rectangle_mesh(200, 200), direct),
        plate,
        1.5,
    )
    yield (
        "linear cube, Q1, 29,791 unknowns, multigrid",
        functools.partial(linear, 3, box_mesh(30, 30, 30), multigrid),
        plate,
        2.3,
    )
    for words, solver in (("direct", direct), ("multigrid", multigrid)):
        yield (
            f"heat sink, P1, 6,703 unknowns, Newton, {words}",
            functools.partial(heat_sink, sink, solver),
            middle,
            2.3,
        )
    for words, (adjoint, limit) in ADJOINTS.items():
        yield (
            f"k(T) march, finite volumes 32², 64 steps of SDIRK2, {words}",
            functools.partial(conduction_march, adjoint),
            {"conductivity": jnp.array(0.3)},
            limit,
        )
        yield (
            SPECTRAL.format(words),
            functools.partial(burgers_march, adjoint),
            {"viscosity": jnp.array(0.01)},
            limit,
        )


def measure(function, design):
    """Median seconds of value and of value with gradient, megabytes of the latter."""
    both = jax.jit(jax.value_and_grad(function)).lower(design).compile()
    programs = (jax.jit(function).lower(design).compile(), both)
    generator = np.random.default_rng(SEEDS[0])
    seconds = [[], []]
    for call in range(CALLS + 1):
        for program, times in zip(programs, seconds, strict=True):
            factor = 1.0 + 1e-3 * generator.uniform()
            fresh = jax.tree.map(lambda leaf, f=factor: leaf * f, design)
            began = time.perf_counter()
            jax.block_until_ready(program(fresh))
            if call:
                times.append(time.perf_counter() - began)
    value, gradient = (float(np.median(times)) for times in seconds)
    memory = both.memory_analysis()
    megabytes = memory.temp_size_in_bytes / 1e6 if memory else float("nan")
    return value, gradient, megabytes


def run():
    for words, function, design, limit in cases():
        value, gradient, megabytes = measure(function, design)
        print(f"{words}: {value:.4f} s, {gradient:.4f} s", flush=True)
        yield below(
            f"{words}; {1e3 * value:.3g} ms alone, {megabytes:.3g} MB",
            gradient / value,
            limit=limit,
            source="design: cost of a gradient",
            known_gap=GAPS.get(words, ""),
        )
