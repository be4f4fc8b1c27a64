"""Run a simulation for every sample and keep what comes out of it on disk."""

import os
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..solvers.status import Status
from .arguments import require_between, require_count
from .dispatch import Dispatcher, Task, refuse_fork
from .identity import identity
from .outcome import EachSample, Outcome, Simulate, VmappedChunk
from .samples import space_of
from .space import RESERVED
from .store import SweepStore, open_dataset, open_sweep

if TYPE_CHECKING:
    import xarray

_MEMORY = 20
_FLUSH_SECONDS = 10.0


class SweepStopped(RuntimeError):
    """Too many samples in a row failed; what was finished is in the store."""


def generate(
    simulate: Simulate,
    samples: "xarray.Dataset",
    store: str | os.PathLike,
    *,
    chunk: int = 32,
    executor: Executor | None = None,
    vmapped: bool | None = None,
    outputs: Mapping[str, Mapping[str, Any]] | None = None,
    problem: str | None = None,
    retry: Collection[Status] = (),
    failure_limit: float | None = 0.5,
    progress: bool | None = None,
) -> "xarray.Dataset":
    """Run `simulate` for every sample and store designs, outputs and status.

    The store can be interrupted at any moment, by SIGKILL too: the same call goes on
    where it stopped and ends with the same data, apart from the cost fields. A longer
    set of samples that begins with the stored ones extends it. A sample that fails is
    recorded with its status and does not stop the others.

    Args:
        simulate: `simulate(design) -> (quantities, fields, status)`, where `design`
            maps names to scalars, `quantities` maps names to scalars, `fields` maps
            names to arrays, and `status` is a `Status`.
        samples: designs with the dimension `sample`, from `sobol` and its like.
        store: folder of the Zarr store, on a local file system.
        chunk: samples per vmapped call and per Zarr chunk.
        executor: runs the samples elsewhere; any `concurrent.futures.Executor` that
            does not fork. A process that dies costs its sample the status `LOST`.
        vmapped: True for a JAX function, compiled once and called per chunk; False
            for a plain Python function, called per sample. By default True without
            an executor and False with one.
        outputs: attributes of outputs by name, such as `units`, `long_name` and
            `dims` (names of a field's axes); by default `simulate.outputs`.
        problem: identity of the simulation; by default `simulate.identity`, or else
            a hash of its code and captured values.
        retry: statuses of stored samples that are to be run again.
        failure_limit: stop when a larger part than this of the last 20 samples
            failed; None to go on in any case.
        progress: show a progress bar; by default only in a terminal.

    Returns:
        The data set as `open_dataset` gives it.

    Raises:
        ValueError: for samples outside their space, a store that belongs to another
            sweep (with a way to extend it), or an executor that forks.
        SweepStopped: when too many samples fail, with the commonest reason.
        OSError: when the store cannot be written, for a full disk too.
    """
    from tqdm import tqdm

    require_count("chunk", chunk, 1)
    if failure_limit is not None:
        require_between("failure_limit", failure_limit, 0.0, 1.0, ends=True)
    space = space_of(samples)
    designs = {name: np.asarray(samples[name].values, float) for name in space.names}
    space.check({str(name): samples[name].values for name in samples.data_vars})
    if executor is not None:
        refuse_fork(executor)
    if vmapped is None:
        vmapped = executor is None
    if outputs is None:
        outputs = getattr(simulate, "outputs", None) or {}
    run = VmappedChunk(simulate, chunk) if vmapped else EachSample(simulate)
    shapes = run.shapes(space.names) if isinstance(run, VmappedChunk) else None
    taken = sorted({*(shapes or {})} & {*space.names, *RESERVED})
    if taken:
        raise ValueError(
            f"simulate returns {taken}, names that the data set has already; rename "
            "these outputs."
        )
    sweep = open_sweep(
        Path(store),
        samples,
        problem=identity(simulate) if problem is None else problem,
        chunk=chunk,
        outputs=outputs,
    )
    with sweep as opened:
        if shapes is not None:
            opened.declare(shapes)
        opened.reset({int(status) for status in retry})
        tasks = _tasks(opened, designs, per_chunk=vmapped)
        total = len(opened.status)
        done = total - int((opened.status == Status.PENDING).sum())
        disable = None if progress is None else not progress
        with tqdm(total=total, initial=done, disable=disable, unit="sample") as bar:
            writer, failures = _Writer(opened), _Failures(failure_limit, store)
            try:
                for task, outcomes in _results(run, tasks, executor):
                    outcomes = [_fitting(opened, outcome) for outcome in outcomes]
                    writer.add(task.rows, outcomes)
                    bar.update(len(outcomes))
                    failures.judge(outcomes)
            except (SweepStopped, KeyboardInterrupt):
                writer.flush()
                raise
        left = int((opened.status == Status.PENDING).sum())
        if left:
            raise RuntimeError(
                f"{left} samples in {store} were never answered by the executor; call "
                "generate again."
            )
    return open_dataset(store)


