"""The bracket of the study in CalculiX, from the deck that froude writes.

Deflection of the lug, peak von Mises stress on the fillet (stress at the nodes, mean
over their elements) and the first frequency, at three designs. CalculiX integrates
C3D10 at four points, which is exact where edges are straight; along round walls they
are not. Needs the command ccx.
"""

import tempfile
from pathlib import Path

import numpy as np

from examples import bracket_calculix
from examples.bracket_model import MATERIAL, SPACE, Bracket
from froude.datasets import sobol

from ..cases import ROOT
from ..evidence import below

GROUP = "decks"
TIER = "verify"
PROGRAMS = ("ccx",)

CALCULIX = "CalculiX on the exported deck"
LIMITS = {"deflection": 1e-3, "peak_stress_reported": 1e-2, "frequency": 5e-3}


def run():
    bracket = Bracket.read(ROOT / "examples" / "meshes" / "bracket_coarse.msh")
    samples = sobol(SPACE, 4, seed=5).isel(sample=slice(3))
    worst = dict.fromkeys(LIMITS, 0.0)
    with tempfile.TemporaryDirectory() as folder:
        for row in range(samples.sizes["sample"]):
            design = {name: samples[name].values[row] for name in SPACE.names}
            path = Path(folder) / "bracket.inp"
            theirs = bracket_calculix.run(path, bracket.loaded(design), MATERIAL)
            ours, _, _ = bracket(design)
            for name in worst:
                error = abs(float(ours[name]) / theirs[name] - 1)
                worst[name] = np.maximum(worst[name], error)
    for name, limit in LIMITS.items():
        yield below(
            f"{name}: worst of three designs, 2,321 nodes",
            worst[name],
            limit=limit,
            source=CALCULIX,
        )
