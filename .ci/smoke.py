"""Smoke run of the installed wheel, outside the checkout."""

import subprocess
import sys
import time

_IMPORT = """
import time
start = time.perf_counter()
import froude
print(time.perf_counter() - start)
"""


def _seconds_of_import():
    command = [sys.executable, "-c", _IMPORT]
    return float(subprocess.run(command, capture_output=True, check=True).stdout)


seconds = sorted(_seconds_of_import() for _ in range(3))[1]
print(f"import froude: {seconds:.2f} s")
if seconds > 2.0:
    raise SystemExit("import froude takes more than 2 s")

start = time.perf_counter()
import froude  # noqa: E402, F401

print(f"quick start: {time.perf_counter() - start:.1f} s")
