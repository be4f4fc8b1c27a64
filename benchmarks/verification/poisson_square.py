"""Poisson on the unit square, source 1, zero on the boundary: the maximum."""

import math

from froude.physics import Box, Dirichlet, HeatConduction, Problem
from froude.solvers import FiniteElement, rectangle_mesh, solve_steady

from ..evidence import close

GROUP = "heat conduction"
TIER = "verify"


def exact_maximum() -> float:
    """Value at the centre, from the sine series in one direction."""
    terms = (
        (-1) ** n / (2 * n + 1) ** 3 / math.cosh((2 * n + 1) * math.pi / 2)
        for n in range(20)
    )
    return 1 / 8 - 4 / math.pi**3 * sum(terms)


def maximum(element: str, n: int) -> float:
    """Largest nodal value on n by n intervals (n even: a node at the centre)."""
    mesh = rectangle_mesh(n, n, element=element)
    box = Box((0.0, 0.0), (1.0, 1.0))
    law = HeatConduction(1.0, heat_source=1.0)
    conditions = dict.fromkeys(box.boundary_names, Dirichlet(0.0))
    scheme = FiniteElement(Problem(law, box, conditions), mesh)
    return float(solve_steady(scheme).final.max())


def run():
    reference = exact_maximum()
    for element, n in (("Q1", 256), ("Q2", 32), ("P2", 32)):
        yield close(
            f"maximum, {element}, {n} by {n} intervals",
            maximum(element, n),
            reference=reference,
            tolerance=1e-6,
            unit="K",
            source="sine series, 1/8 - (4/π³) Σ (-1)ⁿ (2n+1)⁻³ sech((2n+1)π/2)",
        )
    coarse, fine = maximum("Q1", 16), maximum("Q1", 32)
    yield close(
        "maximum, Q1, 16 and 32 intervals, Richardson",
        fine + (fine - coarse) / 3,
        reference=reference,
        tolerance=1e-6,
        unit="K",
        source="the same series",
    )
