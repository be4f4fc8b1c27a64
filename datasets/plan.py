"""The plan of a sweep on disk: designs, attributes and empty columns, written whole."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..solvers.status import Status
from .provenance import provenance

if TYPE_CHECKING:
    import xarray
    import zarr

FORMAT = 1


def create_plan(path: Path, samples: "xarray.Dataset", problem: str, chunk: int):
    """Write the plan beside its place and move it there whole."""
    import zarr

    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    attrs = {
        "Conventions": "CF-1.11",
        "froude_store": FORMAT,
        "problem": problem,
        "chunk": chunk,
        "sessions": "[]",
        **_plain_attributes(samples.attrs),
        **provenance(),
    }
    try:
        group = zarr.create_group(draft, zarr_format=3, attributes=attrs)
        for name in ("sample", *samples.data_vars):
            column = samples[name]
            role = {"role": "index" if name == "sample" else "design"}
            kind, fill = (np.int64, -1) if name == "sample" else (np.float64, np.nan)
            details = {**_plain_attributes(column.attrs), **role}
            _column(group, str(name), chunk, kind, fill, details)
        _column(group, "error", chunk, str, "", {"role": "status"})
        cost = {"role": "cost", "units": "s", "long_name": "wall time of the sample"}
        _column(group, "wall_time", chunk, np.float64, np.nan, cost)
        meanings = " ".join(status.name.lower() for status in Status)
        flags = {"flag_values": [int(s) for s in Status], "flag_meanings": meanings}
        details = {"role": "status", "long_name": "how the sample ended", **flags}
        _column(group, "status", chunk, np.int8, int(Status.PENDING), details)
        extend(group, samples)
        os.rename(draft, path)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise OSError(
            error.errno, f"Could not create the store {path}: {error.strerror}."
        ) from error
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def extend(group: "zarr.Group", samples: "xarray.Dataset") -> None:
    """Bring every array to the length of the samples, `status` last."""
    n = samples.sizes["sample"]
    arrays = dict(group.arrays())
    had = arrays["status"].shape[0]
    for name in sorted(arrays, key=lambda name: name == "status"):
        array = arrays[name]
        if array.shape[0] != n:
            array.resize((n, *array.shape[1:]))
        if array.attrs["role"] in ("index", "design") and had < n:
            array[had:] = samples[name].values[had:]


def _column(group, name, chunk, dtype, fill, attrs):
    return add_array(group, name, (0,), (chunk,), dtype, fill, ("sample",), attrs)


def add_array(group, name, shape, chunks, dtype, fill, dims, attrs) -> "zarr.Array":
    return group.create_array(
        name,
        shape=shape,
        chunks=chunks,
        dtype=dtype,
        fill_value=fill,
        dimension_names=dims,
        attributes=attrs,
    )


def _plain_attributes(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """Attributes as JSON knows them."""
    plain = {}
    for key, value in attrs.items():
        is_array = isinstance(value, np.ndarray | np.generic)
        plain[str(key)] = value.tolist() if is_array else value
    return plain
