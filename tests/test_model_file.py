"""A model file gives the same bits back in a fresh process, or refuses."""

import functools
import json
import subprocess
import sys

import equinox as eqx
import jax
import numpy as np
import pytest
from analytic_sink import SPACE, runs
from safetensors import safe_open
from safetensors.numpy import save_file

from froude.datasets import sobol
from froude.surrogates import MLP, certify, fit, fit_baseline, load, save
from froude.surrogates.model_file import _header_digest

CHILD = """
import sys, jax, numpy as np
jax.config.update("jax_enable_x64", True)
from froude.surrogates import load
surrogate = load(sys.argv[1])
designs = dict(np.load(sys.argv[2]))
predicted = surrogate.predict(designs, fields=True)
np.savez(sys.argv[3], **{name: predicted[name].values for name in predicted})
"""


@pytest.fixture(scope="module")
def surrogates():
    data, held_out = runs(48, seed=0), runs(64, seed=1)
    key = jax.random.key(0)
    small = functools.partial(MLP, widths=(8,))
    network = fit(
        data, SPACE, network=small, fields=("temperature",), steps=100, key=key
    )
    baseline = fit_baseline(data, SPACE, fields=("temperature",), key=key)
    return [certify(surrogate, held_out)[0] for surrogate in (network, baseline)]


@pytest.mark.parametrize("which", [0, 1])
def test_predictions_are_bit_equal_in_a_fresh_process(surrogates, which, tmp_path):
    samples = sobol(SPACE, 16, seed=3)
    designs = {name: samples[name].values for name in SPACE.names}
    save(surrogates[which], tmp_path / "model.froude")
    np.savez(tmp_path / "designs.npz", **designs)
    paths = [tmp_path / name for name in ("model.froude", "designs.npz", "out.npz")]
    subprocess.run([sys.executable, "-c", CHILD, *paths], check=True)
    expected = surrogates[which].predict(designs, fields=True)
    with np.load(tmp_path / "out.npz") as found:
        assert set(found) == set(expected.variables) - {"sample"}
        for name in found:
            np.testing.assert_array_equal(found[name], expected[name].values)


def test_a_truncated_file_is_refused(surrogates, tmp_path):
    path = tmp_path / "model.froude"
    save(surrogates[0], path)
    whole = path.read_bytes()
    for share in (0.0, 0.01, 0.5, 0.999):
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(ValueError, match="truncated"):
            load(path)


def _change(path, header_change=None, tensor_change=None, *, sealed=False):
    with safe_open(path, framework="numpy") as file:
        header = json.loads(file.metadata()["froude"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    if header_change:
        header_change(header)
    if sealed:
        header["header_sha256"] = _header_digest(header)
    if tensor_change:
        tensor_change(tensors)
    save_file(tensors, path, {"froude": json.dumps(header)})


def _deeper(header):
    regressor = header["structure"]["fields"]["quantity_head"]["fields"]["regressor"]
    regressor["fields"]["members"]["config"]["widths"] = [8, 8]


def _wider(header):
    regressor = header["structure"]["fields"]["quantity_head"]["fields"]["regressor"]
    regressor["fields"]["members"]["config"]["widths"] = [16]


def _drop(tensors):
    tensors.pop(sorted(tensors)[0])


def _nudge(tensors):
    name = next(n for n in tensors if n.endswith("scaling.mean"))
    tensors[name] = tensors[name] + 1.0


@pytest.mark.parametrize(
    ("header_change", "tensor_change", "message"),
    [
        (lambda h: h.update(version=99), None, "version 99"),
        (lambda h: h.update(format="other"), None, "format 'other'"),
        (_deeper, None, "don't fit the architecture"),
        (_wider, None, "don't fit the architecture"),
        (None, _drop, "missing"),
        (None, _nudge, "not those that were saved"),
    ],
)
def test_a_changed_file_is_refused(
    surrogates, tmp_path, header_change, tensor_change, message
):
    path = tmp_path / "model.froude"
    save(surrogates[0], path)
    _change(path, header_change, tensor_change, sealed=True)
    with pytest.raises(ValueError, match=message):
        load(path)


def _units(header):
    text = json.dumps(header["structure"])
    assert '"units": "kg"' in text
    header["structure"] = json.loads(text.replace('"units": "kg"', '"units": "g"'))


def _bounds(header):
    space = header["structure"]["fields"]["space"]
    record = json.loads(space["space"])
    record[0]["upper"] = 9.0
    space["space"] = json.dumps(record)


@pytest.mark.parametrize("change", [_units, _bounds, lambda h: h.pop("header_sha256")])
def test_a_changed_header_is_refused(surrogates, tmp_path, change):
    path = tmp_path / "model.froude"
    save(surrogates[0], path)
    _change(path, change)
    with pytest.raises(ValueError, match="the header.*not the one that was saved"):
        load(path)


def test_a_network_of_the_users_own_needs_a_surrogate_like_it(tmp_path):
    build = lambda inputs, outputs, key: eqx.nn.MLP(inputs, outputs, 8, 1, key=key)
    data = runs(32, seed=0)
    make = lambda seed: fit(
        data, SPACE, network=build, steps=100, key=jax.random.key(seed)
    )
    surrogate = make(0)
    save(surrogate, tmp_path / "model.froude")
    with pytest.raises(ValueError, match="like="):
        load(tmp_path / "model.froude")
    loaded = load(tmp_path / "model.froude", like=make(1))
    assert eqx.tree_equal(loaded, surrogate)


def test_saving_to_a_full_disk_leaves_the_old_file(surrogates, tmp_path, monkeypatch):
    path = tmp_path / "model.froude"
    save(surrogates[0], path)
    before = path.read_bytes()

    def full(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(path), "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        save(surrogates[1], path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
