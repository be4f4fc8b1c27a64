"""PINNs: hard conditions, jets, and fits against exact solutions."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from froude.physics import (
    AdvectionDiffusion,
    Box,
    Burgers,
    Dirichlet,
    HeatConduction,
    NormalFlux,
    Outflow,
    Problem,
    Region,
    Robin,
    autodiff_jet,
    burgers_cole_hopf,
    manufactured,
)
from froude.solvers.status import Status
from froude.surrogates.network_jet import network_jet
from froude.surrogates.networks import MLP
from froude.surrogates.pinn import PINN, fit_pinn


def start(problem, *widths, activation=jnp.tanh, seed=0):
    network = MLP(
        PINN.inputs(problem),
        len(problem.law.components),
        widths=widths,
        activation=activation,
        key=jax.random.key(seed),
    )
    return PINN(problem, network)


def burgers_problem(viscosity=0.01 / np.pi):
    walls = {"x_min": Dirichlet(0.0), "x_max": Dirichlet(0.0)}
    return Problem(
        Burgers(viscosity),
        Box((-1.0,), (1.0,)),
        walls,
        initial=lambda x: -jnp.sin(jnp.pi * x),
        interval=(0.0, 1.0),
    )


def largest_jet_gap(one, other):
    scale = 1.0 + max(float(jnp.max(jnp.abs(a))) for a in other)
    gaps = jax.tree.map(lambda a, b: jnp.max(jnp.abs(a - b)), one, other)
    return float(max(jax.tree.leaves(gaps))) / scale


@pytest.mark.parametrize("activation", [jnp.tanh, jnp.sin])
@pytest.mark.parametrize("dim", [1, 2, 3])
def test_forward_jet_of_an_mlp_equals_automatic_differentiation(activation, dim):
    network = MLP(
        dim + 1, 2, widths=(11, 7), activation=activation, key=jax.random.key(1)
    )

    def features(t, x):
        return jnp.concatenate([jnp.cos(t)[None], jnp.sin(2.0 * x) * x[0]])

    t, x = jnp.array(0.3), jnp.linspace(-0.4, 0.7, dim)
    forward = jax.jit(lambda t, x: network_jet(network, features, t, x))(t, x)
    nested = jax.jit(
        lambda t, x: autodiff_jet(lambda s, y: network(features(s, y)), t, x)
    )(t, x)
    assert largest_jet_gap(forward, nested) < 1e-14


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_jet_of_a_pinn_equals_automatic_differentiation_of_its_field(dim):
    exact = manufactured_cooling(dim)
    pinn = start(exact, 9, 9)
    t, x = jnp.array(0.4), jnp.linspace(0.2, 0.6, dim)
    nested = jax.jit(lambda t, x: autodiff_jet(pinn, t, x))(t, x)
    assert largest_jet_gap(eqx.filter_jit(pinn.jet)(t, x), nested) < 1e-12


def wave(t, x):
    phase = jnp.sum(x * jnp.arange(1.0, x.size + 1.0)) + 0.5 * t
    return jnp.sin(phase)[None]


def manufactured_cooling(dim):
    box = Box((0.0,) * dim, (1.0,) * dim)
    sides = {name: Dirichlet(0.0) for name in box.boundary_names}
    sides["x_max"] = Robin(2.0, 0.0)
    heat = HeatConduction(0.7, heat_capacity=1.3)
    return manufactured(
        Problem(heat, box, sides, initial=0.0, interval=(0.0, 2.0)), wave
    )


@pytest.mark.parametrize("dim", [1, 2, 3])
def test_dirichlet_and_initial_values_hold_exactly_for_any_weights(dim):
    problem = manufactured_cooling(dim)
    pinn = start(problem, 8)
    key = jax.random.key(2)

    @jax.jit
    def gap(t, points):
        return jax.vmap(lambda x: jnp.abs(pinn(t, x) - wave(t, x))[0])(points)

    assert jnp.max(gap(0.0, problem.domain.sample(20, key=key))) < 1e-14
    for name in problem.domain.boundary_names:
        side, _ = problem.domain.sample_boundary(name, 20, key=key)
        if name == "x_max":
            assert jnp.max(gap(1.3, side)) > 1e-3
        else:
            assert jnp.max(gap(1.3, side)) < 1e-14


def test_poisson_with_one_hidden_layer_reaches_1e_6():
    def exact(t, x):
        return (jnp.sin(jnp.pi * x[0]) * jnp.sin(jnp.pi * x[1]))[None]

    box = Box((0.0, 0.0), (1.0, 1.0))
    sides = {name: Dirichlet(0.0) for name in box.boundary_names}
    problem = manufactured(Problem(HeatConduction(1.0), box, sides), exact)
    fit = fit_pinn(
        start(problem, 32), steps=60, points=600, polish_steps=0, key=jax.random.key(0)
    )
    assert fit.status == Status.OK
    x = box.sample(500, key=jax.random.key(9))
    found = jax.vmap(lambda y: fit.pinn(0.0, y))(x)
    truth = jax.vmap(lambda y: exact(0.0, y))(x)
    assert jnp.linalg.norm(found - truth) / jnp.linalg.norm(truth) < 1e-6


def test_natural_conditions_on_one_side_add_up_to_the_exact_profile():
    sides = {
        "x_min": (NormalFlux(-3.0), Robin(2.0, 1.0)),
        "x_max": Dirichlet(0.0),
    }
    problem = Problem(HeatConduction(1.5), Box((0.0,), (2.0,)), sides)
    fit = fit_pinn(
        start(problem, 6),
        steps=30,
        points=60,
        boundary_points=1,
        polish_steps=0,
        key=jax.random.key(3),
    )
    # k u' = 2 (u - 1) - 3 at 0 with u linear: u(0) = 5 / (2 + k/L).
    wall = 5.0 / (2.0 + 1.5 / 2.0)
    np.testing.assert_allclose(fit.pinn(0.0, jnp.array([0.0])), [wall], rtol=1e-7)


def test_periodic_transport_and_outflow_follow_the_exact_solution():
    def exact(t, x):
        return jnp.sin(x - 2.0 * t)

    ring = Problem(
        AdvectionDiffusion((2.0,), 0.0),
        Box((0.0,), (2 * jnp.pi,), periodic=(True,)),
        initial=jnp.sin,
        interval=(0.0, 1.0),
    )
    fit = fit_pinn(
        start(ring, 12, 12), steps=40, points=600, polish_steps=0, key=jax.random.key(4)
    )
    x = jnp.linspace(0.0, 2 * jnp.pi, 40)[:, None]
    found = jax.vmap(lambda y: fit.pinn(1.0, y))(x)
    np.testing.assert_allclose(found, exact(1.0, x), atol=1e-4)
    np.testing.assert_allclose(found[0], found[-1], atol=1e-13)

    box = Box((0.0,), (1.0,))
    sides = {"x_min": Dirichlet(1.0), "x_max": Outflow()}
    open_end = Problem(AdvectionDiffusion((1.0,), 0.1), box, sides)
    still = fit_pinn(
        start(open_end, 6), steps=20, points=60, polish_steps=0, key=jax.random.key(5)
    )
    np.testing.assert_allclose(still.pinn(0.0, jnp.array([0.7])), [1.0], atol=1e-5)


def test_short_burgers_fit_matches_cole_hopf():
    viscosity = 0.1 / np.pi
    fit = fit_pinn(
        start(burgers_problem(viscosity), 14, 14),
        steps=50,
        weighted_steps=20,
        points=800,
        polish_steps=0,
        key=jax.random.key(6),
    )
    times, places = jnp.linspace(0.0, 1.0, 11), jnp.linspace(-1.0, 1.0, 41)
    t, x = (a.ravel() for a in jnp.meshgrid(times, places))
    found = jax.vmap(fit.pinn)(t, x[:, None])
    truth = jax.vmap(lambda t, x: burgers_cole_hopf(t, x, viscosity))(t, x[:, None])
    assert jnp.linalg.norm(found - truth) / jnp.linalg.norm(truth) < 5e-4


@pytest.mark.parametrize(
    "options",
    [
        {"steps": 0},
        {"points": 0},
        {"boundary_points": -1},
        {"polish_steps": 1.5},
        {"damping": -1.0},
    ],
)
def test_a_number_out_of_range_is_refused_by_name(options):
    ((name, value),) = options.items()
    with pytest.raises(ValueError, match=f"{name} is {value}; give"):
        fit_pinn(start(burgers_problem(), 4), key=jax.random.key(0), **options)


def test_problems_and_networks_that_do_not_fit_are_refused():
    problem = burgers_problem()
    small = MLP(1, 1, widths=(4,), key=jax.random.key(0))
    with pytest.raises(ValueError, match=r"network must map \(2,\) features"):
        PINN(problem, small)
    with pytest.raises(ValueError, match="it gave shape"):
        PINN(problem, lambda features: features)
    mesh_only = Problem(
        HeatConduction(1.0), Region(2, ("rim",)), {"rim": Dirichlet(0.0)}
    )
    with pytest.raises(TypeError, match="need a Box"):
        PINN.inputs(mesh_only)
    walls = {"x_min": Dirichlet(1.0), "x_max": Dirichlet(0.0)}
    jump = Problem(
        HeatConduction(1.0), Box((0.0,), (1.0,)), walls, initial=0.0, interval=(0, 1)
    )
    with pytest.raises(ValueError, match="'x_min'.*differs by 1 from the initial"):
        start(jump, 4)
