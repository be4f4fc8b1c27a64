"""When a store belongs to another sweep, and how to go on then."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from .space import DesignSpace

if TYPE_CHECKING:
    import xarray


def refuse_other_sweep(
    path: Path, group: Any, samples: "xarray.Dataset", problem: str, chunk: int
) -> None:
    """Raise unless the stored samples are the beginning of the given ones.

    Args:
        path: the folder, for the message.
        group: its open Zarr group.
        samples: the samples that are to be run.
        problem: identity of the simulation.
        chunk: samples per chunk.

    Raises:
        ValueError: says what differs, and how the store can be extended.
    """
    attrs = dict(group.attrs)
    if attrs["problem"] != problem:
        raise ValueError(
            f"The store {path} belongs to another problem: it holds "
            f"{attrs['problem']!r}, this is {problem!r}. Give another path; if only "
            "the code changed and the results stay true, extend it by passing "
            f"problem={attrs['problem']!r}."
        )
    if attrs["space_hash"] != samples.attrs["space_hash"]:
        raise ValueError(
            f"The store {path} belongs to another design space: "
            f"{_difference(attrs['space'], samples.attrs['space'])}. Give another "
            "path; a store is extended by more samples of its own space."
        )
    if attrs["chunk"] != chunk:
        raise ValueError(
            f"The store {path} has chunks of {attrs['chunk']} samples, not {chunk}; "
            f"pass chunk={attrs['chunk']}, or give another path."
        )
    width = 64 if jax.config.jax_enable_x64 else 32  # type: ignore[attr-defined]
    if attrs["float_width"] != width:
        raise ValueError(
            f"The store {path} was computed in float{attrs['float_width']} and this "
            f"process computes in float{width}; set jax_enable_x64 as it was."
        )
    _refuse_other_samples(path, group, attrs, samples)


def _refuse_other_samples(
    path: Path, group: Any, attrs: dict, samples: "xarray.Dataset"
) -> None:
    n, given = group["status"].shape[0], samples.sizes["sample"]
    how = "a longer set that begins with the stored samples"
    if attrs["method"] == "sobol":
        how += (
            f", such as sobol(space, {2 * n}, seed={attrs['seed']}, "
            f"skip={attrs['skip']})"
        )
    for name in ("sample", *samples.data_vars):
        both = min(n, given)
        stored, new = group[name][:both], samples[name].values[:both]
        if not np.array_equal(stored, new):
            first = int(np.flatnonzero(stored != new)[0])
            raise ValueError(
                f"The store {path} holds other samples: {name} of sample {first} is "
                f"{stored[first]:.17g} there and {new[first]:.17g} here. Give another "
                f"path, or extend the store by {how}."
            )
    if given < n:
        raise ValueError(
            f"The store {path} holds {n} samples and only {given} are given; open it "
            f"with open_dataset, or extend it by {how}."
        )


def _difference(stored: str, given: str) -> str:
    old, new = DesignSpace.from_json(stored), DesignSpace.from_json(given)
    if old.names != new.names:
        return f"its variables are {list(old.names)}, not {list(new.names)}"
    changed = [
        f"{a.name} was [{a.lower:g}, {a.upper:g}] {a.unit} {a.scale}, is "
        f"[{b.lower:g}, {b.upper:g}] {b.unit} {b.scale}"
        for a, b in zip(old.variables, new.variables, strict=True)
        if (a.lower, a.upper, a.unit, a.scale) != (b.lower, b.upper, b.unit, b.scale)
    ]
    return "; ".join(changed) or "its variables follow other laws"
