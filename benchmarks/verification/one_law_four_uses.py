"""One law object serves every scheme, the strong residual and the operator loss.

For each law an exact solution on a square of side 2 m: its strong residual vanishes,
finite volumes, elements and Fourier march to it at their orders, and the discrete
residual of its exact states (the floor of an operator loss) falls at the order of the
scheme. Steps are halved with the mesh; the Fourier scheme is exact in space, its steps
are of order three.
"""

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp

from froude.physics import (
    AdvectionDiffusion,
    Box,
    Burgers,
    Dirichlet,
    HeatConduction,
    Problem,
    advected_mode,
    autodiff_jet,
    burgers_cole_hopf,
    heat_decaying_mode,
    strong_residual,
)
from froude.solvers import (
    CartesianGrid,
    Explicit,
    FourierGrid,
    ThetaMethod,
    discretize,
    morph,
    rectangle_mesh,
    solve,
)
from froude.solvers.finite_volume import unlimited

from ..evidence import below, order

GROUP = "one law, four uses"
TIER = "verify"

SIDE = 2.0
END = 0.2
VELOCITY, WAVENUMBER = jnp.array([0.7, -0.4]), jnp.pi * jnp.array([1.0, 2.0])
LAWS = {
    "heat conduction": (
        HeatConduction(conductivity=0.1, heat_capacity=2.0),
        lambda t, x: heat_decaying_mode(t, x, 0.05),
    ),
    "advection-diffusion": (
        AdvectionDiffusion(VELOCITY, 0.02),
        lambda t, x: advected_mode(t, x, VELOCITY, 0.02, WAVENUMBER),
    ),
    "Burgers": (
        Burgers(0.1, (1.0, 0.0)),
        lambda t, x: burgers_cole_hopf(0.3 + t, x[:1], 0.1, nodes=256),
    ),
}


def placed(law, exact, where):
    """The law on a grid (periodic) or on a mesh (values of `exact` on its sides)."""
    periodic = not hasattr(where, "topology")
    box = Box((0.0, 0.0), (SIDE, SIDE), (periodic, periodic))
    walls = dict.fromkeys(box.boundary_names, Dirichlet(exact))
    initial = lambda x: exact(0.0, x)
    problem = Problem(law, box, walls, initial, (0.0, END))
    options = {"limiter": unlimited} if isinstance(where, CartesianGrid) else {}
    return discretize(problem, where, **options)


def square(n):
    return morph(rectangle_mesh(n, n, element="Q1"), lambda x: SIDE * x)


@eqx.filter_jit
def march_and_floor(scheme, exact, steps, method, dt):
    """Root mean squares of the error at the end and of the residual over one `dt`.

    The residual of two exact states is given as a rate [u/s].
    """
    project = lambda t: scheme.project(lambda x: exact(t, x))
    error = solve(scheme, steps=steps, method=method).final - project(END)
    first, last = project(0.0), project(dt)
    left = scheme.residual(0.0, first, dt, last)
    volume = jax.grad(lambda field: jnp.sum(scheme.integrate(field)))(first)
    return rms(error), rms(left / (volume * dt))


def rms(field):
    return jnp.sqrt(jnp.mean(field**2))


@eqx.filter_jit
def strong(law, exact):
    times = jax.random.uniform(jax.random.key(0), (128,), maxval=END)
    points = jax.random.uniform(jax.random.key(1), (128, 2), maxval=SIDE)
    jets = jax.vmap(lambda t, x: autodiff_jet(exact, t, x))(times, points)
    left = jax.vmap(lambda t, x, jet: strong_residual(law, t, x, jet))
    size = jnp.max(jnp.abs(jets.u_t))
    return jnp.max(jnp.abs(left(times, points, jets))) / size


def run():
    for words, (law, exact) in LAWS.items():
        yield below(
            f"{words}: strong residual of the exact solution, over its rate",
            strong(law, exact),
            limit=1e-12,
            source="exact solution",
        )
        for scheme, place in (
            ("finite volumes", lambda n: CartesianGrid((n, n))),
            ("Q1", square),
        ):
            errors, floors = [], []
            for n in (32, 64):
                there = placed(law, exact, place(n))
                found = march_and_floor(
                    there, exact, n // 4, ThetaMethod(0.5), 4 * END / n
                )
                errors.append(found[0])
                floors.append(found[1])
            yield order(f"{words}: march with {scheme}", errors, expected=2.0)
            yield order(f"{words}: floor with {scheme}", floors, expected=2.0)
        there = placed(law, exact, FourierGrid((48, 48)))
        errors, floors = [], []
        for steps, dt in ((128, END / 16), (256, END / 32)):
            found = march_and_floor(there, exact, steps, Explicit(diffrax.Bosh3()), dt)
            errors.append(found[0])
            floors.append(found[1])
        yield order(f"{words}: march with Fourier", errors, expected=3.0)
        yield order(f"{words}: floor with Fourier", floors, expected=2.0)
