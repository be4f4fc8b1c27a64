"""Sweeps on disk: killed, resumed, extended, refused."""

import errno
import os
import random
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from froude.datasets import (
    DesignSpace,
    SweepStopped,
    Variable,
    factorial,
    generate,
    open_dataset,
    sobol,
    without_cost,
)
from froude.datasets.identity import identity
from froude.datasets.store import _locked
from froude.solvers.status import Status

SPACE = DesignSpace(
    (Variable("a", 0.0, 1.0, "m"), Variable("k", 1e-2, 1e2, scale="log"))
)
OUTPUTS = {
    "peak": {"units": "K", "long_name": "peak temperature"},
    "T": {"units": "K", "dims": ("node",)},
}


def simulate(design):
    """Newton's square root: a loop that takes its own time in every member."""

    def step(state):
        root, _ = state
        better = 0.5 * (root + design["k"] / root)
        return better, jnp.abs(better - root)

    root, _ = jax.lax.while_loop(
        lambda s: s[1] > 1e-12, step, (1.0 + design["a"], jnp.inf)
    )
    field = jnp.sin(root * jnp.arange(50.0))
    peak = jnp.where(design["a"] > 0.9, jnp.nan, root)
    status = jnp.where(design["a"] < 0.1, Status.NOT_CONVERGED.value, Status.OK.value)
    return {"peak": peak}, {"T": field}, status


def plain(design):
    if design["a"] > 0.9:
        raise ValueError(f"a = {design['a']:.6f} is too wide")
    time.sleep(0.002)
    return {"peak": np.sqrt(design["k"])}, {"T": np.full(3, design["a"])}, 0


def assert_same(one, other):
    one, other = without_cost(one).load(), without_cost(other).load()
    assert list(one.variables) == list(other.variables)
    for name in one.variables:
        assert one[name].dtype == other[name].dtype, name
        x, y = one[name].values, other[name].values
        assert x.tolist() == y.tolist() or x.tobytes() == y.tobytes(), name
    assert one.attrs == other.attrs


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    store = tmp_path_factory.mktemp("unbroken") / "sweep.zarr"
    return generate(
        simulate, sobol(SPACE, 200, seed=1), store, chunk=16, outputs=OUTPUTS
    )


def test_values_are_finite_where_the_status_is_ok_and_nan_elsewhere(unbroken):
    a, k = unbroken["a"].values, unbroken["k"].values
    expected = np.where(a > 0.9, Status.NON_FINITE, Status.OK)
    expected = np.where(a < 0.1, Status.NOT_CONVERGED, expected)
    assert np.array_equal(unbroken["status"], expected)
    good = expected == Status.OK
    assert 100 < good.sum() < 200
    assert np.allclose(unbroken["peak"].values[good], np.sqrt(k[good]), rtol=1e-14)
    assert np.isfinite(unbroken["T"].values[good]).all()
    assert np.isnan(unbroken["peak"].values[~good]).all()
    assert np.isnan(unbroken["T"].values[~good]).all()


def test_the_data_set_says_what_it_holds_and_what_made_it(unbroken):
    assert unbroken["T"].dims == ("sample", "node")
    assert unbroken["peak"].attrs["units"] == "K"
    assert unbroken["a"].attrs["units"] == "m"
    status = unbroken["status"]
    assert status.dtype == np.int8
    meanings = status.attrs["flag_meanings"].split()
    flags = dict(zip(status.attrs["flag_values"], meanings, strict=True))
    assert flags[0] == "ok" and flags[9] == "pending"
    attrs = unbroken.attrs
    assert attrs["jax_version"] == jax.__version__
    assert attrs["numpy_version"] == np.__version__
    assert (attrs["float_width"], attrs["seed"], attrs["method"]) == (64, 1, "sobol")
    assert DesignSpace.from_json(attrs["space"]) == SPACE
    assert attrs["space_hash"] == SPACE.hash
    assert attrs["problem"] == identity(simulate)
    for key in ("froude_version", "jaxlib_version", "device", "git_commit", "created"):
        assert key in attrs


