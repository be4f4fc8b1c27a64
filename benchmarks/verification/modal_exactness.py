"""Marches of Fourier modes against exact solutions, and what they must keep.

Linear modes of laws whose components couple, a soliton, the plane Taylor-Green vortex;
mass, momentum, energy and Hamiltonian of laws that keep them.
"""

import jax
import jax.numpy as jnp
import numpy as np

from froude.physics import (
    AdvectionDiffusion,
    Box,
    CahnHilliard,
    KortewegDeVries,
    PlaneVorticity,
    Problem,
    Schroedinger,
    Wave,
    advected_mode,
    korteweg_de_vries_soliton,
    schroedinger_bright_soliton,
    standing_wave,
    taylor_green_vortex,
)
from froude.solvers import ExponentialRungeKutta, FourierGrid, discretize, solve

from ..evidence import below

GROUP = "periodic laws"
TIER = "verify"

RING = Box((0.0,), (2 * np.pi,), (True,))
SQUARE = Box((0.0, 0.0), (2 * np.pi, 2 * np.pi), (True, True))
LINE = Box((-10.0,), (10.0,), (True,))


def march(law, box, initial, shape, *, steps, end, saves=1):
    problem = Problem(law, box, initial=initial, interval=(0.0, end))
    scheme = discretize(problem, FourierGrid(shape))
    return solve(scheme, steps=steps, method=ExponentialRungeKutta(4), saves=saves)


def largest_error(solution, exact):
    scheme, t = solution.discretization, solution.times[-1]
    wanted = jax.vmap(lambda x: exact(t, x))(scheme.coordinates()).T
    found = scheme.collocate(solution.final)[: len(wanted)]
    return jnp.max(jnp.abs(found - wanted))


def drift(values):
    """Largest relative departure from the value at the start."""
    return jnp.max(jnp.abs(values - values[0])) / jnp.abs(values[0])


def slope(values, length):
    """Derivative along the last axis."""
    count = values.shape[-1]
    waves = 2j * np.pi * np.fft.rfftfreq(count, length / count)
    waves[-1] = 0.0
    return jnp.fft.irfft(waves * jnp.fft.rfft(values), count)


def soliton(t, x):
    """Speed 5 on a ring of 20; its tail there is 2e-9."""
    near = (x - 5.0 * t + 10.0) % 20.0 - 10.0 + 5.0 * t
    return korteweg_de_vries_soliton(t, near, 5.0)


def linear_modes():
    velocity, kappa = jnp.array([1.0, -0.5]), jnp.array([2.0, 3.0])
    carried = lambda t, x: advected_mode(t, x, velocity, jnp.array(0.05), kappa)
    waving = lambda t, x: standing_wave(t, x, 3.0, jnp.array([1.0, 2.0]))

    def free(t, x):
        """exp(i (2 x - 2 t)): dispersion 1/2, wave number 2."""
        phase = 2 * x[0] - 2 * t
        return jnp.stack([jnp.cos(phase), jnp.sin(phase)])

    for words, law, box, exact, shape in (
        ("advection-diffusion", AdvectionDiffusion(velocity, 0.05), SQUARE, carried, 2),
        ("wave", Wave(3.0), SQUARE, waving, 2),
        ("Schrödinger", Schroedinger(), RING, free, 1),
    ):
        start = lambda x, exact=exact: exact(0.0, x)
        solution = march(law, box, start, (16, 12)[:shape], steps=10, end=1.0)
        error = largest_error(solution, exact)
        yield below(f"linear mode, {words}", error, limit=1e-12, source="exact mode")


def run():
    yield from linear_modes()

    wave = march(
        KortewegDeVries(), LINE, lambda x: soliton(0.0, x), 256, steps=1000, end=1.0
    )
    yield below(
        "Korteweg-de Vries soliton, ETDRK4, dt 1e-3, N 256, T 1: largest error",
        largest_error(wave, lambda t, x: soliton(t, x)[:1]),
        limit=1e-7,
        source="Drazin and Johnson (1989), equation 1.14",
    )
    u = wave.states[:, 0]
    mass, square = jnp.sum(u, axis=-1), jnp.sum(u**2, axis=-1)
    hamiltonian = jnp.sum(u**3 - 0.5 * slope(u, 20.0) ** 2, axis=-1)
    for words, values, limit in (
        ("mass", mass, 1e-12),
        ("momentum", square, 1e-8),
        ("Hamiltonian", hamiltonian, 1e-8),
    ):
        yield below(
            f"Korteweg-de Vries soliton: drift of the {words}",
            drift(values),
            limit=limit,
            source="conservation law",
        )

    vortex = lambda t, x: taylor_green_vortex(t, x, 0.1)
    decayed = march(
        PlaneVorticity(0.1), SQUARE, lambda x: vortex(0.0, x), (64, 64), steps=20, end=1
    )
    yield below(
        "plane Taylor-Green vortex, 64²: largest error",
        largest_error(decayed, vortex),
        limit=1e-10,
        source="Taylor and Green (1937)",
    )

    def vortices(x):
        return jnp.sin(x[:1]) * jnp.cos(2 * x[1:]) + jnp.cos(x[:1] + x[1:])

    ideal = march(PlaneVorticity(0.0), SQUARE, vortices, (32, 32), steps=100, end=1.0)
    vorticity, stream = ideal.states[:, 0], ideal.states[:, 1]
    for words, values in (
        ("energy", jnp.sum(vorticity * stream, axis=(1, 2))),
        ("enstrophy", jnp.sum(vorticity**2, axis=(1, 2))),
    ):
        yield below(
            f"plane flow without viscosity: drift of the {words}",
            drift(values),
            limit=1e-8,
            source="conservation law",
        )

    bright = lambda t, x: schroedinger_bright_soliton(t, x, 2.0, 1.0)
    packet = march(
        Schroedinger(0.5, -1.0), LINE, lambda x: bright(0.0, x), 128, steps=1000, end=1
    )
    yield below(
        "Schrödinger soliton: drift of the norm",
        drift(jnp.sum(packet.states**2, axis=(1, 2))),
        limit=1e-9,
        source="conservation law",
    )

    mixture = CahnHilliard(0.05)
    parted = march(
        mixture,
        RING,
        lambda x: 0.1 + 0.3 * jnp.cos(x) + 0.2 * jnp.sin(3 * x),
        64,
        steps=2000,
        end=2.0,
        saves=20,
    )
    c = parted.states[:, 0]
    yield below(
        "Cahn-Hilliard: drift of the mass",
        drift(jnp.sum(c, axis=-1)),
        limit=1e-12,
        source="conservation law",
    )
    energy = jnp.sum((c**2 - 1) ** 2 / 4 + 0.025 * slope(c, 2 * np.pi) ** 2, axis=-1)
    yield below(
        "Cahn-Hilliard: largest growth of the energy between saved times, relative",
        jnp.max(jnp.diff(energy)) / energy[0],
        limit=0.0,
        source="Cahn and Hilliard (1958)",
    )
