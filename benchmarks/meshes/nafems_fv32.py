"""The mesh of NAFEMS FV32: `python -m benchmarks.meshes.nafems_fv32` writes it anew.

A symmetric trapezium, 10 m long, 5 m wide where it is clamped and 1 m at its tip, with
16 by 8 nine-node quadrilaterals and the boundary parts clamped and free.
"""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from froude.solvers import Mesh, morph, rectangle_mesh, write_mesh

PATH = Path(__file__).with_suffix(".msh")


def tapered_membrane() -> Mesh:
    """The membrane [m]; x along the axis of symmetry, from the clamped end."""
    grid = rectangle_mesh(16, 8, (0.0, -0.5), (10.0, 0.5), element="Q2")
    tapered = morph(grid, lambda x: jnp.stack([x[0], x[1] * (5.0 - 0.4 * x[0])]))
    corners = grid.cell.facet.corners
    facets = {
        name: part.nodes.T[:, :corners]
        for name, part in grid.topology.boundaries.items()
    }
    clamped = facets.pop("x_min")
    boundaries = {"clamped": clamped, "free": np.concatenate(list(facets.values()))}
    return Mesh.from_cells(
        tapered.points, "quad9", grid.topology.cells, boundaries=boundaries
    )


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    write_mesh(PATH, tapered_membrane())
