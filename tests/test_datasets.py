"""Design spaces and sets of samples: maps, identity, refusals."""

import json
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from froude.datasets import (
    DesignSpace,
    LogNormal,
    Normal,
    Simulation,
    Uniform,
    Variable,
    factorial,
    from_csv,
    from_designs,
    latin_hypercube,
    sobol,
    space_of,
)
from froude.solvers import Quantity

SPACE = DesignSpace(
    (
        Variable("height", 0.01, 0.05, "m", long_name="fin height"),
        Variable("conductivity", 1e-2, 4e2, "W/(m K)", scale="log", default=200.0),
        Variable("power", 5.0, 20.0, "W", distribution=Normal(10.0, 2.0)),
    )
)


def test_unit_coordinates_and_back_are_the_identity_and_differentiable():
    places = jax.random.uniform(jax.random.key(0), (50, 3))
    designs = SPACE.from_unit(places)
    assert np.allclose(SPACE.to_unit(designs), places, atol=1e-14)
    middle = SPACE.from_unit(jnp.full(3, 0.5))
    assert np.isclose(middle["conductivity"], np.sqrt(1e-2 * 4e2), rtol=1e-14)
    slope = jax.jit(jax.grad(lambda k: SPACE.to_unit({**middle, "conductivity": k})[1]))
    exact = 1 / (middle["conductivity"] * np.log(4e4))
    assert np.isclose(slope(middle["conductivity"]), exact, rtol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_places_of_the_cube_are_designs_inside_the_bounds_to_the_last_bit(dtype):
    variables = [
        Variable(f"x{i}", *bounds, "m", scale)
        for i, bounds in enumerate([(5.0, 50.0), (0.1, 0.7), (3.0, 7.0), (0.3, 0.9)])
        for scale in ("log", "linear")
    ]
    for variable in variables:
        space = DesignSpace((variable,))
        places = jnp.asarray([[0.0], [0.5], [1.0]], dtype)
        ends = space.from_unit(places)[variable.name]
        assert ends.dtype == dtype
        space.check({variable.name: np.asarray(ends)})
        slope = jax.grad(lambda p, v=variable: v.from_unit(p))
        assert slope(places[2, 0]) > 0.0 and variable.from_unit(1.5) > variable.upper
    with pytest.raises(ValueError, match=r"x = 0.7000000000000001 .*\[0.1, 0.7\]"):
        DesignSpace((Variable("x", 0.1, 0.7),)).check({"x": 0.7000000000000001})


def test_a_data_set_maps_like_its_arrays():
    samples = sobol(SPACE, 8, seed=0)
    arrays = {name: samples[name].values for name in SPACE.names}
    assert np.array_equal(SPACE.to_unit(samples), SPACE.to_unit(arrays))


def test_contains_allows_round_off_of_the_dtype_and_nothing_more():
    ends = SPACE.from_unit(jnp.array([[0.0] * 3, [1.0] * 3], jnp.float32))
    assert SPACE.contains(ends).tolist() == [True, True]
    outside = SPACE.from_unit(jnp.array([[0.5, 1.0 + 1e-9, 0.5], [0.5, np.nan, 0.5]]))
    assert SPACE.contains(outside).tolist() == [False, False]


def test_hash_is_the_same_in_every_process_and_names_what_the_space_means():
    again = DesignSpace.from_json(SPACE.to_json())
    assert again == SPACE and again.hash == SPACE.hash
    assert SPACE.hash.startswith("cc5c5b"), SPACE.hash
    code = (
        "from froude.datasets import DesignSpace; import sys; "
        "print(DesignSpace.from_json(sys.argv[1]).hash)"
    )
    other = subprocess.run(
        [sys.executable, "-c", code, SPACE.to_json()],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "7", "PATH": ""},
    )
    assert other.stdout.strip() == SPACE.hash
    records = json.loads(SPACE.to_json())

    def hash_with(**change):
        changed = [{**records[0], **change}, *records[1:]]
        return DesignSpace.from_json(json.dumps(changed)).hash

    assert hash_with(long_name="other label") == SPACE.hash
    assert hash_with(upper=0.06) != SPACE.hash
    assert hash_with(unit="mm") != SPACE.hash
    assert hash_with(scale="log") != SPACE.hash


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(name="a b", lower=0, upper=1), "'a b' is not an identifier"),
        (dict(name="status", lower=0, upper=1), "'status' is taken"),
        (dict(name="k", lower=2, upper=1), r"'k'.*\[2.0, 1.0\].*reversed"),
        (dict(name="k", lower=1, upper=1), "empty or reversed"),
        (dict(name="k", lower=float("nan"), upper=1), "lower bound is nan"),
        (dict(name="k", lower=0, upper=float("inf")), "upper bound is inf"),
        (
            dict(name="k", lower=1, upper=2, scale="Log"),
            "'k': scale = 'Log' is none of",
        ),
        (dict(name="k", lower=0, upper=1, scale="log"), "'k'.*positive lower bound"),
        (dict(name="k", lower=0, upper=1, default=2.0), "default 2.0 is outside"),
        (
            dict(name="k", lower=0, upper=1, distribution=Uniform(0.5, 1.5)),
            r"'k': Uniform\(0.5, 1.5\) is not inside the bounds",
        ),
        (
            dict(name="k", lower=0, upper=1, distribution=Normal(50.0, 1.0)),
            "'k'.*mass",
        ),
        (
            dict(name="k", lower=-1, upper=1, distribution=LogNormal(0.5, 1.0)),
            r"'k'.*support \(0, inf\)",
        ),
        (
            dict(name="k", lower=0, upper=1, distribution=Normal(0.5, -1.0)),
            "deviation is -1.0; it must be positive",
        ),
    ],
)
def test_a_bad_variable_is_refused_by_name(arguments, message):
    with pytest.raises(ValueError, match=message):
        Variable(**arguments)


