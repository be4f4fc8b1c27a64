"""The books of small solves close, and would not if a term were wrong."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from froude.physics import Box, Dirichlet, HeatConduction, Problem, Robin
from froude.solvers import (
    CartesianGrid,
    budget,
    discretize,
    rectangle_mesh,
    solve,
    solve_steady,
)

PLACES = {"finite volumes": CartesianGrid(6), "elements": rectangle_mesh(3, 2)}
RUNS = {
    "steady": lambda scheme: solve_steady(scheme, tolerance=1e-13),
    "march": lambda scheme: solve(scheme, steps=3, saves=3, tolerance=1e-13),
}
CAPACITY = 2.0


def heated(place):
    """Held on the left, cooled elsewhere, so that heat crosses every side."""
    dimension = 1 if place == "finite volumes" else 2
    box = Box((0.0,) * dimension, (1.0,) * dimension)
    sides = dict.fromkeys(box.boundary_names, Robin(3.0, 290.0))
    sides["x_min"] = Dirichlet(310.0)
    law = HeatConduction(1.5, CAPACITY, heat_source=40.0)
    problem = Problem(law, box, sides, initial=300.0, interval=(0.0, 0.2))
    return discretize(problem, PLACES[place])


@pytest.fixture(
    scope="module",
    params=[(run, place) for run in RUNS for place in PLACES],
    ids=" on ".join,
)
def solution(request):
    run, place = request.param
    return RUNS[run](heated(place))


def test_books_close_and_hold_the_content(solution):
    books = budget(solution)
    assert solution.ok and jnp.abs(books.relative).max() < 1e-13
    assert books.relative.shape == (len(solution.times), 1)
    scheme = solution.discretization
    stored = [CAPACITY * scheme.integrate(state) for state in solution.states]
    np.testing.assert_allclose(solution.ledger.content, jnp.stack(stored), rtol=1e-13)


def test_a_flux_of_the_wrong_sign_or_a_lost_source_opens_the_books(solution):
    ledger = solution.ledger
    wrong = [ledger._replace(source=0.0 * ledger.source)]
    for name, flux in ledger.outflow.items():
        wrong.append(ledger._replace(outflow=ledger.outflow | {name: -flux}))
    for told in wrong:
        books = budget(eqx.tree_at(lambda s: s.ledger, solution, told))
        assert jnp.abs(books.relative[-1]).max() > 1e-3


def test_a_batch_has_a_budget_per_member(solution):
    def scaled(factor):
        ledger = jax.tree.map(lambda amount: factor * amount, solution.ledger)
        return eqx.tree_at(lambda s: s.ledger, solution, ledger)

    batch = eqx.filter_vmap(scaled)(jnp.array([1.0, 2.0]))
    for together, alone in zip(budget(batch), budget(scaled(2.0)), strict=True):
        assert jnp.array_equal(together[1], alone)
