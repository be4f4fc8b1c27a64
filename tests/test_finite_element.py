"""Finite elements: orders, patch tests, budgets, derivatives, NAFEMS T4."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from distorted_mesh import distorted

from froude.physics import (
    AbstractBalanceLaw,
    AdvectionDiffusion,
    Box,
    Component,
    Dirichlet,
    HeatConduction,
    NormalFlux,
    Outflow,
    Polynomial,
    Problem,
    Radiation,
    Region,
    Robin,
    manufactured,
)
from froude.solvers import (
    FiniteElement,
    Mesh,
    box_mesh,
    morph,
    rectangle_mesh,
    solve_steady,
)

ELEMENTS = [(e, d) for d in (2, 3) for e in ("P1", "P2", "Q1", "Q2", "S2")]


def unit_mesh(element, dimension, n):
    if dimension == 2:
        return rectangle_mesh(n, n, element=element)
    return box_mesh(n, n, n, element=element)


def on_unit_box(law, mesh, *, initial=None, **conditions):
    """Insulated except for the named parts."""
    held = {name: NormalFlux(0.0) for name in mesh.boundary_names} | conditions
    region = Region(mesh.dimension, mesh.boundary_names)
    return Problem(law, region, held, initial=initial)


@pytest.mark.parametrize("element,dimension", ELEMENTS)
def test_linear_field_is_exact_on_a_distorted_mesh(element, dimension):
    mesh = distorted(unit_mesh(element, dimension, 3), 0.08)
    slope = jnp.arange(1.0, dimension + 1)
    linear = lambda t, x: (2.0 + slope @ x)[None]
    problem = on_unit_box(
        HeatConduction(3.0),
        mesh,
        x_min=Dirichlet(0.0),
        y_max=Dirichlet(0.0),
        x_max=Robin(2.0, 1.0),
    )
    scheme = FiniteElement(manufactured(problem, linear), mesh)
    solution = solve_steady(scheme, tolerance=1e-13)
    exact = scheme.project(lambda x: linear(0.0, x))
    assert jnp.abs(solution.final - exact).max() < 2e-13 * jnp.abs(exact).max()


@pytest.mark.slow
@pytest.mark.parametrize(
    "element,dimension,counts,expected",
    [
        # All elements, on curved meshes, stand in `make verify`.
        ("Q1", 2, (8, 16), 2),
        ("P2", 2, (6, 12), 3),
    ],
)
def test_nonlinear_conduction_converges_at_optimal_order(
    element, dimension, counts, expected
):
    exact = lambda t, x: (1.0 + 0.5 * jnp.prod(jnp.sin(1.5 * x + 0.3)))[None]
    errors = []
    for n in counts:
        mesh = unit_mesh(element, dimension, n)
        problem = on_unit_box(
            HeatConduction(Polynomial((1.0, 0.5, 0.25))),
            mesh,
            x_min=Dirichlet(0.0),
            x_max=Robin(Polynomial((1.0, 0.3)), 0.2),
        )
        scheme = FiniteElement(manufactured(problem, exact), mesh)
        solution = solve_steady(scheme)
        assert solution.ok
        errors.append(float(scheme.error(solution.final, lambda x: exact(0.0, x))[0]))
    observed = np.log(errors[0] / errors[1]) / np.log(counts[1] / counts[0])
    assert abs(observed - expected) < 0.15


class Exchange(AbstractBalanceLaw):
    """Two temperatures that exchange heat and conduct through each other."""

    rate: jax.Array

    @property
    def components(self):
        return (Component("hot", "K", "hot"), Component("cold", "K", "cold"))

    def storage(self, t, x, u):
        return jnp.array([1.0, 2.0]) * u + 0.1 * u[::-1] ** 2

    def flux(self, t, x, u, grad_u):
        return -(1.0 + u[0] ** 2) * grad_u - 0.3 * grad_u[::-1] + u[:, None] * 0.1

    def source(self, t, x, u, grad_u):
        gap = self.rate * (u[1] - u[0]) + jnp.sum(grad_u**2)
        return jnp.stack([gap, -gap + jnp.sin(x[0])])


def exchange_scheme(element="P1"):
    mesh = distorted(rectangle_mesh(3, 3, element=element), 0.05)
    problem = Problem(
        Exchange(jnp.array(2.0)),
        Box((0.0, 0.0), (1.0, 1.0)),
        {
            "x_min": (
                Dirichlet(1.0, component_names=("hot",)),
                Robin(2.0, 0.5, component_names=("cold",)),
            ),
            "x_max": Dirichlet(lambda t, x: jnp.stack([x[1] + t, x[1] ** 2])),
            "y_min": Outflow(),
            "y_max": (Radiation(0.5, 300.0), NormalFlux(0.4)),
        },
    )
    return FiniteElement(problem, mesh)


@pytest.mark.parametrize("element", ["P1", "Q2"])
def test_jacobian_is_the_derivative_of_the_residual(element):
    scheme = exchange_scheme(element)
    a, b = 0.7, 0.3
    shape = (2, len(scheme.mesh.points))
    state = scheme.constrain(0.2, jax.random.normal(jax.random.key(0), shape))
    direction = jax.random.normal(jax.random.key(1), shape)

    def balance(state):
        held = scheme.constrain(0.2, state)
        rows = a * scheme.storage(0.2, held) - b * scheme.inflow(0.2, held)
        return scheme.close(state - held, rows)

    _, expected = jax.jvp(balance, (state,), (direction,))
    product = scheme.jacobian(0.2, state, a, b) @ direction.ravel()
    scale = jnp.abs(expected).max()
    assert jnp.abs(product.reshape(shape) - expected).max() < 1e-12 * scale


def test_budget_of_a_transient_closes_with_every_condition():
    scheme = exchange_scheme()
    t = 0.2
    shape = (2, len(scheme.mesh.points))
    state = scheme.constrain(t, jax.random.normal(jax.random.key(2), shape))
    rate = scheme.rhs(t, state)
    _, storage_rate = jax.jvp(scheme.storage, (t, state), (1.0, rate))
    flux = scheme.boundary_flux(t, state, storage_rate=storage_rate)
    source = scheme.source_integral(t, state)
    gap = storage_rate.sum(axis=1) + sum(flux.values()) - source
    size = sum(jnp.abs(f) for f in flux.values()) + jnp.abs(source)
    assert jnp.all(jnp.abs(gap) < 1e-12 * size)
    assert jnp.allclose(rate[1, scheme.mesh.topology.boundary("x_max").unique_nodes], 0)
    assert jnp.allclose(rate[0, scheme.mesh.topology.boundary("x_max").unique_nodes], 1)


@pytest.mark.parametrize(
    "condition",
    [
        Dirichlet(lambda t, x: 300.0 + x[0]),
        NormalFlux(25.0),
        Robin(Polynomial((5.0, 0.1), origin=300.0), 290.0),
        Radiation(0.8, 280.0),
        Outflow(),
    ],
    ids=lambda c: type(c).__name__,
)
def test_budget_of_a_steady_state_closes(condition):
    mesh = distorted(rectangle_mesh(4, 4, element="P2"), 0.04)
    law = HeatConduction(Polynomial((2.0, 0.01)), heat_source=lambda t, x: 50 * x[0])
    if isinstance(condition, Outflow):
        law = AdvectionDiffusion((1.0, 0.5), 0.3, 2.0)
    problem = on_unit_box(law, mesh, x_min=Dirichlet(310.0), y_max=condition)
    solution = solve_steady(FiniteElement(problem, mesh), tolerance=1e-12)
    ledger = solution.ledger
    outflow = sum(f[0, 0] for f in ledger.outflow.values())
    size = sum(jnp.abs(f[0, 0]) for f in ledger.outflow.values())
    assert solution.ok
    assert jnp.abs(outflow - ledger.source[0, 0]) < 1e-12 * size


def bent_problem(bend, conductivity):
    mesh = morph(
        rectangle_mesh(5, 5, element="Q1"),
        lambda x: x + bend * jnp.stack([x[0] * x[1], jnp.sin(x[0])]),
    )
    law = HeatConduction(Polynomial((conductivity, 0.2)), heat_source=3.0)
    problem = on_unit_box(law, mesh, x_min=Dirichlet(1.0), x_max=Robin(2.0, 0.5))
    return FiniteElement(problem, mesh)


def mean_temperature(bend, conductivity):
    scheme = bent_problem(bend, conductivity)
    final = solve_steady(scheme, tolerance=1e-13).final
    return (scheme.integrate(final) / scheme.integrate(jnp.ones_like(final)))[0]


def test_shape_derivative_agrees_with_finite_differences():
    at = (jnp.array(0.2), jnp.array(1.5))
    gradient = jax.grad(mean_temperature, argnums=(0, 1))(*at)
    for slot in (0, 1):
        best = np.inf
        for step in 10.0 ** np.arange(-6.0, -2.0):
            low, high = ([*at], [*at])
            low[slot], high[slot] = low[slot] - step, high[slot] + step
            slope = (mean_temperature(*high) - mean_temperature(*low)) / (2 * step)
            best = min(best, abs(slope / gradient[slot] - 1))
        assert best < 1e-6


def test_batch_of_shapes_and_conductivities_equals_single_solves():
    bends, conductivities = jnp.linspace(0.0, 0.3, 4), jnp.linspace(1.0, 2.0, 4)
    batch = jax.vmap(mean_temperature)(bends, conductivities)
    single = [
        mean_temperature(*design) for design in zip(bends, conductivities, strict=True)
    ]
    assert jnp.abs(batch - jnp.stack(single)).max() < 1e-12


def test_nested_batch_and_its_derivatives_equal_single_ones():
    def heat_loss(bend, conductivity):
        scheme = bent_problem(bend, conductivity)
        state = scheme.project(lambda x: 1.0 + x[0] * x[1])
        values = scheme.jacobian(0.0, state, 0.0, 1.0).values
        return jnp.sum(scheme.inflow(0.0, state) ** 2) + jnp.sum(values**2)

    bends, conductivities = jnp.linspace(0.0, 0.3, 3), jnp.linspace(1.0, 2.0, 2)
    pairs = [(b, c) for b in bends for c in conductivities]

    def table(function):
        return jax.vmap(jax.vmap(function, (None, 0)), (0, None))

    def derivatives(bend, conductivity):
        at, along = (bend, conductivity), (1.0, 0.5)
        value, forward = jax.jvp(heat_loss, at, along)
        return jnp.stack([value, forward, *jax.grad(heat_loss, argnums=(0, 1))(*at)])

    single = jnp.stack([jax.jit(derivatives)(*pair) for pair in pairs])
    batch = jax.jit(table(derivatives))(bends, conductivities).reshape(6, 4)
    assert jnp.all(jnp.abs(batch - single) < 1e-12 * jnp.abs(single).max(axis=0))
    total = jax.jit(jax.grad(lambda b: jnp.sum(table(heat_loss)(b, conductivities))))
    by_member = single[:, 2].reshape(3, 2).sum(axis=1)
    assert jnp.allclose(total(bends), by_member, rtol=1e-12)


def test_state_is_evaluated_between_nodes_and_points_outside_are_refused():
    scheme = bent_problem(0.2, 1.0)
    mesh = distorted(box_mesh(2, 2, 2, element="P2"), 0.1)
    quadratic = FiniteElement(on_unit_box(HeatConduction(1.0), mesh), mesh)
    field = lambda x: (x[0] * x[1] - x[2] ** 2)[None]
    state = quadratic.project(field)
    points = np.random.default_rng(0).uniform(size=(40, 3))
    values = quadratic.evaluate(state, points)
    assert jnp.abs(values - jax.vmap(field)(points).T).max() < 1e-12
    assert quadratic.error(state, field)[0] < 1e-14
    assert jnp.allclose(quadratic.integrate(state), 0.25 - 1 / 3)
    with pytest.raises(ValueError, match="1 of 2 lie outside the mesh"):
        scheme.evaluate(jnp.ones((1, 36)), np.array([[0.5, 0.5], [3.0, 0.0]]))
    with pytest.raises(ValueError, match="traced"):
        eqx.filter_jit(lambda s: s.evaluate(jnp.ones((1, 36)), points[:, :2]))(scheme)


def test_problem_that_does_not_fit_the_mesh_is_refused():
    mesh = rectangle_mesh(2, 2)
    law, wall = HeatConduction(1.0), NormalFlux(0.0)
    names = ("x_min", "x_max", "y_min", "roof")
    with pytest.raises(ValueError, match=r"no boundary \['roof'\].*\['y_max'\] has no"):
        FiniteElement(Problem(law, Region(2, names), dict.fromkeys(names, wall)), mesh)
    cube = Box((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    problem = Problem(law, cube, dict.fromkeys(cube.boundary_names, wall))
    with pytest.raises(ValueError, match="3 dimensions and the mesh 2"):
        FiniteElement(problem, mesh)


def test_mesh_fills_the_box_of_its_problem_unless_it_is_traced():
    box = Box((0.0, 0.1), (1.0, 0.4))
    insulated = dict.fromkeys(box.boundary_names, NormalFlux(0.0))
    problem = Problem(HeatConduction(1.0), box, insulated)
    mesh = rectangle_mesh(3, 2, (0.0, 0.1), (1.0, 0.4))
    for dtype in (jnp.float32, jnp.float64):
        FiniteElement(problem, Mesh(mesh.points.astype(dtype), mesh.topology))
    wide = morph(mesh, lambda x: x * jnp.array([2.0, 1.0]))
    with pytest.raises(ValueError, match=r"to \[2\. +0\.4\] m.* Box .*Region\(mesh"):
        FiniteElement(problem, wide)
    region = Region(2, box.boundary_names)
    FiniteElement(Problem(HeatConduction(1.0), region, insulated), wide)

    def area(length):
        scheme = FiniteElement(problem, morph(mesh, lambda x: length * x))
        return scheme.integrate(jnp.ones((1, 12)))[0]

    assert jax.grad(area)(1.0) == pytest.approx(0.6)


def test_export_names_units_nodes_and_cells():
    scheme = exchange_scheme()
    states = jnp.zeros((3, 2, len(scheme.mesh.points)))
    data = scheme.export(jnp.arange(3.0), states)
    assert data["hot"].dims == ("time", "node") and data["cold"].units == "K"
    assert data["cell_nodes"].shape == scheme.mesh.topology.cells.shape
    assert data["mesh"].cf_role == "mesh_topology"
