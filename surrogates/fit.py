"""Fit a surrogate to a data set: an ensemble of networks, or kernel ridge."""

import dataclasses
import functools
import json
import math
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PRNGKeyArray

from ..datasets.arguments import require_between, require_count, require_key
from ..datasets.space import DesignSpace
from .baselines import fit_kernel_ridge
from .guard import Density
from .heads import FieldHead, QuantityHead, Scaling
from .networks import MLP, PODBasis, PODDeepONet
from .regressor import AbstractRegressor, Ensemble
from .residual_loss import ResidualLoss
from .seen import fingerprints
from .surrogate import Surrogate
from .training import train
from .training_data import Runs, choose_logs, read_runs

if TYPE_CHECKING:
    import xarray


def fit(
    dataset: "xarray.Dataset",
    space: DesignSpace,
    *,
    network: Callable[..., Callable] = MLP,
    quantities: Sequence[str] | None = None,
    fields: Sequence[str] = (),
    members: int = 4,
    steps: int = 4000,
    batch: int | None = None,
    learning_rate: float = 5e-3,
    weight_decay: float = 1e-4,
    optimizer=None,
    validation: float = 0.15,
    patience: int | None = 2000,
    pod_tolerance: float = 1e-4,
    residual: Callable[[dict, dict], Array] | None = None,
    residual_weight: float = 0.1,
    residual_batch: int = 4,
    callback: Callable[[int, dict], None] | None = None,
    progress: bool | None = None,
    key: PRNGKeyArray,
) -> Surrogate:
    """Fit an ensemble of networks to the good runs of a data set.

    Scalars come from one network with an output per quantity, standardised (and in
    logarithms where the data ask for it); each field comes from a `PODDeepONet`, whose
    branch is trained on the POD coefficients of the runs. The same key, data and
    machine give the same surrogate.

    Args:
        dataset: as `generate` makes it; runs whose status is not OK are left out.
        space: the design space of the data set.
        network: builds one member, `network(inputs, outputs, key=key)`: a class of
            `froude.surrogates.networks` or any function that returns a callable
            pytree from (inputs,) to (outputs,).
        quantities: names of the quantities; `None` takes all of the data set.
        fields: names of the fields.
        members: networks in the ensemble.
        steps: optimiser steps.
        batch: runs per step; `None` takes all.
        learning_rate: first step size of AdamW; it falls to zero as a cosine.
        weight_decay: of AdamW.
        optimizer: an optax transformation in place of AdamW with cosine decay.
        validation: share of the runs that chooses each member's best step.
        patience: steps without progress after which training stops; `None`: never.
        pod_tolerance: root mean square left out by the POD basis, relative to the
            field's variation.
        residual: the solver's discrete residual `(design, fields) -> array`. Adds its
            mean square at random designs of the space to the fields' loss, relative
            to that of the mean field; the metrics state it relative to its floor on
            the runs themselves.
        residual_weight: weight of that term against the standardised data loss.
        residual_batch: random designs per step and member.
        callback: called as `callback(step, metrics)` every 100 steps; `metrics` has
            `loss`, `validation`, `best`, `seconds`, the output's name in `part`, and
            with a residual `residual_over_floor`.
        progress: show a bar; `None` means only on a terminal.
        key: random key.

    Returns:
        A surrogate without certification: pass it to `certify`.

    Raises:
        ValueError: for fewer than 10 good runs, unknown outputs, values that are not
            finite, a data set of another space, or a number out of range.
    """
    began = time.perf_counter()
    require_key(key)
    counts = {
        "members": members,
        "steps": steps,
        "batch": batch,
        "patience": patience,
        "residual_batch": residual_batch,
    }
    for name, value in counts.items():
        if value is not None:
            require_count(name, value, 1)
    require_between("learning_rate", learning_rate, 0.0, math.inf)
    require_between("weight_decay", weight_decay, 0.0, math.inf, ends=True)
    require_between("residual_weight", residual_weight, 0.0, math.inf, ends=True)
    runs = read_runs(dataset, space, quantities=quantities, fields=fields, least=10)
    if residual is not None and not fields:
        raise ValueError("residual needs fields to act on; name them in fields=.")
    split_key, *part_keys = jax.random.split(key, 2 + len(fields))
    kept, checked = _split(runs, validation, split_key)

    def fit_regressor(part, x, z, x_check, z_check, weights, extra, key) -> Ensemble:
        build_key, train_key = jax.random.split(key)
        ensemble = Ensemble.build(
            lambda key: network(x.shape[1], z.shape[1], key=key), members, key=build_key
        )
        data_loss = functools.partial(_data_loss, weights)

        def loss(model, data, key):
            value = data_loss(model, data)
            return value if extra is None else value + extra.loss(model, key)

        def report(step, metrics):
            assert callback is not None
            callback(step, {"part": part, **metrics})

        return train(
            ensemble,
            loss,
            (jnp.asarray(x), jnp.asarray(z)),
            validation=lambda model: data_loss(model, (x_check, z_check)),
            metrics=None if extra is None else extra.metrics,
            optimizer=optimizer or _adamw(learning_rate, weight_decay, steps),
            steps=steps,
            batch=batch,
            patience=patience,
            callback=None if callback is None else report,
            progress=progress,
            label=f"fit {part}",
            key=train_key,
        )

    def quantity_regressor(z, z_check):
        weights = jnp.ones(z.shape[1])
        x, x_check = 2.0 * kept.places - 1.0, 2.0 * checked.places - 1.0
        return fit_regressor(
            "quantities", x, z, x_check, z_check, weights, None, part_keys[0]
        )

    def field_regressor(index, basis, z, z_check):
        # Between the error of the field and that of each coefficient.
        weights = basis.scale / jnp.max(basis.scale)
        x, x_check = 2.0 * kept.places - 1.0, 2.0 * checked.places - 1.0
        extra = None
        if residual is not None and index == 0:
            extra = ResidualLoss.of(
                residual, space, basis, runs, residual_weight, residual_batch
            )
        name = runs.field_outputs[index].name
        return fit_regressor(
            name, x, z, x_check, z_check, weights, extra, part_keys[1 + index]
        )

    surrogate = _assemble(
        runs, kept, checked, space, quantity_regressor, field_regressor, pod_tolerance
    )
    return _with_record(surrogate, runs, "ensemble", time.perf_counter() - began)


