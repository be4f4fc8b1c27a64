"""Derivatives of what an engineer asks of a solid, against finite differences.

Compliance, peak stress (a mean of power 8), first frequency and the reaction of a
support, by material, load, the thickness of every cell and the coordinates of every
vertex. A distorted plate of plane stress is clamped at one end and pushed aside at the
other, so that its reactions depend on all of these. Linear tolerance 1e-13.
"""

import jax.numpy as jnp
import numpy as np

from froude.physics import (
    CellField,
    Dirichlet,
    Elastodynamics,
    IsotropicElastic,
    NormalFlux,
    PlaneStress,
    Problem,
    Region,
    ScaledElastic,
    Traction,
    von_mises,
)
from froude.solvers import (
    FiniteElement,
    Mesh,
    gradient_check,
    morph,
    nodal_measure,
    reaction_forces,
    rectangle_mesh,
    solve_modes,
    solve_steady,
    strain_energy,
)

from ..evidence import below

GROUP = "solids"
TIER = "verify"

SOURCE = "central differences"
TOLERANCE = 1e-13
E, NU, RHO = 70e9, 0.33, 2700.0
TRACTION, PUSH = 1e6, 1e-4
POWER = 8.0
REFERENCE = morph(
    rectangle_mesh(6, 2, (0.0, 0.0), (0.3, 0.1), element="Q2"),
    lambda x: x + 0.004 * jnp.sin(30.0 * jnp.roll(x, 1)),
)
# Of order one, so that weights compare them.
SIZES = {"compliance": 10.0, "peak stress": 1e8, "frequency": 1e3, "reaction": 1e5}
# Free vibration knows no load.
UNLOADED = {("frequency", "load")}


def free() -> dict:
    return dict.fromkeys(REFERENCE.boundary_names, NormalFlux(0.0))


def elastic(leaves) -> IsotropicElastic:
    return IsotropicElastic(E * leaves["material"][0], NU * leaves["material"][1])


def plate(leaves, conditions) -> FiniteElement:
    """A plate whose thickness [m] scales its stiffness, cell by cell."""
    law = PlaneStress(ScaledElastic(elastic(leaves), CellField(leaves["thickness"])))
    return on_mesh(law, leaves, conditions)


def on_mesh(law, leaves, conditions) -> FiniteElement:
    mesh = Mesh(leaves["points"], REFERENCE.topology)
    return FiniteElement(Problem(law, Region(2, tuple(conditions)), conditions), mesh)


def loaded(leaves) -> FiniteElement:
    pull, push = leaves["load"] * jnp.array([TRACTION, PUSH])
    aside = (Dirichlet(push, ("displacement_y",)), NormalFlux(0.0, ("displacement_x",)))
    conditions = free() | {"x_min": Dirichlet(0.0), "x_max": aside}
    conditions["y_max"] = Traction(0.01 * jnp.stack([pull, -pull]))
    return plate(leaves, conditions)


def vibrating(leaves) -> FiniteElement:
    solid = PlaneStress(ScaledElastic(elastic(leaves), CellField(leaves["thickness"])))
    density = CellField(RHO * leaves["material"][2] * leaves["thickness"])
    conditions = free() | {"x_min": Dirichlet(0.0)}
    return on_mesh(Elastodynamics(solid, density), leaves, conditions)


def quantities(leaves) -> dict:
    """By name, over their sizes."""
    scheme = loaded(leaves)
    state = solve_steady(scheme, tolerance=TOLERANCE).final
    # Stress is that of the material, not the force per length of the plate.
    unscaled = on_mesh(PlaneStress(elastic(leaves)), leaves, scheme.problem.conditions)
    stress = nodal_measure(unscaled, state, von_mises) / SIZES["peak stress"]
    modes = solve_modes(vibrating(leaves), 1)
    found = {
        "compliance": 2 * strain_energy(scheme, state),
        "frequency": modes.frequencies[0],
        "reaction": reaction_forces(scheme, state)["x_max"][1],
    }
    scaled = {name: value / SIZES[name] for name, value in found.items()}
    return scaled | {"peak stress": jnp.mean(stress**POWER) ** (1 / POWER)}


def judged(leaves):
    """The quantity that the weights pick, without compiling for each."""
    found = quantities(leaves)
    return sum(leaves["weights"][k] * found[name] for k, name in enumerate(SIZES))


def reference() -> dict:
    cells = len(REFERENCE.topology.cells)
    return {
        "material": jnp.ones(3),
        "load": jnp.ones(2),
        "thickness": jnp.linspace(0.01, 0.02, cells),
        "points": REFERENCE.points,
    }


def along(leaves, name) -> dict:
    """A direction that moves one kind of leaf, in proportion to its size."""
    generator = np.random.default_rng(3)
    still = {key: jnp.zeros_like(leaf) for key, leaf in leaves.items()}
    size = 0.01 if name == "points" else leaves[name]
    return still | {name: size * generator.uniform(0.5, 1.0, leaves[name].shape)}


def run():
    for k, quantity in enumerate(SIZES):
        weights = jnp.zeros(len(SIZES)).at[k].set(1.0)
        disagreement = 0.0
        for name in reference():
            if (quantity, name) in UNLOADED:
                continue
            leaves = reference() | {"weights": weights}
            check = gradient_check(judged, leaves, direction=along(leaves, name))
            disagreement = max(disagreement, check.dot_product)
            yield below(f"{quantity}: {name}", check.best, limit=1e-6, source=SOURCE)
        yield below(
            f"{quantity}: forward against reverse mode, worst leaf",
            disagreement,
            limit=1e-10,
            source="dot-product test",
        )
