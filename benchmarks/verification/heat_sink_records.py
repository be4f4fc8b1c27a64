"""Accuracy, coverage and speed of the heat-sink surrogate, on the fine mesh."""

from .heat_sink_surrogate import MESHES, judge

GROUP = "surrogate"
TIER = "records"
SEEDS = (0, 1, 7, 11)
TWIN = "heat_sink_surrogate"
DEPENDS = (
    "benchmarks/verification/heat_sink_surrogate.py",
    "examples/heat_sink_model.py",
    "examples/meshes/heat_sink.msh",
    "datasets",
    "physics",
    "solvers",
    "surrogates",
)


def run():
    yield from judge(MESHES / "heat_sink.msh", designs=1_000_000)
