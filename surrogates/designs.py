"""Designs as users write them: a dict or a data set, checked against a space."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ..datasets.space import DesignSpace

if TYPE_CHECKING:
    import xarray


def read_designs(
    space: DesignSpace, designs: "Mapping[str, Any] | xarray.Dataset"
) -> tuple[dict[str, np.ndarray], dict]:
    """Return the columns of the designs and their coordinates.

    Args:
        space: the space that the designs must belong to.
        designs: a dict with exactly the space's variables, each a number or an array
            (samples,), or a data set with the dimension `sample`, whose space hash
            and units must agree where it states them.

    Returns:
        Name to float array (samples,), and the `sample` coordinate if there is one.

    Raises:
        ValueError: for missing or unknown names, other units, another space's hash,
            or columns of different lengths.
        TypeError: for designs without names.
    """
    if not hasattr(designs, "keys"):
        raise TypeError(
            f"designs is of the type {type(designs).__name__}, which names no "
            f"variables; give a dict or a data set with {list(space.names)}."
        )
    coordinates = {}
    stated = getattr(designs, "attrs", {}).get("space_hash")
    if stated is not None and stated != space.hash:
        raise ValueError(
            f"the designs belong to another space (hash {stated[:12]}, this one is "
            f"{space.hash[:12]}); use a surrogate of that space, or draw designs from "
            "this one."
        )
    if not isinstance(designs, dict) and hasattr(designs, "data_vars"):
        designs = cast("xarray.Dataset", designs)
        missing = [name for name in space.names if name not in designs]
        if missing:
            raise ValueError(
                f"the designs lack the variables {missing}; the space has "
                f"{list(space.names)}."
            )
        if "sample" in designs.coords:
            coordinates["sample"] = designs.coords["sample"].values
    else:
        space.check_names(designs)
    columns = {}
    for variable in space.variables:
        column: Any = designs[variable.name]
        units = getattr(column, "attrs", {}).get("units", variable.unit)
        if units != variable.unit:
            raise ValueError(
                f"{variable.name} is given in {units!r}, the space has it in "
                f"{variable.unit!r}; convert it."
            )
        columns[variable.name] = np.asarray(column, float)
    sizes = {name: column.shape for name, column in columns.items()}
    # A number stands for every design; one entry beside longer arrays was forgotten.
    shape = max(sizes.values(), key=len, default=())
    if len(shape) > 1 or any(size not in ((), shape) for size in sizes.values()):
        raise ValueError(
            f"designs must be numbers or arrays of one length, got {sizes}."
        )
    shape = shape or (1,)
    return {
        n: np.broadcast_to(c, shape).copy() for n, c in columns.items()
    }, coordinates
