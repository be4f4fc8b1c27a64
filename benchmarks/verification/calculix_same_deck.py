"""A clamped beam, the same deck in CalculiX and here, for seven kinds of elements.

A tapered, skewed beam under pressure, gravity and forces at nodes. Displacements are
read with the 7 digits that CalculiX prints; the edges of the elements are straight, so
that its four-point rule for C3D10 is exact. Needs the command ccx.
"""

import itertools
import os
import subprocess
import tempfile
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from froude.physics import von_mises
from froude.solvers import (
    Displacement,
    Mesh,
    box_mesh,
    quadrature_stress,
    solve_modes,
    solve_steady,
)
from froude.solvers.abaqus import (
    Boundary,
    ElementLoad,
    Frequency,
    NodeLoad,
    Static,
    Step,
    SurfacePressure,
    discretize_deck,
    node_numbers,
    read_inp,
    write_inp,
)

from ..decks import deck_of, isotropic
from ..evidence import below

GROUP = "decks"
TIER = "verify"
PROGRAMS = ("ccx",)

CALCULIX = "CalculiX on the same deck, relative to the largest"
E, NU, RHO = 210e9, 0.3, 7850.0
KINDS: dict[str, tuple[str, tuple[int, int, int]]] = {
    "C3D8": ("Q1", (8, 2, 2)),
    "C3D4": ("P1", (8, 2, 2)),
    "C3D20": ("S2", (6, 2, 2)),
    "C3D10": ("P2", (4, 2, 2)),
    "C3D8I": ("Q1", (8, 2, 2)),
    "C3D8R": ("Q1", (8, 2, 2)),
    "C3D20R": ("S2", (6, 2, 2)),
}


MOVED = (("C3D8", 1e-6), ("C3D8I", 5e-3), ("C3D8R", 5e-3))
"""On inner nodes moved by up to 6 % of the depth, C3D8I and C3D8R of CalculiX are other
elements than QM6 and the uniform strain hexahedron."""


def beam(element, counts: tuple[int, int, int], moved: float = 0.0) -> Mesh:
    lower, upper = (0.0, 0.0, 0.0), (1.0, 0.2, 0.1)
    mesh = box_mesh(*counts, lower, upper, element=element)
    x, y, z = np.asarray(mesh.points).T
    points = np.stack([x + 0.3 * y, y + 0.2 * x, z + 0.1 * y], 1)
    inner = np.ones(len(points), bool)
    for part in mesh.topology.boundaries.values():
        inner[part.unique_nodes] = False
    noise = np.random.default_rng(3).uniform(-moved, moved, points.shape)
    return Mesh(points + noise * inner[:, None], mesh.topology)


def deck(kind, step, moved: float = 0.0):
    element, counts = KINDS[kind]
    return deck_of(
        beam(element, counts, moved),
        kind,
        **isotropic(E, NU, RHO),
        boundaries=(Boundary("x_min", 1, 3),),
        steps=(step,),
    )


def loaded() -> Step:
    return Step(
        Static(),
        node_loads=(NodeLoad("x_max", 2, 40.0), NodeLoad("x_max", 1, -300.0)),
        element_loads=(ElementLoad("BODY", "GRAV", 9.81, (0.0, 0.0, -1.0)),),
        surface_pressures=(SurfacePressure("z_max", 3e5),),
    )


