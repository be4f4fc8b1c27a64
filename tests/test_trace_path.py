"""Arc length on a problem with a closed path, and solids that bend and snap."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from froude.physics import (
    AbstractBalanceLaw,
    Box,
    Component,
    Dirichlet,
    NeoHookean,
    NormalFlux,
    PlaneStrain,
    Problem,
    Region,
    StVenantKirchhoff,
    Traction,
)
from froude.solvers import (
    FiniteElement,
    ReducedIntegration,
    Status,
    rectangle_mesh,
    solve,
    solve_steady,
    trace_path,
)


class Ignition(AbstractBalanceLaw):
    """u'' + s λ exp(u) = 0 with the load factor λ as time (Frank-Kamenetskii)."""

    speed: jax.Array

    @property
    def components(self):
        return (Component("temperature", "K", "temperature"),)

    def storage(self, t, x, u):
        return jnp.zeros_like(u)

    def flux(self, t, x, u, grad_u):
        return -grad_u

    def source(self, t, x, u, grad_u):
        return self.speed * t * jnp.exp(u)


def strip(speed=1.0):
    mesh = rectangle_mesh(12, 1, element="Q2")
    walls = {name: Dirichlet(0.0) for name in ("x_min", "x_max")}
    walls |= {name: NormalFlux(0.0) for name in ("y_min", "y_max")}
    box = Box((0.0, 0.0), (1.0, 1.0))
    law = Ignition(jnp.asarray(speed))
    return FiniteElement(Problem(law, box, walls, 0.0), mesh)


@eqx.filter_jit
def path(speed=1.0, **settings):
    given = {"steps": 20, "arc_length": 0.25} | settings
    return trace_path(strip(speed), **given)


def test_a_path_goes_through_its_limit_point_on_the_closed_curve():
    """u(1/2) = 2 ln cosh α where λ = 8 α²/cosh² α, up to 3.5138 and down again."""
    solution = path()
    assert solution.ok
    factors = np.asarray(solution.times)
    middle = int(np.argmin(np.abs(strip().mesh.points[:, 0] - 0.5)))
    hottest = np.asarray(solution.states)[:, 0, middle]
    alpha = np.arccosh(np.exp(hottest / 2))
    wanted = 8 * alpha**2 / np.cosh(alpha) ** 2
    assert np.all(np.diff(hottest) > 0)
    assert np.max(np.abs(factors - wanted)) < 1e-4
    top = int(np.argmax(factors))
    assert 0 < top < 19 and factors[-1] < 0.7 * factors[top]
    assert 3.48 < factors[top] < 3.5139
    moved = np.diff(solution.states[:, 0], axis=0)
    nodes = solution.states.shape[-1]
    assert np.allclose(np.sum(moved**2, axis=1) / nodes, 0.25**2, rtol=1e-9)


@pytest.mark.slow
def test_derivatives_of_a_path_are_those_at_fixed_arc_length():
    """The states do not depend on s and the factors are as 1/s, limit or not."""
    factors = lambda speed: path(speed, tolerance=1e-13).times
    states = lambda speed: path(speed, tolerance=1e-13).states[-1, 0]
    values, forward = jax.jvp(factors, (2.0,), (1.0,))
    assert np.allclose(forward, -values / 2.0, rtol=1e-9, atol=1e-12)
    assert np.allclose(jax.grad(lambda s: factors(s)[-1])(2.0), forward[-1], rtol=1e-9)
    _, still = jax.jvp(states, (2.0,), (1.0,))
    assert np.max(np.abs(still)) < 1e-9


def test_a_batch_of_paths_has_a_status_for_each():
    """One that runs into no further point stays where it was and leaves the other."""
    run = lambda length: trace_path(strip(), steps=3, arc_length=length, max_steps=6)
    batch = eqx.filter_jit(eqx.filter_vmap(run))(jnp.array([0.25, 4e4]))
    assert batch.status[0] == Status.OK
    assert batch.status[1] in (Status.NOT_CONVERGED, Status.NON_FINITE)
    assert np.allclose(batch.times[0], path(steps=3, max_steps=6).times, rtol=1e-10)
    assert np.all(np.isfinite(batch.states)) and np.all(batch.times[1] == 0)


def test_paths_without_length_are_refused():
    with pytest.raises(ValueError, match="arc_length = 0.0 must be positive"):
        trace_path(strip(), steps=3, arc_length=0.0)
    with pytest.raises(ValueError, match="steps = 0 must be at least 1"):
        trace_path(strip(), steps=0, arc_length=0.1)
    with pytest.raises(TypeError, match="Problem; put the problem on a grid"):
        trace_path(strip().problem, steps=3, arc_length=0.1)


def cantilever(force):
    """A bar of slenderness 100 with E I = 1 N m, clamped at its left end."""
    mesh = rectangle_mesh(8, 1, (0.0, -0.5), (100.0, 0.5), element="S2")
    load = eqx.Partial(lambda f, t, x: t * jnp.stack([0.0 * f, f]), force)
    conditions = {name: NormalFlux(0.0) for name in mesh.boundary_names}
    conditions |= {"x_min": Dirichlet(0.0), "x_max": Traction(load)}
    law = PlaneStrain(StVenantKirchhoff(12.0, 0.0))
    domain = Region(2, mesh.boundary_names)
    problem = Problem(law, domain, conditions, interval=(0.0, 1.0))
    return FiniteElement(problem, mesh, formulation=ReducedIntegration())


@pytest.mark.slow
def test_a_bar_bends_as_the_elastica_in_few_steps_of_its_load():
    """K. Mattiasson (1981), IJNME 17, 145, table I, for P L²/EI = 2, 4, … 10.

    A line search that asks every step to reduce the residual fails at the first.
    """
    scheme = cantilever(jnp.asarray(10 / 100.0**2))
    solution = solve(scheme, steps=5, saves=5)
    assert solution.ok
    points = np.asarray(scheme.mesh.points)
    tip = int(np.argmin(np.abs(points - [100.0, 0.0]).sum(axis=1)))
    moved = np.asarray(solution.states)[:, :, tip] / 100.0
    assert np.allclose(moved[1], (-0.16064, 0.49346), rtol=5e-3)
    assert np.allclose(moved[5], (-0.55500, 0.81061), rtol=5e-3)


@pytest.mark.slow
def test_newton_without_an_answer_tells_its_last_residual():
    """A sheet pulled a thousand times beyond its modulus, in one step of three."""
    mesh = rectangle_mesh(2, 2)
    conditions = {name: NormalFlux(0.0) for name in mesh.boundary_names}
    pressed = Traction((-1e3, 3e2))
    conditions |= {"x_min": Dirichlet(0.0), "x_max": pressed}
    domain = Region(2, mesh.boundary_names)
    law = PlaneStrain(NeoHookean(1.0, 0.3))
    scheme = FiniteElement(Problem(law, domain, conditions), mesh)
    solution = solve_steady(scheme, max_steps=3)
    assert solution.status == Status.NOT_CONVERGED
    assert 1e-10 < solution.statistics.residual_norm < np.inf
    assert np.all(np.isfinite(solution.final))
