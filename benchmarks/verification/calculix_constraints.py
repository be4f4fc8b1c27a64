"""Equations and couplings, the same deck in CalculiX and here.

A skewed beam that is clamped at one end: its side faces tied by equations with a node
that no element has, its other end on a skew roller or coupled to a reference node that
is loaded or moved. Compared as in `calculix_same_deck`. Needs the command ccx.
"""

import dataclasses
import tempfile
from pathlib import Path

import numpy as np

from froude.solvers import reaction_forces, solve_modes, solve_steady
from froude.solvers.abaqus import (
    Boundary,
    Coupling,
    Equation,
    Frequency,
    NodeLoad,
    Nodes,
    Static,
    Step,
    discretize_deck,
    read_inp,
)

from ..decks import deck_of, isotropic
from ..evidence import below
from .calculix_same_deck import (
    CALCULIX,
    NU,
    RHO,
    E,
    beam,
    calculix,
    displacement,
    table,
    worst,
)

GROUP = "decks"
TIER = "verify"
PROGRAMS = ("ccx",)

COUNTS = (6, 2, 2)
PULL = NodeLoad("x_max", 2, 40.0)


def deck(step: Step, boundaries=(), kind: str = "C3D8", element: str = "Q1"):
    """The beam, clamped at x_min, and a node that no element has."""
    model = deck_of(
        beam(element, COUNTS),
        kind,
        **isotropic(E, NU, RHO),
        boundaries=(Boundary("x_min", 1, 3), *boundaries),
        steps=(step,),
    )
    free = int(model.nodes.ids.max()) + 7
    nodes = Nodes(
        np.append(model.nodes.ids, free),
        np.vstack([model.nodes.coordinates, [[1.2, 0.35, 0.1]]]),
    )
    return dataclasses.replace(model, nodes=nodes), free


def skew_roller():
    model, _ = deck(Step(Static(), node_loads=(PULL,)))
    equations = tuple(
        Equation(np.array([n, n]), np.array([2, 1]), np.array([1.0, -0.4]))
        for n in model.node_sets["x_max"]
    )
    return dataclasses.replace(model, equations=equations)


def tied_sides(step=None):
    """The sides z_min and z_max move alike but for the motion of the free node."""
    model, free = deck(step or Step(Static(), node_loads=(PULL,)))
    sets, at = model.node_sets, model.nodes.coordinates
    lower, upper = (np.setdiff1d(sets[s], sets["x_min"]) for s in ("z_min", "z_max"))
    places = (
        at[model.rows_of_nodes(lower)][:, :2],
        at[model.rows_of_nodes(upper)][:, :2],
    )
    gaps = np.abs(places[1][:, None] - places[0][None]).max(axis=2)
    partner = lower[gaps.argmin(axis=1)]
    equations = tuple(
        Equation(np.array([n, m, free]), np.full(3, dof), np.array([1.0, -1.0, -1.0]))
        for n, m in zip(upper, partner, strict=True)
        for dof in (1, 2, 3)
    )
    loads = (PULL, NodeLoad(free, 3, 300.0), NodeLoad(free, 1, 50.0))
    if step is None:
        model = dataclasses.replace(model, steps=(Step(Static(), node_loads=loads),))
    return dataclasses.replace(model, equations=equations)


def coupled(kind: str, *, moved: bool = False):
    model, free = deck(Step(Static()))
    motion = (1e-4, 0.0, -2e-4, 1e-3, 0.0, 5e-4)
    force = (300.0, 40.0, -25.0, 3.0, -4.0, 2.0)
    step = Step(
        Static(),
        boundaries=tuple(
            Boundary(free, dof, dof, value) for dof, value in enumerate(motion, 1)
        )
        if moved
        else (),
        node_loads=()
        if moved
        else tuple(NodeLoad(free, dof, value) for dof, value in enumerate(force, 1)),
    )
    dofs = ((1, 3),) if kind == "KINEMATIC" else ((1, 6),)
    coupling = Coupling("END", free, "x_max", kind, dofs)
    return dataclasses.replace(model, couplings=(coupling,), steps=(step,))


def cases():
    yield "skew roller", skew_roller()
    yield "sides tied with a free node", tied_sides()
    yield "kinematic coupling under force and moment", coupled("KINEMATIC")
    yield "kinematic coupling moved and turned", coupled("KINEMATIC", moved=True)
    yield "distributing coupling under force and moment", coupled("DISTRIBUTING")


def run():
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, said) in enumerate(cases()):
            path = Path(folder) / f"case{number}.inp"
            printed = calculix(path, said)
            model, scheme = read_inp(path), discretize_deck(path)
            state = solve_steady(scheme).final
            yield below(
                f"{name}: displacements of {state.shape[1]} nodes",
                worst(np.asarray(state), displacement(printed, model)),
                limit=1e-6,
                source=CALCULIX,
            )
            forces = [np.asarray(f) for f in reaction_forces(scheme, state).values()]
            yield below(
                f"{name}: forces of supports, loads and constraints",
                np.abs(sum(forces)).max() / np.abs(forces).max(),
                limit=1e-9,
                source="equilibrium, relative to the largest",
            )
        path = Path(folder) / "modes.inp"
        printed = calculix(path, tied_sides(Step(Frequency(4))))
        theirs = table(printed, "E I G E N V A L U E")[:, 3]
        modes = solve_modes(discretize_deck(path), 4)
        yield below(
            "sides tied: four natural frequencies",
            np.max(np.abs(np.asarray(modes.frequencies) / theirs - 1)),
            limit=1e-6,
            source=CALCULIX,
        )
