"""Sets of designs: drawn, laid out on a grid, or read from a file.

Every function returns an xarray Dataset with the dimension `sample`, one variable per
design variable, and the space, method and seed in its attributes: what `generate` and
`sweep` take. Designs outside their space are refused.
"""

import csv
import os
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .arguments import require_count
from .space import DesignSpace

if TYPE_CHECKING:
    import xarray


def sobol(space: DesignSpace, n: int, *, seed: int, skip: int = 0) -> "xarray.Dataset":
    """Draw the samples `skip` to `skip + n` of a scrambled Sobol' sequence.

    Sample i depends on the space, the seed and i only: a longer draw begins with the
    shorter one, and `skip` gives fresh samples of the same sequence. Powers of two
    for `n` are balanced best.

    Args:
        space: the design space; a variable's law is followed if it has one.
        n: number of samples.
        seed: seed of the scrambling.
        skip: number of samples of the sequence to leave out.

    Returns:
        Data set with the coordinate `sample` from `skip` on.

    Reference:
        Owen (1998), Scrambling Sobol' and Niederreiter-Xing points,
        doi:10.1006/jcom.1998.0487.
    """
    from scipy.stats import qmc

    require_count("n", n, 1)
    require_count("skip", skip, 0)
    sequence = qmc.Sobol(space.dimension, scramble=True, rng=_seed(seed))
    if skip:
        sequence.fast_forward(skip)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The balance properties", UserWarning)
        places = sequence.random(n)
    return _tabulate(space, places, method="sobol", seed=seed, skip=skip)


def latin_hypercube(space: DesignSpace, n: int, *, seed: int) -> "xarray.Dataset":
    """Draw a Latin hypercube: each variable hits each of its n equal parts once.

    The draw belongs to its `n`: a longer one is another set, not a continuation.

    Args:
        space: the design space; a variable's law is followed if it has one.
        n: number of samples.
        seed: seed of the permutations.

    Returns:
        Data set with `n` samples.

    Reference:
        McKay, Beckman and Conover (1979), doi:10.1080/00401706.1979.10489755.
    """
    from scipy.stats import qmc

    require_count("n", n, 1)
    places = qmc.LatinHypercube(space.dimension, rng=_seed(seed)).random(n)
    return _tabulate(space, places, method="latin_hypercube", seed=seed)


def factorial(space: DesignSpace, levels: int | Mapping[str, int]) -> "xarray.Dataset":
    """Lay out the full factorial design, the last variable changing fastest.

    Args:
        space: the design space.
        levels: levels per variable, for all or by name. Levels are spaced equally on
            the scale of the variable from bound to bound; one level is the middle.

    Returns:
        Data set with as many samples as the product of the levels.
    """
    if isinstance(levels, Mapping):
        space.check_names(levels)
        counts = [levels[name] for name in space.names]
    else:
        counts = [levels] * space.dimension
    for name, count in zip(space.names, counts, strict=True):
        require_count(f"levels of {name!r}", count, 1)
    axes = [np.linspace(0, 1, k) if k > 1 else np.array([0.5]) for k in counts]
    grid = np.meshgrid(*axes, indexing="ij")
    places = np.stack([axis.ravel() for axis in grid], axis=-1)
    return _tabulate(space, places, method="factorial")


def from_designs(space: DesignSpace, designs: Mapping[str, Any]) -> "xarray.Dataset":
    """Take given designs as samples.

    Args:
        space: the design space.
        designs: one array (n,) per variable [its unit].

    Returns:
        Data set with `n` samples.

    Raises:
        ValueError: for missing or unknown names, unequal lengths, or a value outside
            the bounds.
    """
    space.check_names(designs)
    values = {
        name: np.atleast_1d(np.asarray(designs[name], float)) for name in space.names
    }
    shapes = {name: value.shape for name, value in values.items()}
    if len(set(shapes.values())) > 1 or values[space.names[0]].ndim > 1:
        raise ValueError(
            f"The designs have the shapes {shapes}; give one array of one length per "
            "variable."
        )
    if values[space.names[0]].size == 0:
        raise ValueError("The designs are empty; give at least one sample.")
    space.check(values)
    return _dataset(space, values, method="given")


