"""Smoke run of the installed wheel, outside the checkout."""

import subprocess
import sys
import time

_IMPORT = "import time; s = time.perf_counter(); import froude; print(time.perf_counter() - s)"

seconds = sorted(
    float(subprocess.run([sys.executable, "-c", _IMPORT], capture_output=True, check=True).stdout)
    for _ in range(3)
)[1]
print(f"import froude: {seconds:.2f} s")
if seconds > 2.0:
    raise SystemExit("import froude takes more than 2 s")

start = time.perf_counter()
import froude  # noqa: E402, F401

print(f"quick start: {time.perf_counter() - start:.1f} s")
