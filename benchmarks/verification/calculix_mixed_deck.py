"""An angle of hexahedra, wedges and tetrahedra, the same deck in CalculiX and here.

Under pressure, gravity and forces at nodes; compared as in `calculix_same_deck`. Needs
the command ccx.
"""

import tempfile
from pathlib import Path

import numpy as np

from froude.solvers import solve_steady
from froude.solvers.abaqus import (
    Boundary,
    ElementLoad,
    NodeLoad,
    Static,
    Step,
    SurfacePressure,
    discretize_deck,
    read_inp,
)

from ..decks import deck_of, isotropic
from ..evidence import below
from ..mixed_mesh import mixed_angle
from .calculix_same_deck import CALCULIX, NU, RHO, E, calculix, displacement, worst

GROUP = "decks"
TIER = "verify"
PROGRAMS = ("ccx",)

KINDS = (
    (1, ("C3D8", "C3D6", "C3D4")),
    (1, ("C3D8I", "C3D6", "C3D4")),
    (2, ("C3D20", "C3D15", "C3D10")),
)


def deck(order: int, kinds: tuple[str, ...]):
    loads = Step(
        Static(),
        node_loads=(NodeLoad("loaded", 2, 40.0),),
        element_loads=(ElementLoad("BODY", "GRAV", 9.81, (0.0, 0.0, -1.0)),),
        surface_pressures=(SurfacePressure("loaded", 3e5),),
    )
    return deck_of(
        mixed_angle(2, order),
        *kinds,
        **isotropic(E, NU, RHO),
        boundaries=(Boundary("held", 1, 3),),
        steps=(loads,),
    )


def run():
    with tempfile.TemporaryDirectory() as folder:
        for order, kinds in KINDS:
            path = Path(folder) / f"{kinds[0]}.inp"
            printed = calculix(path, deck(order, kinds))
            model, scheme = read_inp(path), discretize_deck(path)
            state = np.asarray(solve_steady(scheme).states[0])
            yield below(
                f"{', '.join(kinds)}: displacements of {state.shape[1]} nodes",
                worst(state, displacement(printed, model)),
                limit=1e-6,
                source=CALCULIX,
            )
