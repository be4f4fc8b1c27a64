"""Burst a membrane between two gases and compare the waves with the exact solution.

python examples/shock_tube.py [--cells 200] [--output build/shock_tube]

Writes shock_tube.zarr, a labelled data set of all saved times, and shock_tube.png, and
prints how far the density is from the exact solution and what a derivative says: how
the shock pressure answers to the pressure of the driver.
"""

import argparse
from pathlib import Path

import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp  # noqa: E402
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402

from froude.physics import (  # noqa: E402
    Box,
    Euler,
    Outflow,
    Problem,
    riemann_solution,
    riemann_star,
)
from froude.solvers import SSPRK3, CartesianGrid, ShockCapturing, solve  # noqa: E402

AIR = Euler(heat_ratio=1.4)
MEMBRANE, END = 0.5, 6e-4
DRIVER = jnp.array([1.2, 0.0, 1.0e5])
DRIVEN = jnp.array([0.15, 0.0, 1.0e4])


def tube(cells):
    """Air at 1 and at 0.1 bar in a tube of one metre, open at both ends."""
    start = lambda x: AIR.conserved(jnp.where(x[0] < MEMBRANE, DRIVER, DRIVEN))
    ends = {"x_min": Outflow(), "x_max": Outflow()}
    problem = Problem(AIR, Box((0.0,), (1.0,)), ends, start, (0.0, END))
    return ShockCapturing(problem, CartesianGrid(cells))


def main():
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=200, help="cells, at least 20")
    parser.add_argument("--output", type=Path, default=Path("build/shock_tube"))
    given = parser.parse_args()
    if given.cells < 20:
        parser.error(f"--cells {given.cells} resolves no wave; give at least 20.")

    scheme = tube(given.cells)
    exact = scheme.project(
        lambda x: AIR.conserved(
            riemann_solution(END, x, DRIVER, DRIVEN, AIR.heat_ratio, origin=MEMBRANE)
        )
    )
    # A Courant number of 0.4 at the fastest wave of the end.
    steps = int(np.ceil(END / (0.4 * scheme.largest_time_step(exact)) / 4)) * 4
    solution = solve(scheme, steps=steps, saves=4, method=SSPRK3())
    error = jnp.mean(jnp.abs(solution.final[0] - exact[0]))
    print(f"{steps} steps on {given.cells} cells: {solution.to_xarray().status}")
    print(f"mean error of density {float(error):.5f} kg/m³")

    behind = lambda level: riemann_star(DRIVER.at[2].set(level), DRIVEN, 1.4).pressure
    pressure, slope = jax.value_and_grad(behind)(DRIVER[2])
    print(
        f"pressure behind the shock {pressure:.0f} Pa, {slope:.4f} Pa per Pa of driver"
    )

    given.output.mkdir(parents=True, exist_ok=True)
    dataset = solution.to_xarray()
    dataset["density_exact"] = ("x", np.asarray(exact[0]), {"units": "kg m-3"})
    dataset.to_zarr(given.output / "shock_tube.zarr", mode="w", consolidated=False)
    figure, axis = plt.subplots(figsize=(6, 3.5), layout="constrained")
    dataset.density_exact.plot(ax=axis, color="black", label="exact")
    dataset.density[-1].plot(ax=axis, linestyle="", marker=".", label="froude")
    axis.legend()
    figure.savefig(given.output / "shock_tube.png", dpi=150)


if __name__ == "__main__":
    main()
