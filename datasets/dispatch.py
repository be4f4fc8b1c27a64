"""Tasks through an executor, whatever becomes of its workers.

A task is a group of samples. When a pool breaks it doesn't say which task broke it:
the unfinished ones run again in halves until single samples are left, and one that
breaks the pool alone is `lost`.
"""

import concurrent.futures
import contextlib
import dataclasses
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from typing import Any

import numpy as np

from ..solvers.status import Status
from .executor import TimeLimitExceeded, WorkerLost
from .outcome import Outcome

Results = Iterator[tuple["Task", list[Outcome]]]


@dataclasses.dataclass(frozen=True)
class Task:
    """Samples that are run in one call.

    Args:
        rows: numbers of the samples.
        slots: their places in the chunk.
        designs: one array (len(rows),) per design variable.
    """

    rows: list[int]
    slots: list[int]
    designs: dict[str, np.ndarray]

    def halves(self) -> tuple["Task", "Task"]:
        """Split the task in two."""
        middle = len(self.rows) // 2
        return self._part(slice(middle)), self._part(slice(middle, None))

    def _part(self, part: slice) -> "Task":
        designs = {name: column[part] for name, column in self.designs.items()}
        return Task(self.rows[part], self.slots[part], designs)


def refuse_fork(executor: Executor) -> None:
    """Raise if the executor forks: a fork of a process that runs JAX may deadlock."""
    context = getattr(executor, "_mp_context", None)
    if context is not None and context.get_start_method() == "fork":
        raise ValueError(
            "The executor forks, and JAX is not safe in a forked process; pass "
            "ProcessPoolExecutor(mp_context=multiprocessing.get_context('spawn')) or "
            "SpawnRunner."
        )


class Dispatcher:
    """Run tasks through an executor and yield their outcomes as they come.

    Args:
        run: called with designs and slots, returns one outcome per design.
        executor: any executor, used until it breaks; a broken process pool is made
            anew with its own settings.
    """

    def __init__(self, run: Callable, executor: Executor):
        self._run = run
        self._executor = executor
        self._own: list[Executor] = []
        # An executor that does not say how many workers it has may have a cluster.
        workers = getattr(executor, "workers", getattr(executor, "_max_workers", 256))
        self._window = 4 * workers
        self._running: dict[concurrent.futures.Future, Task] = {}

    def results(self, tasks: Iterable[Task]) -> Results:
        """Run all tasks; the order of the results is not the order of the tasks."""
        tasks = iter(tasks)
        again: deque[Task] = deque()
        while True:
            room = self._window - len(self._running)
            suspects: list[Task] = []
            for _ in range(room):
                task = again.popleft() if again else next(tasks, None)
                if task is None:
                    break
                if not self._submit(task):
                    suspects.append(task)
                    break
            if not self._running and not suspects:
                return
            for task, outcome in self._collect(concurrent.futures.FIRST_COMPLETED):
                if outcome is None:
                    suspects.append(task)
                elif isinstance(outcome, Status):
                    again.extendleft(reversed(task.halves()))
                else:
                    yield task, outcome
            if suspects:
                yield from self._after_break(suspects)

    def close(self) -> None:
        """Drop what is still running and the executors that were made here."""
        for future in self._running:
            future.cancel()
        for executor in self._own:
            executor.shutdown(wait=True, cancel_futures=True)

    def _after_break(self, suspects: list[Task]) -> Results:
        for task, outcome in self._collect(concurrent.futures.ALL_COMPLETED):
            if outcome is None or isinstance(outcome, Status):
                suspects.append(task)
            else:
                yield task, outcome
        self._renew()
        yield from self._isolate(suspects)

    def _isolate(self, suspects: list[Task]) -> Results:
        if len(suspects) > 1:
            middle = len(suspects) // 2
            groups = [suspects[:middle], suspects[middle:]]
        elif len(suspects[0].rows) > 1:
            groups = [[half] for half in suspects[0].halves()]
        else:
            text = "The worker process died, alone with this sample."
            yield suspects[0], [Outcome(Status.LOST, error=text)]
            return
        for group in groups:
            yield from self._group(group)

    def _group(self, group: list[Task]) -> Results:
        """Run these tasks and nothing else, down to the one that breaks the pool."""
        left = [task for task in group if not self._submit(task)]
        for task, outcome in self._collect(concurrent.futures.ALL_COMPLETED):
            if outcome is None or isinstance(outcome, Status):
                left.append(task)
            else:
                yield task, outcome
        if left:
            self._renew()
            yield from self._isolate(left)

    def _submit(self, task: Task) -> bool:
        """Hand a task to the executor; false if it is broken."""
        try:
            future = self._executor.submit(self._run, task.designs, task.slots)
        except BrokenExecutor:
            return False
        self._running[future] = task
        return True

    def _collect(self, when: str) -> Iterator[tuple[Task, Any]]:
        """Finished tasks with outcomes, a status to split by, or None for a break."""
        done, _ = concurrent.futures.wait(self._running, return_when=when)
        for future in done:
            task = self._running.pop(future)
            try:
                yield task, future.result()
            except (BrokenExecutor, concurrent.futures.CancelledError):
                yield task, None
            except Exception as error:
                status = _status(error)
                if status is None:
                    raise
                single = len(task.rows) == 1
                yield task, [Outcome(status, error=str(error))] if single else status

    def _renew(self) -> None:
        """Replace a broken process pool; other executors look after themselves."""
        old = self._executor
        if not isinstance(old, ProcessPoolExecutor):
            return
        with contextlib.suppress(RuntimeError):
            old.shutdown(wait=True, cancel_futures=True)
        self._executor = ProcessPoolExecutor(
            old._max_workers,  # type: ignore[attr-defined]
            old._mp_context,  # type: ignore[attr-defined]
            old._initializer,  # type: ignore[attr-defined]
            old._initargs,  # type: ignore[attr-defined]
        )
        self._own = [self._executor]


def _status(error: Exception) -> Status | None:
    """How a task ended whose worker is gone; None for what is no fault of a worker."""
    if isinstance(error, TimeLimitExceeded):
        return Status.TIMEOUT
    # Only an executor of dask raises its error, and then dask is imported.
    dask = sys.modules.get("distributed")
    losses = (WorkerLost,) if dask is None else (WorkerLost, dask.KilledWorker)
    return Status.LOST if isinstance(error, losses) else None
