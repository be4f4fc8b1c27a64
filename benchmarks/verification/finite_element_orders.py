"""Nonlinear conduction, manufactured: order in L2 of every element."""

import equinox as eqx
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
    Mesh,
    box_mesh,
    morph,
    rectangle_mesh,
    solve_steady,
)

from ..evidence import order

GROUP = "orders of accuracy"
TIER = "verify"
COUNTS = {
    ("P1", 2): (16, 32),
    ("Q1", 2): (16, 32),
    ("P2", 2): (16, 32),
    ("Q2", 2): (16, 32),
    ("P1", 3): (8, 16),
    ("Q1", 3): (8, 16),
    ("P2", 3): (4, 8),
    ("Q2", 3): (4, 8),
    ("S2", 2): (16, 32),
    ("S2", 3): (4, 8),
    ("W1", 3): (8, 16),
    ("W2", 3): (4, 8),
}
SKEWED = ("S2", "W2")


def exact(t, x):
    return (1.0 + 0.5 * jnp.prod(jnp.sin(1.5 * x + 0.3)))[None]


def bend(x):
    """A smooth map, so that no element is a rectangle."""
    return x + 0.04 * jnp.sin(2.0 * jnp.roll(x, 1))


def shear(x):
    """An affine map: S2 and the sides of W2 are of optimal order on parallelograms."""
    return x + 0.2 * jnp.roll(x, 1)


def three_parts(mesh: Mesh) -> Mesh:
    """Join all sides but x_min and x_max, so that their flux is compiled once."""
    sides = {
        name: [f.nodes[: f.facet.corners].T for f in part.blocks]
        for name, part in mesh.topology.boundaries.items()
    }
    ends = {name: sides.pop(name) for name in ("x_min", "x_max")}
    return Mesh.from_cells(
        mesh.points,
        mesh.topology.cell_type,
        mesh.topology.cells,
        boundaries=ends | {"sides": [f for facets in sides.values() for f in facets]},
    )


@eqx.filter_jit
def error(mesh: Mesh):
    """L2 error of the temperature [K m^(dim/2)] on a mesh of a square or a cube."""
    conditions = {
        "x_min": Dirichlet(0.0),
        "x_max": Robin(Polynomial((1.0, 0.3)), 0.2),
        "sides": NormalFlux(0.0),
    }
    region = Region(mesh.dimension, mesh.boundary_names)
    law = HeatConduction(Polynomial((1.0, 0.5, 0.25)))
    problem = manufactured(Problem(law, region, conditions), exact)
    moved = morph(mesh, shear if mesh.cell.element in SKEWED else bend)
    scheme = FiniteElement(problem, moved)
    return scheme.error(solve_steady(scheme).final, lambda x: exact(0.0, x))[0]


def run():
    for (element, dimension), counts in COUNTS.items():
        make = rectangle_mesh if dimension == 2 else box_mesh
        meshes = [three_parts(make(*[n] * dimension, element=element)) for n in counts]
        kind = "skewed" if element in SKEWED else "curved"
        yield order(
            f"{element} in {dimension}-D, {kind} mesh, "
            f"{counts[0]} and {counts[1]} intervals",
            [error(mesh) for mesh in meshes],
            expected=int(element[1]) + 1,
        )
