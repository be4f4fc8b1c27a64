"""The heat sink of `heat_sink.py`: a quarter model on a morphed tetrahedral mesh.

A chip heats the underside of a finned aluminium plate; every other surface loses heat
by free convection, with a film coefficient that depends on the surface temperature,
and by radiation. Six design variables change its shape and its physics.
"""

import functools
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from froude.datasets import DesignSpace, Simulation, Variable
from froude.physics import (
    HeatConduction,
    NormalFlux,
    Problem,
    Radiation,
    Region,
    Robin,
)
from froude.solvers import (
    FiniteElement,
    Mesh,
    MultigridCG,
    Quantity,
    morph,
    read_mesh,
    smooth_maximum,
    solve_steady,
)

AMBIENT = 298.15
DENSITY = 2700.0
EMISSIVITY = 0.8
CHIP_HALF_WIDTH = 12e-3
GROUPS = ("base", "fins", "symmetry")

SPACE = DesignSpace(
    (
        Variable("fin_height", 15e-3, 45e-3, unit="m"),
        Variable("fin_thickness", 1e-3, 3.5e-3, unit="m"),
        Variable("base_thickness", 2.5e-3, 8e-3, unit="m"),
        Variable("conductivity", 100.0, 400.0, unit="W m-1 K-1", scale="log"),
        Variable("film_coefficient", 15.0, 80.0, unit="W m-2 K-1", scale="log"),
        Variable("chip_power", 10.0, 50.0, unit="W"),
    )
)


class FilmCoefficient(eqx.Module):
    """h = h50 ((T - ambient) / 50 K)^n, smooth where T reaches ambient.

    Laminar free convection has n = 1/4 (Incropera et al. 2007, equation 9.24), a
    forced stream n = 0; h50 is the value at 50 K above ambient.
    """

    at_50_kelvin: jax.Array
    exponent: float = 0.25

    def __call__(self, u):
        ratio = (u - AMBIENT) / 50.0
        return self.at_50_kelvin * (ratio**2 + 1e-4) ** (0.5 * self.exponent)


class ChipFlux(eqx.Module):
    """Outward flux of a square chip under the centre of the base, total power given.

    The edge is smoothed over 3 mm so that the load does not depend on where the mesh
    has its nodes; the integral over the quarter base is a quarter of the power.
    """

    power: jax.Array

    def __call__(self, t, x):
        steepness = 2.0 / 3e-3
        inside = jax.nn.sigmoid(steepness * (CHIP_HALF_WIDTH - x[:2]))
        width = jax.nn.softplus(steepness * CHIP_HALF_WIDTH) / steepness
        return -0.25 * self.power / width**2 * jnp.prod(inside)


class Shape(eqx.Module):
    """Planes of the meshed heat sink that the design variables move.

    Args:
        fins: lower and upper x of each fin [m], shape (fins, 2).
        base: z of the fin roots [m].
        top: z of the fin tips [m].
        width: largest x [m].
    """

    fins: jax.Array
    base: jax.Array
    top: jax.Array
    width: jax.Array

    @staticmethod
    def of(mesh: Mesh) -> "Shape":
        """Read the planes off the mesh: fin tips at the top, fin roots between them."""
        points = np.asarray(mesh.points)
        facets = mesh.topology.boundary("fins").nodes[:3].T
        top = points[:, 2].max()
        tips = facets[np.all(np.isclose(points[facets][:, :, 2], top), axis=1)]
        across = points[tips][:, :, 0]
        edges = np.stack([across.min(axis=1), across.max(axis=1)], axis=1)
        edges = edges[np.argsort(edges[:, 0])]
        fins = [list(edges[0])]
        for low, high in edges[1:]:
            if low > fins[-1][1] + 1e-9:
                fins.append([low, high])
            fins[-1][1] = max(fins[-1][1], high)
        if len(fins) < 2:
            raise ValueError(
                "the mesh shows no gap between fins at its top; the x axis must cross "
                "the fins and z point along their height."
            )
        air = points[np.unique(facets)]
        in_gap = (air[:, 0] > fins[0][1] + 1e-9) & (air[:, 0] < fins[1][0] - 1e-9)
        return Shape(
            jnp.asarray(fins),
            jnp.asarray(air[in_gap, 2].min()),
            jnp.asarray(top),
            jnp.asarray(points[:, 0].max()),
        )

    def map(self, design):
        """Map of the points that gives the fins and the base their new size."""
        centre = self.fins.mean(axis=1)
        half = 0.5 * design["fin_thickness"]
        new_fins = jnp.stack([centre - half, centre + half], axis=1)
        zero = jnp.zeros(1)
        old_x = jnp.concatenate([zero, self.fins.ravel(), self.width[None]])
        new_x = jnp.concatenate([zero, new_fins.ravel(), self.width[None]])
        old_z = jnp.stack([zero[0], self.base, self.top])
        base = design["base_thickness"]
        new_z = jnp.stack([zero[0], base, base + design["fin_height"]])

        def move(x):
            return jnp.stack(
                [jnp.interp(x[0], old_x, new_x), x[1], jnp.interp(x[2], old_z, new_z)]
            )

        return move


