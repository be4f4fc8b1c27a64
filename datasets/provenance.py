"""What made a data set: versions, device, commit, and the sessions it took."""

import datetime
import importlib.metadata
import json
import platform
import subprocess
from pathlib import Path
from typing import Any

import jax


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
