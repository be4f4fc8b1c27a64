"""Network architectures against independent paths and analytic operators."""

import warnings

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from froude.surrogates import (
    FNO,
    MLP,
    DeepONet,
    PODBasis,
    PODDeepONet,
    fit_kernel_ridge,
    leave_one_out,
    train,
)
from froude.surrogates.networks import spectral_convolution


@pytest.mark.parametrize(
    ("cells", "modes"), [((17,), (5,)), ((16, 21), (4, 6)), ((8, 9, 10), (3, 4, 3))]
)
def test_spectral_convolution_equals_the_fft_path(cells, modes):
    kept = (*(2 * m - 1 for m in modes[:-1]), modes[-1])
    x = jax.random.normal(jax.random.key(0), (*cells, 3))
    weights = jax.random.normal(jax.random.key(1), (2, *kept, 3, 2))
    axes = tuple(range(len(cells)))
    spectrum = jnp.fft.rfftn(x, axes=axes)
    lines = [np.arange(1 - m, m) % n for m, n in zip(modes, cells, strict=True)]
    index = np.ix_(*lines[:-1], np.arange(modes[-1]))
    mixed = jnp.einsum(
        "...i,...io->...o", spectrum[index], weights[0] + 1j * weights[1]
    )
    filtered = jnp.zeros((*spectrum.shape[:-1], 2), complex).at[index].set(mixed)
    expected = jnp.fft.irfftn(filtered, s=cells, axes=axes)
    np.testing.assert_allclose(
        spectral_convolution(x, weights, modes), expected, atol=1e-13
    )


def test_fno_commutes_with_translation_and_keeps_its_dtype():
    network = FNO(
        2, 1, modes=(4, 4), width=8, depth=2, dtype=jnp.float32, key=jax.random.key(0)
    )
    x = jax.random.normal(jax.random.key(1), (16, 12, 2), jnp.float32)
    y = network(x)
    assert y.dtype == jnp.float32
    shifted = network(jnp.roll(x, (3, 5), (0, 1)))
    np.testing.assert_allclose(jnp.roll(y, (3, 5), (0, 1)), shifted, atol=1e-5)


def test_fno_gives_one_function_on_two_grids():
    network = FNO(1, 1, modes=(3,), width=8, depth=1, key=jax.random.key(0))
    wave = lambda n: jnp.sin(2 * jnp.pi * jnp.arange(n) / n)[:, None]
    coarse = network(wave(32))
    np.testing.assert_allclose(network(wave(64))[::2], coarse, atol=1e-10)


def test_fno_refuses_a_grid_too_coarse_for_its_modes():
    network = FNO(1, 1, modes=(6,), width=4, depth=1, key=jax.random.key(0))
    with pytest.raises(ValueError, match="lower modes or refine"):
        network(jnp.ones((10, 1)))


def test_mlp_computes_in_its_dtype_under_strict_promotion():
    with jax.numpy_dtype_promotion("strict"):
        for dtype in (jnp.float32, jnp.float64):
            network = MLP(2, 1, widths=(4,), dtype=dtype, key=jax.random.key(0))
            assert network(jnp.ones(2, dtype)).dtype == dtype


def test_pod_reconstructs_what_lies_in_its_span_and_states_what_it_leaves_out():
    x = np.linspace(0, 1, 50)
    rng = np.random.default_rng(0)
    low = rng.normal(size=(20, 3)) @ np.stack(
        [np.sin(k * np.pi * x) for k in (1, 2, 3)]
    )
    basis = PODBasis.from_fields(1.0 + low, tolerance=1e-10)
    assert basis.modes.shape == (50, 3)
    np.testing.assert_allclose(basis.decode(basis.encode(1.0 + low[4])), 1.0 + low[4])
    noisy = low + 1e-2 * rng.normal(size=low.shape)
    basis = PODBasis.from_fields(noisy, tolerance=0.02)
    back = jax.vmap(lambda f: basis.decode(basis.encode(f)))(jnp.asarray(noisy))
    variation = noisy - noisy.mean(axis=0)
    assert np.linalg.norm(back - noisy) <= 0.02 * np.linalg.norm(variation)


