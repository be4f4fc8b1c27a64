"""What made a data set: versions, device, commit, and the identity of a simulation."""

import datetime
import functools
import hashlib
import importlib.metadata
import inspect
import json
import platform
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np


def provenance() -> dict[str, Any]:
    """Describe this process for the attributes of a data set.

    Returns:
        Versions of froude, jax, jaxlib, numpy and Python, the device, the float width
        [bit], the git commit of froude's checkout (`+dirty` with local changes, empty
        for an installed wheel), and the time of creation (UTC).
    """
    device = jax.devices()[0]
    now = datetime.datetime.now(datetime.UTC)
    return {
        **{f"{name}_version": _version(name) for name in _PACKAGES},
        "python_version": platform.python_version(),
        "device": f"{device.platform}: {device.device_kind}",
        "float_width": 64 if jax.config.jax_enable_x64 else 32,  # type: ignore[attr-defined]
        "git_commit": git_commit(Path(__file__).parent),
        "created": now.isoformat(timespec="seconds"),
    }


_PACKAGES = ("froude", "jax", "jaxlib", "numpy")


def git_commit(folder: Path) -> str:
    """Commit of the checkout that holds `folder`, `+dirty` if files were changed."""
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit or _git(folder, "ls-files", "--error-unmatch", __file__) is None:
        return ""  # no checkout, or one that merely surrounds an installed froude
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return commit + ("+dirty" if changed else "")


def identity(simulate: Callable) -> str:
    """A string that tells one simulation from another across processes.

    `simulate.identity` if there is one. Otherwise the name and a hash of the source
    code and of the numbers, strings and arrays that a closure, a partial or an object
    carries. Code that the function calls is not followed: give an identity of your
    own where that matters.
    """
    own = getattr(simulate, "identity", None)
    if own is not None:
        return str(own() if callable(own) else own)
    digest = hashlib.sha256()
    name = _absorb(simulate, digest)
    return f"{name}:{digest.hexdigest()[:16]}"


def _absorb(function: Any, digest: Any) -> str:
    if isinstance(function, functools.partial):
        _absorb_values((function.args, function.keywords), digest)
        return _absorb(function.func, digest)
    if inspect.ismethod(function):
        _absorb_values(vars(function.__self__), digest)
        return _absorb(function.__func__, digest)
    if hasattr(function, "__wrapped__"):
        return _absorb(function.__wrapped__, digest)
    if inspect.isfunction(function):
        digest.update(_code(function))
        cells = [cell.cell_contents for cell in function.__closure__ or ()]
        _absorb_values((cells, function.__defaults__, function.__kwdefaults__), digest)
        return f"{function.__module__}.{function.__qualname__}"
    digest.update(_code(type(function)))
    _absorb_values(getattr(function, "__dict__", None), digest)
    return f"{type(function).__module__}.{type(function).__qualname__}"


def _absorb_values(values: Any, digest: Any) -> None:
    for path, leaf in jax.tree_util.tree_leaves_with_path(values):
        digest.update(jax.tree_util.keystr(path).encode())
        if isinstance(leaf, np.ndarray | np.generic | jax.Array):
            array = np.asarray(leaf)
            digest.update(f"{array.dtype}{array.shape}".encode() + array.tobytes())
        elif isinstance(leaf, bool | int | float | complex | str | bytes):
            digest.update(repr(leaf).encode())
        elif inspect.isfunction(leaf):
            digest.update(_code(leaf))


def _code(thing: Any) -> bytes:
    try:
        return inspect.getsource(thing).encode()
    except (OSError, TypeError):  # typed at a prompt: no source to read
        code = getattr(thing, "__code__", None)
        return b"" if code is None else code.co_code + repr(code.co_names).encode()


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def same_machine(stored: dict[str, Any], now: dict[str, Any]) -> dict[str, list]:
    """Entries of two provenances that differ, apart from the time of creation."""
    return {
        key: [stored.get(key), value]
        for key, value in now.items()
        if key != "created" and stored.get(key) != value
    }


def append_session(history: str, stored: dict[str, Any], now: dict[str, Any]) -> str:
    """JSON list of the sessions that went on elsewhere, with this one if it differs."""
    sessions = json.loads(history)
    changed = same_machine(stored, now)
    if changed:
        sessions.append({"resumed": now["created"], "changed": changed})
    return json.dumps(sessions)