def test_each_chunk_is_one_file_per_array(unbroken):
    store = Path(unbroken.encoding["source"])
    for name in ("a", "peak", "status"):
        assert sorted(os.listdir(store / name / "c"), key=int) == [
            str(i) for i in range(13)
        ]


def test_a_sweep_compiles_once(tmp_path):
    traces = []

    def counted(design):
        traces.append(1)
        return {"b": design["a"]}, {}, 0

    generate(
        lambda design: counted(design),
        sobol(SPACE, 50, seed=0),
        tmp_path / "s",
        chunk=8,
        outputs={},
        problem="counted",
    )
    # once for the shapes, once for the program: seven chunks, the last one partial
    assert len(traces) == 2


KILLED = """
import os, sys, time
import jax, zarr.storage._local as local
jax.config.update("jax_enable_x64", True)
sys.path.insert(0, sys.argv[1])
from test_generate import OUTPUTS, SPACE, generate, simulate, sobol

put = local._put

def slow(*arguments, **options):
    os.write(1, b".")
    time.sleep(0.02)
    return put(*arguments, **options)

local._put = slow
generate(simulate, sobol(SPACE, 200, seed=1), sys.argv[2], chunk=16, outputs=OUTPUTS)
"""


def test_a_sweep_killed_at_five_random_moments_resumes_to_the_same_data(
    tmp_path, unbroken
):
    """Kills are counted in writes: in the plan, soon after it, and in three chunks."""
    store = tmp_path / "sweep.zarr"
    command = [sys.executable, "-c", KILLED, str(Path(__file__).parent), str(store)]
    draw, finished = random.Random(0), []
    for first, last in ((1, 50), (64, 80), (1, 10), (1, 10), (1, 10)):
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            for _ in range(draw.randint(first, last)):
                assert process.stdout.read(1) == b"."
            time.sleep(draw.uniform(0.0, 0.03))
            assert process.poll() is None, "ended before it was killed"
            process.send_signal(signal.SIGKILL)
        if store.exists():
            status = open_dataset(store)["status"].values
            finished.append(int((status != Status.PENDING).sum()))
    assert finished == sorted(finished) and 0 < finished[-1] < 200, finished
    print(finished)
    resumed = generate(
        simulate, sobol(SPACE, 200, seed=1), store, chunk=16, outputs=OUTPUTS
    )
    assert_same(resumed, unbroken)
    assert [path.name for path in tmp_path.iterdir()] == ["sweep.zarr"]
    assert not list(store.rglob("*.partial"))


def test_threads_and_vmapped_calls_give_the_same_data(tmp_path, unbroken):
    with ThreadPoolExecutor(2) as executor:
        threads = generate(
            simulate,
            sobol(SPACE, 200, seed=1),
            tmp_path / "s",
            chunk=16,
            outputs=OUTPUTS,
            executor=executor,
            vmapped=True,
        )
    assert_same(threads, unbroken)


def test_a_plain_function_runs_through_threads_and_its_errors_are_kept(tmp_path):
    samples = sobol(SPACE, 40, seed=1)
    with ThreadPoolExecutor(2) as executor:
        data = generate(plain, samples, tmp_path / "s", chunk=16, executor=executor)
    bad = samples["a"].values > 0.9
    assert 0 < bad.sum() < 20
    assert np.array_equal(data["status"] == Status.ERROR, bad)
    assert np.array_equal(data["peak"].values[~bad], np.sqrt(samples["k"].values[~bad]))
    texts = data["error"].values
    wide = samples["a"].values[bad]
    assert texts[bad].tolist() == [f"ValueError: a = {a:.6f} is too wide" for a in wide]
    assert set(texts[~bad].tolist()) == {""}


