"""The figure of `bracket_sweep.py`: sweep, accuracy and the verified optimum."""

from pathlib import Path

import numpy as np


def draw(simulate, best, result, predicted, truth, path: Path):
    """Save three panels: the sweep, predicted against solved stress, the optimum.

    Args:
        simulate: the bracket whose mesh is drawn.
        best: verified optimum.
        result: the sweep.
        predicted, truth: peak stresses of held-out runs, with `predicted` holding
            value, lower and upper (3, runs) [Pa].
        path: PNG file.
    """
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    figure, (sweep, parity, body) = plt.subplots(1, 3, figsize=(15, 4.6))
    mass, peak = result["mass"].values, result["peak_stress_reported"].values
    # A rejected design that the budget did not reach has no answer.
    known = np.isfinite(mass) & np.isfinite(peak)
    sweep.hist2d(
        1e3 * mass[known], peak[known] / 1e6, 160, cmin=1, cmap="Blues", norm="log"
    )
    sweep.plot(
        1e3 * best.solved["mass"],
        best.solved["peak_stress_reported"] / 1e6,
        "o",
        color="tab:red",
        label="lightest at the operating point, solved",
    )
    sweep.set(
        xlabel="mass [g]",
        ylabel="peak von Mises stress [MPa]",
        title=f"{known.sum():,} designs by surrogate",
    )
    sweep.legend()

    value, lower, upper = predicted / 1e6
    truth = truth / 1e6
    parity.errorbar(
        truth, value, yerr=[value - lower, upper - value], fmt=".", ecolor="0.7"
    )
    line = [np.nanmin(truth), np.nanmax(truth)]
    parity.plot(line, line, "k-", lw=0.8)
    parity.set(
        xlabel="solver [MPa]",
        ylabel="surrogate, 90 % interval [MPa]",
        title="peak stress, runs the surrogate never saw",
    )

    _draw_body(plt, figure, body, simulate, best)
    figure.tight_layout()
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _draw_body(plt, figure, axes, simulate, best):
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    mesh = simulate.loaded(best.design).mesh
    _, fields, _ = simulate(best.design)
    points = 1e3 * np.asarray(mesh.points)
    stress = fields["von_mises"] / 1e6
    place = axes.get_subplotspec()
    axes.remove()
    axes = figure.add_subplot(place, projection="3d")
    facets = np.concatenate(
        [mesh.topology.boundary(name).nodes[:3].T for name in mesh.boundary_names]
    )
    # Mirrored at the plane of symmetry; the singular edges of the bolts are cut off.
    limit = stress[mesh.topology.nodes_of("fillet")].max()
    shade = np.minimum(stress[facets].mean(axis=1) / limit, 1.0)
    colours = plt.cm.viridis
    for side in (1.0, -1.0):
        axes.add_collection3d(
            Poly3DCollection(
                (points * (1.0, side, 1.0))[facets],
                facecolors=colours(shade),
                linewidths=0,
            )
        )
    end = points.max(axis=0)
    axes.set(
        xlim=(0, end[0]),
        ylim=(-end[1], end[1]),
        zlim=(0, end[2]),
        xlabel="x [mm]",
        ylabel="y [mm]",
        zlabel="z [mm]",
        title=f"lightest below the limit, {1e3 * best.solved['mass']:.0f} g",
    )
    axes.set_box_aspect((end[0], 2 * end[1], end[2]))
    axes.view_init(22, 35)
    figure.colorbar(
        plt.cm.ScalarMappable(plt.Normalize(0, limit), colours),
        ax=axes,
        label="von Mises stress [MPa]",
        shrink=0.7,
        pad=0.12,
    )
