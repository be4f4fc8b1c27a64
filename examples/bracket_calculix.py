"""The bracket in CalculiX: its deck, a run of `ccx`, and the numbers to compare."""

import itertools
import shutil
import subprocess
import time
from pathlib import Path

import jax.numpy as jnp
import numpy as np

from froude.physics import MaterialData
from froude.solvers import FiniteElement
from froude.solvers.abaqus import (
    Boundary,
    ElementBlock,
    Frequency,
    Material,
    Model,
    NodeLoad,
    Nodes,
    Section,
    Static,
    Step,
    Table,
    write_inp,
)

DIGITS = 12


def available() -> bool:
    """Whether the command ccx is installed."""
    return shutil.which("ccx") is not None


def deck(scheme: FiniteElement, material: MaterialData) -> Model:
    """The loaded bracket as a deck: a static step and one for the first frequency.

    The traction becomes the same forces at nodes that froude solves with.
    """
    mesh = scheme.mesh
    topology = mesh.topology
    points = np.asarray(mesh.points)
    numbers = np.arange(1, len(points) + 1)
    still = jnp.zeros_like(mesh.points.T)
    forces = np.asarray(scheme.inflow(jnp.zeros(()), still))
    loads = [
        NodeLoad(int(node) + 1, int(axis) + 1, float(forces[axis, node]))
        for axis, node in np.argwhere(forces != 0.0)
    ]
    elastic = [material.young_modulus, material.poisson_ratio]
    metal = Material(
        "METAL",
        elastic=Table("ISO", np.array([elastic])),
        density=Table("ISO", np.array([[material.density]])),
    )
    cells = ElementBlock(
        "C3D10", np.arange(1, len(topology.cells) + 1), numbers[topology.cells]
    )
    sets = {
        name: np.sort(numbers[topology.nodes_of(name)])
        for name in ("bolts", "symmetry", "lug", "fillet")
    }
    return Model(
        Nodes(numbers, points),
        (cells,),
        node_sets=sets,
        element_sets={"BODY": cells.ids},
        materials={"METAL": metal},
        sections=(Section("BODY", "METAL"),),
        boundaries=(Boundary("bolts", 1, 3), Boundary("symmetry", 2, 2)),
        steps=(Step(Static(), node_loads=tuple(loads)), Step(Frequency(1))),
    )


def write(path: Path, scheme: FiniteElement, material: MaterialData) -> None:
    """Write the deck that `run` solves."""
    write_inp(path, deck(scheme, material))


def run(path: Path, scheme: FiniteElement, material: MaterialData) -> dict[str, float]:
    """Write the deck, run it, and read what the study calls its quantities.

    Returns:
        `deflection` [m], `peak_stress_reported` [Pa], `frequency` [Hz], and the
        wall-clock `seconds` that ccx took.
    """
    write(path, scheme, material)
    began = time.perf_counter()
    done = subprocess.run(
        ["ccx", path.stem], cwd=path.parent, capture_output=True, text=True
    )
    seconds = time.perf_counter() - began
    if done.returncode or "*ERROR" in done.stdout:
        raise RuntimeError(f"ccx {path.stem} stopped: {done.stdout[-300:]}")
    printed = path.with_suffix(".frd").read_text().splitlines()
    nodes_of = scheme.mesh.topology.nodes_of
    moved = nodal(printed, "DISP")[nodes_of("lug")].mean(axis=0)
    xx, yy, zz, xy, yz, zx = nodal(printed, "STRESS")[nodes_of("fillet")].T
    normal = (xx - yy) ** 2 + (yy - zz) ** 2 + (zz - xx) ** 2
    von_mises = np.sqrt(0.5 * normal + 3 * (xy**2 + yz**2 + zx**2))
    return {
        "deflection": float(np.linalg.norm(moved)),
        "peak_stress_reported": float(von_mises.max()),
        "frequency": first_frequency(path.with_suffix(".dat").read_text()),
        "seconds": seconds,
    }


def nodal(printed: list[str], name: str) -> np.ndarray:
    """The first table of a result in an .frd file, in node order, (nodes, columns)."""
    begin = next(
        number
        for number, line in enumerate(printed)
        if line.startswith(" -4") and line.split()[1] == name
    )
    rest = itertools.dropwhile(lambda line: not line.startswith(" -1"), printed[begin:])
    lines = itertools.takewhile(lambda line: line.startswith(" -1"), rest)
    rows = [
        [line[at : at + DIGITS] for at in range(13, len(line.rstrip()), DIGITS)]
        for line in lines
    ]
    return np.array(rows, float)


def first_frequency(printed: str) -> float:
    """Cycles per second of the first eigenvalue in a .dat file [Hz]."""
    lines = printed.split("E I G E N V A L U E   O U T P U T", 1)[1].splitlines()
    return next(float(line.split()[3]) for line in lines if line.split()[:1] == ["1"])
