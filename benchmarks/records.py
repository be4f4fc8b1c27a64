"""Run the long cases and keep their rows: `python -m benchmarks.records`.

A record carries the seeds, the machine, the versions, the date and a hash of the
files it depends on; once one of those changes, `make verify` calls it stale.
"""

import argparse
import datetime
import sys
from collections.abc import Sequence

import jax

from .cases import ROOT, Case, find
from .evidence import Row
from .report import machine, print_rows, progress, read_json, versions, write_json

COMMITTED = ROOT / "docs" / "records.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(prog="benchmarks.records", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="CASE", help="run these cases")
    given = parser.parse_args(arguments)

    jax.config.update("jax_enable_x64", True)
    cases = [case for case in find(given.only) if case.tier == "records"]
    rows: list[Row] = []
    for case in progress(cases, lambda case: case.name):
        found = list(case.run())
        rows.extend(found)
        keep(case, found)
    print_rows(rows)
    return int(any(row.fails for row in rows) or not rows)


def keep(case: Case, rows: Sequence[Row]) -> None:
    """Replace the rows of one case in docs/records.json."""
    others = [row for row in read_json(COMMITTED, []) if row["name"] != case.name]
    stamp = {
        "seed": list(case.constant("SEEDS")),
        "machine": machine(),
        "versions": versions(),
        "date": datetime.date.today().isoformat(),
        "depends": case.dependencies(),
    }
    both = others + [{**row.to_dict(), **stamp} for row in rows]
    write_json(COMMITTED, sorted(both, key=lambda row: row["name"]))


def stale_records() -> list[str]:
    """Name the recorded cases whose files have changed or are gone."""
    recorded = {row["name"]: row["depends"] for row in read_json(COMMITTED, [])}
    present = {case.name: case for case in find() if case.name in recorded}
    return [
        name
        for name, hashed in sorted(recorded.items())
        if name not in present or present[name].dependencies() != hashed
    ]


if __name__ == "__main__":
    sys.exit(main())
