"""Lamé's thick pipe near incompressibility, from Gmsh files of first order.

Radii 1 and 2 m, inner pressure 1 Pa, E = 1 Pa, ν = 0.4999, in plane strain as a quarter
of the section and as a solid of revolution.
"""

import jax.numpy as jnp
import numpy as np

from froude.physics import (
    Axisymmetric,
    Dirichlet,
    IsotropicElastic,
    NormalFlux,
    PerRadian,
    PlaneStrain,
    Pressure,
    Problem,
    Region,
    lame_cylinder,
)
from froude.solvers import FiniteElement, MeanDilatation, read_mesh, solve_steady

from ..evidence import below, relative
from ..meshes import MESHES

GROUP = "solids"
TIER = "verify"
E, NU = 1.0, 0.4999
SOURCE = "Timoshenko and Goodier (1970), section 28"


def sliding(axis: str, other: str, free=NormalFlux):
    """Hold one displacement; no load along the other."""
    return (
        Dirichlet(0.0, (f"displacement_{axis}",)),
        free(0.0, (f"displacement_{other}",)),
    )


def no_load(*given) -> PerRadian:
    return PerRadian(NormalFlux(*given))


def widening(law, name: str, conditions: dict, formulation) -> float:
    """Mean radial displacement of the bore [m]."""
    mesh = read_mesh(MESHES / name)
    problem = Problem(law, Region(2, mesh.boundary_names), conditions)
    scheme = FiniteElement(problem, mesh, formulation=formulation)
    moved = solve_steady(scheme).final
    bore = mesh.topology.boundary("bore").unique_nodes
    points = np.asarray(mesh.points)[bore]
    if isinstance(law, Axisymmetric):
        return float(jnp.mean(moved[0, bore]))
    return float(jnp.mean(jnp.sum(moved[:, bore] * points.T, axis=0)))


def run():
    exact = float(
        lame_cylinder(
            1.0, E, NU, inner_radius=1.0, outer_radius=2.0, inner_pressure=1.0
        )
    )
    steel = IsotropicElastic(E, NU)
    section = {
        "bore": Pressure(1.0),
        "outside": NormalFlux(0.0),
        "x=0": sliding("x", "y"),
        "y=0": sliding("y", "x"),
    }
    ring = {
        "bore": PerRadian(Pressure(1.0)),
        "outside": no_load(0.0),
        "y_min": sliding("z", "r", no_load),
        "y_max": sliding("z", "r", no_load),
    }
    for words, law, name, conditions, tolerance in (
        ("8 by 16 quad", PlaneStrain(steel), "lame_cylinder_8_quad.msh", section, 0.01),
        (
            "ring of 8 by 3 quad",
            Axisymmetric(steel),
            "lame_ring_8_quad.msh",
            ring,
            0.01,
        ),
    ):
        yield relative(
            f"widening of the bore, mean dilatation, {words}",
            widening(law, name, conditions, MeanDilatation()),
            reference=exact,
            tolerance=tolerance,
            unit="m",
            source=SOURCE,
        )
    locked = widening(PlaneStrain(steel), "lame_cylinder_8_quad.msh", section, None)
    yield below(
        "the same without mean dilatation locks: share of the widening, 8 by 16 quad",
        locked / exact,
        limit=0.9,
        source=SOURCE,
    )
