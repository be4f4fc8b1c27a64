"""Write the committed results into the README and the docs: `benchmarks.tables`.

The tables stand between `<!-- NAME: begin -->` and `<!-- NAME: end -->`; a test
checks that they are what the committed JSON files give.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from .cases import ROOT
from .report import number, read_json, short, write_text

PAGES = (
    "README.md",
    "docs/verification.md",
    "docs/benchmarks.md",
    "docs/limits.md",
)


def write_tables(root: Path = ROOT) -> list[str]:
    """Bring all pages up to date and return those that changed."""
    changed = []
    for page in PAGES:
        path = root / page
        text = path.read_text()
        renewed = filled(text, root)
        if renewed != text:
            write_text(path, renewed)
            changed.append(page)
    return changed


def filled(text: str, root: Path = ROOT) -> str:
    """Return the text with every table that it has a place for."""
    for name, make in _TABLES.items():
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        if begin in text:
            head, rest = text.split(begin, 1)
            tail = rest.split(end, 1)[1]
            text = f"{head}{begin}\n\n{make(root)}\n\n{end}{tail}"
    return text


def _summary(root):
    """One line per case: its rows, and the one that came nearest to its limit."""
    cases: dict[tuple[str, str], list[dict]] = {}
    for row in _rows(root):
        cases.setdefault((row["group"], row["name"]), []).append(row)
    if not cases:
        return "No recorded run yet: `make verify RECORD=1`."
    lines = []
    for (group, name), rows in sorted(cases.items()):
        nearest = max(rows, key=_used)
        passed = sum(row["passed"] for row in rows)
        lines.append(
            (
                group,
                f"`{name}`",
                f"{passed} / {len(rows)}",
                nearest["quantity"],
                short(nearest["error"]),
                short(nearest["tolerance"]),
            )
        )
    head = ("", "case", "rows passed", "nearest to its limit", "error", "allowed")
    return _markdown(head, lines)


def _verification(root):
    """All rows, a table per group."""
    groups: dict[str, list[dict]] = {}
    for row in sorted(_rows(root), key=lambda row: row["name"]):
        groups.setdefault(row["group"], []).append(row)
    if not groups:
        return "No recorded run yet: `make verify RECORD=1`."
    return "\n\n".join(
        f"### {group[:1].upper()}{group[1:]}\n\n{_full(groups[group])}"
        for group in sorted(groups)
    )


def _full(rows):
    head = ("case", "quantity", "value", "reference", "error", "allowed", "source")
    return _markdown(
        head,
        [
            (
                f"`{row['name']}`",
                row["quantity"],
                f"{number(row['value'])} {_unit(row)}".strip(),
                number(row["reference"]),
                short(row["error"]) + ("" if row["passed"] else " (known gap)"),
                short(row["tolerance"]),
                row["source"],
            )
            for row in rows
        ],
    )


def _records(root):
    recorded = read_json(root / "docs" / "records.json", [])
    if not recorded:
        return "No record yet: `make records`."
    head = ("case", "quantity", "value", "allowed", "seeds", "machine", "date")
    return _markdown(
        head,
        [
            (
                f"`{row['name']}`",
                row["quantity"],
                f"{number(row['value'])} {_unit(row)}".strip()
                + ("" if row["passed"] else " (missed)"),
                short(row["tolerance"]) if row["reference"] is None else _band(row),
                ", ".join(map(str, row["seed"])) or "-",
                f"{row['machine']}; JAX {row['versions']['jax']}",
                row["date"],
            )
            for row in recorded
        ],
    )


def _benchmarks(root):
    recorded = read_json(root / "docs" / "benchmarks.json", [])
    if not recorded:
        return "No comparison recorded yet: `make bench RECORD=1`."
    head = (
        "case",
        "ours",
        "peer",
        "ratio",
        "first call, s",
        "later calls, s",
        "error, ours",
        "error, peer",
        "dtype",
        "date",
    )
    return _markdown(
        head,
        [
            (
                f"`{row['name']}`",
                row["ours"],
                f"{row['peer']} {row['peer_version']}",
                f"{row['ratio']:.2g}",
                short(row["cold_s"]),
                short(row["warm_s"]),
                short(row["error_ours"]),
                short(row["error_peer"]),
                row["dtype"],
                row["date"],
            )
            for row in recorded
        ],
    )


def _gaps(root):
    every = _rows(root) + read_json(root / "docs" / "records.json", [])
    gaps = [row for row in every if not row["passed"]]
    if not gaps:
        return "None at present."
    return "\n".join(
        f"- `{row['name']}`, {row['quantity']}: error {short(row['error'])}, allowed "
        f"{short(row['tolerance'])}. {row['known_gap']}"
        for row in gaps
    )


_TABLES: dict[str, Callable[[Path], str]] = {
    "summary": _summary,
    "verification": _verification,
    "records": _records,
    "benchmarks": _benchmarks,
    "known gaps": _gaps,
}


def _rows(root):
    return read_json(root / "docs" / "verification.json", [])


def _used(row):
    """Return how much of its tolerance a row uses up; one-sided rows use none."""
    if row["error"] is None or not row["passed"]:
        return float("inf")
    return row["error"] / row["tolerance"] if row["tolerance"] else 0.0


def _unit(row):
    return "" if row["unit"] == "1" else row["unit"]


def _band(row):
    return f"{number(row['reference'])} ± {short(row['tolerance'])}"


def _markdown(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    escaped = ([cell.replace("|", "\\|") for cell in row] for row in rows)
    return "\n".join(f"| {' | '.join(row)} |" for row in escaped)


if __name__ == "__main__":
    print("\n".join(write_tables()) or "all tables are up to date")
