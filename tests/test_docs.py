"""The code in the README and on the pages of docs/ runs, page by page."""

import doctest
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    *sorted(
        path
        for path in (ROOT / "docs").rglob("*.md")
        if "```python\n" in path.read_text()
    ),
]
EXAMPLES = [
    path
    for folder in ("physics", "solvers", "datasets", "surrogates", "design")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if ">>> " in path.read_text()
]
_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_blocks_of_a_page_run_in_order(page, tmp_path):
    """Each page is one script: a reader can paste its blocks from the top."""
    blocks = _BLOCK.findall(page.read_text())
    script = tmp_path / "page.py"
    script.write_text("\n".join(blocks))
    done = subprocess.run(
        [sys.executable, script.name],
        cwd=tmp_path,
        env={**os.environ, "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{page}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: str(path.relative_to(ROOT)))
def test_examples_in_docstrings_say_what_they_print(path):
    """An example may use the public names of its folder without importing them."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    public = vars(importlib.import_module(f"froude.{parts[0]}"))
    failed, tried = doctest.testmod(
        importlib.import_module(".".join(("froude", *parts))),
        extraglobs={
            name: value
            for name, value in public.items()
            if not name.startswith("_") and not isinstance(value, ModuleType)
        },
        optionflags=doctest.NORMALIZE_WHITESPACE,
    )
    assert tried and not failed


def test_readme_script_fits_in_25_lines():
    blocks = _BLOCK.findall((ROOT / "README.md").read_text())
    assert all(block.count("\n") <= 25 for block in blocks)


def test_pages_with_code_switch_double_precision_on_first():
    for page in PAGES:
        blocks = _BLOCK.findall(page.read_text())
        if blocks and "froude" in "".join(blocks):
            assert 'jax.config.update("jax_enable_x64", True)' in blocks[0], page
