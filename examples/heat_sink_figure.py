"""The figure of `heat_sink.py`: front, accuracy and the verified optimum."""

from pathlib import Path

import numpy as np


def draw(simulate, best, result, front, confirmed, predicted, truth, path: Path):
    """Save three panels: the sweep with its front, predicted against solved, the sink.

    Args:
        simulate: simulation whose mesh is drawn.
        best: verified optimum.
        result: the sweep.
        front: indices of its Pareto front.
        confirmed: winners as the solver sees them.
        predicted, truth: peak temperatures of held-out runs, with `predicted` holding
            value, lower and upper (3, runs) [K].
        path: PNG file.
    """
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    figure, (sweep, parity, body) = plt.subplots(1, 3, figsize=(15, 4.6))
    mass, peak = result["mass"].values, result["peak_temperature"].values
    # A rejected design that the budget did not reach has no answer.
    known = np.isfinite(mass) & np.isfinite(peak)
    sweep.hist2d(
        1e3 * mass[known],
        peak[known] - 273.15,
        bins=160,
        cmin=1,
        cmap="Blues",
        norm="log",
    )
    sweep.plot(1e3 * mass[front], peak[front] - 273.15, "k-", label="Pareto front")
    sweep.plot(
        1e3 * confirmed["mass"],
        confirmed["peak_temperature"] - 273.15,
        "o",
        color="tab:red",
        label="solved again",
    )
    sweep.set(
        xlabel="mass [g]",
        ylabel="peak temperature [°C]",
        title=f"{known.sum():,} designs by surrogate",
    )
    sweep.legend()

    value, lower, upper = predicted - 273.15
    truth = truth - 273.15
    parity.errorbar(
        truth, value, yerr=[value - lower, upper - value], fmt=".", ecolor="0.7"
    )
    parity.plot([truth.min(), truth.max()], [truth.min(), truth.max()], "k-", lw=0.8)
    parity.set(
        xlabel="solver [°C]",
        ylabel="surrogate, 90 % interval [°C]",
        title="peak temperature, runs the surrogate never saw",
    )

    _draw_body(plt, figure, body, simulate, best)
    figure.tight_layout()
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _draw_body(plt, figure, axes, simulate, best):
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    design = {name: np.float64(value) for name, value in best.design.items()}
    mesh = simulate.build(design).mesh
    _, fields, _ = simulate(design)
    points = 1e3 * np.asarray(mesh.points)
    temperature = np.asarray(fields["temperature"]) - 273.15
    place = axes.get_subplotspec()
    axes.remove()
    axes = figure.add_subplot(place, projection="3d")
    facets = np.concatenate(
        [mesh.topology.boundary(name).nodes.T for name in mesh.boundary_names]
    )
    colours = plt.cm.inferno
    low, high = temperature.min(), temperature.max()
    shade = (temperature[facets].mean(axis=1) - low) / (high - low)
    axes.add_collection3d(
        Poly3DCollection(points[facets], facecolors=colours(shade), linewidths=0)
    )
    span = np.ptp(points, axis=0)
    axes.set(
        xlim=(0, span[0]),
        ylim=(0, span[1]),
        zlim=(0, span[2]),
        xlabel="x [mm]",
        ylabel="y [mm]",
        zlabel="z [mm]",
        title=f"lightest below the limit, {1e3 * best.solved['mass']:.0f} g",
    )
    axes.set_box_aspect(span)
    axes.view_init(25, 35)
    figure.colorbar(
        plt.cm.ScalarMappable(plt.Normalize(low, high), colours),
        ax=axes,
        label="temperature [°C]",
        shrink=0.7,
        pad=0.12,
    )
