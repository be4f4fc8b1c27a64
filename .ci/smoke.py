"""Smoke run of the installed wheel, outside the checkout: `smoke.py README.md`.

Imports froude, and runs the quick start of the README in double and single precision.
"""

import re
import subprocess
import sys
import time
from pathlib import Path

_IMPORT = """
import time
start = time.perf_counter()
import froude
print(time.perf_counter() - start)
"""
_SWITCH = 'jax.config.update("jax_enable_x64", True)\n'


def seconds_of_import() -> float:
    """Return the median of three imports, each in a fresh process."""
    seconds = [
        float(subprocess.run([sys.executable, "-c", _IMPORT], **_KEPT).stdout)
        for _ in range(3)
    ]
    return sorted(seconds)[1]


def run_quick_start(readme: Path, precision: str) -> None:
    """Run the blocks of the README as one script; it must end well."""
    text = readme.read_text()
    script = "\n".join(re.findall(r"^```python\n(.*?)^```", text, re.M | re.S))
    if not script:
        print("quick start: the README has no script")
        return
    if precision == "float32":
        script = script.replace(_SWITCH, "")
    folder = Path(precision)
    folder.mkdir()
    (folder / "quick_start.py").write_text(script)
    start = time.perf_counter()
    subprocess.run([sys.executable, "quick_start.py"], cwd=folder, check=True)
    print(f"quick start, {precision}: {time.perf_counter() - start:.1f} s")


_KEPT = {"capture_output": True, "check": True, "text": True}

if __name__ == "__main__":
    taken = seconds_of_import()
    print(f"import froude: {taken:.2f} s")
    if taken > 2.0:
        raise SystemExit("import froude takes more than 2 s")
    for dtype in ("float64", "float32"):
        run_quick_start(Path(sys.argv[1]), dtype)
