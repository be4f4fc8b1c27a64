"""Good runs of a data set as arrays for fitting, and the choice of transforms."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..datasets.arguments import require_distinct
from ..datasets.space import DesignSpace
from .designs import read_designs
from .heads import Output
from .round_off import is_constant

if TYPE_CHECKING:
    import xarray


@dataclasses.dataclass(frozen=True)
class Runs:
    """Runs that ended well.

    Args:
        places: unit coordinates (runs, inputs).
        quantities: (runs, quantities).
        fields: one array (runs, nodes) per field.
        quantity_outputs, field_outputs: what the columns and fields are.
        failed: number of runs left out because their status was not OK.
    """

    places: np.ndarray
    quantities: np.ndarray
    fields: tuple[np.ndarray, ...]
    quantity_outputs: tuple[Output, ...]
    field_outputs: tuple[Output, ...]
    failed: int

    def __len__(self) -> int:
        return len(self.places)

    def take(self, index) -> "Runs":
        """The runs with the given indices."""
        return dataclasses.replace(
            self,
            places=self.places[index],
            quantities=self.quantities[index],
            fields=tuple(field[index] for field in self.fields),
        )


def read_runs(
    dataset: "xarray.Dataset",
    space: DesignSpace,
    *,
    quantities: Sequence[str] | None = None,
    fields: Sequence[str] = (),
    least: int = 1,
) -> Runs:
    """Take designs, quantities and fields of the good runs from a data set.

    Args:
        dataset: as `generate` makes it.
        space: the space of the designs.
        quantities: names; `None` takes every variable marked as a quantity, or, where
            nothing is marked, every float variable over `sample` alone.
        fields: names of the fields.
        least: smallest number of good runs.

    Raises:
        ValueError: for another space, an unknown output or one named twice, designs
            outside the space or values that are not finite in a run whose status is
            OK, or too few good runs.
        TypeError: for a bare name in place of a sequence of names.
    """
    columns, _ = read_designs(space, dataset)
    _check_names("quantities", quantities or ())
    _check_names("fields", fields)
    if quantities is None:
        quantities = _quantity_names(dataset, space)
    missing = [name for name in (*quantities, *fields) if name not in dataset]
    if missing or not quantities:
        raise ValueError(
            f"the data set has no output {missing or 'that is a quantity'}; it holds "
            f"{sorted(map(str, dataset.data_vars))}."
        )
    wide = [name for name in quantities if dataset[name].dims != ("sample",)]
    if wide:
        raise ValueError(
            f"quantities names {wide}, with dims {dataset[wide[0]].dims}; a quantity "
            "has the dimension sample alone, name a field in fields."
        )
    count = dataset.sizes["sample"]
    status = dataset["status"].values if "status" in dataset else np.zeros(count)
    good = status == 0
    if good.sum() < least:
        raise ValueError(
            f"{int(good.sum())} of {count} runs are good, at least {least} are needed; "
            "generate more or see `status` for what went wrong."
        )
    astray = np.flatnonzero(good & ~np.asarray(space.contains(columns)))
    if astray.size:
        first = {name: float(column[astray[0]]) for name, column in columns.items()}
        raise ValueError(
            f"{astray.size} good runs have designs outside the space, the first in "
            f"sample {astray[0]}: {first}."
        )
    for name in (*quantities, *fields):
        if not np.isfinite(dataset[name].values[good]).all():
            raise ValueError(
                f"{name} has values that are not finite in runs whose status is OK."
            )
    places = np.asarray(space.to_unit({n: c[good] for n, c in columns.items()}))
    table = np.stack([dataset[name].values[good] for name in quantities], axis=1)
    flat = []
    for name in fields:
        if dataset[name].dims[0] != "sample":
            raise ValueError(
                f"field {name!r} has dims {dataset[name].dims}; sample must be first."
            )
        flat.append(dataset[name].values[good].reshape(int(good.sum()), -1))
    return Runs(
        places=places,
        quantities=table.astype(places.dtype),
        fields=tuple(field.astype(places.dtype) for field in flat),
        quantity_outputs=tuple(_output(dataset[name]) for name in quantities),
        field_outputs=tuple(_output(dataset[name]) for name in fields),
        failed=int(count - good.sum()),
    )


def choose_logs(runs: Runs) -> tuple[Output, ...]:
    """Mark the quantities that a quadratic predicts better through their logarithm.

    Judged by leave-one-out errors in the quantity itself, for positive quantities
    that vary only.
    """
    x = 2.0 * runs.places - 1.0
    features = _quadratic(x) if len(x) > 2 * _count(x.shape[1]) else _linear(x)
    left, *_ = np.linalg.svd(features, full_matrices=False)
    leverage = np.minimum(np.sum(left**2, axis=1), 1.0 - 1e-6)

    def predicted(values):
        smooth = left @ (left.T @ values)
        return values - (values - smooth) / (1.0 - leverage)

    outputs = []
    for output, values in zip(runs.quantity_outputs, runs.quantities.T, strict=True):
        log = False
        if values.min() > 0.0 and not is_constant(values):
            plain = np.mean((predicted(values) - values) ** 2)
            with np.errstate(over="ignore"):
                logged = np.mean((np.exp(predicted(np.log(values))) - values) ** 2)
            log = bool(logged < plain)
        outputs.append(dataclasses.replace(output, log=log))
    return tuple(outputs)


def _check_names(argument: str, names: Sequence[str]) -> None:
    if isinstance(names, str):
        raise TypeError(
            f"{argument} is the bare name {names!r}; write {argument}=({names!r},)."
        )
    require_distinct(argument, names)


def _quantity_names(dataset, space):
    roles = {name: dataset[name].attrs.get("role") for name in dataset.data_vars}
    marked = [str(name) for name, role in roles.items() if role == "quantity"]
    if marked or any(roles.values()):
        return marked
    taken = {*space.names, "status", "error", "wall_time"}
    return [
        str(name)
        for name in dataset.data_vars
        if name not in taken
        and dataset[name].dims == ("sample",)
        and np.issubdtype(dataset[name].dtype, np.floating)
    ]


def _output(array):
    return Output(
        name=str(array.name),
        units=str(array.attrs.get("units", "")),
        long_name=str(array.attrs.get("long_name", "")),
        dims=tuple(map(str, array.dims[1:])),
        shape=tuple(array.shape[1:]),
    )


def _count(dimension):
    return (dimension + 1) * (dimension + 2) // 2


def _linear(x):
    return np.concatenate([np.ones((len(x), 1)), x], axis=1)


def _quadratic(x):
    first, second = np.triu_indices(x.shape[1])
    return np.concatenate([_linear(x), x[:, first] * x[:, second]], axis=1)
