"""Results on the screen and in files: a table of rows and whole-file JSON writes."""

import importlib.metadata
import json
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .evidence import Row


def write_json(path: Path, content) -> None:
    """Write a value as JSON, the file whole or not at all."""
    text = json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False)
    write_text(path, text + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, suffix=".part", delete=False, encoding="utf-8"
    ) as part:
        part.write(text)
    os.chmod(part.name, 0o644)
    os.replace(part.name, path)


def read_json(path: Path, otherwise):
    """Read a file that `write_json` wrote, if it is there."""
    return json.loads(path.read_text()) if path.exists() else otherwise


def number(value: float | None) -> str:
    """Format a figure with what a reader needs of it."""
    if value is None:
        return "-"
    if value == 0 or 1e-3 <= abs(value) < 1e6:
        return f"{value:.7g}"
    return f"{value:.3g}"


def short(value: float | None) -> str:
    """Format an error or tolerance to three digits."""
    return "-" if value is None else f"{value:.3g}"


def verdict(row: Row) -> str:
    """Say in a word how a row stands."""
    if row.passed:
        return "pass (gap closed)" if row.known_gap else "pass"
    return "known gap" if row.known_gap else "FAIL"


def print_rows(rows: Sequence[Row]) -> None:
    """Print the table, known gaps first, then failures, then the rest by case."""
    rank = {"known gap": 0, "FAIL": 1}
    ordered = sorted(rows, key=lambda row: (rank.get(verdict(row), 2), row.name))
    lines = [
        (
            row.name,
            row.quantity,
            f"{number(row.value)} {row.unit if row.unit != '1' else ''}".strip(),
            number(row.reference),
            short(row.error),
            short(row.tolerance),
            f"{row.seconds:.1f}",
            verdict(row),
        )
        for row in ordered
    ]
    head = ("case", "quantity", "value", "reference", "error", "allowed", "s", "")
    print_table(head, lines)
    for row in ordered:
        if row.known_gap:
            print(f"known gap: {row.name}, {row.quantity}: {row.known_gap}")


def print_table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """Print aligned columns."""
    widths = [max(len(line[k]) for line in (head, *lines)) for k in range(len(head))]
    for line in (head, ["-" * width for width in widths], *lines):
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip())


def progress(items: Sequence, describe):
    """Yield the items, with one line of progress if a person is watching."""
    watching = sys.stderr.isatty()
    for done, item in enumerate(items, 1):
        if watching:
            told = f"[{done}/{len(items)}] {describe(item)}"
            print(f"\r\033[K{told}", end="", file=sys.stderr, flush=True)
        yield item
    if watching:
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def machine() -> str:
    """Describe the machine in a line: processor, cores, memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0))
    return f"{_processor()}, {cores} cores, {memory:.0f} GiB"


def versions() -> dict[str, str]:
    """Return the versions that a result depends on."""
    names = ("jax", "jaxlib", "equinox", "flax", "diffrax", "optax", "scipy", "numpy")
    found = {name: importlib.metadata.version(name) for name in names}
    return {"python": platform.python_version(), **found}


def _processor():
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
