"""The Fourier scheme: exactness, budgets, dealiasing, its Jacobian, other schemes."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from froude.physics import (
    AdvectionDiffusion,
    Box,
    Burgers,
    HeatConduction,
    NormalFlux,
    Polynomial,
    Problem,
    autodiff_jet,
    burgers_cole_hopf,
    strong_residual,
)
from froude.solvers.finite_volume import CartesianGrid, FiniteVolume, unlimited
from froude.solvers.spectral import Aliased, Fourier, FourierGrid, Padded, Truncated

LENGTHS = np.array([2.0, 3.0, 1.0])


def periodic_box(dimension):
    upper = 0.1 + LENGTHS[:dimension]
    return Box(np.full(dimension, 0.1), upper, (True,) * dimension)


def wave(t, x):
    phase = 2 * jnp.pi * x / LENGTHS[: x.size]
    return 1.3 + jnp.prod(jnp.sin(phase + 0.3), keepdims=True)


def fourier(law, shape, dealiasing=None):
    problem = Problem(law, periodic_box(len(shape)))
    return Fourier(problem, FourierGrid(shape), dealiasing or Padded())


WARM = HeatConduction(Polynomial([1.0, 0.5]), 2.0)


@pytest.mark.parametrize("dealiasing", [Padded(), Truncated(), Aliased()])
@pytest.mark.parametrize(
    ("law", "shape"),
    [
        (WARM, (15,)),
        (Burgers(0.1), (16,)),
        (Burgers(0.1, (1.0, 0.5)), (12, 9)),
        (WARM, (9, 10, 8)),
    ],
    ids=["odd", "even", "rectangle", "cuboid"],
)
def test_tendency_is_exact_on_smooth_data(law, shape, dealiasing):
    scheme = fourier(law, shape, dealiasing)

    @jax.jit
    def compared():
        state = scheme.project(lambda x: wave(0.0, x))
        exact = jax.vmap(
            lambda x: strong_residual(law, 0.0, x, autodiff_jet(wave, 0.0, x))
        )(scheme.coordinates())
        return -scheme.collocate(scheme.inflow(0.0, state)), exact.T

    tendency, exact = compared()
    error = jnp.abs(tendency / scheme.lattice.volume - exact)
    largest = jnp.abs(exact).max()
    truncated = isinstance(dealiasing, Truncated) and len(shape) == 3
    assert error.max() < (0.2 if truncated else 1e-12) * largest


@pytest.mark.parametrize("cells", [8, 9])
def test_padding_removes_the_aliases_of_a_square(cells):
    highest = (cells - 1) // 2
    angle = 2 * np.pi / LENGTHS[0]

    def error(dealiasing):
        scheme = fourier(Burgers(0.0), (cells,), dealiasing)
        state = scheme.project(lambda x: jnp.cos(highest * angle * x))
        return jnp.abs(eqx.filter_jit(scheme.inflow)(0.0, state)).max()

    # The square holds modes 0 and 2 * highest only; the grid cannot carry the latter.
    assert error(Padded()) < 1e-12 and error(Aliased()) > 0.1


def test_budget_closes_with_a_source_that_depends_on_the_state():
    def source(t, x):
        return jnp.exp(jnp.sin(2 * jnp.pi * x[0] / LENGTHS[0]))

    law = AdvectionDiffusion((1.0, 0.3), 0.1, source)
    scheme = fourier(law, (7, 10))
    state = jax.random.normal(jax.random.key(0), (1, 7, 10))
    supply = eqx.filter_jit(scheme.inflow)(0.0, state)
    gap = jnp.sum(supply) - scheme.source_integral(0.0, state)[0]
    assert abs(gap) < 1e-12 * jnp.sum(jnp.abs(supply))
    assert scheme.boundary_flux(0.0, state) == {}


@pytest.mark.parametrize("shape", [(8, 9), (7, 6)])
def test_highest_mode_of_even_grids_diffuses(shape):
    scheme = fourier(HeatConduction(1.0), shape)
    axis = shape[0] % 2
    sawtooth = (-1.0) ** np.arange(shape[axis])
    state = jnp.broadcast_to(np.expand_dims(sawtooth, 1 - axis), (1, *shape))
    k = np.pi * shape[axis] / LENGTHS[axis]
    rate = eqx.filter_jit(scheme.rhs)(0.0, state)
    np.testing.assert_allclose(rate, -k * k * state, rtol=1e-11)


def test_jacobian_is_the_derivative_and_its_preconditioner_inverts_constant_laws():
    state = 1 + 0.3 * jax.random.normal(jax.random.key(1), (1, 6, 5))
    direction = jax.random.normal(jax.random.key(2), state.shape)
    curved = fourier(WARM, (6, 5)).jacobian(0.0, state, 1.5, 0.1)
    step = 1e-6 * direction

    @jax.jit
    def balance(u):
        scheme = curved.scheme
        return 1.5 * scheme.storage(0.0, u) - 0.1 * scheme.inflow(0.0, u)

    change = (balance(state + step) - balance(state - step)) / 2e-6
    product = jax.jit(lambda v: curved.mv(v))(direction)
    np.testing.assert_allclose(product, change, rtol=1e-6, atol=1e-8)
    law = AdvectionDiffusion((1.0, -0.4), np.array([[0.5, 0.1], [0.1, 0.3]]))
    constant = fourier(law, (7, 5)).jacobian(0.0, jnp.ones((1, 7, 5)), 1.0, 0.2)
    vector = jax.random.normal(jax.random.key(3), (35,))
    solved = jax.jit(lambda v: constant.precondition(constant.mv(v)))(vector)
    np.testing.assert_allclose(solved, vector, rtol=1e-11, atol=1e-12)


def test_finite_volumes_approach_the_fourier_tendency_at_order_two():
    problem = Problem(Burgers(0.1, (1.0, 0.5)), periodic_box(2))
    errors = []
    for n in (24, 48):
        volume = FiniteVolume(problem, CartesianGrid((n, n)), limiter=unlimited)
        spectral = Fourier(problem, FourierGrid((n, n)))

        @jax.jit
        def gap(volume=volume, spectral=spectral):
            state = spectral.project(lambda x: wave(0.0, x))
            return volume.rhs(0.0, state) - spectral.rhs(0.0, state)

        errors.append(float(jnp.sqrt(jnp.mean(gap() ** 2))))
    assert abs(np.log2(errors[0] / errors[1]) - 2) < 0.15, errors


def test_burgers_marches_to_cole_hopf():
    problem = Problem(Burgers(0.05), Box((-1.0,), (1.0,), (True,)))
    scheme = Fourier(problem, FourierGrid(96))
    start = scheme.project(lambda x: -jnp.sin(jnp.pi * x))
    dt = 0.5 / 800

    @jax.jit
    def march(u):
        def step(u, _):
            k1 = scheme.rhs(0.0, u)
            k2 = scheme.rhs(0.0, u + 0.5 * dt * k1)
            k3 = scheme.rhs(0.0, u + 0.5 * dt * k2)
            k4 = scheme.rhs(0.0, u + dt * k3)
            return u + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4), None

        return jax.lax.scan(step, u, length=800)[0]

    def exact(x):
        return burgers_cole_hopf(jnp.asarray(0.5), x, jnp.asarray(0.05))

    wanted = jax.vmap(exact)(scheme.coordinates()).T
    np.testing.assert_allclose(march(start), wanted, atol=1e-8)


def test_single_precision_state_stays_single():
    scheme = fourier(WARM, (6, 5))
    state = jnp.ones((1, 6, 5), jnp.float32)

    def everything(state):
        jacobian = scheme.jacobian(0.0, state, 1.0, 0.1)
        return (
            scheme.storage(0.0, state),
            scheme.rhs(0.0, state),
            scheme.source_integral(0.0, state),
            jacobian.mv(state),
            jacobian.precondition(state),
        )

    parts = jax.eval_shape(everything, state)
    assert all(part.dtype == jnp.float32 for part in parts)


def test_boxes_with_a_boundary_are_refused_by_name():
    conditions = {"y_min": NormalFlux(0.0), "y_max": NormalFlux(0.0)}
    mixed = Problem(WARM, Box((0.0, 0.0), (1.0, 1.0), (True, False)), conditions)
    with pytest.raises(ValueError, match="y_min"):
        Fourier(mixed, FourierGrid((8, 8)))
