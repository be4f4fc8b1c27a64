"""Nonlinear conduction, manufactured: order in L2 of every element."""

import jax.numpy as jnp

from froude.physics import (
    Dirichlet,
    HeatConduction,
    NormalFlux,
    Polynomial,
    Problem,
    Region,
    Robin,
    manufactured,
)
from froude.solvers import (
    FiniteElement,
    box_mesh,
    morph,
    rectangle_mesh,
    solve_steady,
)

from ..evidence import order

GROUP = "orders of accuracy"
TIER = "verify"
COUNTS = {
    ("P1", 2): (8, 16, 32),
    ("Q1", 2): (8, 16, 32),
    ("P2", 2): (8, 16, 32),
    ("Q2", 2): (8, 16, 32),
    ("P1", 3): (4, 8, 16),
    ("Q1", 3): (4, 8, 16),
    ("P2", 3): (2, 4, 8),
    ("Q2", 3): (2, 4, 8),
    ("S2", 2): (8, 16, 32),
    ("S2", 3): (2, 4, 8),
}


def exact(t, x):
    return (1.0 + 0.5 * jnp.prod(jnp.sin(1.5 * x + 0.3)))[None]


def bend(x):
    """A smooth map, so that no element is a rectangle."""
    return x + 0.04 * jnp.sin(2.0 * jnp.roll(x, 1))


def shear(x):
    """An affine map: S2 is of optimal order on parallelograms only."""
    return x + 0.2 * jnp.roll(x, 1)


def error(element: str, dimension: int, n: int) -> float:
    """L2 error of the temperature [K m^(dim/2)] with n intervals per side."""
    sides = (n,) * dimension
    make = rectangle_mesh if dimension == 2 else box_mesh
    mesh = morph(make(*sides, element=element), shear if element == "S2" else bend)
    region = Region(dimension, mesh.boundary_names)
    conditions = dict.fromkeys(region.boundary_names, NormalFlux(0.0)) | {
        "x_min": Dirichlet(0.0),
        "x_max": Robin(Polynomial((1.0, 0.3)), 0.2),
    }
    law = HeatConduction(Polynomial((1.0, 0.5, 0.25)))
    problem = manufactured(Problem(law, region, conditions), exact)
    scheme = FiniteElement(problem, mesh)
    return float(scheme.error(solve_steady(scheme).final, lambda x: exact(0.0, x))[0])


def run():
    for (element, dimension), counts in COUNTS.items():
        yield order(
            f"{element} in {dimension}-D, {'skewed' if element == 'S2' else 'curved'} "
            f"mesh, {counts[-2]} and {counts[-1]} "
            "intervals",
            [error(element, dimension, n) for n in counts[-2:]],
            expected=int(element[1]) + 1,
        )
