"""Another program in an environment of its own: install it, run it, read its figures.

A script in `benchmarks/peers/` names its requirements at its top (PEP 723) and prints
a JSON object as its last line: `version`, `seconds` (a list, first call first) and
what else the comparison reads.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from .cases import ROOT

SCRIPTS = ROOT / "benchmarks" / "peers"
ENVIRONMENTS = ROOT / "build" / "peers"
_HEADER = re.compile(r"^# /// script\n((?:#.*\n)+?)# ///$", re.MULTILINE)


class PeerMissing(Exception):
    """The other program cannot be installed or found here."""


def run_peer(name: str, *arguments, limit: float = 1200.0) -> dict:
    """Run `benchmarks/peers/<name>.py` and return the figures it prints.

    Args:
        name: Script, without ".py".
        *arguments: Its arguments.
        limit: Seconds after which it is stopped.

    Returns:
        The JSON object on its last line.

    Raises:
        PeerMissing: If it cannot be installed, or says so by exit status 77.
    """
    script = SCRIPTS / f"{name}.py"
    python = _environment(name, _requirements(script))
    done = subprocess.run(
        [python, script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=limit,
        cwd=python.parents[1],
        env={**os.environ, "PYTHONPATH": ""},
    )
    if done.returncode == 77:
        raise PeerMissing(done.stdout.strip())
    done.check_returncode()
    return json.loads(done.stdout.splitlines()[-1])


def _requirements(script):
    found = _HEADER.search(script.read_text())
    if found is None:
        raise ValueError(f"{script} does not name its requirements at its top.")
    text = "\n".join(line[2:] for line in found[1].splitlines())
    return tomllib.loads(text)["dependencies"]


def _environment(name, requirements):
    """Return the Python of the peer's environment, made anew if its wishes change."""
    folder = ENVIRONMENTS / name
    stamp = folder / "requirements.json"
    python = folder / "bin" / "python"
    wanted = json.dumps(requirements)
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    commands = [[sys.executable, "-m", "venv", "--clear", folder]]
    if requirements:
        commands.append([python, "-m", "pip", "install", "--quiet", *requirements])
    for command in commands:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, cwd=SCRIPTS)
        if done.returncode:
            raise PeerMissing(f"{name}: {' '.join(map(str, command))} failed")
    Path(stamp).write_text(wanted)
    return python
