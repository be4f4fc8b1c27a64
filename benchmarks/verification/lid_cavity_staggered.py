"""The lid-driven square cavity on staggered grids, steady by Newton's method.

Velocities on the centre lines against `benchmarks/cavity_tables.py`.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from scipy.interpolate import CubicSpline, RegularGridInterpolator

from froude.physics import Box, Dirichlet, NavierStokes, Problem
from froude.solvers import (
    Staggered,
    StaggeredGrid,
    WallClustering,
    solve_steady,
)

from ..cavity_tables import SOURCE, U, V, X, Y
from ..evidence import below, order

GROUP = "flow"
TIER = "verify"

_CLUSTERING = WallClustering(1.0)


def cavity(reynolds, cells: int) -> Staggered:
    """A unit cavity of unit density whose lid moves with 1 m/s."""
    velocities = ("velocity_x", "velocity_y")
    wall = Dirichlet(0.0, velocities)
    lid = Dirichlet((1.0, 0.0, 0.0), velocities)
    problem = Problem(
        NavierStokes(1.0, 1 / jnp.asarray(reynolds, float)),
        Box((0.0, 0.0), (1.0, 1.0)),
        {"x_min": wall, "x_max": wall, "y_min": wall, "y_max": lid},
    )
    return Staggered(problem, StaggeredGrid((cells, cells), _CLUSTERING))


def refined(scheme: Staggered, coarse: Staggered, state) -> jnp.ndarray:
    """A guess: the state of a coarser grid interpolated linearly."""
    layout, fine = coarse.layout, scheme.layout
    centres = np.asarray(coarse.at_centres(state, None))
    lines = [np.asarray(line.centres) for line in layout.lines]
    rows = []
    for axis in range(2):
        points = (
            np.asarray(fine.stored(axis, fine.points(axis)[0])),
            np.asarray(fine.stored(axis, fine.points(axis)[1])),
        )
        find = RegularGridInterpolator(
            lines,
            centres[axis],
            bounds_error=False,
            fill_value=None,  # pyright: ignore[reportArgumentType]
        )
        rows.append(find(np.stack(points, axis=-1)))
    return jnp.asarray(np.stack([*rows, np.zeros_like(rows[0])]))


def profile_error(scheme: Staggered, state, reynolds: int) -> float:
    """Largest difference from the tables on both centre lines."""
    centred = np.asarray(scheme.at_centres(state, None))
    lines = [np.asarray(line.centres) for line in scheme.layout.lines]
    errors = []
    for axis, places, table, end in ((0, Y, U, 1.0), (1, X, V, 0.0)):
        middle = CubicSpline(lines[axis], centred[axis], axis=axis)(0.5)
        along = np.concatenate([[0.0], lines[1 - axis], [1.0]])
        values = np.concatenate([[0.0], middle, [end]])
        found = CubicSpline(along, values)(places)
        errors.append(np.abs(found - np.array(table[reynolds])))
    return float(np.nanmax(errors))


@eqx.filter_jit
def kinetic_energy(scheme: Staggered, state):
    """Kinetic energy per area [m^2 s^-2]."""
    return 0.5 * jnp.sum(scheme.volumes()[:-1] * state[:-1] ** 2)


def run():
    """Yield the errors of the profiles and the order of the kinetic energy."""
    energies, coarse, state = [], None, None
    for cells in (32, 64, 128):
        first = cavity(1000, cells)
        if coarse is None:
            reached = jnp.zeros((3, cells, cells))
            for reynolds in (100, 400):
                reached = _steady(cavity(reynolds, cells), reached)
        else:
            reached = refined(first, coarse, state)
        state, coarse = _steady(first, reached), first
        energies.append(float(kinetic_energy(first, state)))
        if cells == 64:
            for reynolds in (400, 100):
                scheme = cavity(reynolds, cells)
                error = profile_error(scheme, _steady(scheme, state), reynolds)
                yield _row(reynolds, cells, error, 1e-2)
    yield _row(1000, 128, profile_error(coarse, state, 1000), 5e-3)
    differences = np.abs(np.diff(energies))
    yield order(
        "order of the kinetic energy, 32, 64, 128",
        differences,
        expected=2.0,
        within=0.3,
    )


def _steady(scheme, guess):
    solution = solve_steady(scheme, guess=guess)
    return jnp.where(solution.ok, solution.final, jnp.nan)


def _row(reynolds, cells, error, limit):
    words = f"largest velocity error at Re {reynolds}, {cells}² cells"
    return below(words, error, limit=limit, source=SOURCE[reynolds], unit="m s-1")