def test_deeponet_learns_the_antiderivative_operator():
    """f = sum of sines with 4 amplitudes; F(y) = integral of f from 0 to y.

    The trunk reads phases of the shortest wave: on y itself, gradient descent finds
    the long waves first and is at 25 % error after 2000 steps.
    """
    k = np.pi * np.arange(1, 5)
    amplitudes = jax.random.uniform(jax.random.key(0), (128, 4), minval=-1)
    y = jnp.linspace(0, 1, 32)[:, None]
    phase = k[-1] * (y - 0.5)
    truth = amplitudes @ ((1 - jnp.cos(k[:, None] * y.T)) / k[:, None])
    keys = jax.random.split(jax.random.key(1), 3)
    network = DeepONet(
        MLP(4, 12, widths=(), key=keys[0]),
        MLP(1, 12, widths=(32, 32), activation=jnp.sin, key=keys[1]),
    )

    def loss(model, data, key):
        a, target = data
        return jnp.mean((jax.vmap(lambda a: model(a, phase))(a) - target) ** 2)

    train_set = (amplitudes[:96], truth[:96])
    trained = train(
        network,
        loss,
        train_set,
        validation=lambda model: loss(model, train_set, None),
        optimizer=optax.adam(optax.cosine_decay_schedule(1e-2, 4000)),
        steps=4000,
        key=keys[2],
    )
    predicted = jax.vmap(lambda a: trained(a, phase))(amplitudes[96:])
    error = jnp.linalg.norm(predicted - truth[96:]) / jnp.linalg.norm(truth[96:])
    assert error < 1e-2


def test_pod_deeponet_trains_its_branch_only():
    fields = np.random.default_rng(0).normal(size=(6, 10))
    basis = PODBasis.from_fields(fields, tolerance=1e-6)
    branch = MLP(2, basis.modes.shape[1], key=jax.random.key(0))
    network = PODDeepONet(branch, basis)
    gradient = eqx.filter_grad(lambda n: jnp.sum(n(jnp.ones(2)) ** 2))(network)
    assert all(not leaf.any() for leaf in jax.tree.leaves(gradient.basis))
    assert any(leaf.any() for leaf in jax.tree.leaves(gradient.branch))


def test_kernel_ridge_fits_a_smooth_function_and_its_loo_equals_refitting():
    rng = np.random.default_rng(0)
    x, fresh = rng.uniform(-1, 1, (60, 2)), rng.uniform(-1, 1, (200, 2))
    function = lambda x: np.exp(0.5 * x[:, :1]) * np.sin(2 * x[:, 1:])
    model = fit_kernel_ridge(x, function(x))
    predicted = jax.vmap(model)(jnp.asarray(fresh))
    error = np.abs(predicted - function(fresh))
    assert np.median(error) < 1e-5 and error.max() < 1e-3

    scales, ridge = np.array([0.7, 0.4]), 1e-3
    errors = leave_one_out(x, function(x), scales, ridge, "matern")

    def refit(i):
        kernel = lambda a, b: (lambda r: (1 + r + r * r / 3) * np.exp(-r))(
            np.sqrt(5 * np.sum(((a[:, None] - b[None]) / scales) ** 2, axis=-1))
        )
        rest = np.delete(x, i, axis=0)
        matrix = kernel(rest, rest) + ridge * np.eye(len(rest))
        weights = np.linalg.solve(matrix, function(rest))
        return function(x[i : i + 1]) - kernel(x[i : i + 1], rest) @ weights

    np.testing.assert_allclose(errors[:3], np.concatenate([refit(i) for i in range(3)]))


def test_kernel_ridge_equals_the_gaussian_process_of_one_datum():
    """RBF of length 1, datum (0, 1), noise variance 0.01, asked at 0.5."""
    from froude.surrogates import KernelRidge

    one = jnp.ones((1, 1))
    model = KernelRidge(
        centres=0.0 * one,
        lengthscales=one,
        weights=one[None] / 1.01,
        whitening=one[None] / np.sqrt(1.01),
        amplitude=one,
        ridge=jnp.array([0.01]),
        smoothness="gaussian",
    )
    mean, spread = model.moments(jnp.array([0.5]))
    assert abs(mean[0] - 0.8737593095) < 1e-10
    # The spread is that of a new run, noise included.
    assert abs(spread[0] ** 2 - (0.2289101158 + 0.01)) < 1e-10


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [0.0, 293.15])
def test_a_field_that_never_varies_has_a_quiet_basis(dtype, value):
    fields = np.full((48, 5), value, dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        basis = PODBasis.from_fields(fields)
    coefficients = basis.encode(jnp.asarray(fields[0]))
    assert np.all(np.abs(coefficients) < 1.0)
    assert np.allclose(basis.decode(coefficients), fields[0], rtol=1e-6, atol=0.0)
