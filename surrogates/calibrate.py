"""Conformal quantiles and guard thresholds of a surrogate from calibration runs."""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from .conformal import conformal_quantile
from .guard import build_guard, residual_scores, spread_score
from .surrogate import Calibration, Surrogate
from .training_data import Runs


class Calibrated(NamedTuple):
    """A surrogate with intervals and guard, and what its runs could not tell.

    Attributes:
        surrogate: with `calibration` and `guard` set.
        unscored: guard test to the number of its reference scores that were left out
            because they are not finite.
    """

    surrogate: Surrogate
    unscored: dict[str, int]


def calibrate(
    surrogate: Surrogate,
    runs: Runs,
    level: float,
    residual: Callable[[dict, dict], Array] | None = None,
) -> Calibrated:
    """Set the conformal quantiles and the guard from calibration runs.

    Args:
        surrogate: an old calibration is replaced.
        runs: runs that the surrogate has not seen.
        level: wanted coverage of each interval.
        residual: the solver's discrete residual, for the guard's physics tests.

    Raises:
        ValueError: a residual for a surrogate without fields, or too few finite
            reference scores for a test of the guard.
    """
    places = jnp.asarray(runs.places)
    head = surrogate.quantity_head
    mean, spread = _moments(head.regressor, 2.0 * places - 1.0)
    # The floor comes from designs without runs, so that scores stay exchangeable.
    even = jax.random.uniform(jax.random.key(0), (256, surrogate.space.dimension))
    floor = jnp.nanmedian(_moments(head.regressor, 2.0 * even - 1.0)[1], axis=0)
    floor = jnp.maximum(floor, 1e-6)
    truth = head.scaling.encode(jnp.asarray(runs.quantities))
    scores = np.asarray(jnp.abs(truth - mean) / (spread + floor))

    named, field_quantiles = {}, []
    for field, truth in zip(surrogate.field_heads, runs.fields, strict=False):
        values = _apply(field.network, 2.0 * places - 1.0)
        named[field.output.name] = values.reshape(len(runs), *field.output.shape)
        worst = jnp.max(jnp.abs(truth - values) / field.node_scale, axis=1)
        field_quantiles.append(conformal_quantile(worst, level))

    reference = jnp.maximum(jnp.nanmedian(spread, axis=0), 1e-6)
    samples = {
        "distance": np.concatenate(
            [surrogate.density.left_out(), _apply(surrogate.density, places)]
        ),
        "spread": jax.vmap(lambda s: spread_score(s, reference))(spread),
    }
    if residual is not None:
        if not named:
            raise ValueError("residual needs a surrogate with fields; fit one.")
        left = _residual_scores(surrogate, residual, places, named)
        samples |= {"residual": left[:, 0], "budget": left[:, 1]}
    guard, unscored = build_guard(surrogate.density, reference, samples)
    certified = dataclasses.replace(
        surrogate,
        calibration=Calibration(
            level=jnp.asarray(float(level)),
            quantiles=jnp.asarray([conformal_quantile(s, level) for s in scores.T]),
            spread_floor=floor,
            field_quantiles=jnp.asarray(field_quantiles, places.dtype),
            runs=len(runs),
        ),
        guard=guard,
    )
    return Calibrated(certified, unscored)


@eqx.filter_jit
def _moments(regressor, x):
    return jax.vmap(regressor.moments)(x)


@eqx.filter_jit
def _apply(function, x):
    return jax.vmap(function)(x)


@eqx.filter_jit
def _residual_scores(surrogate, residual, places, named):
    def one(pair):
        place, fields = pair
        return residual_scores(residual(surrogate.space.from_unit(place), fields))

    return jax.lax.map(one, (places, named))
