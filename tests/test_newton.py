"""Steady states: Newton's method, its status codes, its derivative, its cost."""

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
    NormalFlux,
    Polynomial,
    Problem,
    Radiation,
    Robin,
)
from froude.solvers import (
    DirectSolver,
    FiniteElement,
    Status,
    batch_value_and_gradient,
    budget,
    gradient_check,
    rectangle_mesh,
    solve_steady,
)
from froude.solvers.sparse import FactorCache

LINE = Box((0.0,), (1.0,))


def slab(conductivity, nodes=41, slope=0.01, dtype=jnp.float64):
    """Heated slab with k(T), held at 300 K on the left, radiating on the right."""
    law = HeatConduction(
        conductivity=Polynomial(jnp.stack([conductivity, slope]), 300.0),
        heat_source=1e3,
    )
    ends = {
        "x_min": Dirichlet(300.0),
        "x_max": (Robin(5.0, 290.0), Radiation(0.9, 300.0)),
    }
    problem = Problem(law, Box((0.0,), (1.0,)), ends, 300.0)
    return LineElements(problem, jnp.linspace(0.0, 1.0, nodes, dtype=dtype))


def last_temperature(conductivity):
    return solve_steady(slab(conductivity)).final[0, -1]


def test_kirchhoff_transform_gives_the_nodal_values_of_nonlinear_conduction():
    # With k = a + b (T - 300) and T given at both ends, ∫k dT is a parabola in x.
    law = HeatConduction(conductivity=Polynomial([1.0, 0.01], 300.0), heat_source=800.0)
    ends = {"x_min": Dirichlet(300.0), "x_max": Dirichlet(400.0)}
    problem = Problem(law, Box((0.0,), (1.0,)), ends, 300.0)
    scheme = LineElements(problem, jnp.linspace(0.0, 1.0, 33))
    solution = solve_steady(scheme)
    x = scheme.points
    potential = 150.0 * x + 400.0 * x * (1 - x)
    exact = 300.0 + 100.0 * (jnp.sqrt(1 + 0.02 * potential) - 1)
    assert solution.status == Status.OK
    assert jnp.max(jnp.abs(solution.final[0] - exact)) < 1e-9


def test_steady_books_close_to_the_newton_tolerance():
    solution = solve_steady(slab(jnp.array(1.0)))
    assert jnp.abs(budget(solution).relative).max() < 1e-12


def test_derivatives_of_a_steady_state_agree_in_both_modes_and_second_order():
    check = gradient_check(last_temperature, jnp.array(1.0))
    assert check.best < 1e-6 and check.dot_product < 1e-12
    slope = jax.grad(last_temperature)
    second = jax.grad(slope)(1.0)
    difference = (slope(1 + 1e-5) - slope(1 - 1e-5)) / 2e-5
    assert abs(second / difference - 1) < 1e-6


def test_a_failed_member_leaves_the_others_right_and_has_its_own_status():
    conductivity = jnp.linspace(1.0, 2.0, 32).at[5].set(jnp.nan).at[9].set(-50.0)
    run = eqx.filter_jit(eqx.filter_vmap(lambda k: solve_steady(slab(k))))
    batch = run(conductivity)
    expected = np.zeros(32, np.int8)
    expected[5], expected[9] = Status.NON_FINITE, Status.INFEASIBLE
    np.testing.assert_array_equal(batch.status, expected)
    for k in (0, 6, 31):
        alone = solve_steady(slab(conductivity[k]))
        np.testing.assert_allclose(batch.states[k], alone.states, rtol=1e-12)


def test_gradients_of_a_batch_are_zero_for_failed_members_and_right_for_others():
    def evaluate(design):
        solution = solve_steady(slab(design["k"]))
        return solution.final[0, -1], solution.status

    designs = {"k": jnp.array([1.0, jnp.nan, 2.0])}
    result = batch_value_and_gradient(evaluate, designs, {"k": jnp.array(1.5)})
    assert result.gradient["k"][1] == 0.0 and jnp.isnan(result.values[1])
    for k in (0, 2):
        alone = jax.grad(last_temperature)(designs["k"][k])
        assert abs(result.gradient["k"][k] / alone - 1) < 1e-12


def test_a_sweep_over_parameters_compiles_once():
    traces = []

    class Conductivity(eqx.Module):
        value: jax.Array

        def __call__(self, temperature):
            traces.append(None)
            return self.value + 0.01 * (temperature - 300.0)

    def run(k):
        law = HeatConduction(conductivity=Conductivity(k), heat_source=1e3)
        ends = {"x_min": Dirichlet(300.0), "x_max": Robin(5.0, 290.0)}
        problem = Problem(law, Box((0.0,), (1.0,)), ends, 300.0)
        return solve_steady(LineElements(problem, jnp.linspace(0.0, 1.0, 9))).final

    run(jnp.array(1.0))
    count = len(traces)
    for k in (1.5, 2.0, 2.5):
        run(jnp.array(k))
    assert len(traces) == count > 0