def from_csv(
    path: str | os.PathLike, space: DesignSpace, *, bounds_test: bool = True
) -> "xarray.Dataset":
    """Read designs from a CSV file whose first row names the variables.

    Args:
        path: the file; columns in any order, blank lines are skipped.
        space: the design space.
        bounds_test: refuse designs outside the space. Off where a surrogate is to
            reject them one by one.

    Returns:
        Data set with one sample per row.

    Raises:
        ValueError: names the file with the line, column and value that is wrong.
    """
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file)
        rows = [(reader.line_num, row) for row in reader if any(map(str.strip, row))]
    if not rows:
        raise ValueError(f"{path} is empty; its first row must be {list(space.names)}.")
    header = [name.strip() for name in rows[0][1]]
    if all(map(_is_number, header)):
        raise ValueError(
            f"{path} has no header: its first row {header} holds numbers only; put the "
            f"names {list(space.names)} above it."
        )
    if len(set(header)) < len(header):
        raise ValueError(f"{path}: the header {header} names a column twice.")
    try:
        space.check_names(dict.fromkeys(header))
    except ValueError as error:
        raise ValueError(f"{path}, header: {error}") from None
    if len(rows) == 1:
        raise ValueError(f"{path} has a header but no designs; add at least one row.")
    table = np.array([_numbers(path, line, header, row) for line, row in rows[1:]])
    if bounds_test:
        for (line, _), row in zip(rows[1:], table, strict=True):
            try:
                space.check(dict(zip(header, row, strict=True)))
            except ValueError as error:
                raise ValueError(f"{path}, line {line}: {error}") from None
    values = {name: table[:, header.index(name)] for name in space.names}
    return _dataset(space, values, method="given")


def space_of(samples: "xarray.Dataset") -> DesignSpace:
    """The space that a set of samples, or a data set made from it, belongs to."""
    if "space" not in samples.attrs:
        raise ValueError(
            "The samples carry no design space; make them with sobol, latin_hypercube, "
            "factorial, from_csv or from_designs."
        )
    return DesignSpace.from_json(samples.attrs["space"])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbers(path: Any, line: int, header: list[str], row: list[str]) -> list[float]:
    if len(row) != len(header):
        raise ValueError(
            f"{path}, line {line}: {len(row)} values for {len(header)} columns."
        )
    numbers = []
    for name, text in zip(header, row, strict=True):
        try:
            numbers.append(float(text))
        except ValueError:
            raise ValueError(
                f"{path}, line {line}: {name} = {text.strip()!r} is not a number."
            ) from None
    return numbers


def _tabulate(space: DesignSpace, places: np.ndarray, **how: Any) -> "xarray.Dataset":
    columns = zip(space.variables, places.T, strict=True)
    return _dataset(space, {v.name: v.quantile(column) for v, column in columns}, **how)


def _dataset(
    space: DesignSpace, values: Mapping[str, np.ndarray], **how: Any
) -> "xarray.Dataset":
    import xarray

    variables = {}
    for v in space.variables:
        attrs = {
            "units": v.unit,
            "long_name": v.long_name or v.name.replace("_", " "),
            "valid_range": [v.lower, v.upper],
            "scale": str(v.scale),
        }
        variables[v.name] = ("sample", values[v.name], attrs)
    first = how.get("skip", 0)
    index = np.arange(first, first + len(values[space.names[0]]))
    attrs = {"space": space.to_json(), "space_hash": space.hash, **how}
    return xarray.Dataset(variables, {"sample": ("sample", index)}, attrs)


def _seed(seed: int) -> int:
    require_count("seed", seed, 0)
    return int(seed)
