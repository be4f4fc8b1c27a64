"""The commands that produce evidence judge, count and write as they say."""

import json
import math
import re
import sys
from pathlib import Path

import pytest

from benchmarks import cases, records, tables, verify
from benchmarks.evidence import (
    COLUMNS,
    above,
    below,
    close,
    holds,
    order,
    relative,
)

ROOT = Path(__file__).parents[1]
QUICK = [case for case in cases.find() if case.tier == "test"]


@pytest.mark.parametrize("case", QUICK, ids=lambda case: case.name)
def test_quick_verification_case_passes(case):
    rows = list(case.run())
    assert [row for row in rows if row.fails] == []


def _case(monkeypatch, tmp_path, text, name="made_up"):
    """Make a case of this text the only one."""
    folder = tmp_path / "benchmarks" / "verification"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(text)
    monkeypatch.setattr(cases, "ROOT", tmp_path)
    monkeypatch.setattr("benchmarks.verification.__path__", [str(folder)])
    monkeypatch.setattr(cases, "_forget_compiled", lambda: None)
    cases._constants.cache_clear()
    monkeypatch.delitem(sys.modules, f"benchmarks.verification.{name}", raising=False)
    return cases.Case(name)


@pytest.mark.parametrize(
    ("row", "passes"),
    [
        (close("q", 1.05, reference=1.0, tolerance=0.1, source="s"), True),
        (close("q", 1.05, reference=1.0, tolerance=0.01, source="s"), False),
        (close("q", math.nan, reference=1.0, tolerance=1.0, source="s"), False),
        (relative("q", 202.0, reference=200.0, tolerance=0.011, source="s"), True),
        (relative("q", -200.0, reference=200.0, tolerance=0.5, source="s"), False),
        (below("q", 2e-6, limit=1e-6, source="s"), False),
        (above("q", 0.95, limit=0.9, source="s"), True),
        (above("q", 0.89, limit=0.9, source="s"), False),
        (above("q", math.nan, limit=0.9, source="s"), False),
        (order("q", [1.0, 0.26, 0.0651], expected=2.0), True),
        (order("q", [1.0, 0.5, 0.25], expected=2.0), False),
        (order("q", [1.0, 0.0], expected=2.0), False),
        (holds("q", False, source="s"), False),
    ],
)
def test_row_passes_only_within_its_tolerance(row, passes):
    assert row.passed is passes
    written = json.loads(json.dumps(row.to_dict(), allow_nan=False))
    assert tuple(written) == COLUMNS
    assert written["passed"] is passes


def test_failed_row_fails_the_command_unless_its_gap_is_known(
    monkeypatch, tmp_path, capsys
):
    text = (
        "from benchmarks.evidence import below\n"
        "def run():\n"
        "    yield below('error', 1.0, limit=2.0, source='s')\n"
        "    yield below('error', 3.0, limit=2.0, source='s', known_gap={gap!r})\n"
    )
    statuses = []
    for gap in ("", "the solver stalls"):
        case = _case(monkeypatch, tmp_path, text.format(gap=gap))
        rows, skipped = verify.run([case], None)
        statuses.append(verify.conclude(rows, skipped, 0.0))
    assert statuses == [1, 0]
    printed = capsys.readouterr().out
    last_table = printed[printed.rindex("case ") :].splitlines()
    assert "known gap" in last_table[2]


def test_case_that_raises_is_a_failed_row_and_keeps_the_rows_before(
    monkeypatch, tmp_path
):
    text = (
        "from benchmarks.evidence import holds\n"
        "GROUP = 'made up'\n"
        "def run():\n"
        "    yield holds('first', True, source='s')\n"
        "    raise RuntimeError('no convergence')\n"
    )
    rows, _ = verify.run([_case(monkeypatch, tmp_path, text)], None)
    assert [row.passed for row in rows] == [True, False]
    assert "RuntimeError: no convergence" in rows[1].quantity
    assert rows[1].fails and rows[1].group == "made up"


