"""Fitting and predicting: determinism, gradients, refusals, one compilation."""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from analytic_sink import SPACE, residual, runs

import froude.surrogates.surrogate as surrogate_module
from froude.datasets import DesignSpace, Variable, sobol
from froude.surrogates import MLP, Ensemble, Verdict, fit, fit_baseline

SMALL = functools.partial(MLP, widths=(32, 32))


@pytest.fixture(scope="module")
def data():
    return runs(128, seed=0)


@pytest.fixture(scope="module")
def fitted(data):
    return fit(
        data,
        SPACE,
        network=SMALL,
        fields=("temperature",),
        steps=800,
        key=jax.random.key(0),
    )


def test_both_fits_predict_fresh_runs(data, fitted):
    fresh = runs(64, seed=1)
    baseline = fit_baseline(data, SPACE, key=jax.random.key(0))
    for surrogate, limit in ((fitted, 0.02), (baseline, 1e-3)):
        predicted = surrogate.predict(fresh)
        for name in ("peak", "mass", "resistance"):
            error = abs(predicted[name] - fresh[name]) / fresh[name]
            assert float(error.median()) < limit, name
            assert predicted[name].attrs["units"] == fresh[name].attrs["units"]


def test_the_same_key_gives_the_same_surrogate(data):
    build = lambda: fit(data, SPACE, network=SMALL, steps=100, key=jax.random.key(3))
    one, two = build().quantity_head, build().quantity_head
    assert eqx.tree_equal(one, two)


def test_gradient_of_a_quantity_equals_finite_differences(fitted):
    design = jnp.linspace(1.2, 2.7, 6)
    value = lambda d: fitted.quantities(d)["resistance"]
    slope = jax.jvp(value, (design,), (jnp.ones(6),))[1]
    errors = [
        abs((value(design + h) - value(design - h)) / (2 * h) / slope - 1)
        for h in 10.0 ** -np.arange(2, 8)
    ]
    assert min(errors) < 1e-8


def test_traceable_quantities_equal_predict(fitted):
    samples = sobol(SPACE, 8, seed=5)
    table = np.stack([samples[name].values for name in SPACE.names], axis=1)
    predicted = fitted.predict(samples, fields=True)
    for name, values in fitted.quantities(table).items():
        np.testing.assert_allclose(predicted[name], values, rtol=1e-12)
    values = fitted.fields(table)["temperature"]
    np.testing.assert_allclose(predicted["temperature"], values, rtol=1e-12)


def test_a_sweep_compiles_once(fitted, monkeypatch):
    """Tracing calls `evaluate_one`; a chunk size of its own avoids older traces."""
    counted = []

    def count(*args):
        counted.append(args)
        return original(*args)

    original = surrogate_module.evaluate_one
    monkeypatch.setattr(surrogate_module, "evaluate_one", count)
    for size in (100, 64, 7):
        fitted.predict(sobol(SPACE, size, seed=2), chunk=7)
    assert len(counted) == 1


def test_an_uncertified_prediction_says_so(fitted):
    predicted = fitted.predict(sobol(SPACE, 4, seed=2), fields=True)
    assert (predicted["verdict"] == Verdict.UNCERTIFIED).all()
    assert predicted.attrs["certified"] == 0
    for name in ("peak", "mass", "resistance", "temperature"):
        assert np.isneginf(predicted[f"{name}_lower"]).all()
        assert np.isposinf(predicted[f"{name}_upper"]).all()


def test_a_design_outside_the_space_gets_no_number(fitted):
    design = dict.fromkeys(SPACE.names, 2.0)
    for bad in (3.5, np.nan, -1.0):
        predicted = fitted.predict(design | {"a": np.array([2.0, bad])}, fields=True)
        for name in ("peak", "mass", "resistance", "temperature"):
            assert np.isfinite(predicted[name].values[0]).all()
            for suffix in ("", "_lower", "_upper"):
                assert np.isnan(predicted[name + suffix].values[1]).all()
        assert predicted["verdict"].values[1] == Verdict.REJECT


