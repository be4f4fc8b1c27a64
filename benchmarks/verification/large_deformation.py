"""Solids that bend and stretch far: published paths and closed forms.

A clamped bar under a force across its end (the elastica), stepped in the load; the
hinged and clamped circular arch that snaps through, traced by arc length; a block of
rubber pulled to twice its length and pressed to half of it; a thick rubber pipe widened
by a pressure that follows its bore.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import brentq

from froude.physics import (
    Box,
    Dirichlet,
    FollowerPressure,
    NearlyIncompressibleNeoHookean,
    NeoHookean,
    NormalFlux,
    PlaneStrain,
    PointLoad,
    Problem,
    Region,
    Solid,
    StVenantKirchhoff,
    Traction,
)
from froude.solvers import (
    FiniteElement,
    MeanDilatation,
    ReducedIntegration,
    Status,
    box_mesh,
    morph,
    name_points,
    rectangle_mesh,
    solve,
    solve_steady,
    trace_path,
)

from ..evidence import below, close, holds, relative

GROUP = "solids"
TIER = "verify"

LENGTH, YOUNG = 100.0, 12.0
STIFFNESS = YOUNG / 12
"""E I [N m] per metre of a bar one metre thick, without lateral contraction."""

# K. Mattiasson (1981), IJNME 17, 145, table I: P L²/EI, shift along and across, over L.
ELASTICA = (
    (1.0, 0.05643, 0.30172),
    (2.0, 0.16064, 0.49346),
    (5.0, 0.38763, 0.71379),
    (10.0, 0.55500, 0.81061),
)
TABLE = "Mattiasson (1981), table I; Bisshopp and Drucker (1945)"

RADIUS, HALF_OPENING = 100.0, np.deg2rad(107.5)
# D. A. DaDeppo and R. Schmidt (1975), J. Appl. Mech. 42, 896: 897 with E I = 1e6.
LIMIT = 8.97


def force_across(total, thickness, t, x):
    return t * jnp.array([0.0, total / thickness])


def downwards(force, t, x):
    return t * jnp.array([0.0, -force])


def cantilever() -> FiniteElement:
    mesh = rectangle_mesh(16, 1, (0.0, -0.5), (LENGTH, 0.5), element="S2")
    largest = ELASTICA[-1][0] * STIFFNESS / LENGTH**2
    conditions = {name: NormalFlux(0.0) for name in mesh.boundary_names}
    conditions |= {
        "x_min": Dirichlet(0.0),
        "x_max": Traction(eqx.Partial(force_across, largest, 1.0)),
    }
    domain = Region(2, mesh.boundary_names)
    law = PlaneStrain(StVenantKirchhoff(YOUNG, 0.0))
    problem = Problem(law, domain, conditions, interval=(0.0, 1.0))
    return FiniteElement(problem, mesh, formulation=ReducedIntegration())


def arch(cells: int) -> FiniteElement:
    """Hinged at its left end, clamped at its right, an opening of 215°."""
    flat = rectangle_mesh(cells, 1, (0.0, -0.5), (1.0, 0.5), element="S2")

    def bent(x):
        angle = jnp.pi / 2 + HALF_OPENING * (1 - 2 * x[0])
        return (RADIUS + x[1]) * jnp.stack([jnp.cos(angle), jnp.sin(angle)])

    hinge = tuple(np.asarray(bent(jnp.zeros(2))).tolist())
    mesh = name_points(morph(flat, bent), {"apex": (0.0, RADIUS), "hinge": hinge})
    force = STIFFNESS / RADIUS**2
    conditions = {name: NormalFlux(0.0) for name in mesh.boundary_names}
    conditions |= {
        "x_max": Dirichlet(0.0),
        "hinge": Dirichlet(0.0),
        "apex": PointLoad(eqx.Partial(downwards, force)),
    }
    law = PlaneStrain(StVenantKirchhoff(YOUNG, 0.0))
    problem = Problem(law, Region(2, tuple(conditions)), conditions)
    return FiniteElement(problem, mesh, formulation=ReducedIntegration())


def peak(values) -> float:
    """Maximum of the parabola through the highest point and its neighbours."""
    top = int(np.argmax(values))
    square, slope, level = np.polyfit([-1, 0, 1], values[top - 1 : top + 2], 2)
    return float(level - slope**2 / (4 * square))


def node_at(mesh, place) -> int:
    away = np.asarray(mesh.points) - np.asarray(place)
    return int(np.argmin(np.sum(away**2, axis=1)))


def widened_bore(pressure: float, bulk: float) -> float:
    """Inner radius [m] of a pipe of 1 and 2 m, shear modulus 1 Pa, length held."""
    mesh = morph(
        rectangle_mesh(12, 12, (1.0, 0.0), (2.0, np.pi / 2)),
        lambda x: x[0] * jnp.stack([jnp.cos(x[1]), jnp.sin(x[1])]),
    )
    slides = lambda held, free: (
        Dirichlet(0.0, (f"displacement_{held}",)),
        NormalFlux(0.0, (f"displacement_{free}",)),
    )
    growing = eqx.Partial(lambda p, t, x: p * t, jnp.asarray(pressure))
    conditions = {
        "x_min": FollowerPressure(growing),
        "x_max": NormalFlux(0.0),
        "y_min": slides("y", "x"),
        "y_max": slides("x", "y"),
    }
    law = PlaneStrain(NearlyIncompressibleNeoHookean(1.0, bulk))
    domain = Region(2, mesh.boundary_names)
    problem = Problem(law, domain, conditions, interval=(0.0, 1.0))
    scheme = FiniteElement(problem, mesh, formulation=MeanDilatation())
    solution = solve(scheme, steps=6)
    nodes = mesh.topology.boundary("x_min").unique_nodes
    moved = mesh.points[nodes].T + solution.final[:, nodes]
    radius = jnp.mean(jnp.linalg.norm(moved, axis=0))
    return float(radius) if solution.ok else np.nan


def pressure_of(bore: float) -> float:
    """Pressure [Pa] that widens the bore so far, without change of volume.

    With r² = R² + c the hoop stretch is r/R, and p = μ ∫ ((r/R)² - (R/r)²) dr/r.
    """
    change = bore**2 - 1.0
    outside = np.sqrt(4.0 + change)
    bent = 0.5 * change * (bore**-2 - outside**-2)
    return np.log(2.0) - np.log(outside / bore) + bent


def pressed_together(stretch):
    """Status of a square whose sides keep to one stretch along x."""
    mesh = rectangle_mesh(2, 2)
    squeezed = lambda stretch, t, x: (stretch - 1) * x[0] * jnp.eye(2)[0]
    held = Dirichlet(eqx.Partial(squeezed, stretch))
    law = PlaneStrain(StVenantKirchhoff(1.0, 0.0))
    conditions = dict.fromkeys(mesh.boundary_names, held)
    problem = Problem(law, Box((0.0, 0.0), (1.0, 1.0)), conditions)
    scheme = FiniteElement(problem, mesh)
    guess = scheme.project(lambda x: squeezed(stretch, 0.0, x))
    return solve_steady(scheme, guess=guess).status


def stretched(material, stretch):
    """Nominal stress [Pa] of a cube pulled or pressed by a smooth grip."""
    mesh = box_mesh(2, 1, 1)
    conditions = {}
    for axis in "xyz":
        others = tuple(f"displacement_{o}" for o in "xyz" if o != axis)
        slides = NormalFlux(0.0, others)
        held = Dirichlet(0.0, (f"displacement_{axis}",))
        conditions[f"{axis}_min"] = (held, slides)
        conditions[f"{axis}_max"] = NormalFlux(0.0)
    end = jnp.asarray(stretch)
    grip = eqx.Partial(lambda end, t, x: t * (end - 1) * jnp.eye(3)[0], end)
    conditions["x_max"] = (
        Dirichlet(grip, ("displacement_x",)),
        NormalFlux(0.0, ("displacement_y", "displacement_z")),
    )
    box = Box((0.0,) * 3, (1.0,) * 3)
    problem = Problem(Solid(material), box, conditions, interval=(0.0, 1.0))
    scheme = FiniteElement(problem, mesh)
    solution = solve(scheme, steps=4, saves=4, tolerance=1e-13)
    impulse = -solution.ledger.outflow["x_max"][:, 0]
    return float(4 * (impulse[-1] - impulse[-2])) if solution.ok else np.nan


def uniaxial(stretch, stresses) -> float:
    """Nominal stress of a bar whose side stretch s frees its sides.

    `stresses(l, s)` are the principal nominal stresses along and across.
    """
    side = brentq(lambda s: stresses(stretch, s)[1], 0.3, 2.0, xtol=1e-16, rtol=1e-15)
    return stresses(stretch, side)[0]


def compressible(shear, first):
    """P_i = μ (l_i - 1/l_i) + λ ln J/l_i (Bonet and Wood (2008), section 6.4.3)."""

    def stresses(along, across):
        log = np.log(along * across**2)
        return [shear * (s - 1 / s) + first * log / s for s in (along, across)]

    return stresses


def rubber(shear, bulk):
    """P_i = μ J^(-2/3) (l_i - tr C/(3 l_i)) + κ (J - 1) J/l_i (their section 6.5)."""

    def stresses(along, across):
        volume = along * across**2
        total = along**2 + 2 * across**2
        return [
            shear * volume ** (-2 / 3) * (s - total / (3 * s))
            + bulk * (volume - 1) * volume / s
            for s in (along, across)
        ]

    return stresses


def run():
    scheme = cantilever()
    solution = solve(scheme, steps=10, saves=10)
    tip = node_at(scheme.mesh, (LENGTH, 0.0))
    for load, along, across in ELASTICA:
        step = int(round(10 * load / ELASTICA[-1][0]))
        moved = np.asarray(solution.states)[step, :, tip] / LENGTH
        worst = max(abs(-moved[0] / along - 1), abs(moved[1] / across - 1))
        yield below(
            f"elastica, P L²/EI = {load:g}: worse of both shifts of the tip, 16 S2R",
            worst if solution.ok else np.nan,
            limit=1e-3,
            source=TABLE,
        )

    scheme = arch(48)
    solution = trace_path(scheme, steps=30, arc_length=4.5)
    factors = np.asarray(solution.times)
    limit = peak(factors)
    yield relative(
        "hinged and clamped arch of 215°: limit load P R²/EI, 48 S2R",
        limit if solution.ok else np.nan,
        reference=LIMIT,
        tolerance=0.005,
        source="DaDeppo and Schmidt (1975)",
    )
    yield below(
        "the same: factor at the last of 30 points, beyond the limit, share of it",
        factors[-1] / limit,
        limit=0.9,
        source="snap-through",
    )

    bore = 1.4
    yield relative(
        "rubber pipe under follower pressure: bore widened by 40 %, 12 by 12 Q1",
        widened_bore(pressure_of(bore), 1e4),
        reference=bore,
        tolerance=2e-3,
        unit="m",
        source="closed form, no change of volume",
    )

    limit = 3**-0.5
    stretches = jnp.array([1.01 * limit, 0.99 * limit])
    told = jax.jit(jax.vmap(pressed_together))(stretches)
    yield holds(
        "St Venant-Kirchhoff, ν = 0, one-sided compression: sound at 1.01/√3, its "
        "tangent told not to be positive at 0.99/√3",
        told.tolist() == [Status.OK, Status.INFEASIBLE],
        source="dP/dl = E (3 l² - 1)/2",
    )

    shear, first, bulk = 1.0, 2.0, 50.0
    young = shear * (3 * first + 2 * shear) / (first + shear)
    ratio = first / (2 * (first + shear))
    for words, material, stresses in (
        ("neo-Hookean", NeoHookean(young, ratio), compressible(shear, first)),
        (
            "nearly incompressible neo-Hookean",
            NearlyIncompressibleNeoHookean(shear, bulk),
            rubber(shear, bulk),
        ),
    ):
        for stretch in (0.5, 2.0):
            yield close(
                f"{words} cube, stretch {stretch:g}: nominal stress, two Q1",
                stretched(material, stretch),
                reference=uniaxial(stretch, stresses),
                tolerance=1e-10,
                unit="Pa",
                source="root of one equation",
            )
