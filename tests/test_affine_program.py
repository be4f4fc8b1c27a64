"""What counts as affine, and that a law that steps is not frozen at one state."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from froude.physics import Box, Dirichlet, HeatConduction, NormalFlux, Problem
from froude.solvers import CartesianGrid, discretize, rectangle_mesh, solve
from froude.solvers.finite_element.affine_program import is_affine_program

TABLE = jnp.array([[1.0, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda u: TABLE @ u + 1.0, True),
        (lambda u: jnp.where(TABLE[0] > 1.5, u, 2.0 * u[::-1]) / TABLE[1], True),
        (lambda u: jnp.stack([u.sum(), u[0]]).reshape(1, 2), True),
        (lambda u: 3.0 * TABLE, True),
        (lambda u: jax.jit(lambda v: 2.0 * v)(u), True),
        (lambda u: u * u, False),
        (lambda u: TABLE[0] / u, False),
        (lambda u: jnp.where(u < 300.0, 1.0, 0.0), False),
        (lambda u: jnp.floor(u), False),
        (lambda u: jnp.sign(u) * TABLE[0], False),
        (lambda u: u.astype(int).astype(float), False),
        (lambda u: u - jax.lax.stop_gradient(u), False),
        (lambda u: jnp.take(TABLE[0], u.astype(int)), False),
        (lambda u: jnp.maximum(u, 0.0), False),
        (lambda u: jax.jit(jnp.abs)(u), False),
    ],
)
def test_affine_is_judged_by_the_value(function, expected):
    assert is_affine_program(function, jax.ShapeDtypeStruct((2,), float)) == expected


class Thermostat(HeatConduction):
    """A heater that is on where it is colder than 300 K."""

    def source(self, t, x, u, grad_u):
        return jnp.where(u < 300.0, 1e3, 0.0)


def test_a_source_that_steps_follows_the_state():
    """A body above the switch only cools, on a mesh as on a grid."""
    box = Box((0.0, 0.0), (1.0, 1.0))
    sides = dict.fromkeys(box.boundary_names, NormalFlux(0.0))
    held = {"x_min": Dirichlet(310.0), "x_max": Dirichlet(310.0)}
    problem = Problem(Thermostat(1.0), box, sides | held, 320.0, (0.0, 1.0))
    ends = [
        solve(discretize(problem, where), steps=10).final
        for where in (rectangle_mesh(4, 4), CartesianGrid((4, 4)))
    ]
    for end in ends:
        assert float(end.max()) < 320.0
        np.testing.assert_allclose(end, 310.0, atol=0.1)
