"""Run the verification cases: `python -m benchmarks.verify`.

Prints every row and writes build/verification.json; fails if a row misses its
tolerance and has no known gap.
"""

import argparse
import gc
import math
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import jax

from .cases import ROOT, Case, find
from .evidence import Row
from .records import stale_records
from .report import print_rows, progress, read_json, write_json
from .tables import write_tables

RESULT = ROOT / "build" / "verification.json"
COMMITTED = ROOT / "docs" / "verification.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="benchmarks.verify", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="CASE", help="run these cases")
    parser.add_argument("--data", type=Path, metavar="PATH", help="public data files")
    parser.add_argument(
        "--record", action="store_true", help="keep as docs/verification.json"
    )
    parser.add_argument(
        "--jobs", type=int, default=1, help="cases that run side by side (default 1)"
    )
    given = parser.parse_args(arguments)
    if given.record and given.only:
        parser.error("--record keeps the result of all cases: leave out --only.")

    start = time.perf_counter()
    rows, skipped = run(find(given.only), given.data, given.jobs)
    write_json(RESULT, [row.to_dict() for row in rows])
    status = conclude(rows, skipped, time.perf_counter() - start)
    if given.record and status == 0:
        write_json(COMMITTED, [row.to_dict() for row in rows])
        write_tables()
    return status


def run(
    cases: Sequence[Case], data: Path | None, jobs: int = 1
) -> tuple[list[Row], list[str]]:
    """Run the cases below the tier "records"; name those that lack what they need."""
    present, skipped = [], []
    for case in cases:
        missing = case.missing_data(data) + case.missing_programs()
        if case.tier == "records":
            continue
        if missing:
            skipped.append(f"{case.name} (needs {', '.join(missing)})")
        else:
            present.append(case)
    if jobs == 1:
        found = (_rows(case, data) for case in present)
        return _gather(present, found), skipped
    # JAX does not survive a fork.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=spawn) as pool:
        started = {
            case.name: pool.submit(_rows, case, data) for case in longest_first(present)
        }
        found = (started[case.name].result() for case in present)
        return _gather(present, found), skipped


def longest_first(cases: Sequence[Case]) -> list[Case]:
    """Sort by the seconds of the committed run, new cases first.

    A long case that starts last would run alone at the end.
    """
    seconds: Counter[str] = Counter()
    for row in read_json(COMMITTED, []):
        seconds[row["name"]] += row["seconds"]
    known = lambda case: seconds.get(case.name, math.inf)
    return sorted(cases, key=known, reverse=True)


def _rows(case, data):
    jax.config.update("jax_enable_x64", True)
    # Tracing makes so many objects that the search for cycles took 5 % of the time.
    gc.set_threshold(50_000)
    return list(case.run(data))


def _gather(cases, found):
    results = iter(found)
    rows: list[Row] = []
    for _ in progress(cases, lambda case: case.name):
        rows.extend(next(results))
    return rows


def conclude(rows: Sequence[Row], skipped: Sequence[str], seconds: float) -> int:
    """Print what was found and return the exit status."""
    print_rows(rows)
    if skipped:
        print(f"skipped for want of data or a program: {'; '.join(skipped)}")
    for name in stale_records():
        print(f"stale record: {name}; `make records ONLY={name}` renews it")
    failed = sum(row.fails for row in rows)
    gaps = sum(bool(row.known_gap) and not row.passed for row in rows)
    print(
        f"{len(rows)} rows: {sum(row.passed for row in rows)} passed, "
        f"{gaps} known gaps, {failed} failed, {len(skipped)} cases skipped; "
        f"{seconds:.0f} s"
    )
    return int(failed > 0 or not rows)


if __name__ == "__main__":
    sys.exit(main())