def calculix(path, model) -> str:
    """Write a deck, run it, and return what was printed."""
    write_inp(path, model, print_sets=("ALL",))
    asked = "*EL PRINT, ELSET=BODY\nS\n*END STEP"
    path.write_text(path.read_text().replace("*END STEP", asked))
    done = subprocess.run(
        ["ccx", path.stem],
        cwd=path.parent,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    if done.returncode or "*ERROR" in done.stdout:
        raise RuntimeError(f"ccx {path.stem} stopped: {done.stdout[-200:]}")
    return path.with_suffix(".dat").read_text()


def table(printed, heading) -> np.ndarray:
    """The first rows of numbers under a heading."""
    lines = printed.split(heading, 1)[1].splitlines()
    below = itertools.dropwhile(lambda line: not numeric(line), lines)
    rows = [line.split() for line in itertools.takewhile(numeric, below)]
    return np.array(rows, float)


def numeric(line) -> bool:
    return line.strip()[:1].isdigit()


def displacement(printed, model) -> np.ndarray:
    """In the node order of the mesh, (3, nodes)."""
    rows = table(printed, "displacements")
    found = {int(row[0]): row[1:] for row in rows}
    return np.array([found[number] for number in node_numbers(model)]).T


def equivalent_stress(printed, model) -> np.ndarray:
    """At the integration points of each element, sorted, (elements, points)."""
    rows = table(printed, "stresses")
    xx, yy, zz, xy, xz, yz = rows[:, 2:].T
    normal = (xx - yy) ** 2 + (yy - zz) ** 2 + (zz - xx) ** 2
    value = np.sqrt(0.5 * normal + 3 * (xy**2 + xz**2 + yz**2))
    by_element = {number: [] for number in model.elements[0].ids.tolist()}
    for number, entry in zip(rows[:, 0], value, strict=True):
        by_element[int(number)].append(entry)
    return np.sort(np.array(list(by_element.values())), axis=1)


def own_equivalent_stress(scheme, state, points) -> np.ndarray:
    """The same at the points that CalculiX integrates with."""
    if not isinstance(scheme.formulation, Displacement):
        _, found = quadrature_stress(scheme, state)
        return np.sort(jax.vmap(jax.vmap(von_mises))(found)[:, :points], axis=1)
    cell, cells = scheme.mesh.cell, scheme.mesh.topology.cells
    where, _ = cell.quadrature({1: 1, 4: 2}.get(points))
    slopes = cell.shape_gradient(where[:points])
    jacobian = np.einsum("qdi,eik->eqdk", slopes, np.asarray(scheme.mesh.points)[cells])
    by_axis = np.einsum("qdi,cei->eqdc", slopes, np.asarray(state)[:, cells])
    strain = np.linalg.solve(jacobian, by_axis).reshape(-1, 3, 3)
    stress = jax.vmap(lambda g: von_mises(scheme.problem.law.material.stress(g.T)))
    return np.sort(np.asarray(stress(jnp.asarray(strain))).reshape(-1, points), axis=1)


def worst(ours, theirs) -> float:
    """Largest difference over the largest value."""
    return np.abs(ours - theirs).max() / np.abs(theirs).max()


def run():
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            path = Path(folder) / f"{kind}.inp"
            printed = calculix(path, deck(kind, loaded()))
            model, scheme = read_inp(path), discretize_deck(path)
            solution = solve_steady(scheme)
            state = solution.states[0]
            yield below(
                f"{kind}: displacements of {len(scheme.mesh.points)} nodes",
                worst(np.asarray(state), displacement(printed, model)),
                limit=1e-6,
                source=CALCULIX,
            )
            theirs = equivalent_stress(printed, model)
            ours = own_equivalent_stress(scheme, state, theirs.shape[1])
            yield below(
                f"{kind}: equivalent stress at all {theirs.size} integration points",
                worst(ours, theirs),
                limit=1e-5,
                source=CALCULIX,
            )
        for kind, limit in MOVED:
            path = Path(folder) / f"{kind}_moved.inp"
            printed = calculix(path, deck(kind, loaded(), 0.006))
            model, scheme = read_inp(path), discretize_deck(path)
            state = np.asarray(solve_steady(scheme).states[0])
            yield below(
                f"{kind}: displacements, inner nodes moved by 6 mm",
                worst(state, displacement(printed, model)),
                limit=limit,
                source=CALCULIX,
            )
        path = Path(folder) / "modes.inp"
        printed = calculix(path, deck("C3D8", Step(Frequency(4))))
        theirs = table(printed, "E I G E N V A L U E")[:, 3]
        modes = solve_modes(discretize_deck(path), 4)
        yield below(
            "C3D8: four natural frequencies",
            np.max(np.abs(np.asarray(modes.frequencies) / theirs - 1)),
            limit=1e-6,
            source=CALCULIX,
        )
