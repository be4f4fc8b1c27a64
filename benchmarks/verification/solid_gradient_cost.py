"""Cost of a gradient of solids: warm time of value and gradient over the value alone.

Measured as in `gradient_cost`: every call gets parameters that no call had before,
medians of calls that alternate. A beam in bending by its material, load and every
vertex; a peak stress, a mean of power 8 over the nodes, is the quantity.
"""

import functools

import jax
import jax.numpy as jnp

from froude.physics import (
    Dirichlet,
    IsotropicElastic,
    NormalFlux,
    Problem,
    Region,
    Solid,
    Traction,
    von_mises,
)
from froude.solvers import (
    DirectSolver,
    FiniteElement,
    Mesh,
    MultigridCG,
    box_mesh,
    nodal_measure,
    solve_steady,
)
from froude.solvers.finite_element.rigid_motion import near_null_space

from ..evidence import below
from .gradient_cost import measure

GROUP = "gradient cost"
TIER = "records"
SEEDS = (0,)
TWIN = "solid_gradients"
DEPENDS = (
    "benchmarks/verification/gradient_cost.py",
    "physics",
    "solvers",
)

SOURCE = "design: cost of a gradient"


def peak_stress(topology, multigrid, design):
    """Of a clamped beam under a load at its end, over the material's modulus."""
    mesh = Mesh(design["points"], topology)
    conditions = dict.fromkeys(mesh.boundary_names, NormalFlux(0.0))
    conditions["x_min"] = Dirichlet(0.0)
    conditions["x_max"] = Traction(jnp.stack([0.0, 0.0, design["traction"]]))
    law = Solid(IsotropicElastic(design["modulus"], 0.3))
    scheme = FiniteElement(Problem(law, Region(3, tuple(conditions)), conditions), mesh)
    solver = DirectSolver()
    if multigrid:
        solver = MultigridCG(components=3, near_null=near_null_space(mesh.points))
    state = solve_steady(scheme, linear_solver=solver).final
    stress = nodal_measure(scheme, state, von_mises) / design["modulus"]
    largest = jax.lax.stop_gradient(jnp.max(stress))
    return largest * jnp.mean((stress / largest) ** 8) ** (1 / 8)


def cases():
    """(words, function of a design, design, limit)."""
    slender = box_mesh(48, 6, 6, (0.0, 0.0, 0.0), (4.0, 0.5, 0.5), element="Q1")
    quadratic = box_mesh(16, 3, 3, (0.0, 0.0, 0.0), (4.0, 0.5, 0.5), element="P2")
    compact = box_mesh(24, 16, 16, (0.0, 0.0, 0.0), (1.5, 1.0, 1.0), element="Q1")
    for words, mesh, multigrid, limit in (
        ("slender beam, Q1, direct", slender, False, 1.5),
        ("slender beam, P2, direct", quadratic, False, 1.5),
        ("compact block, Q1, multigrid", compact, True, 2.3),
    ):
        design = {
            "points": mesh.points,
            "modulus": jnp.array(70e9),
            "traction": jnp.array(1e5),
        }
        words = words.replace(",", f", {3 * len(mesh.points):,} unknowns,", 1)
        yield (
            words,
            functools.partial(peak_stress, mesh.topology, multigrid),
            design,
            limit,
        )


def run():
    for words, function, design, limit in cases():
        value, gradient, megabytes = measure(function, design)
        yield below(
            f"{words}; {1e3 * value:.3g} ms alone, {megabytes:.3g} MB",
            gradient / value,
            limit=limit,
            source=SOURCE,
        )
