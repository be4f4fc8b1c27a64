"""Every march of Fourier modes reaches its order on every class of symbol.

Real (Burgers at rest), mixed (Burgers on a mean flow), imaginary (Korteweg-de Vries),
and real of fourth order (Kuramoto-Sivashinsky). A march goes through the interval in
equal parts, each from the state where the last one ended: the same steps as one march
(a multistep method starts anew), and one compilation for every number of them. The
reference is 32 parts of ETDRK4.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from froude.physics import (
    Box,
    Burgers,
    KortewegDeVries,
    KuramotoSivashinsky,
    Problem,
)
from froude.solvers import (
    ExponentialAdamsBashforth,
    ExponentialRungeKutta,
    FourierGrid,
    ImexRungeKutta,
    LowStorageCrankNicolson,
    discretize,
    solve,
)

from ..evidence import order

GROUP = "orders in time"
TIER = "verify"

POINTS, STEPS = 32, 40
METHODS = (
    *((f"ETDRK{n}", ExponentialRungeKutta(n), n) for n in (1, 2, 3, 4)),
    *((f"ETDAB{n}", ExponentialAdamsBashforth(n), n) for n in (2, 3, 4)),
    ("ARS(1,1,1)", ImexRungeKutta(1), 1),
    ("ARS(2,2,2)", ImexRungeKutta(2), 2),
    ("ARS(4,4,3)", ImexRungeKutta(3), 3),
    ("low storage with Crank-Nicolson", LowStorageCrankNicolson(), 2),
)
LAWS = (
    ("real symbol", Burgers(0.1), 0.0),
    ("mixed symbol", Burgers(0.1), 1.3),
    ("imaginary symbol", KortewegDeVries(1.0, 0.1), 0.0),
    ("real symbol of fourth order", KuramotoSivashinsky(0.1, 0.002), 0.0),
)


class PointValues(eqx.Module):
    """A function of x from its values at the points of the grid."""

    values: jax.Array

    def __call__(self, x):
        index = jnp.floor(x[0] * POINTS / (2 * np.pi)).astype(int)
        return self.values[:, index]


def march(law, method, start, parts: int):
    """The state after `parts` equal parts of the interval with `STEPS` steps each."""
    box, state = Box((0.0,), (2 * np.pi,), (True,)), start
    for part in range(parts):
        interval = jnp.array([part, part + 1.0]) / parts
        problem = Problem(law, box, initial=PointValues(state), interval=interval)
        scheme = discretize(problem, FourierGrid(POINTS))
        state = solve(scheme, steps=STEPS, method=method).final
    return state


def run():
    centres = (jnp.arange(POINTS) + 0.5) * 2 * np.pi / POINTS
    for words, law, mean in LAWS:
        start = jnp.zeros((len(law.components), POINTS))
        start = start.at[0].set(mean + jnp.sin(centres))
        fine = march(law, ExponentialRungeKutta(4), start, 32)[0]
        for name, method, expected in METHODS:
            ends = [march(law, method, start, parts)[0] for parts in (4, 8)]
            errors = [float(jnp.max(jnp.abs(end - fine))) for end in ends]
            yield order(f"{name}, {words}", errors, expected=expected, within=0.25)
