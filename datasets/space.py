"""The design space: named variables with bounds, units, scales and laws."""

import dataclasses
import enum
import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .arguments import require_distinct
from .distribution import AbstractDistribution, from_record, to_record

RESERVED = ("sample", "status", "error", "wall_time")


class Scale(enum.StrEnum):
    """How a variable is laid on the unit interval."""

    LINEAR = "linear"
    LOG = "log"


@dataclasses.dataclass(frozen=True)
class Variable:
    """One design variable.

    Args:
        name: name in designs and data sets; a Python identifier.
        lower, upper: bounds, finite and `lower < upper` [unit].
        unit: SI unit, as it shall reach the data set's attributes.
        scale: `"linear"` or `"log"` (then `lower > 0`): how the variable is laid on
            the unit interval, and how it is sampled without a `distribution`.
        distribution: law to draw samples from, cut off at the bounds.
        default: reference value inside the bounds [unit]; the middle on `scale` if
            not given.
        long_name: label for people; not part of the space's identity.

    Raises:
        ValueError: for bounds, default or law that don't fit, by name.
    """

    name: str
    lower: float
    upper: float
    unit: str = ""
    scale: Scale | str = Scale.LINEAR
    distribution: AbstractDistribution | None = None
    default: float | None = None
    long_name: str = ""

    def __post_init__(self):
        if not isinstance(self.name, str) or not self.name.isidentifier():
            raise ValueError(
                f"Variable name {self.name!r} is not an identifier; use letters, "
                "digits and underscores."
            )
        if self.name in RESERVED:
            raise ValueError(
                f"Variable name {self.name!r} is taken by the data set itself; "
                f"rename it (reserved: {', '.join(RESERVED)})."
            )
        for side in ("lower", "upper"):
            bound = float(getattr(self, side))
            object.__setattr__(self, side, bound)
            if not math.isfinite(bound):
                raise ValueError(
                    f"Variable {self.name!r}: the {side} bound is {bound}; "
                    "give a finite number."
                )
        if not self.lower < self.upper:
            raise ValueError(
                f"Variable {self.name!r}: the bounds [{self.lower}, {self.upper}] are "
                "empty or reversed; give lower < upper."
            )
        if self.scale not in list(Scale):
            raise ValueError(
                f"Variable {self.name!r}: scale = {self.scale!r} is none of "
                f"{', '.join(repr(str(scale)) for scale in Scale)}."
            )
        object.__setattr__(self, "scale", Scale(self.scale))
        if self.scale is Scale.LOG and self.lower <= 0:
            raise ValueError(
                f"Variable {self.name!r}: a log scale needs a positive lower bound, "
                f"got {self.lower}; raise it or use a linear scale."
            )
        if self.default is None:
            object.__setattr__(self, "default", float(self.from_unit(0.5)))
        elif not self.lower <= float(self.default) <= self.upper:
            raise ValueError(
                f"Variable {self.name!r}: the default {self.default} is outside "
                f"[{self.lower}, {self.upper}]."
            )
        if self.distribution is not None:
            try:
                self.distribution.check(self.lower, self.upper)
            except ValueError as error:
                raise ValueError(f"Variable {self.name!r}: {error}") from None

    def to_unit(self, value: Any) -> Any:
        """Place of `value` [unit] on the unit interval; works on traced arrays."""
        if self.scale is Scale.LOG:
            log = jnp.log if isinstance(value, jax.Array) else np.log
            return log(value / self.lower) / math.log(self.upper / self.lower)
        return (value - self.lower) / (self.upper - self.lower)

    def from_unit(self, place: Any) -> Any:
        """Value [unit] at `place` on the unit interval; works on traced arrays.

        A place in [0, 1] gives a value inside the bounds to the last bit.
        """
        if self.scale is Scale.LOG:
            exp = jnp.exp if isinstance(place, jax.Array) else np.exp
            value = self.lower * exp(place * math.log(self.upper / self.lower))
        else:
            value = self.lower + place * (self.upper - self.lower)
        return self._kept_inside(place, value)

    def _kept_inside(self, place: Any, value: Any) -> Any:
        """The value, moved by round-off onto a bound that its place does not pass."""
        xp = jnp if isinstance(value, jax.Array) else np
        lower, upper = _bounds(self.lower, self.upper, getattr(value, "dtype", float))
        excess = xp.where((place <= 1.0) & (value > upper), value - upper, 0.0)
        lack = xp.where((place >= 0.0) & (value < lower), lower - value, 0.0)
        move = lack - excess
        # The bound's own slope would be zero.
        return value + (jax.lax.stop_gradient(move) if xp is jnp else move)

    def quantile(self, p: np.ndarray) -> np.ndarray:
        """Values at the probabilities `p`, inside the bounds to the last bit."""
        if self.distribution is None:
            values = self.from_unit(np.asarray(p, float))
        else:
            values = self.distribution.quantile(p, self.lower, self.upper)
        return np.clip(values, self.lower, self.upper)