def test_designs_of_another_space_are_refused(fitted):
    other = DesignSpace(tuple(Variable(name, 1.0, 4.0, "m") for name in SPACE.names))
    with pytest.raises(ValueError, match="another space"):
        fitted.predict(sobol(other, 4, seed=0))
    with pytest.raises(ValueError, match="unknown"):
        fitted.predict(dict.fromkeys((*SPACE.names, "g"), 2.0))
    samples = sobol(SPACE, 4, seed=0)
    samples["a"].attrs["units"] = "mm"
    with pytest.raises(ValueError, match="'mm'"):
        fitted.predict(samples)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"quantities": "peak"}, TypeError, r"write quantities=\('peak',\)"),
        ({"fields": "temperature"}, TypeError, r"write fields=\('temperature',\)"),
        ({"quantities": ["mass", "mass"]}, ValueError, "quantities holds 'mass' more"),
        ({"quantities": ["temperature"]}, ValueError, "name a field in fields"),
        ({"quantities": ["colour"]}, ValueError, r"no output \['colour'\]"),
        ({"validation": 0.0}, ValueError, "validation is 0.0; give a number between"),
        ({"validation": 0.999}, ValueError, "leaves 0 of 128 runs"),
        ({"pod_tolerance": -1.0}, ValueError, "pod_tolerance is -1.0; .* above 0"),
    ],
)
def test_a_bad_request_is_refused_by_name(data, options, error, message):
    with pytest.raises(error, match=message):
        fit_baseline(data, SPACE, key=jax.random.key(0), **options)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("members", 0),
        ("steps", 0),
        ("batch", 0),
        ("patience", 1.5),
        ("learning_rate", 0.0),
        ("weight_decay", -1.0),
        ("residual_weight", float("nan")),
        ("residual_batch", 0),
    ],
)
def test_a_number_out_of_range_is_refused_by_name(data, name, value):
    with pytest.raises(ValueError, match=f"{name} is {value!r}; give"):
        fit(data, SPACE, key=jax.random.key(0), **{name: value})


@pytest.mark.parametrize("key", [0, np.zeros(2), jnp.zeros(3, jnp.uint32)])
def test_a_seed_in_place_of_a_key_is_refused(data, key):
    for fitted_by in (fit, fit_baseline):
        with pytest.raises(TypeError, match=r"key is .*such as jax.random.key\(0\)"):
            fitted_by(data, SPACE, key=key)


def test_a_chunk_without_designs_is_refused(fitted):
    with pytest.raises(ValueError, match="chunk is 0; give an integer of at least 1"):
        fitted.predict(sobol(SPACE, 4, seed=2), chunk=0)


def test_failed_runs_are_left_out_and_silent_ones_refused(data):
    broken = data.copy(deep=True)
    broken["peak"][3] = np.nan
    with pytest.raises(ValueError, match="peak has values that are not finite"):
        fit(broken, SPACE, key=jax.random.key(0))
    broken["status"][3] = 1
    surrogate = fit(broken, SPACE, network=SMALL, steps=100, key=jax.random.key(0))
    assert '"failed_runs": 1' in surrogate.record


def test_physics_loss_lowers_the_residual(data):
    """Six runs in each half of the field's data, the law everywhere."""
    few = data.isel(sample=slice(0, 24))
    build = functools.partial(
        fit,
        few,
        SPACE,
        network=SMALL,
        fields=("temperature",),
        members=2,
        steps=600,
        key=jax.random.key(0),
    )
    seen = []
    informed = build(
        residual=residual,
        residual_weight=1.0,
        residual_batch=16,
        callback=lambda step, metrics: seen.append(metrics),
    )
    fresh = runs(64, seed=1)
    error = {
        name: float(
            abs(
                s.predict(fresh, fields=True)["temperature"] - fresh["temperature"]
            ).mean()
        )
        for name, s in (("data", build()), ("law", informed))
    }
    assert error["law"] < 0.8 * error["data"]
    assert all("residual_over_floor" in m for m in seen if m["part"] == "temperature")


def test_any_callable_pytree_is_a_network(data):
    build = lambda inputs, outputs, key: eqx.nn.MLP(inputs, outputs, 16, 1, key=key)
    surrogate = fit(data, SPACE, network=build, steps=100, key=jax.random.key(0))
    assert isinstance(surrogate.quantity_head.regressor, Ensemble)
    assert np.isfinite(surrogate.predict(sobol(SPACE, 4, seed=2))["mass"]).all()
