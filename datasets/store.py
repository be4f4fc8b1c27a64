"""A sweep on disk: a Zarr v3 group that can be interrupted at any moment.

Along `sample`, Zarr chunk i of every array holds the samples of chunk i of the sweep.
One process writes: first the plan (designs), then per chunk the data, the errors, the
cost, and the status last. What has the status `pending` is to be run (again).
"""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..solvers.status import Status
from .outcome import Outcome
from .plan import FORMAT, add_array, create_plan, extend
from .provenance import append_session, provenance
from .refusal import refuse_other_sweep

if TYPE_CHECKING:
    import xarray
    import zarr

COST_FIELDS = ("wall_time",)
COST_ATTRIBUTES = ("created", "sessions")


def open_dataset(store: str | os.PathLike) -> "xarray.Dataset":
    """Open the data set of a sweep, finished or not; arrays are read when used.

    Args:
        store: the folder that `generate` wrote.

    Returns:
        Designs, quantities and `status` (sample,), fields (sample, ...), the text of
        errors, and the cost. Values are finite where `status` is OK and NaN elsewhere;
        samples not run yet are `pending`.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if the folder is not a finished plan of a sweep.
    """
    import xarray

    group = _open_group(Path(store), "r")
    lengths = {a.shape[0] for _, a in group.arrays()}
    if len(lengths) > 1:
        raise ValueError(
            f"{store} was interrupted while it was being extended; call generate with "
            "the same samples again."
        )
    dataset = xarray.open_dataset(
        store,  # type: ignore[arg-type]
        engine="zarr",
        chunks=None,
        consolidated=False,
        decode_times=False,
        mask_and_scale=False,
    )
    dataset["status"].attrs["flag_values"] = np.array(Status, np.int8)
    roles = ("design", "quantity", "field", "status", "cost")
    order = {name: roles.index(v.attrs["role"]) for name, v in dataset.items()}
    return dataset[sorted(order, key=lambda name: (order[name], str(name)))]


def without_cost(dataset: "xarray.Dataset") -> "xarray.Dataset":
    """Leave out what differs between two runs of one sweep: times and sessions."""
    kept = {k: v for k, v in dataset.attrs.items() if k not in COST_ATTRIBUTES}
    dataset = dataset.drop_vars(COST_FIELDS)
    dataset.attrs = kept
    return dataset