@dataclasses.dataclass(frozen=True)
class DesignSpace:
    """Named variables with bounds: the box that designs come from.

    A design is a dict from variable name to a number or an array; all arrays of one
    dict have one shape, so a dict holds one design or a batch of them.

    Args:
        variables: any sequence of them, in the order of the unit coordinates.

    Raises:
        ValueError: for an empty space or a name that occurs twice.
        TypeError: for a single variable in place of a sequence, or what is no variable.

    Example:
        >>> space = DesignSpace((Variable("power", 5.0, 20.0, "W"),))
        >>> round(float(space.to_unit({"power": 8.0})[0]), 3)
        0.2
    """

    variables: tuple[Variable, ...]

    def __post_init__(self):
        if isinstance(self.variables, Variable):
            raise TypeError(
                f"variables is the single variable {self.variables.name!r}; put it in "
                "a tuple, as in DesignSpace((variable,))."
            )
        object.__setattr__(self, "variables", tuple(self.variables))
        if not self.variables:
            raise ValueError("The design space has no variables; give at least one.")
        for variable in self.variables:
            if not isinstance(variable, Variable):
                raise TypeError(
                    f"variables must be of type Variable, got {variable!r}."
                )
        require_distinct("variables", self.names)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the variables, in order."""
        return tuple(variable.name for variable in self.variables)

    @property
    def dimension(self) -> int:
        """Number of variables."""
        return len(self.variables)

    @property
    def default(self) -> dict[str, float]:
        """The reference design [units of the variables]."""
        return {v.name: float(v.default) for v in self.variables}  # type: ignore[arg-type]

    @property
    def hash(self) -> str:
        """SHA-256 of names, bounds, units, scales and laws, in order."""
        records = [_record(v) for v in self.variables]
        for record in records:
            del record["default"], record["long_name"]
        return hashlib.sha256(_canonical(records).encode()).hexdigest()

    def to_json(self) -> str:
        """The space as canonical JSON, read back by `from_json`."""
        return _canonical([_record(v) for v in self.variables])

    @staticmethod
    def from_json(text: str) -> "DesignSpace":
        """The space written by `to_json`."""
        variables = []
        for record in json.loads(text):
            law = record.pop("distribution")
            record["distribution"] = None if law is None else from_record(law)
            variables.append(Variable(**record))
        return DesignSpace(tuple(variables))

    def to_unit(self, designs: Mapping[str, Any]) -> jax.Array:
        """Map designs to the unit cube.

        Args:
            designs: one array of any one shape (...) per variable, or a data set.

        Returns:
            Unit coordinates (..., dimension), in [0, 1] inside the space.
        """
        columns = [v.to_unit(_floating(designs[v.name])) for v in self.variables]
        return jnp.stack(jnp.broadcast_arrays(*columns), axis=-1)

    def from_unit(self, places: Any) -> dict[str, jax.Array]:
        """Map unit coordinates (..., dimension) to designs, (...) per variable."""
        places = jnp.asarray(places)
        if places.ndim == 0 or places.shape[-1] != self.dimension:
            raise ValueError(
                f"places has the shape {places.shape}; its last axis must be the "
                f"{self.dimension} variables {', '.join(self.names)}."
            )
        return {
            v.name: v.from_unit(places[..., i]) for i, v in enumerate(self.variables)
        }

    def contains(self, designs: Mapping[str, Any]) -> jax.Array:
        """Whether each design is inside the bounds, to the round-off of its dtype.

        Args:
            designs: one array of any one shape (...) per variable, or a data set.

        Returns:
            Booleans (...); false for values that are not numbers.
        """
        places = self.to_unit(designs)
        slack = 64 * jnp.finfo(places.dtype).eps
        return jnp.all((places >= -slack) & (places <= 1 + slack), axis=-1)

    def check(self, designs: Mapping[str, Any]) -> None:
        """Refuse designs that are not in the space.

        Raises:
            ValueError: names the variable, the first bad value and the bounds.
        """
        self.check_names(designs)
        for variable in self.variables:
            values = np.atleast_1d(np.asarray(designs[variable.name], float))
            bad = ~((values >= variable.lower) & (values <= variable.upper))
            if bad.any():
                first = np.flatnonzero(bad)[0]
                where = f" in sample {first}" if values.size > 1 else ""
                more = f" ({bad.sum()} such samples)" if bad.sum() > 1 else ""
                bounds = f"{_number(variable.lower)}, {_number(variable.upper)}"
                raise ValueError(
                    f"{variable.name} = {_number(values.flat[first])}{where} is "
                    f"outside the bounds [{bounds}] {variable.unit}{more}; change the "
                    "design or the space."
                )

    def check_names(self, designs: Mapping[str, Any]) -> None:
        """Refuse designs that lack a variable or carry an unknown one."""
        missing = [name for name in self.names if name not in designs]
        unknown = [str(name) for name in designs if name not in self.names]
        if missing or unknown:
            raise ValueError(
                f"The designs don't fit the space: missing {missing}, unknown "
                f"{unknown}; the space has {list(self.names)}."
            )


def _bounds(lower: float, upper: float, dtype: np.dtype) -> tuple[Any, Any]:
    """The outermost numbers of a dtype inside the bounds."""
    low, high = np.asarray(lower, dtype), np.asarray(upper, dtype)
    low = np.nextafter(low, high) if float(low) < lower else low
    return low[()], (np.nextafter(high, low) if float(high) > upper else high)[()]


def _floating(values: Any) -> jax.Array:
    values = getattr(values, "values", values)  # JAX doesn't take an xarray DataArray
    values = jnp.asarray(values)
    floating = jnp.issubdtype(values.dtype, jnp.floating)
    return values if floating else values.astype(float)


def _number(value: float) -> str:
    """Six digits, or as many as it takes to tell the number from its neighbours."""
    short = f"{value:g}"
    return short if float(short) == value or value != value else repr(float(value))


def _record(variable: Variable) -> dict[str, Any]:
    law = variable.distribution
    return {
        "name": variable.name,
        "lower": variable.lower,
        "upper": variable.upper,
        "unit": variable.unit,
        "scale": str(variable.scale),
        "distribution": None if law is None else to_record(law),
        "default": float(variable.default),  # type: ignore[arg-type]
        "long_name": variable.long_name,
    }


def _canonical(records: list[dict[str, Any]]) -> str:
    return json.dumps(records, sort_keys=True, separators=(",", ":"), allow_nan=False)
