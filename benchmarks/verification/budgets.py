"""What is stored is what came in and was made: every scheme, every condition."""

import jax
import jax.numpy as jnp

from froude.physics import (
    AdvectionDiffusion,
    Box,
    Burgers,
    Dirichlet,
    HeatConduction,
    NormalFlux,
    Outflow,
    Polynomial,
    Problem,
    Radiation,
    Robin,
)
from froude.solvers import (
    BDF2,
    SDIRK2,
    CartesianGrid,
    Explicit,
    FourierGrid,
    ThetaMethod,
    budget,
    discretize,
    rectangle_mesh,
    solve,
    solve_steady,
)

from ..evidence import below

GROUP = "budgets"
TIER = "verify"

SOURCE = "discrete balance, relative to the amounts exchanged"
COLD = Dirichlet(310.0)
ROOMS = {
    "flux, Robin, radiation": (
        NormalFlux(-40.0),
        Robin(5.0, 280.0),
        Radiation(0.8, 290.0),
        COLD,
    ),
    "outflow and two Dirichlet sides": (
        Outflow(),
        Dirichlet(320.0),
        NormalFlux(0.0),
        COLD,
    ),
}
EXCHANGE, STREAM = ROOMS
MARCHES = {
    ("finite volumes", EXCHANGE): ((SDIRK2(), 8),),
    ("finite volumes", STREAM): ((Explicit(), 64),),
    ("Q1", EXCHANGE): ((SDIRK2(), 8), (BDF2(), 8)),
    ("Q1", STREAM): ((ThetaMethod(0.5), 8), (Explicit(), 64)),
}


def hot(x):
    return jnp.array([300.0 + 20.0 * jnp.sin(3.0 * x[0]) * jnp.cos(2.0 * x[1])])


def problem(room) -> Problem:
    law = HeatConduction(Polynomial((1.0, 0.01), 300.0), 2.0, 30.0)
    sides = ("x_min", "x_max", "y_min", "y_max")
    walls = dict(zip(sides, ROOMS[room], strict=True))
    box = Box((0.0, 0.0), (1.0, 1.0))
    return Problem(law, box, walls, initial=hot, interval=(0.0, 0.1))


def exchanged(solution) -> float:
    """Largest imbalance over the magnitudes of outflow, source and stored change."""
    ledger = solution.ledger
    flows = [jnp.abs(flow) for flow in ledger.outflow.values()]
    amount = sum(flows) + jnp.abs(ledger.source)
    amount = amount + jnp.abs(ledger.content - ledger.content[:1])
    imbalance = jnp.abs(budget(solution).imbalance)
    return float(jnp.max(imbalance[-1] / amount[-1]))


def run():
    places = {"finite volumes": CartesianGrid((10, 8)), "Q1": rectangle_mesh(8, 6)}
    for scheme, where in places.items():
        for room in ROOMS:
            placed = discretize(problem(room), where)
            steady = solve_steady(placed, tolerance=1e-13)
            yield below(
                f"steady, {scheme}, {room}",
                exchanged(steady),
                limit=1e-12,
                source=SOURCE,
            )
            for method, steps in MARCHES[scheme, room]:
                march = solve(placed, steps=steps, method=method, tolerance=1e-13)
                yield below(
                    f"march, {scheme}, {type(method).__name__}, {room}",
                    exchanged(march),
                    limit=1e-12,
                    source=SOURCE,
                )
    wave = lambda x: 1.0 + 0.3 * jnp.sin(x)
    ring = Box((0.0,), (2 * jnp.pi,), (True,))
    laws = {
        "Burgers": Burgers(0.1),
        "advection with production": AdvectionDiffusion((1.0,), 0.1, 0.5),
    }
    for name, law in laws.items():
        for where in (CartesianGrid((33,)), FourierGrid((32,))):
            scheme = discretize(
                Problem(law, ring, initial=wave, interval=(0.0, 0.5)), where
            )
            march = jax.block_until_ready(solve(scheme, steps=16, tolerance=1e-13))
            books = budget(march)
            yield below(
                f"march on a ring, {type(scheme).__name__}, {name}",
                float(jnp.max(jnp.abs(books.relative))),
                limit=1e-12,
                source="discrete balance, relative to the content",
            )
