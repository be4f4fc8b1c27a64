"""Marches of Fourier modes: exactness, orders, elimination, derivatives, refusals."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import expm

from froude.physics import (
    AbstractBalanceLaw,
    AdvectionDiffusion,
    AllenCahn,
    Box,
    Burgers,
    CahnHilliard,
    Component,
    KolmogorovForcing,
    KortewegDeVries,
    PlaneVorticity,
    Problem,
    Wave,
    advected_mode,
    burgers_cole_hopf,
    korteweg_de_vries_soliton,
    standing_wave,
    taylor_green_vortex,
)
from froude.solvers import (
    CartesianGrid,
    Checkpointed,
    ExponentialAdamsBashforth,
    ExponentialRungeKutta,
    FourierGrid,
    ImexRungeKutta,
    LowStorageCrankNicolson,
    Status,
    Truncated,
    budget,
    discretize,
    gradient_check,
    solve,
)
from froude.solvers.spectral.linearity import reading
from froude.solvers.spectral.phi_functions import phi_functions

RING = Box((0.0,), (2 * np.pi,), (True,))
SQUARE = Box((0.0, 0.0), (2 * np.pi, 2 * np.pi), (True, True))


def marched(law, box, initial, shape, *, steps, end=1.0, order=4, **options):
    problem = Problem(law, box, initial=initial, interval=(0.0, end))
    scheme = discretize(problem, FourierGrid(shape))
    return solve(scheme, steps=steps, method=ExponentialRungeKutta(order), **options)


def error(solution, exact):
    """Largest error of the last state against exact(t, x)."""
    scheme, t = solution.discretization, solution.times[-1]
    wanted = jax.vmap(lambda x: exact(t, x))(scheme.coordinates()).T
    found = scheme.collocate(solution.final)[: len(wanted)]
    return float(jnp.abs(found - wanted).max())


def test_phi_functions_are_the_exponential_of_a_larger_matrix():
    """φ1 to φ3 stand in the first row of exp of a matrix with ones beside z."""
    numbers = np.array([0.0, 1e-9, -0.3, 0.9j, -1 + 2j, -30.0, 25j, -1e3 + 7j])

    def expected(z):
        n = len(z)
        large = np.zeros((4 * n, 4 * n), complex)
        large[:n, :n] = z
        for k in range(3):
            rows = slice(k * n, (k + 1) * n)
            large[rows, (k + 1) * n : (k + 2) * n] = np.eye(n)
        return expm(large)[:n].reshape(n, 4, n).transpose(1, 0, 2)

    found = np.array(phi_functions(jnp.asarray(numbers)[None, None], 3))[:, 0, 0]
    wanted = np.array([expected(np.array([[z]])) for z in numbers])[:, :, 0, 0].T
    np.testing.assert_allclose(found, wanted, rtol=1e-11, atol=1e-15)

    generator = np.random.default_rng(0)
    matrices = generator.normal(size=(5, 3, 3)) + 1j * generator.normal(size=(5, 3, 3))
    matrices *= np.array([0.0, 0.1, 1.0, 5.0, 20.0])[:, None, None]
    stacked = jnp.asarray(np.moveaxis(matrices, 0, -1))
    found = np.moveaxis(np.array(phi_functions(stacked, 3)), -1, 0)
    for matrix, one in zip(matrices, found, strict=True):
        wanted = expected(matrix)
        assert np.abs(one - wanted).max() < 1e-12 * np.abs(wanted).max()


@pytest.mark.parametrize("size", [1, 2])
def test_phi_functions_have_derivatives_at_zero(size):
    """d φk(z) / dz = 1/(k+1)! at zero, of a number and along the identity."""
    eye = jnp.eye(size, dtype=complex)[..., None]

    def values(s):
        return jnp.stack([phi[0, 0, 0] for phi in phi_functions(s * eye, 3)]).real

    slopes = [1.0, 1 / 2, 1 / 6, 1 / 24]
    for derivative in (jax.jacfwd, jax.jacrev):
        np.testing.assert_allclose(derivative(values)(0.0), slopes, rtol=1e-14)


def test_linear_inputs_are_told_from_others():
    def function(v):
        a, b, c, d = v
        chosen = jnp.where(a > 0, b, c)
        row = jnp.stack([b, c]) @ jnp.array([[1.0, 2.0], [0.5, 1.0]])
        return jnp.stack([2 * a - b / 3, a * b, chosen, jnp.sin(d), row[0] * d])

    found = reading(function, 4, jnp.float64)
    reads = ["1100", "1100", "1110", "0001", "0111"]
    bends = ["0000", "1100", "1110", "0001", "0111"]
    for table, rows in ((found.reads, reads), (found.bends, bends)):
        assert ["".join("01"[int(one)] for one in row) for row in table] == rows


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_linear_laws_are_exact_in_one_step(order):
    velocity, kappa = jnp.array([1.0, -0.5]), jnp.array([2.0, 3.0])
    exact = lambda t, x: advected_mode(t, x, velocity, jnp.array(0.05), kappa)
    law = AdvectionDiffusion(velocity, 0.05)
    solution = marched(
        law, SQUARE, lambda x: exact(0.0, x), (9, 12), steps=1, order=order
    )
    assert error(solution, exact) < 1e-13


def test_waves_couple_two_components_and_stay_exact():
    kappa = jnp.array([1.0, 2.0])
    exact = lambda t, x: standing_wave(t, x, 3.0, kappa)
    solution = marched(Wave(3.0), SQUARE, lambda x: exact(0.0, x), (8, 7), steps=5)
    assert error(solution, exact) < 1e-12


def soliton(t, x):
    """The solitary wave of speed 5 on a ring of 20; its tail there is 2e-9."""
    near = (x - 5.0 * t + 10.0) % 20.0 - 10.0 + 5.0 * t
    return korteweg_de_vries_soliton(t, near, 5.0)


def test_a_soliton_keeps_its_shape_with_complex_coefficients():
    box = Box((-10.0,), (10.0,), (True,))
    initial = lambda x: soliton(0.0, x)
    solution = marched(KortewegDeVries(), box, initial, 256, steps=1000)
    assert error(solution, lambda t, x: soliton(t, x)[:1]) < 1e-7
    assert budget(solution).relative[-1, 0] < 1e-12


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_steps_have_their_order_on_an_imaginary_symbol(order):
    box = Box((-10.0,), (10.0,), (True,))
    errors = []
    for steps in (50, 100):
        solution = marched(
            KortewegDeVries(),
            box,
            lambda x: soliton(0.0, x),
            128,
            steps=steps,
            end=0.2,
            order=order,
        )
        errors.append(error(solution, lambda t, x: soliton(t, x)[:1]))
    assert abs(np.log2(errors[0] / errors[1]) - order) < 0.25, errors


def test_taylor_green_decays_exactly():
    exact = lambda t, x: taylor_green_vortex(t, x, 0.1)
    law = PlaneVorticity(0.1)
    solution = marched(law, SQUARE, lambda x: exact(0.0, x), (24, 20), steps=10)
    assert error(solution, exact) < 1e-13


def smooth(x):
    return jnp.stack([0.3 * jnp.cos(x[0]) + 0.2 * jnp.sin(2 * x[0] + 1), 9.0 * x[0]])


def test_components_without_storage_follow_from_the_others():
    """Their initial values are not read; μ = a (c³ - c) - κ c'' at every saved time."""
    law = CahnHilliard(0.2, 1.0, 0.5)
    solution = marched(law, RING, smooth, 48, steps=20, end=0.2, saves=2)
    c, potential = jnp.moveaxis(solution.states, 1, 0)
    waves = jnp.fft.rfftfreq(48, 1 / 48)
    second = jnp.fft.irfft(-(waves**2) * jnp.fft.rfft(c), 48)
    np.testing.assert_allclose(potential, 0.5 * (c**3 - c) - 0.2 * second, atol=1e-9)
    content = jnp.mean(c, axis=-1)
    np.testing.assert_allclose(content, content[0], atol=1e-14)


def test_the_generic_residual_of_a_march_vanishes_at_its_order():
    """θ = 1/2 leaves dt³ per step: a third power between marches of dt and dt / 2."""
    law = PlaneVorticity(0.05, KolmogorovForcing(1.0, 2.0), 0.1)

    def initial(x):
        return jnp.sin(x[:1]) * jnp.cos(2 * x[1:]) + jnp.cos(x[:1] + x[1:])

    sizes = []
    for saves in (10, 20):
        solution = marched(
            law, SQUARE, initial, (24, 24), steps=20, saves=saves, end=0.5
        )
        scheme, t, u = solution.discretization, solution.times, solution.states
        left = eqx.filter_jit(scheme.residual)(t[1], u[1], t[2], u[2])
        sizes.append(float(jnp.abs(left[0]).max()))
        assert jnp.abs(left[1]).max() < 1e-13
    assert abs(np.log2(sizes[0] / sizes[1]) - 3) < 0.25, sizes


def quantity(leaves):
    law = PlaneVorticity(
        leaves["viscosity"], KolmogorovForcing(leaves["force"], 2.0), leaves["drag"]
    )
    initial = lambda x: leaves["start"] * jnp.sin(x[0]) * jnp.cos(2 * x[1:])
    box = Box((0.0, 0.0), leaves["sides"], (True, True))
    solution = marched(law, box, initial, (8, 8), steps=4, end=0.4, order=2)
    return jnp.sum(solution.final[0] ** 2) + jnp.sum(solution.final[1] ** 2)


LEAVES = {
    "viscosity": jnp.array(0.1),
    "force": jnp.array(1.0),
    "drag": jnp.array(0.1),
    "start": jnp.array(0.8),
    "sides": jnp.full(2, 2 * jnp.pi),
}


@pytest.mark.slow
def test_derivatives_agree_with_differences_and_between_the_modes():
    check = gradient_check(quantity, LEAVES)
    assert check.best < 1e-7 and check.dot_product < 1e-12


def test_coupled_components_have_derivatives_also_checkpointed():
    def of_wave(leaves):
        start = lambda x: leaves["amplitude"] + jnp.cos(x)
        options = {"steps": 4, "order": 1, "adjoint": Checkpointed()}
        solution = marched(Wave(leaves["speed"]), RING, start, 5, **options)
        return jnp.sum(solution.final**3)

    leaves = {"speed": jnp.array(1.5), "amplitude": jnp.array(0.3)}
    check = gradient_check(of_wave, leaves)
    assert check.best < 1e-7 and check.dot_product < 1e-12


def test_a_sweep_compiles_once_and_equals_single_marches():
    traces = []

    def final(viscosity):
        traces.append(1)
        initial = lambda x: jnp.sin(x)
        return marched(Burgers(viscosity), RING, initial, 16, steps=4).final

    batched = jax.jit(jax.vmap(final))
    swept = batched(jnp.array([0.1, 0.2]))
    assert jnp.all(batched(jnp.array([0.3, 0.4])) != swept) and len(traces) == 1
    np.testing.assert_allclose(swept[1], final(0.2), rtol=1e-12, atol=1e-14)


def test_a_bad_member_stops_alone_with_its_status():
    def status(start):
        initial = lambda x: start * jnp.sin(x)
        return marched(AllenCahn(0.1), RING, initial, 8, steps=3).status

    found = jax.vmap(status)(jnp.array([1.0, jnp.nan]))
    assert found.tolist() == [Status.OK, Status.NON_FINITE]


def test_variable_coefficients_are_explicit_and_keep_the_order():
    """A speed and a source that vary in space and time, against a finer march."""
    source = lambda t, x: jnp.cos(3 * t) * jnp.sin(x[0])
    law = AdvectionDiffusion(lambda t, x: 1 + 0.5 * jnp.sin(x), 0.2, source)
    initial = lambda x: 1 + 0.3 * jnp.cos(x)
    final = lambda steps: marched(law, RING, initial, 24, steps=steps).final
    fine = final(320)
    errors = [float(jnp.abs(final(steps) - fine).max()) for steps in (20, 40)]
    assert abs(np.log2(errors[0] / errors[1]) - 4) < 0.25, errors


def test_truncation_is_padding_of_fewer_modes():
    """48 points cut at two thirds keep the modes of 31 points, on 48 instead of 47."""
    problem = Problem(
        Burgers(0.1), RING, initial=lambda x: jnp.sin(x), interval=(0.0, 0.5)
    )
    method = ExponentialRungeKutta()
    cut = discretize(problem, FourierGrid(48), dealiasing=Truncated())
    cut = solve(cut, steps=10, method=method).final
    padded = solve(discretize(problem, FourierGrid(31)), steps=10, method=method).final
    modes = [
        jnp.fft.rfft(u[0])[:16] / n * jnp.exp(-0.5j * jnp.arange(16) * 2 * jnp.pi / n)
        for u, n in ((cut, 48), (padded, 31))
    ]
    np.testing.assert_allclose(*modes, atol=1e-14)


def test_single_precision_stays_single():
    problem = Problem(PlaneVorticity(0.1), SQUARE, initial=0.0, interval=(0.0, 1.0))
    scheme = discretize(problem, FourierGrid((6, 6)))
    single = jax.tree.map(
        lambda leaf: leaf.astype(jnp.float32) if eqx.is_inexact_array(leaf) else leaf,
        scheme,
    )
    march = lambda scheme: solve(scheme, steps=2, method=ExponentialRungeKutta())
    found = eqx.filter_eval_shape(march, single)
    assert found.states.dtype == found.ledger.source.dtype == jnp.float32


STEPPERS = [
    (ExponentialAdamsBashforth(2), 2),
    (ExponentialAdamsBashforth(4), 4),
    (ImexRungeKutta(1), 1),
    (ImexRungeKutta(2), 2),
    (ImexRungeKutta(3), 3),
    (LowStorageCrankNicolson(), 2),
]


@pytest.mark.parametrize(("method", "order"), STEPPERS, ids=lambda one: str(one))
def test_other_steps_have_their_order_against_cole_hopf(method, order):
    box = Box((-1.0,), (1.0,), (True,))
    initial = lambda x: -jnp.sin(jnp.pi * x)
    exact = lambda t, x: burgers_cole_hopf(t, x, jnp.array(0.1))
    errors = []
    for steps in (60, 120):
        problem = Problem(Burgers(0.1), box, initial=initial, interval=(0.0, 0.5))
        scheme = discretize(problem, FourierGrid(48))
        errors.append(error(solve(scheme, steps=steps, method=method), exact))
    assert abs(np.log2(errors[0] / errors[1]) - order) < 0.25, errors


class _Odd(AbstractBalanceLaw):
    """A law of two components with a fault chosen by the test."""

    fault: str = eqx.field(static=True)

    @property
    def components(self):
        return (Component("u", "1", "u"), Component("w", "1", "w"))

    def storage(self, t, x, u):
        if self.fault == "curved":
            return u**2
        if self.fault == "crossed":
            return jnp.stack([u[1], jnp.zeros_like(u[0])])
        return jnp.stack([u[0], jnp.zeros_like(u[0])])

    def flux(self, t, x, u, grad_u):
        return -grad_u

    def source(self, t, x, u, grad_u):
        bent = u[1] ** 2 if self.fault == "bent" else u[0]
        return jnp.stack([u[0], bent])


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("curved", "storage that is not a constant linear function"),
        ("crossed", "they must be the same"),
        ("bent", "nonlinear in 'w'"),
    ],
)
def test_laws_that_cannot_be_marched_are_refused(fault, message):
    with pytest.raises(ValueError, match=message):
        marched(_Odd(fault), RING, lambda x: x, 8, steps=1)


def test_other_schemes_and_orders_are_refused_by_name():
    problem = Problem(Burgers(0.1), RING, initial=0.0, interval=(0.0, 1.0))
    scheme = discretize(problem, CartesianGrid(8))
    with pytest.raises(TypeError, match="discretization is a FiniteVolume"):
        solve(scheme, steps=1, method=ExponentialRungeKutta())
    with pytest.raises(ValueError, match="order = 5"):
        ExponentialRungeKutta(5)
