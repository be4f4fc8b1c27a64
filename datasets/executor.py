"""Our own executor: spawned processes with a time limit per task.

Unlike `concurrent.futures.ProcessPoolExecutor` it knows which task a dead process was
running, so nothing else is lost, and it ends a task that hangs.
"""

import concurrent.futures
import contextlib
import math
import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from .arguments import require_between, require_count

_START_LIMIT = 120.0


class TimeLimitExceeded(Exception):
    """A task was ended at its time limit."""


class WorkerLost(Exception):
    """The process that ran a task died."""


class SpawnRunner(concurrent.futures.Executor):
    """Run tasks in spawned processes and end those that take too long.

    A worker leads a process group, so that programs it has started end with it.
    Scripts that use it need the guard `if __name__ == "__main__":`, like everything
    that spawns.

    Args:
        workers: number of processes.
        time_limit: seconds that one task may take, not counting the start of the
            process and the imports of the function, but with its compilation [s];
            None for no limit.

    Example:
        `with SpawnRunner(2, time_limit=600.0) as runner:`
        `generate(simulate, samples, store, executor=runner)`
    """

    def __init__(self, workers: int = 2, *, time_limit: float | None = None):
        require_count("workers", workers, 1)
        if time_limit is not None:
            require_between("time_limit", time_limit, 0.0, math.inf)
        self.workers = workers
        self.time_limit = time_limit
        self._tasks: queue.SimpleQueue = queue.SimpleQueue()
        self._closed = False
        self._lock = threading.Lock()
        self._lanes = [
            threading.Thread(target=self._lane, daemon=True) for _ in range(workers)
        ]
        for lane in self._lanes:
            lane.start()

    def submit(
        self, fn: Callable, /, *args: Any, **kwargs: Any
    ) -> concurrent.futures.Future:
        """Schedule `fn(*args, **kwargs)`; see `concurrent.futures.Executor`."""
        with self._lock:
            if self._closed:
                raise RuntimeError("The runner is shut down; make a new one.")
            future: concurrent.futures.Future = concurrent.futures.Future()
            self._tasks.put((future, (fn, args, kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers once the submitted tasks are done or cancelled."""
        with self._lock:
            self._closed = True
            if cancel_futures:
                with contextlib.suppress(queue.Empty):
                    while True:
                        item = self._tasks.get_nowait()
                        if item is not None:
                            item[0].cancel()
            for _ in self._lanes:
                self._tasks.put(None)
        if wait:
            for lane in self._lanes:
                lane.join()

    def _lane(self) -> None:
        worker = None
        try:
            while (item := self._tasks.get()) is not None:
                future, call = item
                if not future.set_running_or_notify_cancel():
                    continue
                try:
                    if worker is None or not worker.process.is_alive():
                        worker = _Worker()
                    future.set_result(worker.run(call, self.time_limit))
                except BaseException as error:
                    future.set_exception(error)
        finally:
            if worker is not None:
                worker.end()


class _Worker:
    """One spawned process and the pipe to it."""

    def __init__(self):
        context = multiprocessing.get_context("spawn")
        self.pipe, far = context.Pipe()
        self.process = context.Process(target=_serve, args=(far,), daemon=True)
        self.process.start()
        far.close()
        try:
            self._receive(_START_LIMIT)
        except (WorkerLost, TimeLimitExceeded) as error:
            raise RuntimeError(
                "A spawned worker did not start; a script that spawns must do its work "
                "under `if __name__ == '__main__':`."
            ) from error

    def run(self, call: tuple, time_limit: float | None) -> Any:
        self.pipe.send(call)
        kind, value = self._receive(_START_LIMIT)
        if kind == "started":
            kind, value = self._receive(time_limit)
        if kind == "raised":
            raise value
        return value

    def end(self) -> None:
        """Ask the process to go and kill what is left of its group."""
        self.pipe.close()
        self.process.join(1.0)
        self.kill()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.join()

    def _receive(self, limit: float | None) -> tuple[str, Any]:
        start = time.monotonic()
        try:
            if self.pipe.poll(limit):
                return self.pipe.recv()
        except (EOFError, OSError):
            self.kill()
            text = f"The worker process died with exit code {self.process.exitcode}."
            raise WorkerLost(text) from None
        self.kill()
        seconds = time.monotonic() - start
        raise TimeLimitExceeded(f"The task was ended after {seconds:.3g} s.")


def _serve(pipe: Any) -> None:
    """Loop of the child: receive a call, say that it is loaded, run it, answer."""
    if hasattr(os, "setsid"):
        os.setsid()
    pipe.send(("ready", None))
    while True:
        try:
            fn, args, kwargs = pipe.recv()
        except (EOFError, OSError):
            return
        except BaseException as error:
            _answer(pipe, "raised", error)
            continue
        pipe.send(("started", None))
        try:
            answer = ("done", fn(*args, **kwargs))
        except BaseException as error:
            answer = ("raised", error)
        _answer(pipe, *answer)


def _answer(pipe: Any, kind: str, value: Any) -> None:
    try:
        pipe.send((kind, value))
    except (BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:  # an answer that cannot be pickled
        pipe.send(("raised", TypeError(f"{type(value).__name__}: {error}")))
