"""Topology optimisation under limits: stress, temperature, own weight, asymptotes."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from froude.design import (
    DensityFilter,
    Layout,
    MovingAsymptotes,
    OptimalityCriteria,
    StressLimit,
    TemperatureLimit,
    compliance,
    measure_part,
    minimize_compliance,
    minimize_volume,
    simp,
    threshold,
)
from froude.physics import (
    Dirichlet,
    HeatConduction,
    IsotropicElastic,
    NormalFlux,
    PlaneStress,
    Problem,
    Region,
    Traction,
)
from froude.solvers import gradient_check, rectangle_mesh

FREE = Traction((0.0, 0.0))


def strip(pull=0.0, weight=0.0, poisson=0.0):
    """A strip of 4 m by 1 m, held at x_min, pulled at x_max or by a force along x."""
    mesh = rectangle_mesh(8, 2, (0.0, 0.0), (4.0, 1.0))
    conditions = {name: FREE for name in mesh.boundary_names}
    conditions |= {"x_min": Dirichlet(0.0), "x_max": Traction((pull, 0.0))}
    law = PlaneStress(IsotropicElastic(5.0, poisson), body_force=(weight, 0.0))
    return Problem(law, Region(2, mesh.boundary_names), conditions), mesh


def wall(flux=2.0):
    """The same strip conducting: a flux in at x_max, 300 K at x_min."""
    mesh = rectangle_mesh(8, 2, (0.0, 0.0), (4.0, 1.0))
    conditions = {name: NormalFlux(0.0) for name in mesh.boundary_names}
    conditions |= {"x_min": Dirichlet(300.0), "x_max": NormalFlux(-flux)}
    return Problem(HeatConduction(7.0), Region(2, mesh.boundary_names), conditions)


def noise(count, seed=0):
    return jnp.asarray(np.random.default_rng(seed).uniform(0.3, 0.9, count))


def smooth_use(limit, problem, mesh, density):
    stiffness = simp(density, 3.0, 1e-3)
    return limit.use((problem,), mesh, density, stiffness, None)[0]


@jax.jit
def uses_of_a_uniform_strip(density):
    problem, mesh = strip(pull=0.6)
    stiffness = simp(density, 3.0, 1e-3)
    return StressLimit(2.0).use((problem,), mesh, density, stiffness, None)


def test_the_relaxed_stress_of_a_uniform_strip_is_exact():
    """The strain is σ/(E s), so the stress in the material is ρ^q σ/s."""
    smooth, largest = uses_of_a_uniform_strip(jnp.full(16, 0.4))
    exact = 0.4**0.5 * 0.6 / simp(jnp.asarray(0.4), 3.0, 1e-3) / 2.0
    assert abs(smooth - exact) < 1e-9 * exact
    assert abs(largest - exact) < 1e-9 * exact
    # one cell without material bears nothing, and its neighbours more
    smooth, largest = uses_of_a_uniform_strip(jnp.full(16, 0.4).at[6].set(0.0))
    assert largest > 1.5 * exact and smooth < largest


@pytest.mark.slow
def test_the_norms_have_their_derivatives_in_both_modes():
    problem, mesh = strip(pull=0.6, weight=0.1, poisson=0.3)
    density = noise(16)
    hot = TemperatureLimit(wall(), 310.0, 300.0)
    for limit in (StressLimit(2.0, power=8.0), hot):
        use = jax.jit(lambda d, limit=limit: smooth_use(limit, problem, mesh, d))
        check = gradient_check(use, density)
        assert check.best < 1e-6 and check.dot_product < 1e-11
    slope = jax.grad(lambda d: smooth_use(StressLimit(2.0), problem, mesh, d))
    assert np.isfinite(slope(density.at[3].set(0.0))).all()


def test_the_temperature_of_a_uniform_wall_is_exact():
    _, mesh = strip()
    limit = TemperatureLimit(wall(), 304.0, 300.0, void=1e-3)
    density = jnp.full(16, 0.6)
    _, largest = limit.use((), mesh, density, density, None)
    exact = 2.0 * 4.0 / (7.0 * simp(jnp.asarray(0.6), 3.0, 1e-3)) / 4.0
    assert abs(largest - exact) < 1e-9 * exact


def test_a_batch_of_temperature_limits_halves_the_use():
    _, mesh = strip()
    ones = jnp.ones(16)

    def use(allowed):
        limit = TemperatureLimit(wall(), allowed, 300.0)
        return limit.use((), mesh, ones, ones, None)[1]

    below, above = jax.vmap(use)(jnp.array([304.0, 308.0]))
    assert abs(below - 2 * above) < 1e-12 * below


def test_a_temperature_that_nothing_holds_is_named():
    problem, mesh = strip(pull=0.6)
    free = dict.fromkeys(mesh.boundary_names, NormalFlux(-1.0))
    bare = TemperatureLimit(
        Problem(HeatConduction(7.0), wall().domain, free), 310.0, 300.0
    )
    layout = Layout(mesh, filter=DensityFilter(0.8))
    with pytest.raises(FloatingPointError, match="limits in step 1"):
        minimize_compliance(problem, layout, volume=0.5, limits=[bare], max_steps=2)


def test_a_strip_under_its_own_weight_has_the_exact_compliance():
    """c = γ²(L³/3 - h²L/12)/E of linear elements; half the material weighs half."""
    problem, mesh = strip(weight=0.3)
    density = jnp.full(16, 0.5)
    stiffness = simp(density, 3.0, 1e-3)
    value = compliance(problem, mesh, stiffness, density=density)
    modulus = 5.0 * stiffness[0]
    exact = (0.5 * 0.3) ** 2 * (4.0**3 / 3 - 0.5**2 * 4.0 / 12) / modulus
    assert abs(value - exact) < 1e-9 * exact
    everywhere = compliance(problem, mesh, stiffness)
    assert abs(everywhere - 4 * exact) < 1e-8 * exact


def test_compliance_under_weight_has_its_derivative():
    problem, mesh = strip(pull=0.2, weight=0.3, poisson=0.3)

    @jax.jit
    def work(density):
        stiffness = simp(density, 3.0, 1e-3)
        return compliance(problem, mesh, stiffness, density=density)

    check = gradient_check(work, noise(16, 1))
    assert check.best < 1e-6


def test_moving_asymptotes_find_the_published_cantilever_of_five_segments():
    """Svanberg (1987), section 5: weight 1.340, x = 6.016 5.309 4.494 3.502 2.153."""
    bending = np.array([61.0, 37.0, 19.0, 7.0, 1.0])
    bounds = np.full(5, 1.0), np.full(5, 10.0)
    asymptotes = MovingAsymptotes(move=1.0).start(np.full(5, 5.0), bounds)
    for _ in range(12):
        x = asymptotes.design
        sag = np.sum(bending / x**3) - 1.0
        weight = np.full(5, 0.0624)
        asymptotes.step(weight, np.array([sag]), -3 * bending[None] / x**4)
    x = asymptotes.design
    assert abs(0.0624 * x.sum() - 1.340) < 5e-4
    assert np.abs(x - [6.016, 5.309, 4.494, 3.502, 2.153]).max() < 1e-3
    assert np.sum(bending / x**3) < 1 + 1e-8


def test_moving_asymptotes_keep_two_limits_and_fixed_variables():
    """min |x - 2|² with x0 + x1 <= 2 and x0 <= 0.5 ends at (0.5, 1.5)."""
    bounds = np.array([0.0, 0.0, 0.7]), np.array([3.0, 3.0, 0.7])
    asymptotes = MovingAsymptotes(move=0.5).start(np.array([1.0, 0.2, 0.7]), bounds)
    for _ in range(40):
        x = asymptotes.design
        slopes = np.array([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
        values = np.array([x[0] + x[1] - 2.0, x[0] - 0.5])
        asymptotes.step(2 * (x - 2.0) * [1, 1, 0], values, slopes)
    assert np.abs(asymptotes.design - [0.5, 1.5, 0.7]).max() < 1e-4


@pytest.mark.slow
def test_a_layout_keeps_below_a_temperature():
    """A cantilever thins towards its end, where the heat comes in; half as hot here."""
    problem, mesh = strip(poisson=0.3)
    bent = problem.conditions | {"y_max": Traction((0.0, -0.1))}
    problem = Problem(problem.law, problem.domain, bent)
    layout = Layout(mesh, filter=DensityFilter(0.8))
    limit = TemperatureLimit(wall(0.5), 312.8, 300.0)
    options = dict(volume=0.6, max_steps=60, void=1e-3)
    free = minimize_compliance(problem, layout, method=MovingAsymptotes(), **options)
    kept = minimize_compliance(problem, layout, limits=[limit], **options)
    given = (), mesh, jnp.asarray(free.densities), jnp.ones(16), None
    assert limit.use(*given)[1] > 1.9
    assert kept.converged and abs(kept.limits[0] - 1) < 5e-3
    assert kept.volume < 0.6 * 1.002
    assert 1 < kept.compliance / free.compliance < 1.1
    assert free.limits == () and kept.history.shape == (kept.steps, 5)


def bar():
    """Eight cells in a row pulled by 0.6 Pa: nothing can go around another."""
    mesh = rectangle_mesh(8, 1, (0.0, 0.0), (4.0, 1.0))
    problem, _ = strip(pull=0.6)
    return problem, mesh, Layout(mesh, filter=DensityFilter(0.4))


def test_the_lightest_bar_under_a_stress_is_as_thin_as_the_stress_allows():
    """ρ^(q-p) σ = limit in every cell, so ρ = (σ/limit)^(1/(p-q))."""
    problem, _, layout = bar()
    options = dict(limits=StressLimit(2.0), tolerance=1e-4, max_steps=60)
    found = minimize_volume(problem, layout, **options)
    exact = (0.6 / 2.0) ** (1 / 2.5)
    assert found.converged and abs(found.limits[0] - 1) < 1e-3
    assert np.abs(found.densities - exact).max() < 2e-3
    assert abs(found.volume - exact) < 1e-3
    assert found.history.shape == (found.steps, 5) and found.history[0, 1] == 1.0


def test_the_lightest_bar_of_a_compliance_is_uniform():
    """c = σ²L/(E ρ³) of a uniform bar; Σ ρ under a bound on Σ ρ^-3 is least there."""
    problem, mesh, layout = bar()
    most = 3.0 * 0.6**2 * 4.0 / 5.0
    found = minimize_volume(problem, layout, compliance=most, tolerance=1e-4)
    assert found.converged and abs(found.compliance / most - 1) < 2e-3
    assert np.abs(found.densities - 3.0 ** (-1 / 3)).max() < 2e-3
    both = minimize_volume(
        problem, layout, compliance=most, limits=[StressLimit(1.0)], tolerance=1e-4
    )
    # here the stress asks for more material than the compliance does
    assert abs(both.volume - 0.6 ** (1 / 2.5)) < 1e-3 and both.compliance < most


def test_a_part_that_falls_apart_is_refused_by_name():
    problem, _, layout = bar()
    options = dict(void=1e-300, max_steps=1)
    found = minimize_compliance(problem, layout, volume=0.5, **options)
    cut = np.arange(8) != 3
    with pytest.raises(FloatingPointError, match="compliance of the part is nan"):
        measure_part(found, cut)
    with pytest.raises(FloatingPointError, match="compliance of the part is nan"):
        threshold(dataclasses.replace(found, densities=cut.astype(float)), level=0.5)


def test_bad_limits_are_refused():
    problem, mesh = strip(pull=0.6)
    layout = Layout(mesh, filter=DensityFilter(0.8))
    with pytest.raises(ValueError, match="nothing to keep"):
        minimize_volume(problem, layout)
    with pytest.raises(ValueError, match="compliance = -1"):
        minimize_volume(problem, layout, compliance=-1.0)
    with pytest.raises(TypeError, match="OptimalityCriteria.. minimises no volume"):
        minimize_volume(problem, layout, compliance=1.0, method=OptimalityCriteria())
    with pytest.raises(ValueError, match="relaxation = 5.* below penalty = 3"):
        minimize_compliance(
            problem, layout, volume=0.5, limits=StressLimit(1.0, relaxation=5.0)
        )
    for bad in (-1.0, 0.5, np.nan):
        with pytest.raises(ValueError, match=f"penalty = {bad} must be at least 1"):
            TemperatureLimit(wall(), 310.0, 300.0, penalty=bad)
    with pytest.raises(TypeError, match="OptimalityCriteria.. with 1 limits"):
        minimize_compliance(
            problem,
            layout,
            volume=0.5,
            limits=[StressLimit(1.0)],
            method=OptimalityCriteria(),
        )
    with pytest.raises(TypeError, match="limits holds a float"):
        minimize_compliance(problem, layout, volume=0.5, limits=[1.0])
    with pytest.raises(ValueError, match="relaxation = 0.2"):
        StressLimit(1.0, relaxation=0.2)
    with pytest.raises(ValueError, match="not above 0"):
        StressLimit(0.0)
    with pytest.raises(ValueError, match="must exceed reference = 300"):
        TemperatureLimit(wall(), 290.0, 300.0)
    with pytest.raises(ValueError, match="move = 0"):
        MovingAsymptotes(move=0.0)
    with pytest.raises(TypeError, match="needs HeatConduction"):
        TemperatureLimit(problem, 310.0, 300.0).use(
            (), mesh, jnp.ones(16), jnp.ones(16), None
        )
