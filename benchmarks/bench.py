"""Compare with other programs: `python -m benchmarks.bench`.

Each comparison runs in a process of its own, so that one's compiled programs and
precision are not the other's. Prints the ratios, writes build/benchmarks.json.
"""

import argparse
import datetime
import importlib
import json
import pkgutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

import jax

from .cases import ROOT
from .peer import PeerMissing
from .report import (
    machine,
    print_table,
    progress,
    read_json,
    short,
    versions,
    write_json,
)
from .tables import write_tables

RESULT = ROOT / "build" / "benchmarks.json"
COMMITTED = ROOT / "docs" / "benchmarks.json"
T = TypeVar("T")


@dataclass(frozen=True)
class Comparison:
    """One case on both sides.

    Attributes:
        name: Case and size.
        ours: What froude ran.
        peer: Program it is compared with, and what that ran.
        peer_version: Its version.
        peer_s: Its warm seconds, median.
        error_ours: Error of the same quantity against the same reference.
        error_peer: The peer's.
        cold_s: Our first call, with compilation and preparation.
        warm_s: Our later calls, median.
        dtype: "float32" or "float64".
    """

    name: str
    ours: str
    peer: str
    peer_version: str
    peer_s: float
    error_ours: float | None
    error_peer: float | None
    cold_s: float
    warm_s: float
    dtype: str

    @property
    def ratio(self) -> float:
        """How many times faster froude is."""
        return self.peer_s / self.warm_s

    def to_dict(self) -> dict:
        """Return the comparison with its ratio as JSON values."""
        return {**asdict(self), "ratio": self.ratio}


def timed(call: Callable[[], T], repeats: int = 5) -> tuple[float, float, T]:
    """Return the seconds of the first call, the median of later ones, the result."""
    start = time.perf_counter()
    result = jax.block_until_ready(call())
    cold = time.perf_counter() - start
    warm = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = jax.block_until_ready(call())
        warm.append(time.perf_counter() - start)
    return cold, statistics.median(warm), result


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="benchmarks.bench", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="run these")
    parser.add_argument(
        "--record", action="store_true", help="keep in docs/benchmarks.json"
    )
    parser.add_argument("--one", metavar="NAME", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.one:
        return _one(given.one)

    folder = [str(ROOT / "benchmarks" / "comparisons")]
    names = [info.name for info in pkgutil.iter_modules(folder)]
    unknown = set(given.only or ()) - set(names)
    if unknown:
        parser.error(f"no comparison is named {unknown}; there are {names}")
    rows, failed = [], []
    for name in progress([n for n in names if n in (given.only or names)], str):
        command = [sys.executable, "-m", "benchmarks.bench", "--one", name]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        if done.returncode == 0:
            rows.extend(json.loads(done.stdout.splitlines()[-1]))
        elif done.returncode == 77:
            print(f"left out: {name}: {done.stdout.splitlines()[-1]}")
        else:
            failed.append(name)
    stamp = {
        "machine": machine(),
        "versions": versions(),
        "date": datetime.date.today().isoformat(),
    }
    rows = [{**row, **stamp} for row in rows]
    write_json(RESULT, rows)
    _print(rows)
    if given.record and not failed:
        _record(rows)
    if failed:
        print(f"failed: {', '.join(failed)}")
    return int(bool(failed))


def _one(name):
    """Run one comparison in this process and print its rows as the last line."""
    module = importlib.import_module(f"benchmarks.comparisons.{name}")
    jax.config.update("jax_enable_x64", module.DTYPE == "float64")
    try:
        rows = [row.to_dict() for row in module.run()]
    except PeerMissing as missing:
        print(missing)
        return 77
    print(json.dumps(rows))
    return 0


def _print(rows):
    head = ("case", "ours", "peer", "ratio", "cold s", "warm s", "peer s", "errors")
    print_table(
        head,
        [
            (
                row["name"],
                row["ours"],
                f"{row['peer']} {row['peer_version']}",
                f"{row['ratio']:.2f}",
                short(row["cold_s"]),
                short(row["warm_s"]),
                short(row["peer_s"]),
                f"{short(row['error_ours'])} / {short(row['error_peer'])}",
            )
            for row in rows
        ],
    )


def _record(rows):
    """Replace the recorded rows of the same names."""
    new = {(row["name"], row["peer"]) for row in rows}
    kept = [
        row
        for row in read_json(COMMITTED, [])
        if (row["name"], row["peer"]) not in new
    ]
    write_json(COMMITTED, sorted(kept + rows, key=lambda row: row["name"]))
    write_tables()


if __name__ == "__main__":
    sys.exit(main())
