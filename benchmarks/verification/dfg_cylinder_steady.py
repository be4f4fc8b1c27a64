"""Steady flow past a cylinder at Re 20 in a channel, DFG benchmark 2D-1.

Q2/Q1 on two body-fitted meshes from Gmsh files; forces are nodal reactions. ρ = 1,
ν = 1e-3, parabolic inflow of at most 0.3, do-nothing outlet.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from froude.physics import (
    Dirichlet,
    GradientStress,
    NavierStokes,
    NormalFlux,
    Problem,
    Region,
)
from froude.solvers import FiniteElement, Mesh, read_mesh, solve_steady

from ..evidence import above, holds, relative
from ..meshes import MESHES

GROUP = "flow"
TIER = "verify"
SOURCE = "Schäfer and Turek (1996), FEATFLOW's finest values"
DRAG, LIFT, DROP = 5.57953523384, 0.010618948146, 0.11752016697
DENSITY, VISCOSITY, PEAK, HEIGHT, DIAMETER = 1.0, 1e-3, 0.3, 0.41, 0.1
VELOCITY = ("velocity_x", "velocity_y")
FRONT_AND_BACK = np.array([[0.15, 0.2], [0.25, 0.2]])


class Inflow(eqx.Module):
    """The parabola with the peak [m s^-1]."""

    peak: jnp.ndarray

    def __call__(self, t, x):
        along = 4 * self.peak * x[1] * (HEIGHT - x[1]) / HEIGHT**2
        return jnp.stack([along, jnp.zeros_like(along), jnp.zeros_like(along)])


def channel(mesh: Mesh, peak=PEAK, viscosity=VISCOSITY, **rest) -> FiniteElement:
    """The problem on a mesh; `rest` is initial state and interval."""
    law = NavierStokes(DENSITY, viscosity, viscous_stress=GradientStress())
    still = Dirichlet(0.0, VELOCITY)
    conditions = {
        "inflow": Dirichlet(Inflow(jnp.asarray(peak)), VELOCITY),
        "outflow": NormalFlux(0.0),
        "walls": still,
        "cylinder": still,
    }
    problem = Problem(law, Region(2, mesh.boundary_names), conditions, **rest)
    return FiniteElement(problem, mesh)


def coefficients(force, peak=PEAK):
    """Drag and lift from the force per depth [N m^-1] on the cylinder."""
    mean = 2 * peak / 3
    return 2 * force[..., :2] / (DENSITY * mean**2 * DIAMETER)


def run():
    errors = []
    for n in (6, 12):
        scheme = channel(read_mesh(MESHES / f"dfg_cylinder_{n}_quad9.msh"))
        solution = solve_steady(scheme)
        drag, lift = coefficients(solution.ledger.outflow["cylinder"][0])
        errors.append(abs(float(drag) - DRAG))
    front, back = scheme.evaluate(solution.final, FRONT_AND_BACK)[2]
    words = f"{3 * len(scheme.mesh.points)} values"
    for name, value, reference, tolerance in (
        ("drag coefficient", drag, DRAG, 1e-3),
        ("lift coefficient", lift, LIFT, 2e-2),
        ("pressure drop [Pa]", front - back, DROP, 2e-2),
    ):
        yield relative(
            f"{name}, {words}",
            value,
            reference=reference,
            tolerance=tolerance,
            source=SOURCE,
        )
    yield above(
        "order of the drag, cells halved (a reaction converges twice as fast as the "
        "gradient)",
        np.log2(errors[0] / errors[1]),
        limit=3.5,
        source="theory: 4",
    )
    yield holds("status OK", int(solution.status) == 0, source="own")