def test_an_empty_space_and_a_name_given_twice_are_refused():
    with pytest.raises(ValueError, match="no variables"):
        DesignSpace(())
    k = Variable("k", 1.0, 2.0)
    with pytest.raises(ValueError, match="'k' more than once"):
        DesignSpace((k, k))
    with pytest.raises(TypeError, match=r"single variable 'k'.*DesignSpace\(\(var"):
        DesignSpace(k)


def test_a_simulation_refuses_a_bare_quantity_and_a_name_given_twice():
    peak = Quantity("peak", "K", lambda discretization, solution: solution.final.max())
    mean = Quantity("mean", "K", peak.evaluate, report=peak.evaluate)
    reported = Quantity("mean_reported", "K", peak.evaluate)
    with pytest.raises(TypeError, match="single quantity 'peak'.*tuple"):
        Simulation(None, peak)
    with pytest.raises(TypeError, match="of type Quantity, got 'peak'"):
        Simulation(None, ["peak"])
    assert Simulation(None, [peak]).quantities == (peak,)
    for quantities in ((peak, peak), (mean, reported)):
        with pytest.raises(ValueError, match=f"'{quantities[-1].name}' more than once"):
            Simulation(None, quantities)


def test_designs_outside_the_space_are_refused_with_value_and_bounds():
    good = {"height": [0.02, 0.03], "conductivity": [1.0, 2.0], "power": [6.0, 7.0]}
    assert from_designs(SPACE, good).sizes["sample"] == 2
    for value, shown in ((25.0, "25"), (float("nan"), "nan"), (float("inf"), "inf")):
        with pytest.raises(
            ValueError, match=rf"power = {shown} in sample 1 .*5, 20\] W"
        ):
            from_designs(SPACE, {**good, "power": [6.0, value]})
    with pytest.raises(ValueError, match=r"missing \['power'\], unknown \['P'\]"):
        from_designs(SPACE, {"height": 0.02, "conductivity": 1.0, "P": 5.0})
    with pytest.raises(ValueError, match="one array of one length"):
        from_designs(SPACE, {**good, "power": [6.0]})


@pytest.mark.parametrize("n", [1, 7, 64])
def test_a_longer_sobol_set_begins_with_the_shorter_one(n):
    long = sobol(SPACE, 100, seed=3)
    assert sobol(SPACE, n, seed=3).equals(long.isel(sample=slice(n)))
    rest = sobol(SPACE, 100 - n, seed=3, skip=n)
    assert rest.equals(long.isel(sample=slice(n, None)))
    assert not sobol(SPACE, n, seed=4).equals(long.isel(sample=slice(n)))


