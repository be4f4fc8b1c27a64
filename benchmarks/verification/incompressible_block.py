"""Lamé's thick pipe that keeps its volume, ν = 1/2, where displacement elements fail.

Radii 1 and 2 m, inner pressure 1 Pa, E = 1 Pa, a quarter of the section in plane
strain. The mean stress is the same everywhere: p = -p_i a²/(b² - a²) = -1/3 Pa.
"""

import jax.numpy as jnp
import numpy as np

from froude.physics import (
    IncompressibleElastic,
    NormalFlux,
    Pressure,
    Problem,
    Region,
    lame_cylinder,
)
from froude.solvers import FiniteElement, morph, rectangle_mesh, solve_steady

from ..evidence import below, relative
from .lame_cylinder import SOURCE, sliding

GROUP = "solids"
TIER = "verify"
E = 1.0
QUARTER = 0.5 * np.pi


def pipe(element: str, n: int):
    """Widening of the bore [m] and largest error of the pressure [Pa]."""
    grid = rectangle_mesh(n, 2 * n, (1.0, 0.0), (2.0, QUARTER), element=element)
    mesh = morph(grid, lambda x: x[0] * jnp.stack([jnp.cos(x[1]), jnp.sin(x[1])]))
    conditions = {
        "x_min": Pressure(1.0),
        "x_max": NormalFlux(0.0),
        "y_min": sliding("y", "x"),
        "y_max": sliding("x", "y"),
    }
    law = IncompressibleElastic(E, 0.5)
    problem = Problem(law, Region(2, mesh.boundary_names), conditions)
    moved = solve_steady(FiniteElement(problem, mesh)).final
    bore = mesh.topology.boundary("x_min").unique_nodes
    points = np.asarray(mesh.points)[bore]
    widening = float(jnp.mean(jnp.sum(moved[:2, bore] * points.T, axis=0)))
    return widening, float(jnp.max(jnp.abs(moved[2] + 1 / 3)))


def run():
    exact = lame_cylinder(
        1.0, E, 0.5, inner_radius=1.0, outer_radius=2.0, inner_pressure=1.0
    )
    for element in ("P2", "Q2"):
        words = f"{element}/{element[0]}1, 8 by 16"
        widening, off = pipe(element, 8)
        yield relative(
            f"widening of the bore, ν = 0.5, {words}",
            widening,
            reference=float(exact),
            tolerance=1e-4,
            unit="m",
            source=SOURCE,
        )
        # relative to the largest stress, 5/3 Pa at the bore
        yield below(
            f"largest error of the pressure at a node, ν = 0.5, {words}",
            off / (5 / 3),
            limit=0.02,
            source=SOURCE,
        )