class SweepStore:
    """The one writer of a sweep on disk.

    Args:
        path: folder of the store.
        group: its open Zarr group.
        outputs: attributes (and `dims`) of outputs by name.
    """

    def __init__(self, path: Path, group: "zarr.Group", outputs: Mapping[str, Mapping]):
        self.path = path
        self.group = group
        self.outputs = outputs
        self.chunk = int(group.attrs["chunk"])  # type: ignore[arg-type]
        self.status = np.asarray(group["status"][:])  # type: ignore[index]
        self._arrays: dict[str, Any] = {
            name: array
            for name, array in group.arrays()
            if array.attrs["role"] in ("quantity", "field")
        }

    @property
    def chunks(self) -> int:
        """Number of chunks."""
        return -(-len(self.status) // self.chunk)

    def rows(self, chunk: int) -> range:
        """Samples of a chunk."""
        first = chunk * self.chunk
        return range(first, min(first + self.chunk, len(self.status)))

    def pending(self, chunk: int) -> list[int]:
        """Samples of a chunk that are to be run."""
        return [row for row in self.rows(chunk) if self.status[row] == Status.PENDING]

    def reset(self, statuses: set[int]) -> None:
        """Mark the samples with these statuses as pending."""
        again = np.isin(self.status, list(statuses))
        if again.any():
            self.status[again] = Status.PENDING
            self.group["status"][:] = self.status  # type: ignore[index]

    def declare(self, shapes: Mapping[str, Any]) -> None:
        """Create the arrays of the outputs, unless the store knows its outputs.

        Args:
            shapes: anything with `shape` and `dtype`, for one sample, by name.
        """
        if "outputs" in self.group.attrs:
            return
        for name, value in shapes.items():
            if name not in self._arrays:  # else: killed while creating them
                self._arrays[name] = self._create(name, value)
        self.group.attrs["outputs"] = sorted(shapes)

    def misfit(self, values: Mapping[str, np.ndarray]) -> str:
        """Say what is wrong with the outputs of a sample; empty if nothing is."""
        if set(values) != set(self._arrays):
            return f"returned {sorted(values)}, the store holds {sorted(self._arrays)}"
        for name, value in values.items():
            if value.shape != self._arrays[name].shape[1:]:
                return (
                    f"{name!r} has the shape {value.shape}, the store holds "
                    f"{self._arrays[name].shape[1:]}"
                )
        return ""

    def write(self, chunk: int, outcomes: Mapping[int, Outcome]) -> None:
        """Write outcomes by sample: data, errors, cost, and the status last.

        Raises:
            OSError: names the store; the samples stay pending, nothing half-written
                stays behind.
        """
        rows = self.rows(chunk)
        part = slice(rows.start, rows.stop)
        good = {row: o.values for row, o in outcomes.items()}
        errors = {row: o.error for row, o in outcomes.items()}
        cost = {row: o.wall_time for row, o in outcomes.items()}
        try:
            for name, array in self._arrays.items():
                _update(array, rows, {r: v and v[name] for r, v in good.items()})
            _update(self.group["error"], rows, errors)
            _update(self.group["wall_time"], rows, cost)
            status = self.status[part].copy()
            for row, outcome in outcomes.items():
                status[row - rows.start] = outcome.status
            self.group["status"][part] = status  # type: ignore[index]
        except OSError as error:
            if (self.status[part] == Status.PENDING).all():
                self._clear(part)
            raise OSError(
                error.errno,
                f"Could not write the samples {rows.start} to {rows.stop - 1} to the "
                f"store {self.path}: {error.strerror}. They stay pending; make room "
                "and call generate again to go on.",
            ) from error
        self.status[part] = status

    def _clear(self, part: slice) -> None:
        """Remove the chunk's files: a chunk of nothing but fill values has none."""
        names = [*self._arrays, "error", "wall_time"]
        for name in names:
            with contextlib.suppress(OSError):
                self.group[name][part] = self.group[name].fill_value  # type: ignore

    def _create(self, name: str, value: Any) -> "zarr.Array":
        attrs = dict(self.outputs.get(name, {}))
        dims = attrs.pop("dims", None)
        shape = tuple(value.shape)
        if dims is None:
            dims = tuple(f"{name}_{axis}" for axis in range(len(shape)))
        dims = ("sample", *dims)
        if len(dims) != len(shape) + 1:
            raise ValueError(
                f"outputs[{name!r}] names the dims {dims[1:]} but {name!r} has the "
                f"shape {shape}; name one dim per axis."
            )
        taken = {n: a for n, a in self.group.arrays()}
        if name in taken or name in dims or set(dims[1:]) & {*taken, *self._arrays}:
            raise ValueError(
                f"Output {name!r} with dims {dims[1:]} uses a name that the data set "
                f"has already ({', '.join(sorted(taken))}); rename it."
            )
        for other, array in self._arrays.items():
            known = dict(zip(array.metadata.dimension_names, array.shape, strict=True))
            for dim, size in zip(dims[1:], shape, strict=True):
                if known.get(dim, size) != size:
                    raise ValueError(
                        f"Dimension {dim!r} is {size} long in {name!r} and "
                        f"{known[dim]} in {other!r}; name them differently in outputs."
                    )
        is_inexact = np.issubdtype(value.dtype, np.inexact)
        return add_array(
            self.group,
            name,
            (len(self.status), *shape),
            (self.chunk, *shape),
            value.dtype if is_inexact else np.float64,
            np.nan,
            dims,
            {**attrs, "role": "field" if shape else "quantity"},
        )


@contextlib.contextmanager
def open_sweep(
    path: Path,
    samples: "xarray.Dataset",
    *,
    problem: str,
    chunk: int,
    outputs: Mapping[str, Mapping],
) -> Iterator[SweepStore]:
    """Open the store of a sweep for writing: new, interrupted, or to be extended.

    Raises:
        ValueError: if the store belongs to another problem, space or set of samples.
        BlockingIOError: if another process is writing to it.
    """
    if not path.exists():
        create_plan(path, samples, problem, chunk)
    with _locked(path):
        for left in path.rglob("*.partial"):  # of a process killed while writing
            left.unlink()
        group = _open_group(path, "r+")
        refuse_other_sweep(path, group, samples, problem, chunk)
        attrs = dict(group.attrs)
        sessions = append_session(str(attrs["sessions"]), attrs, provenance())
        if sessions != attrs["sessions"]:
            group.attrs["sessions"] = sessions
        try:
            extend(group, samples)
        except OSError as error:
            raise OSError(
                error.errno, f"Could not extend the store {path}: {error.strerror}."
            ) from error
        yield SweepStore(path, group, outputs)


def _update(array: Any, rows: range, values: Mapping[int, Any]) -> None:
    """Write values by sample, the fill value for None; other samples are kept.

    Zarr replaces a chunk's file whole or not at all, and removes it if nothing but
    fill values is left.
    """
    part = slice(rows.start, rows.stop)
    if len(values) == len(rows):
        block = np.full((len(rows), *array.shape[1:]), array.fill_value, array.dtype)
    else:
        block = np.asarray(array[part])
    for row, value in values.items():
        block[row - rows.start] = array.fill_value if value is None else value
    array[part] = block


def _open_group(path: Path, mode: Any) -> "zarr.Group":
    import zarr

    if not path.exists():
        raise FileNotFoundError(f"There is no store at {path}.")
    try:
        group = zarr.open_group(path, mode=mode, zarr_format=3)
        version = group.attrs.get("froude_store")
    except (FileNotFoundError, NotADirectoryError, ValueError, json.JSONDecodeError):
        version = None
    if version != FORMAT:
        raise ValueError(
            f"{path} is not a store of samples that this froude can read "
            f"(format {version!r}, needed {FORMAT}); give another path."
        )
    return group


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the store; the system lets go when the process ends, however it ends."""
    try:
        import fcntl
    except ImportError:  # Windows: the caller keeps to one writer
        yield
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BlockingIOError(
                error.errno, f"Another process is writing to the store {path}."
            ) from None
        except OSError:  # a file system without locks
            pass
        yield
    finally:
        os.close(handle)
