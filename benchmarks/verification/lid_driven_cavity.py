"""The lid-driven square cavity on staggered grids, steady by Newton's method.

Velocities on the centre lines at Re 1000 against the spectral solution of O. Botella
and R. Peyret (1998), Benchmark spectral results on the lid-driven cavity flow,
Computers & Fluids 27, 421, tables 9 and 10; at Re 100 and 400 against U. Ghia, K. N.
Ghia and C. T. Shin (1982), J. Comput. Phys. 48, 387, tables I and II, without the
misprinted v(0.9063) at Re 400.
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

from ..evidence import below, order

GROUP = "flows"
TIER = "verify"

_SOURCE = {
    100: "Ghia, Ghia, Shin (1982)",
    400: "Ghia, Ghia, Shin (1982)",
    1000: "Botella, Peyret (1998)",
}
_Y = [0.0547, 0.0625, 0.0703, 0.1016, 0.1719, 0.2813, 0.4531, 0.5, 0.6172, 0.7344]
_Y += [0.8516, 0.9531, 0.9609, 0.9688, 0.9766]
_X = [0.0625, 0.0703, 0.0781, 0.0938, 0.1563, 0.2266, 0.2344, 0.5, 0.8047, 0.8594]
_X += [0.9063, 0.9453, 0.9531, 0.9609, 0.9688]
_U = {
    100: [-0.03717, -0.04192, -0.04775, -0.06434, -0.10150, -0.15662, -0.21090]
    + [-0.20581, -0.13641, 0.00332, 0.23151, 0.68717, 0.73722, 0.78871, 0.84123],
    400: [-0.08186, -0.09266, -0.10338, -0.14612, -0.24299, -0.32726, -0.17119]
    + [-0.11477, 0.02135, 0.16256, 0.29093, 0.55892, 0.61756, 0.68439, 0.75837],
    1000: [-0.1812881, -0.2023300, -0.2228955, -0.3004561, -0.3885691, -0.2803696]
    + [-0.1081999, -0.0620561, 0.0570178, 0.1886747, 0.3372212, 0.4723329]
    + [0.5169277, 0.5808359, 0.6644227],
}
_V = {
    100: [0.09233, 0.10091, 0.10890, 0.12317, 0.16077, 0.17507, 0.17527, 0.05454]
    + [-0.24533, -0.22445, -0.16914, -0.10313, -0.08864, -0.07391, -0.05906],
    400: [0.18360, 0.19713, 0.20920, 0.22965, 0.28124, 0.30203, 0.30174, 0.05186]
    + [-0.38598, -0.44993, np.nan, -0.22847, -0.19254, -0.15663, -0.12146],
    1000: [0.2807056, 0.2962703, 0.3099097, 0.3330442, 0.3769189, 0.3339924]
    + [0.3253592, 0.0257995, -0.3202137, -0.4264545, -0.5264392, -0.4103754]
    + [-0.3553213, -0.2936869, -0.2279225],
}
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
    for axis, places, table, end in ((0, _Y, _U, 1.0), (1, _X, _V, 0.0)):
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
                yield _row(reynolds, cells, error, 2e-2)
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
    return below(words, error, limit=limit, source=_SOURCE[reynolds], unit="m s-1")
