"""Accuracy, coverage and speed of the bracket surrogate, on the fine mesh."""

from .bracket_surrogate import MESHES, judge

GROUP = "surrogate"
TIER = "records"
SEEDS = (0, 1, 11)
TWIN = "bracket_surrogate"
PROGRAMS = ("ccx",)
DEPENDS = (
    "benchmarks/verification/bracket_surrogate.py",
    "examples/bracket_calculix.py",
    "examples/bracket_model.py",
    "examples/meshes/bracket.msh",
    "examples/meshes/bracket_coarse.msh",
    "datasets",
    "physics",
    "solvers",
    "surrogates",
)


def run():
    yield from judge(
        MESHES / "bracket.msh",
        train=192,
        certified=96,
        fresh=96,
        coarse=MESHES / "bracket_coarse.msh",
    )
