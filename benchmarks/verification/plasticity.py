"""J2 plasticity on meshes: a uniaxial cycle and Hill's thick-walled cylinder.

The cylinder is elastic and perfectly plastic, its ends are held. Where it is nearly
incompressible the elastic stress along it is the mean of the others, as in the plastic
zone, so that von Mises' criterion is σ_θ - σ_r = 2k there with k = σ_y/√3. With the
elastic-plastic radius c between the radii a and b

    p = k (2 ln(c/a) + 1 - c²/b²),   u = k c²/(2 μ r),   p_limit = 2k ln(b/a).

R. Hill, The Mathematical Theory of Plasticity (1950), chapter V.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from froude.physics import (
    Axisymmetric,
    Box,
    Dirichlet,
    IsotropicElastic,
    J2Plasticity,
    NormalFlux,
    PerRadian,
    Polynomial,
    Pressure,
    Problem,
    Region,
    Solid,
    Tabulated,
)
from froude.solvers import (
    FiniteElement,
    MeanDilatation,
    box_mesh,
    budget,
    gradient_check,
    quadrature_stress,
    rectangle_mesh,
    solve,
)

from ..evidence import below, relative

GROUP = "solids"
TIER = "verify"

E, YIELD, HARDENING = 200e9, 250e6, 5e9
STRAINS = (0.0, 4e-3, 1.5e-3, -4e-3, 1e-3)
NEARLY_INCOMPRESSIBLE = 0.49999
SHEAR = E / (2 * (1 + NEARLY_INCOMPRESSIBLE))
K = YIELD / np.sqrt(3)
BORE, OUTSIDE = 1.0, 2.0
HILL = "Hill (1950), chapter V"


def follow(path, t, x):
    """Displacement along the first axis."""
    return path(t) * jnp.eye(len(x))[0]


def along(path, t, x):
    return path(t)


def pulled_bar() -> FiniteElement:
    """A cube pulled by one side, free to get thinner."""
    slide = lambda axis: (
        Dirichlet(0.0, (f"displacement_{axis}",)),
        NormalFlux(0.0, tuple(f"displacement_{o}" for o in "xyz" if o != axis)),
    )
    path = Tabulated(jnp.arange(5.0), jnp.array(STRAINS))
    conditions = {f"{axis}_min": slide(axis) for axis in "xyz"}
    conditions |= {f"{axis}_max": NormalFlux(0.0) for axis in "yz"}
    conditions["x_max"] = (
        Dirichlet(eqx.Partial(follow, path), ("displacement_x",)),
        NormalFlux(0.0, ("displacement_y", "displacement_z")),
    )
    metal = Solid(IsotropicElastic(E, 0.3))
    law = J2Plasticity(metal, Polynomial((YIELD, HARDENING)))
    box = Box((0.0,) * 3, (1.0,) * 3)
    problem = Problem(law, box, conditions, interval=(0.0, 4.0))
    return FiniteElement(problem, box_mesh(2, 1, 1), formulation=MeanDilatation())


def closed_form(times) -> np.ndarray:
    """Stress [Pa] of the bar: elastic by E, plastic by E H/(E + H)."""
    stress, level, before, found = 0.0, YIELD, 0.0, []
    for strain in np.interp(times, np.arange(5.0), STRAINS):
        trial = stress + E * (strain - before)
        if abs(trial) > level:
            level += (abs(trial) - level) * HARDENING / (E + HARDENING)
            trial = np.sign(trial) * level
        stress, before = trial, strain
        found.append(stress)
    return np.array(found)


def cylinder(cells: int, law, bore) -> FiniteElement:
    """A slice of the cylinder between two planes that keep their distance."""
    mesh = rectangle_mesh(cells, 1, (BORE, 0.0), (OUTSIDE, 1 / cells))
    free = lambda *names: PerRadian(NormalFlux(0.0, names or None))
    roll = (Dirichlet(0.0, ("displacement_z",)), free("displacement_r"))
    conditions = {"x_min": bore, "x_max": free(), "y_min": roll, "y_max": roll}
    domain = Region(2, mesh.boundary_names)
    problem = Problem(law, domain, conditions, interval=(0.0, 1.0))
    return FiniteElement(problem, mesh, formulation=MeanDilatation())


def pressurised(cells, law, pressures) -> FiniteElement:
    """Pressures are passed at equal times."""
    times = jnp.linspace(0.0, 1.0, len(pressures))
    load = Pressure(eqx.Partial(along, Tabulated(times, jnp.stack(pressures))))
    return cylinder(cells, law, PerRadian(load))


def widened(cells, law, widening) -> FiniteElement:
    path = Tabulated((0.0, 1.0), (0.0, widening))
    held = Dirichlet(eqx.Partial(follow, path), ("displacement_r",))
    slip = PerRadian(NormalFlux(0.0, ("displacement_z",)))
    return cylinder(cells, law, (held, slip))


def outer_displacement(scheme, solution) -> float:
    nodes = scheme.mesh.topology.boundary("x_max").unique_nodes
    return float(jnp.mean(solution.final[0, nodes]))


def residual_strain(design):
    """Mean plastic strain and widening of a hardening cylinder after unloading."""
    metal = IsotropicElastic(design["modulus"], design["ratio"])
    curve = Polynomial((design["yield"], design["hardening"]))
    law = J2Plasticity(Axisymmetric(metal), curve)
    nothing = jnp.zeros_like(design["pressure"])
    scheme = pressurised(4, law, (nothing, design["pressure"], nothing))
    solution = solve(scheme, steps=4, tolerance=1e-13)
    strain = solution.final_history.equivalent_plastic_strain
    value = jnp.mean(strain) + jnp.mean(solution.final[0])
    return jnp.where(solution.ok, value, jnp.nan)


def run():
    scheme = pulled_bar()
    solution = solve(scheme, steps=16, saves=16)
    pulled = -np.diff(np.asarray(solution.ledger.outflow["x_max"])[:, 0]) * 4
    wanted = closed_form(solution.times[1:])
    yield below(
        "uniaxial cycle, two HEX8 with mean dilatation: stress, share of yield stress",
        np.max(np.abs(pulled - wanted)) / YIELD if solution.ok else np.nan,
        limit=1e-9,
        source="closed form",
    )
    yield below(
        "the same: momentum that its books miss, share of what passed",
        np.max(np.abs(budget(solution).imbalance)) / (4 * YIELD),
        limit=1e-9,
        source="conservation",
    )

    metal = Axisymmetric(IsotropicElastic(E, NEARLY_INCOMPRESSIBLE))
    perfect = J2Plasticity(metal, YIELD)
    radius = 1.5
    load = K * (2 * np.log(radius / BORE) + 1 - (radius / OUTSIDE) ** 2)
    exact = K * radius**2 / (2 * SHEAR * OUTSIDE)
    scheme = pressurised(32, perfect, (jnp.zeros(()), jnp.asarray(load)))
    solution = solve(scheme, steps=4)
    yield relative(
        f"cylinder plastic to r = {radius} m: displacement outside, 32 Q1",
        outer_displacement(scheme, solution) if solution.ok else np.nan,
        reference=exact,
        tolerance=1e-3,
        unit="m",
        source=HILL,
    )
    x, stress = quadrature_stress(
        scheme, solution.final, t=1.0, history=solution.final_history
    )
    strain = solution.final_history.equivalent_plastic_strain
    yields = np.asarray(x[..., 0])[np.asarray(strain) > 0]
    yield relative(
        "the same: outermost point that yields, 32 Q1",
        yields.max(),
        reference=radius,
        tolerance=1 / 64,
        unit="m",
        source=HILL,
    )
    r = np.asarray(x[..., 0])
    inside = K * (2 * np.log(r / radius) - 1 + radius**2 / OUTSIDE**2)
    outside = K * radius**2 * (1 / OUTSIDE**2 - 1 / r**2)
    radial = np.where(r < radius, inside, outside)
    middle = lambda field: np.mean(field, axis=1)
    yield below(
        "the same: radial stress in the cells, share of the pressure, 32 Q1",
        np.max(np.abs(middle(stress[..., 0, 0]) - middle(radial))) / load,
        limit=5e-3,
        source=HILL,
    )
    widening = 3 * K * OUTSIDE**2 / (2 * SHEAR * BORE)
    scheme = widened(32, perfect, widening)
    solution = solve(scheme, steps=6, saves=6)
    pushed = -np.diff(np.asarray(solution.ledger.outflow["x_min"])[:, 0])[-1]
    yield relative(
        "limit pressure of the cylinder, bore widened to three times the limit, 32 Q1",
        pushed * 6 * 32 / BORE if solution.ok else np.nan,
        reference=2 * K * np.log(OUTSIDE / BORE),
        tolerance=1e-3,
        unit="Pa",
        source=HILL,
    )
    yield from gradients()


def gradients():
    design = {
        "modulus": 200.0,
        "ratio": 0.45,
        "yield": 0.25,
        "hardening": 10.0,
        "pressure": 0.19,
    }
    design = {name: jnp.asarray(value) for name, value in design.items()}
    found = gradient_check(residual_strain, design, steps=(1e-4, 1e-5, 1e-6))
    source = "central differences"
    yield below(
        "residual plastic strain and widening by modulus, ratio, yield stress, "
        "hardening and pressure: derivative",
        found.best,
        limit=1e-6,
        source=source,
    )
    yield below(
        "the same: forward against reverse mode",
        found.dot_product,
        limit=1e-10,
        source="dot-product test",
    )