def test_sobol_is_balanced_in_probability_and_follows_the_law_of_a_variable():
    n = 256
    samples = sobol(SPACE, n, seed=1)
    law = stats.truncnorm(-2.5, 5.0, 10.0, 2.0)
    ranks = {
        "height": (samples["height"].values - 0.01) / 0.04,
        "conductivity": np.log(samples["conductivity"].values / 1e-2) / np.log(4e4),
        "power": law.cdf(samples["power"].values),
    }
    for name, rank in ranks.items():
        counts = np.bincount(np.floor(rank * n).astype(int), minlength=n)
        assert (counts == 1).all(), name


def test_a_latin_hypercube_hits_each_part_once():
    samples = latin_hypercube(SPACE, 30, seed=0)
    parts = np.floor((samples["height"].values - 0.01) / 0.04 * 30).astype(int)
    assert sorted(parts) == list(range(30))
    assert samples.equals(latin_hypercube(SPACE, 30, seed=0))


def test_factorial_holds_every_combination_once_with_the_bounds():
    levels = {"height": 3, "conductivity": 4, "power": 1}
    samples = factorial(SPACE, levels)
    assert samples.sizes["sample"] == 12
    rows = set(zip(*(samples[name].values for name in SPACE.names), strict=True))
    assert len(rows) == 12
    assert set(samples["height"].values) == {0.01, 0.03, 0.05}
    assert samples["conductivity"].values[:4] == pytest.approx(
        [1e-2, 1e-2 * 4e4 ** (1 / 3), 1e-2 * 4e4 ** (2 / 3), 4e2]
    )
    assert factorial(SPACE, 2).sizes["sample"] == 8
    with pytest.raises(ValueError, match="levels of 'power' is 0"):
        factorial(SPACE, {**levels, "power": 0})


def test_samples_carry_units_bounds_and_how_they_were_made():
    samples = sobol(SPACE, 4, seed=5, skip=8)
    assert samples["sample"].values.tolist() == [8, 9, 10, 11]
    assert samples["conductivity"].attrs == {
        "units": "W/(m K)",
        "long_name": "conductivity",
        "valid_range": [1e-2, 4e2],
        "scale": "log",
    }
    assert samples.attrs["space_hash"] == SPACE.hash
    how = {key: samples.attrs[key] for key in ("method", "seed", "skip")}
    assert how == {"method": "sobol", "seed": 5, "skip": 8}
    assert space_of(samples) == SPACE
    with pytest.raises(ValueError, match="carry no design space"):
        space_of(samples.drop_attrs())


def test_a_csv_file_is_read_by_column_name(tmp_path):
    file = tmp_path / "designs.csv"
    file.write_text("\ufeffpower, height,conductivity\n6,0.02,1e0\n\n7,0.03, 2\n")
    samples = from_csv(file, SPACE)
    assert samples["power"].values.tolist() == [6.0, 7.0]
    assert samples["conductivity"].values.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("height,conductivity,power\n", "has a header but no designs"),
        ("0.02,1,6\n0.03,1,6\n", r"no header.*\['height', 'conductivity', 'power'\]"),
        ("height,conductivity\n0.02,1\n", r"header: .*missing \['power'\]"),
        ("height,conductivity,power,x\n0.02,1,6,0\n", r"unknown \['x'\]"),
        ("height,height,power\n0.02,1,6\n", "names a column twice"),
        ("height,conductivity,power\n0.02,1\n", "line 2: 2 values for 3 columns"),
        ("height,conductivity,power\n0.02,one,6\n", "line 2: conductivity = 'one'"),
        ("height,conductivity,power\n0.02,1,6\n\n.02,1,30\n", "line 4: power = 30 is"),
        ("height,conductivity,power\n0.02,nan,6\n", "line 2: conductivity = nan is"),
    ],
)
def test_a_bad_csv_file_is_refused_by_line_and_column(tmp_path, text, message):
    file = tmp_path / "designs.csv"
    file.write_text(text)
    with pytest.raises(ValueError, match=message):
        from_csv(file, SPACE)
