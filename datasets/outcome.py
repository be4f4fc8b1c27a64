"""What one sample came to, and the two ways to run a group of samples.

A runner is called with designs and their places in the chunk, and returns one
`Outcome` per design. It never raises for what a simulation does.
"""

import dataclasses
import functools
import pickle
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from ..solvers.status import Status

Simulate = Callable[[dict[str, Any]], tuple[dict, dict, Any]]
_TEXT_LIMIT = 500
_CODES = [int(status) for status in Status if status != Status.PENDING]


class OutputError(TypeError):
    """What simulate returned is not what it promises, whatever the design."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """Result of one sample.

    Args:
        status: how it ended.
        values: quantities (scalars) and fields by name; None unless `status` is OK.
        error: text of the exception, if one was raised.
        wall_time: time spent on it, without compiling [s]; in a vmapped chunk an equal
            share of the chunk's time.
    """

    status: Status
    values: dict[str, np.ndarray] | None = None
    error: str = ""
    wall_time: float = 0.0


@dataclasses.dataclass(frozen=True)
class EachSample:
    """Call a plain Python function once per sample.

    Args:
        simulate: the function; its exceptions end in the status `ERROR`.
    """

    simulate: Simulate

    def __call__(
        self, designs: Mapping[str, np.ndarray], slots: Sequence[int]
    ) -> list[Outcome]:
        return [
            self._one({name: column[i] for name, column in designs.items()})
            for i in range(len(slots))
        ]

    def _one(self, design: dict[str, np.float64]) -> Outcome:
        start = time.perf_counter()
        try:
            values, status = _standard(self.simulate(design))
            values = {name: np.asarray(value) for name, value in values.items()}
            outcome = _judge(int(status), values)
        except (Exception, SystemExit) as error:
            outcome = Outcome(Status.ERROR, error=_text(error))
        wall_time = time.perf_counter() - start
        return dataclasses.replace(outcome, wall_time=wall_time)


class VmappedChunk:
    """Call a JAX function once for a whole chunk, compiled once.

    Every sample keeps its place in the chunk and free places are filled up, so the
    same program runs on the same place whether a sweep was interrupted or not.
    Pickled, it compiles once per process.

    Args:
        simulate: a traceable function; its arrays are arguments of the program.
        chunk: number of places.
    """

    def __init__(self, simulate: Simulate, chunk: int):
        self.simulate = simulate
        self.chunk = chunk
        self._lock = threading.Lock()  # two threads would both compile

    def __reduce__(self):
        x64 = bool(jax.config.jax_enable_x64)  # type: ignore[attr-defined]
        return _restore, (pickle.dumps(self.simulate), self.chunk, x64)

    def shapes(self, names: Sequence[str]) -> dict[str, jax.ShapeDtypeStruct]:
        """Shape and dtype of every output of one sample."""
        design = {name: jax.ShapeDtypeStruct((), float) for name in names}
        try:
            values, _ = eqx.filter_eval_shape(_call, self.simulate, design)
        except jax.errors.JAXTypeError as error:
            raise TypeError(
                f"simulate cannot be traced by JAX ({type(error).__name__}); for a "
                "plain Python function pass vmapped=False, or an executor, such as "
                "concurrent.futures.ThreadPoolExecutor(1)."
            ) from error
        return values

    def __call__(
        self, designs: Mapping[str, np.ndarray], slots: Sequence[int]
    ) -> list[Outcome]:
        places = np.zeros(self.chunk, int)
        places[np.asarray(slots)] = np.arange(len(slots))
        padded = {name: jnp.asarray(column[places]) for name, column in designs.items()}
        try:
            with self._lock:
                # The call below finds the program compiled; samples don't cost that.
                _run_chunk.lower(self.simulate, padded).compile()
                start = time.perf_counter()
                result = _run_chunk(self.simulate, padded)
            values, status = jax.tree.map(np.asarray, result)
        except jax.errors.JaxRuntimeError as error:
            return self._alone(designs, slots, error)
        wall_time = (time.perf_counter() - start) / len(slots)
        return [
            dataclasses.replace(
                _judge(int(status[slot]), {k: v[slot] for k, v in values.items()}),
                wall_time=wall_time,
            )
            for slot in slots
        ]

    def _alone(self, designs, slots, error):
        """Find the members that raise: each alone, in its own place."""
        if len(slots) == 1:
            return [Outcome(Status.ERROR, error=_text(error))]
        outcomes = []
        for i, slot in enumerate(slots):
            outcomes += self({k: v[i : i + 1] for k, v in designs.items()}, [slot])
        return outcomes


@functools.lru_cache(maxsize=8)
def _restore(simulate: bytes, chunk: int, x64: bool) -> VmappedChunk:
    jax.config.update("jax_enable_x64", x64)
    return VmappedChunk(pickle.loads(simulate), chunk)


@eqx.filter_jit
def _run_chunk(simulate, designs):
    return jax.vmap(lambda design: _call(simulate, design))(designs)


def _call(simulate, design):
    values, status = _standard(simulate(design))
    values = {name: jnp.asarray(value) for name, value in values.items()}
    if isinstance(status, Status):
        status = int(status)
    return values, jnp.asarray(status, jnp.int8)


def _standard(result: Any) -> tuple[dict[str, Any], Any]:
    """Check the triple that simulate returned and merge its outputs."""
    if not isinstance(result, tuple) or len(result) != 3:
        raise OutputError(
            "simulate must return (quantities, fields, status), got "
            f"{type(result).__name__}."
        )
    quantities, fields, status = result
    for name, value in quantities.items():
        if jnp.shape(value) != ():
            raise OutputError(
                f"Quantity {name!r} has the shape {jnp.shape(value)}; return a scalar, "
                "or return it as a field."
            )
    for name, value in fields.items():
        if jnp.shape(value) == ():
            raise OutputError(f"Field {name!r} is a scalar; return it as a quantity.")
    both = sorted(set(quantities) & set(fields))
    if both:
        raise OutputError(f"{both} are quantities and fields; rename one of each.")
    return {**quantities, **fields}, status


def _judge(status: int, values: dict[str, np.ndarray]) -> Outcome:
    """Keep values of good samples only, so that NaN is where the status says so."""
    if status == Status.OK and not all(np.isfinite(v).all() for v in values.values()):
        status = Status.NON_FINITE
    if status not in _CODES:
        text = f"simulate returned the status {status}, which is none of {_CODES}."
        return Outcome(Status.ERROR, error=text)
    return Outcome(Status(status), values if status == Status.OK else None)


def _text(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:_TEXT_LIMIT]