def fit_baseline(
    dataset: "xarray.Dataset",
    space: DesignSpace,
    *,
    quantities: Sequence[str] | None = None,
    fields: Sequence[str] = (),
    validation: float = 0.15,
    pod_tolerance: float = 1e-4,
    key: PRNGKeyArray,
) -> Surrogate:
    """Fit kernel ridge regression in place of networks: the baseline, a `Surrogate`.

    Same arguments, data split, transforms and POD basis as `fit` with the same key,
    so that the two differ in the regressor alone. Hyperparameters come from
    leave-one-out; all runs enter the final solve.
    """
    began = time.perf_counter()
    require_key(key)
    runs = read_runs(dataset, space, quantities=quantities, fields=fields, least=10)
    split_key = jax.random.split(key, 2 + len(fields))[0]
    kept, checked = _split(runs, validation, split_key)
    x = 2.0 * np.concatenate([kept.places, checked.places]) - 1.0

    def quantity_regressor(z, z_check):
        return fit_kernel_ridge(x, np.concatenate([z, z_check]))

    def field_regressor(index, basis, z, z_check):
        return fit_kernel_ridge(x, np.concatenate([z, z_check]), shared=True)

    surrogate = _assemble(
        runs, kept, checked, space, quantity_regressor, field_regressor, pod_tolerance
    )
    return _with_record(surrogate, runs, "kernel ridge", time.perf_counter() - began)


def _split(runs: Runs, validation: float, key: PRNGKeyArray) -> tuple[Runs, Runs]:
    """Runs to fit to and runs to choose by."""
    require_between("validation", validation, 0.0, 1.0)
    order = np.asarray(jax.random.permutation(key, len(runs)))
    held = max(2, round(validation * len(runs)))
    if len(runs) - held < 2:
        raise ValueError(
            f"validation = {validation} leaves {len(runs) - held} of {len(runs)} runs "
            "to fit to; give a smaller share."
        )
    return runs.take(order[held:]), runs.take(order[:held])


def _assemble(
    runs: Runs,
    kept: Runs,
    checked: Runs,
    space: DesignSpace,
    quantity_regressor: Callable[..., AbstractRegressor],
    field_regressor: Callable[..., AbstractRegressor],
    pod_tolerance: float,
) -> Surrogate:
    require_between("pod_tolerance", pod_tolerance, 0.0, math.inf)
    scaling = Scaling.of(choose_logs(kept), kept.quantities)
    targets = [
        np.asarray(scaling.encode(jnp.asarray(r.quantities))) for r in (kept, checked)
    ]
    fields = []
    head = QuantityHead(quantity_regressor(*targets), scaling)
    for index, output in enumerate(runs.field_outputs):
        basis = PODBasis.from_fields(kept.fields[index], tolerance=pod_tolerance)
        encode = jax.vmap(basis.encode)
        targets = [encode(jnp.asarray(r.fields[index])) for r in (kept, checked)]
        network = PODDeepONet(field_regressor(index, basis, *targets), basis)
        node_scale = _node_scale(network, kept, checked, index)
        fields.append(FieldHead(network, node_scale, output))
    return Surrogate(
        quantity_head=head,
        field_heads=tuple(fields),
        density=Density.of(runs.places),
        seen=fingerprints(runs.places),
        calibration=None,
        guard=None,
        space=space,
    )


def _node_scale(network, kept, checked, index):
    """Error at each node in the validation runs, never quite zero."""
    predicted = jax.jit(jax.vmap(network))(jnp.asarray(2.0 * checked.places - 1.0))
    error = checked.fields[index] - np.asarray(predicted)
    variation = kept.fields[index].std(axis=0).max()
    floor = 0.1 * np.sqrt(np.mean(error**2)) + 1e-9 * variation
    return jnp.asarray(np.sqrt(np.mean(error**2, axis=0)) + max(floor, 1e-30))


def _data_loss(weights, model, data):
    x, z = data
    outputs = jax.vmap(model.outputs, out_axes=1)(x)
    return jnp.mean(weights * (outputs - z) ** 2, axis=(1, 2))


def _adamw(learning_rate, weight_decay, steps):
    import optax

    schedule = optax.cosine_decay_schedule(learning_rate, steps)
    return optax.adamw(schedule, weight_decay=weight_decay)


def _with_record(surrogate, runs, regressor, seconds):
    record = {
        "regressor": regressor,
        "runs": len(runs),
        "failed_runs": runs.failed,
        "fit_seconds": round(seconds, 3),
    }
    return dataclasses.replace(surrogate, record=json.dumps(record))
