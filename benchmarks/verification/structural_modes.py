"""Natural frequencies with closed forms, and their derivatives in every leaf.

A sliding square whose pressure and shear waves come alone and in pairs, a free beam, a
free rod; derivatives by modulus, density, Poisson's ratio and the mesh points against
central differences, also for the mean of a pair and for a tip amplitude.
"""

import functools

import jax.numpy as jnp
import numpy as np

from froude.physics import (
    Dirichlet,
    Elastodynamics,
    IsotropicElastic,
    NormalFlux,
    PlaneStress,
    Problem,
    Region,
)
from froude.solvers import (
    FiniteElement,
    Mesh,
    gradient_check,
    rectangle_mesh,
    solve_modes,
)

from ..evidence import below, holds, relative

GROUP = "solids"
TIER = "verify"

E, NU, RHO = 70e9, 0.3, 2700.0
CENTRAL = "central differences"


def rollers(axis):
    """Nothing moves along `axis` and nothing pulls across it."""
    across = {"x": "y", "y": "x"}[axis]
    return (
        Dirichlet(0.0, (f"displacement_{axis}", f"velocity_{axis}")),
        NormalFlux(0.0, (f"displacement_{across}", f"velocity_{across}")),
    )


SLIDING = {side: rollers(side[0]) for side in ("x_min", "x_max", "y_min", "y_max")}
FREE = dict.fromkeys(SLIDING, NormalFlux(0.0))
CLAMPED = FREE | {"x_min": Dirichlet(0.0)}


def structure(mesh, conditions, material=(E, NU, RHO)) -> FiniteElement:
    young_modulus, poisson_ratio, density = material
    solid = PlaneStress(IsotropicElastic(young_modulus, poisson_ratio))
    region = Region(mesh.dimension, mesh.boundary_names)
    law = Elastodynamics(solid, density)
    return FiniteElement(Problem(law, region, conditions), mesh)


def square_frequencies():
    """c/2 √(m² + n²) [Hz]: shear waves need m, n >= 1, pressure waves either."""
    pressure = np.sqrt(E / (RHO * (1 - NU**2)))
    shear = np.sqrt(E / (2 * RHO * (1 + NU)))
    return 0.5 * np.array(
        [shear * 2**0.5, pressure, pressure, shear * 5**0.5, shear * 5**0.5]
        + [pressure * 2**0.5]
    )


def closed_forms():
    mesh = rectangle_mesh(12, 12, element="Q2")
    modes = solve_modes(structure(mesh, SLIDING), 6)
    formula = "closed form"
    pairs = ("shear 1, 1", "pressure 1, 0", "pressure 0, 1")
    pairs += ("shear 2, 1", "shear 1, 2", "pressure 1, 1")
    for words, found, wanted in zip(
        pairs, modes.frequencies, square_frequencies(), strict=True
    ):
        yield relative(
            f"sliding square, {words}",
            found,
            reference=wanted,
            tolerance=1e-4,
            unit="Hz",
            source=formula,
        )
    found = modes.clusters.tolist()
    yield holds("its pairs are clusters", found == [0, 1, 1, 2, 2, 3], source=formula)

    rod = rectangle_mesh(20, 1, (0.0, 0.0), (2.0, 0.1), element="Q2")
    guided = FREE | {name: rollers("y") for name in ("y_min", "y_max")}
    modes = solve_modes(structure(rod, guided, (E, 0.0, RHO)), 4)
    yield holds("free rod: one rigid mode", modes.rigid.sum() == 1, source=formula)
    for number in (1, 2, 3):
        yield relative(
            f"free rod, n = {number}",
            modes.frequencies[number],
            reference=number / 4.0 * np.sqrt(E / RHO),
            tolerance=1e-4,
            unit="Hz",
            source="n/(2L) √(E/ρ)",
        )

    beam = rectangle_mesh(40, 1, (0.0, 0.0), (1.0, 0.01), element="Q2")
    modes = solve_modes(structure(beam, FREE), 5)
    yield holds("free beam: three rigid modes", modes.rigid.sum() == 3, source=formula)
    bending = np.sqrt(E * 0.01**2 / (12 * RHO)) / (2 * np.pi)
    for number, factor in ((3, 4.730041), (4, 7.853205)):
        yield relative(
            f"free beam, bending {number - 2}",
            modes.frequencies[number],
            reference=factor**2 * bending,
            tolerance=2e-3,
            unit="Hz",
            source="Euler-Bernoulli, length 100 heights: shear takes 1e-3",
        )


def judged(conditions, measure, leaves):
    """Weighted sum of what `measure` reads; the weights pick one without compiling."""
    mesh = MESHES[measure]
    material = leaves["material"] * jnp.array([E, NU, RHO])
    moved = Mesh(leaves["points"], mesh.topology)
    modes = solve_modes(structure(moved, conditions, material), 3)
    return leaves["weights"] @ measure(modes)


def of_cantilever(modes):
    f = modes.frequencies
    return jnp.stack([f[0], f[2], modes.effective_mass[0, 1], modes.shapes[1, 1, -1]])


def of_square(modes):
    return jnp.stack([modes.frequencies[0], jnp.mean(modes.eigenvalues[1:])])


MESHES = {
    of_cantilever: rectangle_mesh(6, 3, (0.0, 0.0), (2.0, 1.0), element="Q2"),
    of_square: rectangle_mesh(4, 4, element="Q2"),
}
JUDGED = (
    (
        CLAMPED,
        of_cantilever,
        ("frequency 1", "frequency 3", "effective mass 1", "tip amplitude 2"),
    ),
    (SLIDING, of_square, ("frequency 1", "mean eigenvalue of a pair")),
)


# No unit of stress changes how mass takes part or what a mode of unit mass looks like.
UNSTRESSED = ("effective mass 1", "tip amplitude 2")


def directions(points):
    """Each leaf by itself; the pair splits where points move."""
    still = {"material": jnp.zeros(3), "points": jnp.zeros_like(points)}
    for k, words in enumerate(("modulus", "Poisson's ratio", "density")):
        yield words, still | {"material": jnp.eye(3)[k]}
    noise = np.random.default_rng(1).uniform(-0.1, 0.1, points.shape)
    yield "mesh points", still | {"points": jnp.asarray(noise)}


def derivatives():
    for conditions, measure, names in JUDGED:
        function = functools.partial(judged, conditions, measure)
        points = MESHES[measure].points
        body = measure.__name__.removeprefix("of_")
        for k, quantity in enumerate(names):
            weights = jnp.zeros(len(names)).at[k].set(1.0)
            leaves = {"material": jnp.ones(3), "points": points, "weights": weights}
            disagreement = 0.0
            for leaf, direction in directions(points):
                if leaf == "modulus" and quantity in UNSTRESSED:
                    continue
                direction |= {"weights": jnp.zeros_like(weights)}
                check = gradient_check(function, leaves, direction=direction)
                disagreement = max(disagreement, check.dot_product)
                words = f"{body}, {quantity}: {leaf}"
                yield below(words, check.best, limit=1e-6, source=CENTRAL)
            yield below(
                f"{body}, {quantity}: forward against reverse mode, worst leaf",
                disagreement,
                limit=1e-10,
                source="dot-product test",
            )


def run():
    yield from closed_forms()
    yield from derivatives()