class HeatSink(eqx.Module):
    """Design -> discretisation of the quarter heat sink, by morphing one mesh."""

    mesh: Mesh
    shape: Shape
    film_exponent: float = 0.25

    @staticmethod
    def read(path: Path) -> "HeatSink":
        """Read the mesh file and check that it has the groups of a heat sink."""
        mesh = read_mesh(path)
        missing = [name for name in GROUPS if name not in mesh.boundary_names]
        if missing or set(mesh.boundary_names) - set(GROUPS):
            raise ValueError(
                f"{path} has the boundary groups {mesh.boundary_names}; a heat sink "
                f"needs exactly {GROUPS} (missing: {missing})."
            )
        return HeatSink(mesh, Shape.of(mesh))

    def __call__(self, design):
        problem = Problem(
            law=HeatConduction(design["conductivity"]),
            domain=Region(3, GROUPS),
            conditions={
                "base": NormalFlux(ChipFlux(design["chip_power"])),
                "fins": (
                    Robin(
                        FilmCoefficient(design["film_coefficient"], self.film_exponent),
                        AMBIENT,
                    ),
                    Radiation(EMISSIVITY, AMBIENT),
                ),
                "symmetry": NormalFlux(0.0),
            },
            initial=AMBIENT,
        )
        mesh = morph(self.mesh, self.shape.map(design))
        return FiniteElement(problem, mesh)


def _peak(discretization, solution):
    return smooth_maximum(solution.final, 20.0)


def _true_peak(discretization, solution):
    return jnp.max(solution.final)


def _mass(discretization, solution):
    one = jnp.ones_like(solution.final)
    return 4 * DENSITY * discretization.integrate(one)[0]


def _resistance(discretization, solution):
    power = -4 * solution.ledger.outflow["base"][-1, 0]
    return (_peak(discretization, solution) - AMBIENT) / power


QUANTITIES = (
    Quantity("peak_temperature", "K", _peak, "peak temperature", _true_peak),
    Quantity("mass", "kg", _mass, "mass of the whole heat sink"),
    Quantity("thermal_resistance", "K W-1", _resistance, "thermal resistance"),
)

SOLVE = functools.partial(solve_steady, linear_solver=MultigridCG())


def simulation(mesh: Path, *, film_exponent: float = 0.25) -> Simulation:
    """simulate(design) for the heat sink on one mesh file.

    Args:
        mesh: Gmsh file with the groups base, fins and symmetry.
        film_exponent: law of the film coefficient; 1/4 is free convection.
    """
    sink = HeatSink.read(mesh)
    sink = eqx.tree_at(lambda s: s.film_exponent, sink, film_exponent)
    components = HeatConduction(1.0).components
    return Simulation(sink, QUANTITIES, SOLVE, components)
