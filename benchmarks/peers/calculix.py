# /// script
# dependencies = []
# ///
"""A deck in CalculiX, with its own direct solver on all cores.

usage: calculix.py DECK REPEATS; times the whole command, prints the mean displacement
of the nodes that the deck asks for and the peak memory.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

if shutil.which("ccx") is None:
    print("calculix: the command ccx is not installed")
    sys.exit(77)
deck, repeats = Path(sys.argv[1]), int(sys.argv[2])
threads = {"OMP_NUM_THREADS": str(os.cpu_count())}
seconds = []
with tempfile.TemporaryDirectory() as folder:
    shutil.copy(deck, Path(folder) / "deck.inp")
    for _ in range(repeats):
        start = time.perf_counter()
        done = subprocess.run(
            ["ccx", "deck"],
            cwd=folder,
            env={**os.environ, **threads},
            capture_output=True,
            text=True,
        )
        seconds.append(time.perf_counter() - start)
        if done.returncode or "*ERROR" in done.stdout:
            sys.exit(f"ccx stopped: {done.stdout[-300:]}")
    printed = (Path(folder) / "deck.dat").read_text()
lines = printed.split("displacements")[1].split("forces")[0].splitlines()
rows = [line.split() for line in lines if line.strip()[:1].isdigit()]
moved = [[float(number) for number in row[1:]] for row in rows]
version = subprocess.run(["ccx", "-v"], capture_output=True, text=True).stdout
print(
    json.dumps(
        {
            "version": version.split()[-1],
            "seconds": seconds,
            "mean": [sum(column) / len(moved) for column in zip(*moved, strict=True)],
            "gigabytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20,
        }
    )
)
