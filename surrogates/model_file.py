"""One file for a surrogate: safetensors for the arrays, JSON for everything else.

No pickle: a file can't run code. The header names every array with shape and dtype
and holds the space, the units and the architecture; what doesn't fit is refused, and
so is a file whose arrays or header are not those that were saved (SHA-256 of both).
That finds damage and careless edits; it is no signature.
"""

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ..datasets.space import DesignSpace
from .baselines import KernelRidge
from .guard import Density, Guard
from .heads import FieldHead, Output, QuantityHead, Scaling
from .networks import FNO, MLP, DeepONet, PODBasis, PODDeepONet
from .regressor import Ensemble
from .surrogate import Calibration, Surrogate, evaluate_one

FORMAT, VERSION = "froude surrogate", 2

_ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "tanh": jnp.tanh,
    "sin": jnp.sin,
    "gelu": jax.nn.gelu,
    "silu": jax.nn.silu,
    "relu": jax.nn.relu,
    "softplus": jax.nn.softplus,
}
_MODULES = {
    kind.__name__: kind
    for kind in (
        Surrogate,
        QuantityHead,
        Scaling,
        FieldHead,
        Ensemble,
        KernelRidge,
        PODBasis,
        Density,
        Guard,
        Calibration,
    )
}
_NETWORKS = {
    "MLP": (MLP, ("inputs", "outputs", "widths", "dtype")),
    "FNO": (FNO, ("inputs", "outputs", "modes", "width", "depth", "dtype")),
}
_COMPOSED = {
    "PODDeepONet": (PODDeepONet, ("branch", "basis")),
    "DeepONet": (DeepONet, ("branch", "trunk")),
}


def save(surrogate: Surrogate, path: str | Path) -> None:
    """Write a surrogate to one file, whole or not at all.

    Args:
        surrogate: with networks of froude; others are saved too, but need `like` when
            loaded.
        path: of the file, by custom ending in `.froude`.
    """
    from safetensors.numpy import save as to_bytes

    tensors: dict[str, np.ndarray] = {}
    structure = _describe(surrogate, "surrogate", tensors)
    arrays = {
        name: {"shape": list(array.shape), "dtype": str(array.dtype)}
        for name, array in tensors.items()
    }
    header = {
        "format": FORMAT,
        "version": VERSION,
        "structure": structure,
        "arrays": arrays,
        "sha256": _digest(tensors),
    }
    header["header_sha256"] = _header_digest(header)
    path = Path(path)
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(to_bytes(tensors, {"froude": json.dumps(header)}))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def load(path: str | Path, *, like: Surrogate | None = None) -> Surrogate:
    """Read a surrogate; its predictions equal those before saving bit by bit.

    Args:
        path: of a file that `save` wrote.
        like: a surrogate of the same architecture, only needed for networks that are
            not froude's own.

    Raises:
        ValueError: for a truncated or changed file, another format or version, an
            array with another name, shape or dtype than the architecture wants, or
            float64 arrays while JAX's x64 switch is off.
        FileNotFoundError: where there is no such file.
    """
    header, tensors = _read(Path(path))
    if header.get("header_sha256") != _header_digest(header):
        raise ValueError(
            f"{path}: the header, with the space, the units and the architecture, is "
            "not the one that was saved."
        )
    for name, claim in header["arrays"].items():
        array = tensors.get(name)
        if array is None or [list(array.shape), str(array.dtype)] != [
            claim["shape"],
            claim["dtype"],
        ]:
            found = "missing" if array is None else f"{array.shape} {array.dtype}"
            raise ValueError(
                f"{path}: array {name!r} should be {claim['shape']} {claim['dtype']}, "
                f"it is {found}; the file is damaged."
            )
    if set(tensors) != set(header["arrays"]) or _digest(tensors) != header["sha256"]:
        raise ValueError(f"{path}: the arrays are not those that were saved.")
    wide = [name for name, array in tensors.items() if array.dtype == np.float64]
    if wide and not jax.config.jax_enable_x64:  # type: ignore[attr-defined]
        raise ValueError(
            f"{path} holds float64 arrays; switch double precision on with "
            "jax.config.update('jax_enable_x64', True) before loading."
        )
    left = dict(tensors)
    try:
        surrogate = _restore(header["structure"], left, like)
        if left:
            raise ValueError(f"arrays without a place: {sorted(left)}")
        place = jax.ShapeDtypeStruct((surrogate.space.dimension,), float)
        eqx.filter_eval_shape(evaluate_one, surrogate, True, None, place)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(
            f"{path}: the arrays don't fit the architecture in the header: {error}"
        ) from error
    return surrogate


def _read(path: Path) -> tuple[dict, dict[str, np.ndarray]]:
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise FileNotFoundError(f"no model file at {path}.")
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        header = json.loads(metadata.get("froude", "{}"))
    except (SafetensorError, json.JSONDecodeError) as error:
        raise ValueError(
            f"{path} is truncated or not a model file ({error}); save it again."
        ) from error
    if header.get("format") != FORMAT:
        raise ValueError(
            f"{path} has the format {header.get('format')!r}, not {FORMAT!r}; it was "
            "not written by froude's save."
        )
    if header.get("version") != VERSION:
        raise ValueError(
            f"{path} has version {header.get('version')}, this froude reads version "
            f"{VERSION}; install the release that wrote it, or save it anew."
        )
    return header, tensors


