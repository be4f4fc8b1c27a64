"""Levenberg-Marquardt: known minima, statuses, chunks and moving points."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from froude.solvers.status import Status
from froude.surrogates.levenberg_marquardt import Rows, levenberg_marquardt


def rosenbrock(parameters, point):
    return jnp.stack(
        [10.0 * (parameters["y"] - parameters["x"] ** 2), 1.0 - parameters["x"]]
    )


def decay(parameters, point):
    s, observed = point
    return parameters[0] * jnp.exp(-parameters[1] * s) - observed


def decay_points(n, dtype=jnp.float64):
    s = jnp.linspace(0.0, 2.0, n, dtype=dtype)
    return s, 2.0 * jnp.exp(-1.5 * s)


def test_rosenbrock_valley_is_followed_to_its_end():
    start = {"x": jnp.array(-1.2), "y": jnp.array(1.0)}
    fit = levenberg_marquardt(
        Rows(rosenbrock, jnp.zeros(1)), start, steps=30, tolerance=1e-24
    )
    assert fit.status == Status.OK
    assert fit.loss <= 1e-24
    np.testing.assert_allclose(fit.parameters["x"], 1.0, atol=1e-11)
    assert np.all(np.diff(fit.history["loss"]) <= 0)


def test_chunks_and_blocks_give_the_same_fit_as_one_block():
    s, observed = decay_points(10_000)
    start = jnp.array([1.0, 1.0])
    whole = levenberg_marquardt(Rows(decay, (s, observed)), start, steps=3)
    halves = [
        Rows(decay, (s[::2], observed[::2])),
        Rows(decay, (s[1::2], observed[1::2])),
    ]
    split = levenberg_marquardt(halves, start, steps=3)
    np.testing.assert_allclose(split.history["loss"], whole.history["loss"], rtol=1e-8)


def test_noisy_fit_stops_at_the_least_squares_solution():
    s, observed = decay_points(200)
    noisy = observed + 0.05 * jax.random.normal(jax.random.key(0), s.shape)
    fit = levenberg_marquardt(Rows(decay, (s, noisy)), jnp.ones(2), steps=40)

    def loss(p):
        return jnp.sum((p[0] * jnp.exp(-p[1] * s) - noisy) ** 2)

    assert fit.status == Status.OK
    assert jnp.linalg.norm(jax.grad(loss)(fit.parameters)) < 1e-7


def test_statuses_say_why_a_fit_stopped():
    rows = Rows(decay, decay_points(50))
    short = levenberg_marquardt(rows, jnp.zeros(2), steps=1, tolerance=1e-20)
    assert short.status == Status.NOT_CONVERGED
    broken = levenberg_marquardt(rows, jnp.array([jnp.nan, 1.0]))
    assert broken.status == Status.NON_FINITE
    s, observed = decay_points(50, jnp.float32)
    low = levenberg_marquardt(
        Rows(decay, (s, observed + 0.01 * jnp.cos(40.0 * s))),
        jnp.ones(2, jnp.float32),
        tolerance=1e-20,
    )
    assert low.status == Status.PRECISION
    assert low.parameters.dtype == jnp.float32
    np.testing.assert_allclose(low.parameters, [2.0, 1.5], rtol=1e-2)


def test_points_are_drawn_again_and_a_callback_ends_the_fit():
    drawn = []

    def resample(parameters, step):
        drawn.append(step)
        return [Rows(decay, decay_points(50))]

    fit = levenberg_marquardt(
        resample(None, 0),
        jnp.ones(2),
        resample=resample,
        resample_every=2,
        callback=lambda step, loss, parameters: step == 4,
    )
    assert drawn == [0, 0, 2, 4]
    assert fit.history["loss"].size == 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "steps is 0; give an integer of at least 1"),
        ({"damping": 0.0}, "damping is 0.0; give a number above 0"),
        ({"damping": float("nan")}, "damping is nan"),
        ({"tolerance": -1.0}, "tolerance is -1.0"),
        ({"resample_every": 0}, "resample_every is 0"),
    ],
)
def test_numbers_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        levenberg_marquardt(Rows(decay, decay_points(5)), jnp.ones(2), **options)


def test_parameters_without_numbers_and_empty_rows_are_refused():
    with pytest.raises(ValueError, match="no floating-point array"):
        levenberg_marquardt(Rows(decay, decay_points(5)), {"name": 1})
    with pytest.raises(ValueError, match="rows is empty"):
        levenberg_marquardt([], jnp.ones(2))