def test_a_longer_set_extends_the_store_to_what_one_run_gives(tmp_path, unbroken):
    store = tmp_path / "s"
    first = generate(
        simulate, sobol(SPACE, 70, seed=1), store, chunk=16, outputs=OUTPUTS
    )
    assert first.sizes["sample"] == 70
    longer = generate(
        simulate, sobol(SPACE, 200, seed=1), store, chunk=16, outputs=OUTPUTS
    )
    assert_same(longer, unbroken)


def test_a_store_of_another_sweep_is_refused_and_left_alone(tmp_path):
    store, samples = tmp_path / "s", sobol(SPACE, 20, seed=1)

    def run(simulate=simulate, samples=samples, **options):
        options = {"chunk": 8, "outputs": OUTPUTS, **options}
        return generate(simulate, samples, store, **options)

    before = run()
    with pytest.raises(ValueError, match="another problem.*pass.*problem="):
        run(lambda design: simulate(design))
    wider = DesignSpace((Variable("a", 0.0, 2.0, "m"), SPACE.variables[1]))
    with pytest.raises(ValueError, match=r"another design space: a was \[0, 1\] m"):
        run(samples=sobol(wider, 20, seed=1))
    extend = r"other samples: a of sample 0 .*sobol\(space, 40, seed=1, skip=0\)"
    with pytest.raises(ValueError, match=extend):
        run(samples=sobol(SPACE, 40, seed=2))
    with pytest.raises(ValueError, match="holds 20 samples and only 10 are given"):
        run(samples=sobol(SPACE, 10, seed=1))
    with pytest.raises(ValueError, match="pass chunk=8"):
        run(chunk=4)
    (tmp_path / "other").mkdir()
    with pytest.raises(ValueError, match="not a store of samples"):
        generate(simulate, samples, tmp_path / "other")
    assert_same(open_dataset(store), before)


def test_the_time_of_a_run_is_without_compiling(tmp_path):
    def slow_to_compile(design):
        x = design["k"]
        for _ in range(60):
            x = jnp.sin(x) + jax.lax.fori_loop(0, 3, lambda i, v: jnp.cos(v), x)
        return {"y": x}, {}, 0

    began = time.perf_counter()
    runs = generate(slow_to_compile, sobol(SPACE, 8, seed=0), tmp_path / "s", chunk=4)
    whole = time.perf_counter() - began
    assert 0.0 < float(runs["wall_time"].sum()) < 0.1 * whole


def test_a_full_disk_leaves_nothing_half_written(tmp_path):
    """Files over 20 kB cannot be written: plans and scalars fit, a chunk of T not."""

    def big(design):
        noise = jax.random.normal(jax.random.key(0), (500,)) * design["k"]
        return {"peak": design["a"]}, {"T": noise}, 0

    store, samples = tmp_path / "s", sobol(SPACE, 30, seed=0)
    options = {"chunk": 10, "outputs": {}, "problem": "big"}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(OSError, match=f"samples 0 to 9 .*{store}") as caught:
            generate(big, samples, store, **options)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.errno == errno.EFBIG
    left = open_dataset(store)
    assert (left["status"] == Status.PENDING).all() and left["peak"].isnull().all()
    files = [path for path in store.glob("*/c/**/*") if path.is_file()]
    assert {path.relative_to(store).parts[0] for path in files} == {"a", "k", "sample"}
    assert not list(tmp_path.rglob("*.partial"))
    whole = generate(big, samples, store, **options)
    assert_same(whole, generate(big, samples, tmp_path / "unbroken", **options))

    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(OSError, match="Could not create the store .*plan"):
            generate(big, samples, tmp_path / "plan", **options)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s", "unbroken"]


