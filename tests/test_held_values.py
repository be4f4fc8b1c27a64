"""Essential values hold at every saved time, whatever the method, and books close."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from froude.physics import Box, Dirichlet, HeatConduction, NormalFlux, Problem
from froude.solvers import (
    BDF2,
    SDIRK2,
    Explicit,
    ThetaMethod,
    budget,
    discretize,
    rectangle_mesh,
    solve,
)

BOX = Box((0.0, 0.0), (1.0, 1.0))
WALLS = {
    "a jump": lambda t, x: jnp.where(t < 0.05, 0.0, 1.0),
    "an oscillation": lambda t, x: jnp.sin(40.0 * t),
}


def plate(wall):
    sides = dict.fromkeys(BOX.boundary_names, NormalFlux(0.0))
    held = {"x_min": Dirichlet(wall), "x_max": Dirichlet(0.0)}
    problem = Problem(HeatConduction(1.0), BOX, sides | held, 0.0, (0.0, 0.1))
    return discretize(problem, rectangle_mesh(4, 2))


@pytest.mark.parametrize("wall", WALLS.values(), ids=WALLS)
@pytest.mark.parametrize("method", [Explicit(), ThetaMethod(0.5), SDIRK2(), BDF2()])
def test_a_moving_wall_is_held(method, wall):
    march = solve(plate(wall), steps=40, saves=4, method=method)
    held = jax.vmap(march.discretization.constrain)(march.times, march.states)
    np.testing.assert_allclose(march.states, held, rtol=0, atol=1e-14)
    assert np.max(np.abs(budget(march).relative)) < 1e-12


def test_explicit_and_implicit_marches_agree_after_a_jump():
    """Both march what is stored, so a jump of the wall reaches the inner nodes."""
    scheme = plate(WALLS["a jump"])
    explicit, implicit = (
        solve(scheme, steps=640, method=method).final
        for method in (Explicit(), ThetaMethod(0.5))
    )
    np.testing.assert_allclose(explicit, implicit, atol=2e-3)
