"""Poisson on the unit square, 263,169 unknowns: assembled and solved.

Both sides have their mesh, its pattern and (ours) its aggregates ready, assemble the
matrix and the load, and solve; ours to a relative residual of 1e-10.
"""

import statistics

from froude.physics import Box, Dirichlet, HeatConduction, Problem
from froude.solvers import MultigridCG, discretize, rectangle_mesh, solve_steady

from ..bench import Comparison, timed
from ..peer import run_peer

DTYPE = "float64"
CELLS = 512
MAXIMUM = 0.07367135328


def run():
    """Yield the comparison; the peer runs before and after, in the same minutes."""
    before = run_peer("scikit_fem", CELLS, 3)
    walls = {name: Dirichlet(0.0) for name in ("x_min", "x_max", "y_min", "y_max")}
    problem = Problem(
        HeatConduction(conductivity=1.0, heat_source=1.0),
        Box((0.0, 0.0), (1.0, 1.0)),
        walls,
    )
    discretization = discretize(problem, rectangle_mesh(CELLS, CELLS))
    solver = MultigridCG(tolerance=1e-10)
    cold, warm, solution = timed(
        lambda: solve_steady(discretization, linear_solver=solver)
    )
    after = run_peer("scikit_fem", CELLS, 3)
    yield Comparison(
        name=f"Poisson on the unit square, {before['unknowns']} unknowns",
        ours="FiniteElement Q1, MultigridCG",
        peer="scikit-fem + SciPy",
        peer_version=before["version"],
        peer_s=statistics.median(before["seconds"][1:] + after["seconds"][1:]),
        error_ours=abs(float(solution.final.max()) - MAXIMUM),
        error_peer=abs(before["maximum"] - MAXIMUM),
        cold_s=cold,
        warm_s=warm,
        dtype=DTYPE,
    )