def test_a_disk_that_is_full_when_a_store_is_extended_loses_no_sample(tmp_path):
    """Files over 100 bytes cannot be written: the new lengths don't fit."""
    double = lambda design: ({"b": 2.0 * design["a"]}, {}, 0)
    store, options = tmp_path / "s", {"outputs": {}, "problem": "double"}
    before = generate(double, sobol(SPACE, 16, seed=0), store, **options).load()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(OSError, match=f"Could not extend the store {store}"):
            generate(double, sobol(SPACE, 64, seed=0), store, **options)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert_same(open_dataset(store), before)
    longer = generate(double, sobol(SPACE, 64, seed=0), store, **options)
    assert (longer["status"] == Status.OK).all() and longer.sizes["sample"] == 64


def test_a_second_writer_is_refused(tmp_path):
    double = lambda design: ({"b": 2.0 * design["a"]}, {}, 0)
    store, options = tmp_path / "s", {"outputs": {}, "problem": "double"}
    generate(double, sobol(SPACE, 16, seed=0), store, **options)
    with (
        _locked(store),
        pytest.raises(BlockingIOError, match=f"Another process is writing.*{store}"),
    ):
        generate(double, sobol(SPACE, 64, seed=0), store, **options)


def test_a_sweep_that_mostly_fails_is_stopped_and_can_go_on(tmp_path):
    def failing(design):
        if design["a"] < 0.8:
            raise RuntimeError("licence expired.")
        return {"b": design["a"]}, {}, 0

    samples, store = factorial(SPACE, {"a": 100, "k": 1}), tmp_path / "s"
    with ThreadPoolExecutor(1) as executor:
        with pytest.raises(SweepStopped, match="20 of the last 20.*licence expired"):
            generate(failing, samples, store, executor=executor, problem="p")
        kept = open_dataset(store)
        assert (kept["status"] == Status.ERROR).sum() == 20
        whole = generate(
            failing, samples, store, executor=executor, problem="p", failure_limit=None
        )
    assert np.array_equal(whole["status"] == 0, whole["a"] >= 0.8)


def test_failed_samples_run_again_when_asked(tmp_path):
    broken = [True]

    def flaky(design):
        if broken[0] and design["a"] < 0.5:
            raise OSError("no licence server")
        return {"b": design["a"]}, {}, 0

    samples = sobol(SPACE, 16, seed=0)
    with ThreadPoolExecutor(1) as executor:
        options = {"executor": executor, "problem": "flaky"}
        first = generate(flaky, samples, tmp_path / "s", **options)
        assert (first["status"] == Status.ERROR).sum() == 8
        broken[0] = False
        same = generate(flaky, samples, tmp_path / "s", **options)
        assert (same["status"] == Status.ERROR).sum() == 8
        again = generate(
            flaky, samples, tmp_path / "s", retry=(Status.ERROR,), **options
        )
    assert (again["status"] == 0).all() and not again["error"].values.astype(bool).any()


def test_bad_samples_and_untraceable_functions_are_refused(tmp_path):
    samples = sobol(SPACE, 4, seed=0)
    outside = samples.assign(a=samples["a"] + 1.0)
    with pytest.raises(ValueError, match=r"a = .* outside the bounds \[0, 1\] m"):
        generate(simulate, outside, tmp_path / "s")
    with pytest.raises(
        TypeError, match="cannot be traced.*pass vmapped=False, or an exec"
    ):
        generate(plain, samples, tmp_path / "s")
    with pytest.raises(TypeError, match=r"'T' has the shape \(3,\); return a scalar"):
        generate(lambda d: ({"T": jnp.ones(3)}, {}, 0), samples, tmp_path / "s")
    with pytest.raises(ValueError, match=r"returns \['a'\], names.*already"):
        generate(lambda d: ({"a": d["a"]}, {}, 0), samples, tmp_path / "s")
    for options in ({"chunk": 0}, {"chunk": 2.5}, {"failure_limit": 1.5}):
        (name,) = options
        with pytest.raises(ValueError, match=f"{name} is {options[name]}; give"):
            generate(simulate, samples, tmp_path / "s", **options)
    assert not (tmp_path / "s").exists()
