"""The surrogate: value, interval and verdict for every design."""

import enum
import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, UInt8

from ..datasets.arguments import require_count
from ..datasets.space import DesignSpace
from .designs import read_designs
from .guard import PHYSICS, TESTS, Density, Guard
from .heads import FieldHead, QuantityHead

if TYPE_CHECKING:
    import xarray


class Verdict(enum.IntEnum):
    """What a prediction is worth."""

    OK = 0
    WARN = 1
    REJECT = 2
    UNCERTIFIED = 3


class Reason(enum.IntFlag):
    """Why the verdict is not OK: the tests that failed, as bits."""

    BOUNDS = 1
    DISTANCE = 2
    SPREAD = 4
    RESIDUAL = 8
    UNCERTIFIED = 16
    BUDGET = 32


class Calibration(eqx.Module):
    """Conformal quantiles from held-out runs.

    Attributes:
        level: wanted coverage of the intervals.
        quantiles: bound on each quantity's score (quantities,).
        spread_floor: added to each quantity's spread in the score (quantities,).
        field_quantiles: bound on each field's greatest score (fields,).
        runs: number of calibration runs.
    """

    level: Float[Array, ""]
    quantiles: Float[Array, " quantities"]
    spread_floor: Float[Array, " quantities"]
    field_quantiles: Float[Array, " fields"]
    runs: int = eqx.field(static=True)