def test_case_without_its_data_is_skipped_and_counted(monkeypatch, tmp_path, capsys):
    text = (
        "from benchmarks.evidence import holds\n"
        "DATA = ('flow.nc',)\n"
        "def run(data):\n"
        "    yield holds('file is read', (data / 'flow.nc').exists(), source='s')\n"
    )
    case = _case(monkeypatch, tmp_path, text)
    rows, skipped = verify.run([case], None)
    assert rows == [] and skipped == ["made_up (needs flow.nc)"]
    verify.conclude(rows, skipped, 0.0)
    assert "1 cases skipped" in capsys.readouterr().out
    (tmp_path / "flow.nc").touch()
    rows, skipped = verify.run([case], tmp_path)
    assert [row.passed for row in rows] == [True] and skipped == []


def test_longest_case_starts_first_and_a_new_one_before_it(monkeypatch, tmp_path):
    committed = tmp_path / "verification.json"
    rows = [("short", 1.0), ("long", 2.0), ("long", 3.0)]
    entries = [{"name": name, "seconds": seconds} for name, seconds in rows]
    committed.write_text(json.dumps(entries))
    monkeypatch.setattr(verify, "COMMITTED", committed)
    named = [cases.Case(name) for name in ("short", "long", "new")]
    started = [case.name for case in verify.longest_first(named)]
    assert started == ["new", "long", "short"]


def test_unknown_case_is_refused_with_the_names():
    with pytest.raises(ValueError, match="No case is named no_such_case"):
        cases.find(["no_such_case"])


def test_record_becomes_stale_when_a_file_it_depends_on_changes(monkeypatch, tmp_path):
    (tmp_path / "solvers").mkdir()
    (tmp_path / "solvers" / "march.py").write_text("order = 2")
    text = (
        "from benchmarks.evidence import holds\n"
        "TIER = 'records'\n"
        "SEEDS = (3, 4)\n"
        "DEPENDS = ('solvers',)\n"
        "def run():\n"
        "    yield holds('done', True, source='s')\n"
    )
    case = _case(monkeypatch, tmp_path, text)
    monkeypatch.setattr(records, "COMMITTED", tmp_path / "docs" / "records.json")
    records.keep(case, list(case.run()))
    (kept,) = json.loads((tmp_path / "docs" / "records.json").read_text())
    assert kept["seed"] == [3, 4] and kept["versions"]["jax"] and kept["machine"]
    assert records.stale_records() == []
    (tmp_path / "solvers" / "march.py").write_text("order = 1")
    assert records.stale_records() == ["made_up"]


def test_every_long_case_has_a_shortened_twin():
    names = {case.name for case in cases.find() if case.tier != "records"}
    long = [case for case in cases.find() if case.tier == "records"]
    assert [case.name for case in long if case.constant("TWIN") not in names] == []
    assert [case.name for case in long if not case.constant("DEPENDS")] == []


@pytest.mark.parametrize("page", tables.PAGES)
def test_committed_tables_are_what_the_committed_results_give(page):
    text = (ROOT / page).read_text()
    assert re.search(r"<!-- .*: begin -->", text)
    assert tables.filled(text) == text, "run `make tables`"


def test_committed_verification_has_no_unexplained_failure_and_few_gaps():
    path = ROOT / "docs" / "verification.json"
    rows = json.loads(path.read_text()) if path.exists() else []
    assert [row for row in rows if not row["passed"] and not row["known_gap"]] == []
    assert sum(not row["passed"] for row in rows) <= 2


def test_a_record_depends_on_code_and_not_on_its_words(tmp_path):
    source = tmp_path / "law.py"
    hashed = []
    for text in ('"""One."""\nk = 1\n', '"""Two,\n\nlonger."""\nk = 1\n', "k = 2\n"):
        source.write_text(text)
        hashed.append(cases._without_docstrings(source))
    assert hashed[0] == hashed[1] != hashed[2]
