"""The figure of `bracket_topology.py`: both brackets and the history of the layout."""

from pathlib import Path

import numpy as np


def draw(part, plain, history: np.ndarray, path: Path) -> None:
    """Save three panels: the part, the plate with a web of its mass, the history.

    Args:
        part: the printable bracket, y >= 0.
        plain: the conventional one.
        history: of the optimisation, (steps, 4).
        path: PNG file.
    """
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(15, 4.6))
    for place, body, words in ((1, part, "part"), (2, plain, "plate and web")):
        axes = figure.add_subplot(1, 3, place, projection="3d")
        _draw_body(axes, body)
        axes.set_title(f"{words}: {body.compliance:.3f} J at {body.volume:.3f}")
    axes = figure.add_subplot(1, 3, 3)
    axes.semilogy(history[:, 0], "k-")
    for start in np.flatnonzero(np.diff(history[:, 3])):
        axes.axvline(start + 0.5, color="0.8", zorder=0)
    axes.set(
        xlabel="step",
        ylabel="compliance of the thin version [J]",
        title="a line wherever the projection sharpens",
    )
    figure.tight_layout()
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _draw_body(axes, body):
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    corners = np.asarray(body.mesh.topology.cells)[body.solid]
    sides = corners[:, np.asarray(body.mesh.cell.facet_corners)].reshape(-1, 4)
    _, first, count = np.unique(
        np.sort(sides, axis=1), axis=0, return_index=True, return_counts=True
    )
    faces = 1e3 * np.asarray(body.mesh.points)[sides[first[count == 1]]]
    # the symmetry plane is no surface; the other half is its mirror image
    faces = faces[~(np.abs(faces[:, :, 1]) < 1e-6).all(axis=1)]
    faces = np.concatenate([faces, faces * (1.0, -1.0, 1.0)])
    across = np.cross(faces[:, 1] - faces[:, 0], faces[:, 3] - faces[:, 0])
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    shade = 0.45 + 0.5 * np.abs(across @ (0.3, 0.5, 0.8))
    colours = np.stack([0.55 * shade, 0.7 * shade, 0.9 * shade], axis=1)
    axes.add_collection3d(Poly3DCollection(faces, facecolors=colours, linewidths=0))
    span = np.ptp(1e3 * np.asarray(body.mesh.points), axis=0) * (1, 2, 1)
    axes.set(
        xlim=(0, span[0]),
        ylim=(-0.5 * span[1], 0.5 * span[1]),
        zlim=(0, span[2]),
        xlabel="x [mm]",
        ylabel="y [mm]",
        zlabel="z [mm]",
    )
    axes.set_box_aspect(span)
    axes.view_init(28, -60)
