"""Shocks and smooth flow of an ideal gas against exact solutions.

Four Riemann problems on 200 cells, 320 steps each (Courant number at most 0.41); a
sound wave of finite height; the isentropic vortex; an explosion in a closed box.
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp

from froude.physics import (
    Box,
    Euler,
    Outflow,
    Problem,
    SlipWall,
    isentropic_vortex,
    riemann_solution,
    riemann_star,
    simple_wave,
)
from froude.solvers import (
    HLLC,
    HLLC_LM,
    SSPRK3,
    WENO5Z,
    CartesianGrid,
    LimitedLinear,
    Primitive,
    ShockCapturing,
    Status,
    budget,
    discretize,
    solve,
    unlimited,
)

from ..evidence import above, below, order

GROUP = "gas"
TIER = "verify"

_GAS, _PLANE = Euler(1.4, 1), Euler(1.4, 2)
_EXACT = "exact Riemann solution; Toro (2009), chapter 4"
# States (density, velocity, pressure), end [s], star states to eight digits, largest
# mean errors of density with limited lines and with WENO5-Z.
_PROBLEMS = {
    "Sod": (
        ((1.0, 0.0, 1.0), (0.125, 0.0, 0.1), 0.2),
        (0.30313018, 0.92745262, 0.42631943, 0.26557371),
        (8e-3, 8e-3),
    ),
    "double rarefaction": (
        ((1.0, -2.0, 0.4), (1.0, 2.0, 0.4), 0.15),
        (0.0018938734, 0.0, 0.021852118, 0.021852118),
        (5e-3, 4e-3),
    ),
    "left blast": (
        ((1.0, 0.0, 1000.0), (1.0, 0.0, 0.01), 0.012),
        (460.89379, 19.597451, 0.5750623, 5.9992407),
        (0.1, 0.07),
    ),
    "right blast": (
        ((1.0, 0.0, 0.01), (1.0, 0.0, 100.0), 0.035),
        (46.095044, -6.1963282, 5.9924169, 0.57511279),
        (0.1, 0.07),
    ),
}


class _TwoStates(eqx.Module):
    left: jax.Array
    right: jax.Array

    def __call__(self, x):
        return _GAS.conserved(jnp.where(x[0] < 0.5, self.left, self.right))


@jax.jit
def _density(left, right, end):
    """Averages over 200 cells by 20 points in each."""
    points = (jnp.arange(4000) + 0.5) / 4000
    at = lambda x: riemann_solution(end, x[None], left, right, 1.4, origin=0.5)[0]
    return jax.vmap(at)(points).reshape(200, 20).mean(axis=1)


def _tube(left, right, end, reconstruction):
    """Mean error of density, and least density and pressure over 21 saved times."""
    ends = {"x_min": Outflow(), "x_max": Outflow()}
    left, right = jnp.array(left), jnp.array(right)
    start = _TwoStates(left, right)
    problem = Problem(_GAS, Box((0.0,), (1.0,)), ends, start, (0.0, end))
    scheme = discretize(problem, CartesianGrid(200), reconstruction=reconstruction)
    solution = solve(scheme, steps=320, saves=20, method=SSPRK3())
    w = jax.vmap(jax.vmap(_GAS.primitive, 1, 1))(solution.states)
    error = jnp.mean(jnp.abs(solution.final[0] - _density(left, right, end)))
    least = jnp.where(solution.status == Status.OK, w[:, ::2].min(), -jnp.inf)
    return float(error), float(least)


def _wave_error(cells, steps, reconstruction):
    speed = lambda s: 0.2 * jnp.sin(jnp.pi * s)
    exact = lambda t: lambda x: simple_wave(t, x, _GAS, speed, reach=3.0)
    problem = Problem(_GAS, Box((-1.0,), (1.0,), (True,)), {}, exact(0.0), (0.0, 0.3))
    scheme = discretize(problem, CartesianGrid(cells), reconstruction=reconstruction)
    final = solve(scheme, steps=steps, method=SSPRK3()).final
    wanted = eqx.filter_jit(lambda: scheme.project(exact(0.3)))()
    return float(jnp.mean(jnp.abs(final - wanted)))


def _vortex_error(cells, steps, reconstruction):
    box = Box((-5.0, -5.0), (5.0, 5.0), (True, True))
    exact = lambda t: lambda x: isentropic_vortex(jnp.asarray(t), x, _PLANE)
    problem = Problem(_PLANE, box, {}, exact(0.0), (0.0, 1.0))
    scheme = ShockCapturing(problem, CartesianGrid((cells, cells)), reconstruction)
    final = solve(scheme, steps=steps, method=SSPRK3()).final
    wanted = eqx.filter_jit(lambda: scheme.project(exact(1.0)))()
    return float(jnp.mean(jnp.abs(final[0] - wanted[0])))


def _explosion():
    """Imbalance, change of mass and energy, and asymmetry, all relative."""
    box = Box((-1.0, -1.0), (1.0, 1.0))

    def start(x):
        level = jnp.where(jnp.dot(x, x) < 0.16, 1.0, 0.1)
        return _PLANE.conserved(jnp.stack([level, 0.0 * level, 0.0 * level, level]))

    walls = dict.fromkeys(box.boundary_names, SlipWall())
    problem = Problem(_PLANE, box, walls, start, (0.0, 1.2))
    scheme = discretize(problem, CartesianGrid((48, 48)))
    solution = solve(scheme, steps=120, method=SSPRK3())
    content, rho = solution.ledger.content[:, ::3], solution.final[0]
    turned = (rho[::-1], rho[:, ::-1], rho.T)
    uneven = max(jnp.max(jnp.abs(other - rho)) for other in turned) / rho.max()
    changed = jnp.max(jnp.abs(content[-1] / content[0] - 1))
    return jnp.max(jnp.abs(budget(solution).relative)), changed, uneven


def _kinetic_loss(mach, steps, flux):
    """Share of kinetic energy that a resting vortex of a Mach number loses on 24²."""
    box, end = Box((-5.0, -5.0), (5.0, 5.0), (True, True)), 0.5 / (1.4**0.5 * mach)
    still = {"strength": 2 * jnp.pi * 1.4**0.5 * mach, "velocity": (0.0, 0.0)}
    start = lambda x: isentropic_vortex(jnp.zeros(()), x, _PLANE, **still)
    problem = Problem(_PLANE, box, {}, start, (0.0, end))
    lines = Primitive(LimitedLinear(unlimited))
    scheme = ShockCapturing(problem, CartesianGrid((24, 24)), lines, flux)
    states = solve(scheme, steps=steps, method=SSPRK3()).states
    energy = jnp.sum(states[:, 1:3] ** 2 / states[:, :1], axis=(1, 2, 3))
    return float(1 - energy[-1] / energy[0])


def run():
    """Yield star states, errors, orders, books, symmetry and low Mach numbers."""
    kinds = ("limited lines", LimitedLinear()), ("WENO5-Z", WENO5Z())
    for name, (given, wanted, limits) in _PROBLEMS.items():
        star = jnp.stack(riemann_star(given[0], given[1], 1.4))
        off = jnp.abs(star - jnp.array(wanted)) / jnp.maximum(jnp.abs(star), 1e-3)
        yield below(
            f"{name}: star states, exact solver",
            jnp.max(off),
            limit=6e-8,
            source="independent root of the pressure function, eight digits",
        )
        for (kind, inner), limit in zip(kinds, limits, strict=True):
            error, least = _tube(*given, Primitive(inner))
            yield below(
                f"{name}: mean error of density, {kind}, 200 cells",
                error,
                limit=limit,
                source=_EXACT,
                unit="kg m-3",
            )
            yield above(
                f"{name}: least density or pressure at 21 times, {kind}",
                least,
                limit=1e-12,
                source="positivity",
            )
    source = "theory; Riemann (1860) simple wave"
    errors = [_wave_error(n, s, WENO5Z()) for n, s in ((32, 60), (64, 190))]
    yield order(
        "order, sound wave, WENO5-Z", errors, expected=5.0, within=0.5, source=source
    )
    lines = Primitive(LimitedLinear(unlimited))
    errors = [_wave_error(n, s, lines) for n, s in ((32, 40), (64, 80))]
    yield order(
        "order, sound wave, unlimited lines", errors, expected=2.0, source=source
    )
    grids = ((64, 100), (128, 200))
    lines_errors = [_vortex_error(*grid, lines) for grid in grids]
    yield order("order, isentropic vortex, unlimited lines", lines_errors, expected=2.0)
    errors = [_vortex_error(*grid, WENO5Z()) for grid in grids]
    yield above(
        "order, isentropic vortex, WENO5-Z with one flux per face",
        math.log2(errors[0] / errors[1]),
        limit=1.85,
        source="midpoint rule on faces: 2 in the limit",
    )
    yield below(
        "isentropic vortex, 128²: error of WENO5-Z over that of lines",
        errors[1] / lines_errors[1],
        limit=0.5,
        source="own gate",
    )
    imbalance, changed, uneven = _explosion()
    books = "discrete balance, relative"
    yield below("explosion in a box: budget", imbalance, limit=1e-12, source=books)
    yield below("explosion: mass and energy", changed, limit=1e-12, source=books)
    yield below(
        "explosion: density mirrored and transposed",
        uneven,
        limit=1e-11,
        source="symmetry",
    )
    slow, slower = ((mach, int(6 / mach)) for mach in (0.03, 0.01))
    kept = [_kinetic_loss(*case, HLLC_LM()) for case in (slow, slower)]
    lost = [_kinetic_loss(*case, HLLC()) for case in (slow, slower)]
    motive = "Fleischmann, Adami & Adams (2020): errors do not grow as M falls"
    yield below(
        "resting vortex: loss at M 0.01 over loss at M 0.03, HLLC-LM",
        kept[1] / kept[0],
        limit=1.05,
        source=motive,
    )
    yield above(
        "the same, HLLC", lost[1] / lost[0], limit=1.5, source="dissipation ~ 1/M"
    )
    yield below(
        "resting vortex at M 0.01: loss of HLLC-LM over that of HLLC",
        kept[1] / lost[1],
        limit=0.25,
        source=motive,
    )