def test_value_and_gradient_of_a_linear_problem_factorise_once():
    cache = FactorCache()

    def hottest(conductivity):
        law = HeatConduction(conductivity=conductivity, heat_source=1e3)
        ends = {"x_min": Dirichlet(300.0), "x_max": Robin(5.0, 290.0)}
        scheme = LineElements(
            Problem(law, Box((0.0,), (1.0,)), ends), jnp.linspace(0.0, 1.0, 101)
        )
        return solve_steady(scheme, linear_solver=DirectSolver(cache)).final[0, -1]

    jax.value_and_grad(hottest)(1.3)
    assert cache.factorizations == 1


@pytest.mark.parametrize("nodes", [41, 401])
def test_single_precision_solves_by_default(nodes):
    with jax.enable_x64(False):
        k = jnp.array(1.0, jnp.float32)
        single = solve_steady(slab(k, nodes, dtype=jnp.float32))
        assert single.final.dtype == jnp.float32 and single.status == Status.OK
        found = np.asarray(single.final)
    double = np.asarray(solve_steady(slab(jnp.array(1.0), nodes)).final)
    assert np.abs(found - double).max() < 1e-3 * (double.max() - double.min())


def test_round_off_above_the_tolerance_is_reported_as_precision():
    assert solve_steady(slab(jnp.array(1.0)), tolerance=1e-20).status == (
        Status.PRECISION
    )
    assert solve_steady(slab(jnp.array(1.0)), max_steps=1).status == (
        Status.NOT_CONVERGED
    )


def free_convection(u):
    return 2.0 * jnp.abs(u - 300.0) ** 0.25


@pytest.mark.parametrize(
    "surroundings",
    [Radiation(0.8, lambda t, x: 290.0 + 10.0 * x[0]), Robin(free_convection, 300.0)],
    ids=["radiation", "free convection"],
)
def test_surroundings_that_do_not_act_at_zero_need_no_guess(surroundings):
    def heated(heat_source):
        ends = {"x_min": NormalFlux(0.0), "x_max": surroundings}
        problem = Problem(HeatConduction(2.0, heat_source=heat_source), LINE, ends)
        return solve_steady(LineElements(problem, jnp.linspace(0.0, 1.0, 9)))

    hot = eqx.filter_vmap(heated)(jnp.array([0.0, 1e2, 1e6]))
    assert hot.ok.all() and hot.statistics.newton_steps.max() < 25
    lost = hot.ledger.outflow["x_max"][:, 0, 0]
    np.testing.assert_allclose(lost, [0.0, 1e2, 1e6], rtol=1e-9, atol=1e-6)


def test_a_level_that_nothing_fixes_is_singular_in_its_member_only():
    def heated(film, flux):
        ends = {"x_min": Robin(film, 300.0), "x_max": NormalFlux(flux)}
        problem = Problem(HeatConduction(2.0, heat_source=1.0), LINE, ends, 300.0)
        return solve_steady(LineElements(problem, jnp.linspace(0.0, 1.0, 9)))

    film, flux = jnp.array([0.0, 0.0, 1e-6]), jnp.array([1.0, 0.5, 0.5])
    batch = eqx.filter_vmap(heated)(film, flux)
    assert batch.status.tolist() == [Status.SINGULAR, Status.SINGULAR, Status.OK]
    assert "Dirichlet" in Status(int(batch.status[0])).message


def test_no_dense_matrix_is_formed():
    mesh = rectangle_mesh(48, 48, element="P1")
    ends = {name: Dirichlet(0.0) for name in ("x_min", "x_max", "y_min", "y_max")}
    law = HeatConduction(conductivity=1.0, heat_source=1.0)
    scheme = FiniteElement(Problem(law, Box((0.0, 0.0), (1.0, 1.0)), ends), mesh)
    count = mesh.points.shape[0]
    assert count > 2000
    arrays, static = eqx.partition(scheme, eqx.is_array)

    def mean(arrays):
        return jnp.mean(solve_steady(eqx.combine(arrays, static)).final)

    moving, fixed = eqx.partition(arrays, eqx.is_inexact_array)
    program = jax.make_jaxpr(jax.grad(lambda m: mean(eqx.combine(m, fixed))))(moving)
    assert max(_sizes(program.jaxpr)) < count**2 / 4


def _sizes(jaxpr):
    for equation in jaxpr.eqns:
        for variable in equation.outvars:
            yield int(np.prod(getattr(variable.aval, "shape", ()), dtype=np.int64))
        for value in equation.params.values():
            for item in value if isinstance(value, tuple | list) else (value,):
                inner = getattr(item, "jaxpr", item)
                if hasattr(inner, "eqns"):
                    yield from _sizes(inner)
