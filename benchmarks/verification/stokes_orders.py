"""Mixed elements, manufactured: order in L2 of velocity or displacement and pressure.

Velocity 3, pressure 2: F. Brezzi and R. S. Falk (1991), SIAM J. Numer. Anal. 28, 581.
"""

import equinox as eqx
import jax.numpy as jnp

from froude.physics import (
    Dirichlet,
    IncompressibleElastic,
    NavierStokes,
    NormalFlux,
    Problem,
    Region,
    Stokes,
    kovasznay,
    manufactured,
)
from froude.solvers import (
    FiniteElement,
    Mesh,
    box_mesh,
    morph,
    rectangle_mesh,
    solve_steady,
)

from ..evidence import below, holds, order

GROUP = "orders of accuracy"
TIER = "verify"
SOURCE = "Brezzi and Falk (1991)"
REYNOLDS = 40.0
CASES = {
    "Stokes": (Stokes(0.7), ("P2", "Q2"), (8, 16)),
    "elasticity, ν = 0.5": (IncompressibleElastic(2.0, 0.5), ("P2",), (8, 16)),
}


def exact(t, x):
    """Any smooth field; velocities or displacements, then the pressure."""
    a, b = x
    flow = [jnp.sin(a) * jnp.cos(1.3 * b), -jnp.cos(a) * jnp.sin(1.3 * b)]
    return jnp.stack([*flow, jnp.cos(2 * a + b)])


def within(t, x):
    """A flow in three dimensions that the elements represent exactly."""
    a, b, c = x
    return jnp.stack([b**2 + c, c**2 - a * b, a**2 + b, a - b + 2 * c])


def bend(x):
    """A smooth map that leaves the axes where they are, so that cells are curved."""
    return x + 0.04 * jnp.sin(2.0 * jnp.roll(x, 1))


@eqx.filter_jit
def errors(law, mesh: Mesh, solution, free_end: bool, place=bend):
    """L2 errors of the components on the mesh put in its place, and the status."""
    names = tuple(component.name for component in law.components[:-1])
    conditions = {name: Dirichlet(0.0, names) for name in mesh.boundary_names}
    if free_end:
        conditions["x_max"] = NormalFlux(0.0)
    region = Region(mesh.dimension, mesh.boundary_names)
    problem = manufactured(Problem(law, region, conditions), solution)
    scheme = FiniteElement(problem, morph(mesh, place))
    found = solve_steady(scheme)
    state = found.final
    if not free_end:
        # the mean of the pressure is nobody's: take it from the exact one
        values = scheme.project(lambda x: solution(0.0, x))
        one = scheme.integrate(jnp.ones_like(values))
        mean = scheme.integrate(values - state) / one
        state = state.at[-1].add(mean[-1])
    return scheme.error(state, lambda x: solution(0.0, x)), found.status


def convergence(words, law, solution, meshes, free_end=True):
    found = [errors(law, mesh, solution, free_end) for mesh in meshes]
    moving, pressure = ([e[k] for e, _ in found] for k in (0, -1))
    yield order(
        f"{words}: {law.components[0].long_name}", moving, expected=3, source=SOURCE
    )
    yield order(f"{words}: pressure", pressure, expected=2, source=SOURCE)
    yield holds(f"{words}: status OK", all(int(s) == 0 for _, s in found), source="own")


def wake(t, x):
    return kovasznay(t, x, jnp.asarray(REYNOLDS))


def run():
    for words, (law, elements, counts) in CASES.items():
        for element in elements:
            meshes = [rectangle_mesh(n, n, element=element) for n in counts]
            pair = f"{element}/{element[0]}1"
            yield from convergence(f"{words}, {pair}, curved", law, exact, meshes)
    meshes = [rectangle_mesh(n, n, element="P2") for n in (16, 32)]
    closed = NavierStokes(1.0, 1 / REYNOLDS)
    words = "Kovasznay flow, closed, P2/P1, curved"
    yield from convergence(words, closed, wake, meshes, free_end=False)
    for element in ("P2", "Q2"):
        mesh = box_mesh(2, 2, 2, element=element)
        law = Stokes(0.7, dimension=3)
        off, _ = errors(law, mesh, within, True, lambda x: 1.5 * x)
        yield below(
            f"Stokes, 3-D, {element}/{element[0]}1: error of a flow in the space",
            jnp.max(off),
            limit=1e-11,
            source="exact",
        )
