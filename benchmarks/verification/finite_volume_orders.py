"""Finite volumes converge at order two towards manufactured steady solutions.

Errors are root mean squares over cell averages, after Newton's method on the scheme's
own Jacobian with a sparse direct solve.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from scipy.sparse.linalg import spsolve

from froude.physics import (
    AdvectionDiffusion,
    Box,
    Burgers,
    Dirichlet,
    HeatConduction,
    NormalFlux,
    Outflow,
    Polynomial,
    Problem,
    Radiation,
    Robin,
    manufactured,
)
from froude.solvers.finite_volume import CartesianGrid, FiniteVolume, unlimited

from ..evidence import order

GROUP = "orders"
TIER = "verify"

_UPPER = (1.0, 1.5, 0.7)
_WALLS = (
    Dirichlet(0.0),
    Robin(2.0, 300.0),
    Radiation(0.8, 300.0),
    NormalFlux(1.0),
    Robin(Polynomial([1.0, 1e-3]), 280.0),
    Outflow(),
)
_STREAM = (Dirichlet(0.0), Outflow(), Dirichlet(0.0), Dirichlet(0.0))


def _hot(t, x):
    wave = 1 + 0.5 * jnp.sin(2 * x[-1] + 0.3) * jnp.cos(x[x.size // 2])
    return 300 * (1 + jnp.exp(x[0]) * wave)[None]


def _carried(t, x):
    return 1.5 + 0.5 * jnp.sin(4 * x[:1] + 0.2) * jnp.cos(2 * x[-1])


def _error(law, exact, conditions, shape):
    box = Box((0.0,) * len(shape), _UPPER[: len(shape)])
    held = dict(zip(box.boundary_names, conditions, strict=False))
    problem = manufactured(Problem(law, box, held), exact)
    scheme = FiniteVolume(problem, CartesianGrid(shape), limiter=unlimited)

    @eqx.filter_jit
    def linearise(state):
        return scheme.jacobian(0.0, state, 0.0, 1.0), scheme.inflow(0.0, state)

    averages = eqx.filter_jit(lambda: scheme.project(lambda x: exact(0.0, x)))()
    state = averages
    for _ in range(6):
        matrix, supply = linearise(state)
        step = spsolve(matrix.to_scipy().tocsc(), np.asarray(supply).ravel())
        state = state + step.reshape(state.shape)
    return float(jnp.sqrt(jnp.mean((state - averages) ** 2)))


def run():
    """Yield the order of each law and dimension."""
    heat = HeatConduction(Polynomial([1.0, 1e-3]))
    tensor = HeatConduction(np.array([[1.3, 0.4], [0.4, 0.9]]))
    mixed = AdvectionDiffusion((1.0, -0.5), 1.0)
    cases = (
        ("k(T) with Dirichlet and Robin, 1-D", heat, _hot, _WALLS, 1, (32, 64)),
        ("k(T), four conditions, 2-D", heat, _hot, _WALLS, 2, (16, 32)),
        ("k(T), six conditions, 3-D", heat, _hot, _WALLS, 3, (6, 12)),
        ("conductivity tensor, 2-D", tensor, _hot, _WALLS, 2, (20, 40)),
        ("viscous Burgers, 1-D", Burgers(0.5), _carried, _STREAM, 1, (80, 160)),
        ("advection-diffusion, 2-D", mixed, _carried, _STREAM, 2, (20, 40)),
    )
    for words, law, exact, conditions, dimension, cells in cases:
        errors = [_error(law, exact, conditions, (n,) * dimension) for n in cells]
        yield order(f"order, {words}", errors, expected=2.0)
