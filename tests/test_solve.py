"""Marching: orders in time, saved times, frozen members, refused input."""

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from line_elements import LineElements

from froude.physics import (
    Box,
    Dirichlet,
    HeatConduction,
    Polynomial,
    Problem,
    Robin,
    manufactured,
)
from froude.solvers import (
    BDF2,
    SDIRK2,
    SDIRK3,
    CartesianGrid,
    Checkpointed,
    Explicit,
    Status,
    StoreAll,
    ThetaMethod,
    budget,
    discretize,
    gradient_check,
    observed_order,
    solve,
    solve_steady,
)


def exact(t, x):
    return jnp.array([2 + jnp.sin(2 * t + x[0]) + x[0] * jnp.cos(3 * t)])


def bar(conductivity=0.05, nodes=5, end=1.0):
    """k(T) and c, moving Dirichlet data left, moving exchange right."""
    law = HeatConduction(Polynomial(jnp.stack([conductivity, 0.02])), 1.5)
    ends = {"x_min": Dirichlet(0.0), "x_max": Robin(1.0, 0.0)}
    problem = Problem(law, Box((0.0,), (1.0,)), ends, 0.0, (0.0, end))
    return LineElements(manufactured(problem, exact), jnp.linspace(0.0, 1.0, nodes))


METHODS = {
    "backward Euler": (ThetaMethod(1.0), 1),
    "trapezoidal": (ThetaMethod(0.5), 2),
    "SDIRK2": (SDIRK2(), 2),
    "SDIRK3": (SDIRK3(), 3),
    "BDF2": (BDF2(), 2),
    "Heun": (Explicit(), 2),
    "Bosh3": (Explicit(diffrax.Bosh3()), 3),
}


@pytest.fixture(scope="module")
def converged():
    """State at the end, by eighth-order steps far below every error measured here."""
    return solve(bar(), steps=400, method=Explicit(diffrax.Dopri8())).final


@pytest.mark.parametrize("name", METHODS)
def test_methods_have_their_order_and_close_the_books(name, converged):
    method, order = METHODS[name]
    errors = []
    steps_tried = (40, 80) if order < 3 else (160, 320)
    for steps in steps_tried:
        solution = solve(bar(), steps=steps, method=method, tolerance=1e-13)
        errors.append(float(jnp.abs(solution.final - converged).max()))
        assert jnp.abs(budget(solution).relative).max() < 1e-12
    assert abs(observed_order([2.0, 1.0], errors)[-1] - order) < 0.15


def test_saved_states_are_equally_spaced_and_do_not_change_the_march():
    many = solve(bar(), steps=12, saves=4)
    np.testing.assert_allclose(many.times, [0.0, 0.25, 0.5, 0.75, 1.0])
    assert many.states.shape == (5, 1, 5)
    np.testing.assert_allclose(many.final, solve(bar(), steps=12).final, rtol=1e-13)


def test_a_step_above_the_stability_limit_is_a_status():
    run = eqx.filter_vmap(
        lambda k: solve(bar(k, 9, 10.0), steps=400, method=Explicit())
    )
    batch = run(jnp.array([0.02, 50.0, 0.01]))
    assert batch.status.tolist() == [Status.OK, Status.NON_FINITE, Status.OK]
    alone = solve(bar(jnp.array(0.01), 9, 10.0), steps=400, method=Explicit())
    np.testing.assert_allclose(batch.final[2], alone.final, rtol=1e-12)
    assert jnp.isfinite(batch.states).all()


@pytest.mark.slow
@pytest.mark.parametrize("method", [SDIRK2(), BDF2(), Explicit()])
def test_checkpointed_gradients_equal_stored_ones_and_pass_the_gate(method):
    def energy(conductivity, adjoint):
        scheme = bar(conductivity)
        final = solve(scheme, steps=34, method=method, adjoint=adjoint).final
        return scheme.integrate(final**2)[0]

    at = jnp.array(0.05)
    stored = jax.grad(energy)(at, StoreAll())
    again = jax.grad(energy)(at, Checkpointed())
    assert abs(again / stored - 1) < 1e-13
    check = gradient_check(lambda k: energy(k, StoreAll()), at)
    assert check.best < 1e-6 and check.dot_product < 1e-12


@pytest.mark.parametrize("run", [solve_steady, lambda p: solve(p, steps=2)])
def test_a_problem_on_no_grid_is_refused(run):
    with pytest.raises(TypeError, match=r"discretization is a Problem; .*discretize\("):
        run(bar().problem)


def test_a_batch_is_labelled_one_member_at_a_time():
    scheme = discretize(
        Problem(
            HeatConduction(1.0),
            Box((0.0,), (1.0,)),
            {"x_min": Dirichlet(lambda t, x: 0.0 * t), "x_max": Dirichlet(1.0)},
        ),
        CartesianGrid((4,)),
    )
    scaled = lambda k: eqx.tree_at(
        lambda s: s.problem.law.conductivity.value, scheme, k
    )
    batch = eqx.filter_vmap(lambda k: solve_steady(scaled(k)))(jnp.array([1.0, 2.0]))
    with pytest.raises(ValueError, match=r"batch of the shape \(2,\).*leaf\[0\]"):
        batch.to_xarray()
    first = jax.tree.map(lambda leaf: leaf[0] if eqx.is_array(leaf) else leaf, batch)
    assert first.to_xarray().attrs["status"] == "ok"


def test_input_that_cannot_march_is_refused():
    with pytest.raises(ValueError, match="saves = 3 must divide steps = 10"):
        solve(bar(), steps=10, saves=3)
    steady = bar().problem
    steady = Problem(steady.law, steady.domain, steady.conditions)
    with pytest.raises(ValueError, match="problem.initial is None"):
        solve(LineElements(steady, jnp.linspace(0.0, 1.0, 5)), steps=2)
    with pytest.raises(ValueError, match="theta"):
        ThetaMethod(0.2)
    with pytest.raises(TypeError, match="Kvaerno3"):
        solve(bar(), steps=2, method=Explicit(diffrax.Kvaerno3()))