def _tasks(
    sweep: SweepStore, designs: Mapping[str, np.ndarray], *, per_chunk: bool
) -> Iterator[Task]:
    for chunk in range(sweep.chunks):
        rows = sweep.pending(chunk)
        groups = [rows] if per_chunk else [[row] for row in rows]
        for group in filter(None, groups):
            slots = [row - sweep.rows(chunk).start for row in group]
            part = {name: column[group] for name, column in designs.items()}
            yield Task(group, slots, part)


def _results(
    run: Callable, tasks: Iterable[Task], executor: Executor | None
) -> Iterator[tuple[Task, list[Outcome]]]:
    if executor is None:
        for task in tasks:
            yield task, run(task.designs, task.slots)
        return
    dispatcher = Dispatcher(run, executor)
    try:
        yield from dispatcher.results(tasks)
    finally:
        dispatcher.close()


class _Writer:
    """Writes a chunk as soon as all its samples are in, or after a while."""

    def __init__(self, sweep: SweepStore):
        self.sweep = sweep
        self.held: dict[int, dict[int, Outcome]] = {}
        self.flushed = time.monotonic()

    def add(self, rows: list[int], outcomes: list[Outcome]) -> None:
        chunk = rows[0] // self.sweep.chunk
        part = self.held.setdefault(chunk, {})
        part.update(zip(rows, outcomes, strict=True))
        if len(part) == len(self.sweep.pending(chunk)):
            self.sweep.write(chunk, self.held.pop(chunk))
        elif time.monotonic() > self.flushed + _FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        while self.held:
            self.sweep.write(*self.held.popitem())
        self.flushed = time.monotonic()


def _fitting(sweep: SweepStore, outcome: Outcome) -> Outcome:
    if outcome.values is None:
        return outcome
    sweep.declare(outcome.values)
    misfit = sweep.misfit(outcome.values)
    if misfit:
        text = f"simulate {misfit}"
        return Outcome(Status.ERROR, error=text, wall_time=outcome.wall_time)
    return outcome


class _Failures:
    """The last outcomes, to stop a sweep that does nothing but fail."""

    def __init__(self, limit: float | None, store: Any):
        self.limit = limit
        self.store = store
        self.last: deque[Outcome] = deque(maxlen=_MEMORY)

    def judge(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            self.last.append(outcome)
            failed = [o for o in self.last if o.status != Status.OK]
            if (
                self.limit is not None
                and len(self.last) == _MEMORY
                and len(failed) > self.limit * _MEMORY
            ):
                reasons = Counter(o.error or o.status.message for o in failed)
                reason, count = reasons.most_common(1)[0]
                raise SweepStopped(
                    f"{len(failed)} of the last {_MEMORY} samples failed, {count} of "
                    f"them with: {reason} What was finished is in {self.store}; "
                    "mend the simulation, or go on with failure_limit=None."
                )
