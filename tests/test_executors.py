"""One call through any executor, whatever happens to its workers."""

import logging
import multiprocessing
import os
import subprocess
import sys
import time
from concurrent.futures import (
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from types import SimpleNamespace

import numpy as np
import pytest

from froude.datasets import (
    DesignSpace,
    SpawnRunner,
    TimeLimitExceeded,
    Variable,
    WorkerLost,
    factorial,
    generate,
    without_cost,
)
from froude.solvers.status import Status

SPACE = DesignSpace((Variable("x", 0.0, 31.0),))
NAN, RAISE, QUIT, EXIT, HANG = 3, 7, 11, 18, 25


def simulate(design, *, faults=(NAN, RAISE, QUIT, EXIT, HANG)):
    """Plain Python with planted faults, by design."""
    x = round(design["x"])
    fault = x if x in faults else None
    if fault == RAISE:
        raise ValueError(f"no solution at {x}")
    if fault == QUIT:
        sys.exit("giving up")
    if fault == EXIT:
        os._exit(3)
    if fault == HANG:
        time.sleep(600)
    y = np.nan if fault == NAN else design["x"] ** 2
    return {"y": y}, {"profile": np.full(4, design["x"])}, Status.OK


def in_thread(design):
    return simulate(design, faults=(NAN, RAISE, QUIT))


def in_pool(design):
    return simulate(design, faults=(NAN, RAISE, QUIT, EXIT))


def traced(design):
    """A JAX function that kills its process for one design."""
    import jax
    import jax.numpy as jnp

    def host(x):
        if round(float(x)) == EXIT:
            os._exit(3)
        return np.asarray(x) ** 2

    shape = jax.ShapeDtypeStruct((), jnp.result_type(float))
    y = jax.pure_callback(host, shape, design["x"], vmap_method="sequential")
    return {"y": y}, {}, 0


def expected(faults):
    status = np.full(32, Status.OK)
    for row, value in faults.items():
        status[row] = value
    return status


def check(data, faults):
    status = expected(faults)
    assert data["status"].values.tolist() == status.tolist()
    good = status == Status.OK
    y = data["y"].values
    assert np.array_equal(y[good], data["x"].values[good] ** 2)
    assert np.isnan(y[~good]).all()


THREAD_FAULTS = {NAN: Status.NON_FINITE, RAISE: Status.ERROR, QUIT: Status.ERROR}


def run(function, store, executor, **options):
    samples = factorial(SPACE, 32)
    return generate(
        function, samples, store, chunk=8, executor=executor, problem="p", **options
    )


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    with SpawnRunner(2, time_limit=1.0) as runner:
        return run(simulate, tmp_path_factory.mktemp("hostile") / "s", runner)


def test_a_hostile_sweep_through_our_runner_loses_the_planted_samples_only(hostile):
    check(hostile, {**THREAD_FAULTS, EXIT: Status.LOST, HANG: Status.TIMEOUT})
    errors = hostile["error"].values
    assert errors[RAISE] == "ValueError: no solution at 7"
    assert errors[QUIT] == "SystemExit: giving up"
    assert "exit code 3" in errors[EXIT]
    assert "ended after 1" in errors[HANG]
    assert sum(map(bool, errors.tolist())) == 4


def test_a_broken_process_pool_is_made_anew_and_the_culprit_found(tmp_path, hostile):
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        data = run(in_pool, tmp_path / "s", pool)
    check(data, {**THREAD_FAULTS, EXIT: Status.LOST})
    same = np.arange(32) != HANG
    assert data["y"].values[same].tobytes() == hostile["y"].values[same].tobytes()


def test_threads_keep_what_raises_and_what_exits(tmp_path):
    with ThreadPoolExecutor(2) as executor:
        data = run(in_thread, tmp_path / "s", executor)
    check(data, THREAD_FAULTS)
    with ThreadPoolExecutor(1) as executor:
        serial = run(in_thread, tmp_path / "serial", executor)
    one, other = without_cost(data).load(), without_cost(serial).load()
    assert one.drop_attrs().identical(other.drop_attrs())


def test_a_vmapped_chunk_that_kills_its_process_is_split_to_the_sample(tmp_path):
    with SpawnRunner(1, time_limit=60.0) as runner:
        data = run(traced, tmp_path / "s", runner, vmapped=True)
    check(data, {EXIT: Status.LOST})


def in_cluster(design):
    return simulate(design, faults=(RAISE, EXIT))


class KilledWorker(Exception):
    """Stands for the error of dask.distributed."""


class Cluster(Executor):
    """An executor of unknown size, like dask's, that loses one of its samples."""

    def submit(self, run, designs, slots):
        future = Future()
        if EXIT in np.round(designs["x"]):
            future.set_exception(KilledWorker("4 workers died"))
        else:
            future.set_result(run(designs, slots))
        return future


@pytest.mark.parametrize("vmapped", [False, True])
def test_a_sample_that_kills_the_workers_of_dask_is_lost_alone(
    tmp_path, monkeypatch, vmapped
):
    dask = SimpleNamespace(KilledWorker=KilledWorker)
    monkeypatch.setitem(sys.modules, "distributed", dask)
    square = lambda design: ({"y": design["x"] ** 2}, {}, 0)
    data = run(square, tmp_path / "s", Cluster(), vmapped=vmapped)
    check(data, {EXIT: Status.LOST})
    assert data["error"].values[EXIT] == "4 workers died"


def test_what_is_no_fault_of_a_worker_is_raised(tmp_path):
    with pytest.raises(KilledWorker):
        run(in_thread, tmp_path / "s", Cluster())


def test_a_cluster_of_dask_runs_the_samples(tmp_path):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            dashboard_address=None,
            silence_logs=logging.CRITICAL,
        ) as cluster,
        distributed.Client(cluster) as client,
        client.get_executor() as executor,
    ):
        data = run(in_cluster, tmp_path / "s", executor)
    check(data, {RAISE: Status.ERROR, EXIT: Status.LOST})


def test_executors_that_fork_are_refused(tmp_path):
    context = multiprocessing.get_context("fork")
    with (
        ProcessPoolExecutor(1, mp_context=context) as pool,
        pytest.raises(ValueError, match="forks, and JAX is not safe.*'spawn'"),
    ):
        run(in_pool, tmp_path / "s", pool)
    assert not (tmp_path / "s").exists()


def sleep_in_a_child(path):
    """Start a program of its own and wait for it, as a driver of a solver does."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    with open(path, "w") as file:
        file.write(str(child.pid))
    child.wait()


def test_the_runner_ends_a_hang_with_the_programs_it_started(tmp_path):
    with SpawnRunner(1, time_limit=0.5) as runner:
        assert runner.submit(pow, 2, 5).result() == 32
        with pytest.raises(TimeLimitExceeded):
            runner.submit(sleep_in_a_child, tmp_path / "pid").result()
        with pytest.raises(WorkerLost, match="exit code 4"):
            runner.submit(os._exit, 4).result()
        assert list(runner.map(abs, [-1, -2])) == [1, 2]
    child = (tmp_path / "pid").read_text()
    state = subprocess.run(["ps", "-o", "stat=", "-p", child], capture_output=True)
    assert state.stdout.strip() in (b"",) or state.stdout.startswith(b"Z")
    with pytest.raises(RuntimeError, match="shut down"):
        runner.submit(abs, 1)
