"""Derivatives through every solver, for every kind of leaf, against finite differences.

A quantity (mean square of the last state plus what left through the boundary) is
differentiated with respect to the law, the boundary data, the initial state and the
geometry. Horizon 0.2 s, data smooth and away from limiter kinks, linear and Newton
tolerances 1e-13. For each leaf the best relative error over a U-curve of central
differences is judged; for each solver the worst disagreement of forward and reverse
mode.
"""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from froude.physics import (
    Box,
    Burgers,
    Dirichlet,
    HeatConduction,
    NormalFlux,
    Polynomial,
    Problem,
    Radiation,
    Robin,
)
from froude.solvers import (
    BDF2,
    SDIRK2,
    CartesianGrid,
    Checkpointed,
    DirectSolver,
    Explicit,
    FiniteElement,
    FourierGrid,
    Mesh,
    MultigridCG,
    ThetaMethod,
    discretize,
    gradient_check,
    morph,
    rectangle_mesh,
    solve,
    solve_steady,
)

from ..evidence import below

GROUP = "gradients"
TIER = "verify"

SOURCE = "central differences"
TOLERANCE = 1e-13
INTERVAL = (0.0, 0.2)


def bump(amplitude, x):
    """Initial temperature [K] or velocity [m/s]."""
    return amplitude[:1] * (1.0 + 0.2 * jnp.prod(jnp.sin(3.0 * x + amplitude[1])))


def wave(amplitude, x):
    return amplitude[:1] + 0.3 * jnp.sin(2 * jnp.pi * x[:1] + amplitude[1])


def heat(leaves, box) -> Problem:
    """k(T), source, fixed temperature, exchange, radiation and a given flux."""
    law = HeatConduction(
        Polynomial(leaves["law"][:2], 300.0), leaves["law"][2], leaves["law"][3]
    )
    data = leaves["boundary"]
    walls = {
        "x_min": Dirichlet(data[0]),
        "x_max": Robin(data[1], data[2]),
        "y_min": Radiation(data[3], data[2]),
        "y_max": NormalFlux(data[4]),
    }
    initial = eqx.Partial(bump, leaves["initial"])
    return Problem(law, box, walls, initial, INTERVAL)


def on_elements(leaves, element) -> FiniteElement:
    mesh = rectangle_mesh(7, 5, element=element)
    bent = morph(mesh, lambda x: x + 0.05 * jnp.sin(2.0 * jnp.roll(x, 1)))
    moved = Mesh(bent.points * leaves["geometry"], bent.topology)
    corner = jnp.max(moved.points, axis=0)
    return FiniteElement(heat(leaves, Box(jnp.zeros(2), corner)), moved)


def on_cells(leaves):
    box = Box((0.0, 0.0), leaves["geometry"][0])
    return discretize(heat(leaves, box), CartesianGrid((8, 6)))


def on_ring(leaves):
    law = Burgers(leaves["law"][0], leaves["law"][1:2])
    box = Box((0.0,), leaves["geometry"], (True,))
    initial = eqx.Partial(wave, leaves["initial"])
    problem = Problem(law, box, {}, initial, INTERVAL)
    return discretize(problem, FourierGrid((32,)))


def quantity(place, march, leaves):
    scheme = place(leaves)
    solution = march(scheme)
    left = sum(jnp.sum(flow[-1]) for flow in solution.ledger.outflow.values())
    value = scheme.integrate(solution.final**2)[0] + left
    return jnp.where(solution.ok, value, jnp.nan)


HEAT = {
    "law": (2.0, 0.01, 3.0, 40.0),
    "boundary": (310.0, 5.0, 280.0, 0.8, -60.0),
    "initial": (300.0, 0.4),
}
RING = {"law": (0.05, 1.0), "initial": (0.6, 0.3), "geometry": (1.0,)}


def leaves_of(values, points=None):
    leaves = {name: jnp.array(numbers) for name, numbers in values.items()}
    return leaves if points is None else leaves | {"geometry": points}


def cases():
    """(words, place, march, leaves) of each solver."""
    steady = functools.partial(solve_steady, tolerance=TOLERANCE)
    marching = functools.partial(solve, steps=6, tolerance=TOLERANCE)
    multigrid = MultigridCG(tolerance=TOLERANCE)
    nodes = {
        element: jnp.ones_like(rectangle_mesh(7, 5, element=element).points)
        for element in ("P1", "Q2")
    }
    sides = jnp.array([[1.0, 0.8]])
    return (
        (
            "P1, steady, direct",
            functools.partial(on_elements, element="P1"),
            functools.partial(steady, linear_solver=DirectSolver()),
            leaves_of(HEAT, nodes["P1"]),
        ),
        (
            "Q2, steady, multigrid",
            functools.partial(on_elements, element="Q2"),
            functools.partial(steady, linear_solver=multigrid),
            leaves_of(HEAT, nodes["Q2"]),
        ),
        (
            "P1, θ = 1/2",
            functools.partial(on_elements, element="P1"),
            functools.partial(marching, method=ThetaMethod(0.5)),
            leaves_of(HEAT, nodes["P1"]),
        ),
        ("finite volumes, steady", on_cells, steady, leaves_of(HEAT, sides)),
        (
            "finite volumes, BDF2, checkpointed",
            on_cells,
            functools.partial(marching, method=BDF2(), adjoint=Checkpointed()),
            leaves_of(HEAT, sides),
        ),
        (
            "Fourier, Heun",
            on_ring,
            functools.partial(solve, steps=64, method=Explicit()),
            leaves_of(RING),
        ),
        (
            "Fourier, SDIRK2",
            on_ring,
            functools.partial(marching, method=SDIRK2()),
            leaves_of(RING),
        ),
    )


def along(leaves, name):
    """A direction that moves one kind of leaf only, in proportion to its size."""
    generator = np.random.default_rng(0)
    still = jax.tree.map(jnp.zeros_like, leaves)
    chosen = leaves[name]
    return still | {name: chosen * generator.uniform(0.5, 1.0, chosen.shape)}


def run():
    for words, place, march, leaves in cases():
        function = functools.partial(quantity, place, march)
        # The initial state is only the first guess of a steady one.
        unused = {"initial"} if "steady" in words else set()
        disagreement = 0.0
        for name in sorted(leaves.keys() - unused):
            check = gradient_check(function, leaves, direction=along(leaves, name))
            disagreement = max(disagreement, check.dot_product)
            yield below(f"{words}: {name}", check.best, limit=1e-6, source=SOURCE)
        yield below(
            f"{words}: forward against reverse mode, worst leaf",
            disagreement,
            limit=1e-12,
            source="dot-product test",
        )
