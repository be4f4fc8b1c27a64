"""The lid-driven cavity at Re 100, 400 and 1000, closed: speeds on the middle lines.

Q2/Q1 on 32 by 32 cells, closer at the walls; each Re starts from the one before.
"""

import jax.numpy as jnp
import numpy as np

from froude.physics import Dirichlet, NavierStokes, Problem, Region
from froude.solvers import FiniteElement, morph, rectangle_mesh, solve_steady

from ..evidence import below, close, holds

GROUP = "flow"
TIER = "verify"
VELOCITY = ("velocity_x", "velocity_y")
GHIA = "Ghia, Ghia and Shin (1982), J. Comput. Phys. 48, 387"
BOTELLA = "Botella and Peyret (1998), Comput. Fluids 27, 421"
# Of the speed of the lid. Their tables, of 129² cells, differ by up to 0.7 % from the
# Chebyshev solution at Re 1000, on which ours are judged tightly.
GHIA_ERROR = 1e-2
Y = (0.0547, 0.1719, 0.2813, 0.4531, 0.5, 0.7344, 0.8516)
X = (0.0625, 0.0938, 0.1563, 0.2266, 0.5, 0.8047, 0.8594)
REFERENCES = {
    100: (
        (-0.03717, -0.10150, -0.15662, -0.21090, -0.20581, 0.00332, 0.23151),
        (0.09233, 0.12317, 0.16077, 0.17507, 0.05454, -0.24533, -0.22445),
        GHIA_ERROR,
        GHIA,
    ),
    400: (
        (-0.08186, -0.24299, -0.32726, -0.17119, -0.11477, 0.16256, 0.29093),
        (0.18360, 0.22965, 0.28124, 0.30203, 0.05186, -0.38598, -0.44993),
        GHIA_ERROR,
        GHIA,
    ),
    1000: (
        (
            -0.1812881,
            -0.3885691,
            -0.2803696,
            -0.1081999,
            -0.0620561,
            0.1886747,
            0.3372212,
        ),
        (0.2807056, 0.3330442, 0.3769189, 0.3339924, 0.0257995, -0.3202137, -0.4264545),
        1e-3,
        BOTELLA,
    ),
}


def closer(x):
    """Cells a quarter as long at the walls as in the middle, or so."""
    return x - 0.6 * jnp.sin(2 * np.pi * x) / (2 * np.pi)


def lid(t, x):
    """1 along x, at rest in the corners: a corner that moved would let the flow out."""
    inside = (x[0] > 1e-9) & (x[0] < 1 - 1e-9)
    return jnp.stack([jnp.where(inside, 1.0, 0.0), 0.0, 0.0])


def cavity(mesh, viscosity) -> FiniteElement:
    conditions = {name: Dirichlet(0.0, VELOCITY) for name in mesh.boundary_names}
    conditions["y_max"] = Dirichlet(lid, VELOCITY)
    law = NavierStokes(1.0, viscosity)
    return FiniteElement(Problem(law, Region(2, mesh.boundary_names), conditions), mesh)


def run():
    mesh = morph(rectangle_mesh(32, 32, element="Q2"), closer)
    state = jnp.zeros((3, len(mesh.points)))
    middle = lambda values: np.full(len(values), 0.5)
    for reynolds, (along, across, tolerance, source) in REFERENCES.items():
        scheme = cavity(mesh, jnp.asarray(1.0 / reynolds))
        solution = solve_steady(scheme, guess=state)
        state = solution.final
        u = scheme.evaluate(state, np.stack([middle(Y), Y], axis=1))[0]
        v = scheme.evaluate(state, np.stack([X, middle(X)], axis=1))[1]
        for name, values, wanted in (("u(y)", u, along), ("v(x)", v, across)):
            yield below(
                f"Re {reynolds}: {name} at {len(wanted)} points, largest difference",
                float(jnp.max(jnp.abs(values - jnp.asarray(wanted)))),
                limit=tolerance,
                source=source,
            )
        yield close(
            f"Re {reynolds}: mean pressure [Pa]",
            float(scheme.integrate(state)[2]),
            reference=0.0,
            tolerance=1e-12,
            source="definition",
        )
        yield holds(
            f"Re {reynolds}: status OK", int(solution.status) == 0, source="own"
        )