class Surrogate(eqx.Module):
    """Networks, normalisation, space, calibration and domain guard in one pytree.

    Made by `fit`, certified by `certify`, kept in a file by `save`. Without
    certification every prediction says so and carries infinite bounds; a design
    outside the space gets no value at all.

    Attributes:
        space: the design space it was trained on.
        quantity_head: the scalars.
        field_heads: the fields, one head each.
        density: distance to the training designs.
        seen: eight bytes for each training design, by which `certify` knows it again.
        calibration, guard: set by `certify`.
        record: how it was made (JSON text).
    """

    quantity_head: QuantityHead
    field_heads: tuple[FieldHead, ...]
    density: Density
    seen: UInt8[Array, "runs 8"]
    calibration: Calibration | None
    guard: Guard | None
    space: DesignSpace = eqx.field(static=True)
    record: str = eqx.field(static=True, default="{}")

    @property
    def quantity_names(self) -> tuple[str, ...]:
        """Names of the quantities."""
        return tuple(output.name for output in self.quantity_head.outputs)

    @property
    def field_names(self) -> tuple[str, ...]:
        """Names of the fields."""
        return tuple(head.output.name for head in self.field_heads)

    def quantities(self, designs: Float[Array, "*batch inputs"]) -> dict[str, Array]:
        """Traceable quantities, for optimisers: no interval, no verdict.

        Args:
            designs: physical values in the order of `space.names`, last axis.

        Returns:
            Quantity name to values (*batch), in SI units.
        """
        function = jnp.vectorize(self.quantity_head, signature="(d)->(q)")
        values = function(2.0 * self._places(designs) - 1.0)
        return {name: values[..., i] for i, name in enumerate(self.quantity_names)}

    def fields(self, designs: Float[Array, "*batch inputs"]) -> dict[str, Array]:
        """Traceable fields (*batch, *shape) by name, as `quantities`."""
        x = 2.0 * self._places(designs) - 1.0
        result = {}
        for head in self.field_heads:
            values = jnp.vectorize(head.network, signature="(d)->(n)")(x)
            result[head.output.name] = values.reshape(
                values.shape[:-1] + head.output.shape
            )
        return result

    def predict(
        self,
        designs: "Mapping[str, Any] | xarray.Dataset",
        *,
        fields: bool = False,
        residual: Callable[[dict, dict], Array] | None = None,
        bounds_test: bool = True,
        chunk: int = 8192,
    ) -> "xarray.Dataset":
        """Predict every quantity with its interval and a verdict.

        Args:
            designs: a dict of numbers or arrays (samples,), one per variable of the
                space, or a data set with the dimension `sample`.
            fields: also predict the fields with their joint bands.
            residual: the solver's discrete residual `(design, fields) -> array`; with
                it, the physics tests are made, for which `certify` must have had one
                too. It may belong to another law than the one the surrogate learned:
                that is what the tests see.
            bounds_test: refuse designs outside the space. Off only to examine the
                guard: values outside are then returned with the other tests' verdict.
            chunk: designs per compiled call; all calls share one program.

        Returns:
            Data set with dimension `sample`: each quantity and `<quantity>_lower`,
            `<quantity>_upper`; `verdict` (ok, warn, reject, uncertified),
            `verdict_reason` (bits) and `guard_score`; with `fields`, each field and
            its band. Values outside the space are NaN and rejected. The attribute
            `guard_tests` names the tests that were made.

        Raises:
            ValueError: for designs of another space: other names, units or bounds; for
                a residual without thresholds, or a chunk below 1.
            TypeError: for designs without names.
        """
        require_count("chunk", chunk, 1)
        tests = () if self.guard is None else self.guard.tests
        if residual is None:
            tests = tuple(name for name in tests if name not in PHYSICS)
        elif not set(PHYSICS) <= set(tests):
            raise ValueError(
                "residual is given, but this surrogate was certified without one and "
                "knows no threshold for it; pass residual= to certify first."
            )
        import xarray

        columns, coordinates = read_designs(self.space, designs)
        count = len(next(iter(columns.values())))
        inside: np.ndarray = np.asarray(self.space.contains(columns))
        places = np.asarray(self.space.to_unit(columns))
        finite = np.all(np.isfinite(places), axis=1)
        answered = inside if bounds_test else finite
        safe = np.where(answered[:, None], places, 0.5)

        evaluate = functools.partial(_evaluate, self, fields, residual)
        parts = _in_chunks(evaluate, safe, self._chunk(fields, residual, chunk))
        blank = ~answered
        for name, array in parts.items():
            if np.issubdtype(array.dtype, np.floating) and name != "scores":
                array[blank] = np.nan

        scores = parts.pop("scores")
        verdict, reason, score = self._judge(scores, inside, answered, bounds_test)
        data = xarray.Dataset(coords=coordinates)
        for variable in self.space.variables:
            data[variable.name] = (
                "sample",
                columns[variable.name],
                {"units": variable.unit},
            )
        outputs = [*self.quantity_head.outputs]
        outputs += [head.output for head in self.field_heads] if fields else []
        interval = self._interval_attrs()
        for output in outputs:
            dims = ("sample", *output.dims)
            for suffix, extra in (("", {}), ("_lower", interval), ("_upper", interval)):
                values = parts[output.name + suffix].reshape(count, *output.shape)
                data[output.name + suffix] = (dims, values, output.attrs | extra)
        data["verdict"] = ("sample", verdict, _flags(Verdict, "flag_values"))
        data["verdict_reason"] = ("sample", reason, _flags(Reason, "flag_masks"))
        data["guard_score"] = (
            "sample",
            score,
            {"long_name": "guard score, standard deviations above the mean inside"},
        )
        data.attrs = {
            "space_hash": self.space.hash,
            "certified": int(self.calibration is not None),
            "guard_tests": " ".join(("bounds",) * bounds_test + tests),
        }
        return data

    def _places(self, designs):
        designs = jnp.asarray(designs)
        if designs.ndim == 0 or designs.shape[-1] != self.space.dimension:
            raise ValueError(
                f"designs has shape {designs.shape}; its last axis must hold the "
                f"{self.space.dimension} variables {', '.join(self.space.names)}."
            )
        columns = dict(zip(self.space.names, jnp.moveaxis(designs, -1, 0), strict=True))
        return self.space.to_unit(columns)

    def _chunk(self, fields, residual, chunk):
        if not fields and residual is None:
            return chunk
        nodes = sum(head.node_scale.size for head in self.field_heads)
        return int(np.clip(2**22 // max(nodes, 1), 16, chunk))

    def _judge(self, scores, inside, answered, bounds_test):
        if self.guard is None:
            score = np.full(len(scores), np.nan)
            reject = warn = np.zeros_like(scores, bool)
        else:
            score = np.asarray(self.guard.combined(jnp.asarray(scores)))
            reject = scores > np.asarray(self.guard.reject)
            warn = scores > np.asarray(self.guard.warn)
        verdict = np.where(warn.any(axis=1), Verdict.WARN, Verdict.OK)
        verdict = np.where(reject.any(axis=1), Verdict.REJECT, verdict)
        bits = [Reason[name.upper()].value for name in TESTS]
        reason = (warn * np.asarray(bits)).sum(axis=1)
        if self.calibration is None:
            verdict = np.full_like(verdict, Verdict.UNCERTIFIED)
            reason = reason | Reason.UNCERTIFIED
        refused = ~inside if bounds_test else ~answered
        verdict = np.where(refused, Verdict.REJECT, verdict)
        # The tests of a design without an answer saw a stand-in.
        stays = reason & Reason.UNCERTIFIED.value
        reason = np.where(refused, stays | Reason.BOUNDS.value, reason)
        score = np.where(answered, score, np.inf)
        return verdict.astype(np.int8), reason.astype(np.int8), score

    def _interval_attrs(self):
        if self.calibration is None:
            return {"method": "none: the surrogate is not certified"}
        return {
            "level": float(self.calibration.level),
            "method": "split conformal",
            "calibration_runs": self.calibration.runs,
        }


@eqx.filter_jit
def _evaluate(surrogate: Surrogate, fields: bool, residual, places):
    return jax.vmap(functools.partial(evaluate_one, surrogate, fields, residual))(
        places
    )


def evaluate_one(surrogate, fields, residual, place):
    x = 2.0 * place - 1.0
    head, calibration = surrogate.quantity_head, surrogate.calibration
    mean, spread = head.regressor.moments(x)
    if calibration is None:
        half = jnp.full_like(mean, jnp.inf)
    else:
        half = calibration.quantiles * (spread + calibration.spread_floor)
    decode = head.scaling.decode
    values, lower, upper = decode(mean), decode(mean - half), decode(mean + half)
    if calibration is None:
        # The logarithm would make the lower bound zero, which claims something.
        lower = jnp.full_like(lower, -jnp.inf)
    result = {}
    for i, output in enumerate(head.outputs):
        result[output.name] = values[i]
        result[output.name + "_lower"] = lower[i]
        result[output.name + "_upper"] = upper[i]
    named = {}
    if fields or residual is not None:
        for i, each in enumerate(surrogate.field_heads):
            field = each.network(x)
            named[each.output.name] = field.reshape(each.output.shape)
            if fields:
                bound = (
                    jnp.inf if calibration is None else calibration.field_quantiles[i]
                )
                band = bound * each.node_scale
                result[each.output.name] = field
                result[each.output.name + "_lower"] = field - band
                result[each.output.name + "_upper"] = field + band
    if surrogate.guard is None:
        result["scores"] = jnp.full(len(TESTS), jnp.nan)
    else:
        left = None
        if residual is not None:
            left = residual(surrogate.space.from_unit(place), named)
        result["scores"] = surrogate.guard.scores(place, spread, left)
    return result


def _in_chunks(function, places, chunk):
    """Apply a compiled function in equal chunks, the last one filled up."""
    count = len(places)
    chunk = min(chunk, max(1, count))
    parts: dict[str, np.ndarray] = {}
    for first in range(0, max(count, 1), chunk):
        block = places[first : first + chunk]
        size = len(block)
        if size < chunk:
            fill = np.full((chunk - size, places.shape[1]), 0.5, places.dtype)
            block = np.concatenate([block, fill])
        for name, array in function(jnp.asarray(block)).items():
            if name not in parts:
                parts[name] = np.empty((count, *array.shape[1:]), array.dtype)
            parts[name][first : first + size] = np.asarray(array)[:size]
    return parts


def _flags(kind, values):
    return {
        values: np.asarray([member.value for member in kind], np.int8),
        "flag_meanings": " ".join(member.name.lower() for member in kind),
    }