def _describe(node: Any, name: str, tensors: dict[str, np.ndarray]) -> Any:
    """JSON description of a node; its arrays go to `tensors` under their paths."""
    kind = type(node).__name__
    if node is None or isinstance(node, bool | int | float | str):
        return {"value": node}
    if eqx.is_array(node):
        tensors[name] = np.asarray(node)
        return {"array": name}
    if isinstance(node, tuple):
        return {
            "tuple": [_describe(n, f"{name}.{i}", tensors) for i, n in enumerate(node)]
        }
    if isinstance(node, DesignSpace):
        return {"space": node.to_json()}
    if isinstance(node, Output):
        return {"output": dataclasses.asdict(node)}
    if _MODULES.get(kind) is type(node):
        parts = {
            field.name: _describe(
                getattr(node, field.name), f"{name}.{field.name}", tensors
            )
            for field in dataclasses.fields(node)
        }
        return {"module": kind, "fields": parts}
    if kind in _COMPOSED and _COMPOSED[kind][0] is type(node):
        parts = {
            part: _describe(getattr(node, part), f"{name}.{part}", tensors)
            for part in _COMPOSED[kind][1]
        }
        if kind == "DeepONet":
            parts["bias"] = _describe(node.bias[...], f"{name}.bias", tensors)
        return {"composed": kind, "parts": parts}
    leaves = jax.tree_util.tree_flatten_with_path(eqx.filter(node, eqx.is_array))[0]
    names = [f"{name}{jax.tree_util.keystr(path)}" for path, _ in leaves]
    tensors.update(zip(names, (np.asarray(leaf) for _, leaf in leaves), strict=True))
    if kind in _NETWORKS and _NETWORKS[kind][0] is type(node):
        found = [n for n, f in _ACTIVATIONS.items() if f is node.activation]
        if found:
            config = {key: getattr(node, key) for key in _NETWORKS[kind][1]}
            config["activation"] = found[0]
            return {"network": kind, "config": config, "leaves": names}
    return {"other": kind, "leaves": names}


def _restore(node: Any, tensors: dict[str, np.ndarray], like: Any) -> Any:
    if "value" in node:
        return node["value"]
    if "array" in node:
        return jnp.asarray(tensors.pop(node["array"]))
    if "tuple" in node:
        return tuple(
            _restore(child, tensors, like[i] if like is not None else None)
            for i, child in enumerate(node["tuple"])
        )
    if "space" in node:
        return DesignSpace.from_json(node["space"])
    if "output" in node:
        record = dict(node["output"])
        record |= {key: tuple(record[key]) for key in ("dims", "shape")}
        return Output(**record)
    if "module" in node:
        parts = {
            key: _restore(child, tensors, getattr(like, key, None))
            for key, child in node["fields"].items()
        }
        return _MODULES[node["module"]](**parts)
    if "composed" in node:
        kind, _ = _COMPOSED[node["composed"]]
        parts = {
            key: _restore(child, tensors, getattr(like, key, None))
            for key, child in node["parts"].items()
        }
        bias = parts.pop("bias", None)
        network = kind(**parts)
        if bias is not None:
            network.bias[...] = bias
        return network
    if "network" in node:
        config = dict(node["config"])
        config["activation"] = _ACTIVATIONS[config["activation"]]
        kind, _ = _NETWORKS[node["network"]]
        skeleton = eqx.filter_eval_shape(
            lambda key: kind(**config, key=key), jax.random.key(0)
        )
        return _fill(skeleton, node["leaves"], tensors, stacked=True)
    if like is None:
        raise ValueError(
            f"the network {node['other']!r} is not one of froude's; pass a surrogate "
            "of the same architecture as like="
        )
    return _fill(like, node["leaves"], tensors, stacked=False)


def _fill(skeleton, names, tensors, *, stacked):
    """Put the named arrays in place of the skeleton's, in order, shapes checked."""
    flat, tree = jax.tree_util.tree_flatten_with_path(skeleton)
    places = [
        i
        for i, (_, leaf) in enumerate(flat)
        if isinstance(leaf, jax.Array | jax.ShapeDtypeStruct)
    ]
    if len(places) != len(names):
        raise ValueError(f"{len(names)} arrays for {len(places)} parameters")
    leaves = [leaf for _, leaf in flat]
    for i, name in zip(places, names, strict=True):
        array, (path, leaf) = tensors.pop(name), flat[i]
        ending = jax.tree_util.keystr(path)
        # Ensembles carry a leading member axis.
        shape = array.shape[array.ndim - leaf.ndim :] if stacked else array.shape
        if (
            not name.endswith(ending)
            or shape != leaf.shape
            or array.dtype != leaf.dtype
        ):
            raise ValueError(
                f"{name!r} is {array.shape} {array.dtype}, {ending!r} should be "
                f"{leaf.shape} {leaf.dtype}"
            )
        leaves[i] = jnp.asarray(array)
    return jax.tree.unflatten(tree, leaves)


def _header_digest(header):
    kept = {key: part for key, part in header.items() if key != "header_sha256"}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def _digest(tensors):
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(tensors[name]).tobytes())
    return digest.hexdigest()
