"""Write the mesh files of this folder: python -m benchmarks.meshes.write.

All lengths in metres. Quadratic cells have their middle nodes on the true curves.
"""

import jax
import jax.numpy as jnp
import numpy as np

from froude.solvers import Mesh, box_mesh, morph, rectangle_mesh, write_mesh
from froude.solvers.cells import CELLS

from . import MESHES
from .dfg_cylinder import cylinder_channel

QUARTER = 0.5 * np.pi


def renamed(mesh: Mesh, names: dict, split: dict | None = None) -> Mesh:
    """Give the boundary parts other names; `split` says which facets of a part, by
    their middles (facets, dim), form a part of their own."""
    boundaries = {}
    corners, points = mesh.cell.facet.corners, np.asarray(mesh.points)
    for name, part in mesh.topology.boundaries.items():
        facets = part.nodes.T[:, :corners]
        middles = points[facets].mean(axis=1)
        for other, (owner, inside) in (split or {}).items():
            if owner == name:
                chosen = inside(middles)
                boundaries[other] = facets[chosen]
                facets, middles = facets[~chosen], middles[~chosen]
        boundaries[names.get(name, name)] = facets
    topology = mesh.topology
    return Mesh.from_cells(
        points, topology.cell_type, topology.cells, boundaries=boundaries
    )


def ellipses(x):
    """(s, θ) or (s, θ, z) to the plan of NAFEMS LE1 and LE10."""
    s, angle = x[0], x[1]
    across = (2.0 + 1.25 * s) * jnp.cos(angle)
    along = (1.0 + 1.75 * s) * jnp.sin(angle)
    return jnp.stack([across, along, *x[2:]])


ELLIPSE_PARTS = {"x_min": "inner", "x_max": "outer", "y_min": "CD", "y_max": "AB"}


def elliptic_membrane(element: str) -> Mesh:
    """Cells half as long at D as they would be in a uniform mesh, or less."""
    grid = rectangle_mesh(12, 16, element=element)
    closer = lambda x: jnp.stack([1.0, QUARTER]) * (0.35 * x + 0.65 * x**2)
    return renamed(morph(grid, lambda x: ellipses(closer(x))), ELLIPSE_PARTS)


def thick_plate() -> Mesh:
    """0.6 thick, with nodes on the middle line of the outer face."""
    grid = box_mesh(6, 8, 4, (0.0, 0.0, 0.0), (1.0, QUARTER, 0.6), element="S2")
    names = ELLIPSE_PARTS | {"z_min": "bottom", "z_max": "top"}
    return renamed(morph(grid, ellipses), names)


def cook_membrane(element: str, n: int) -> Mesh:
    grid = rectangle_mesh(n, n, element=element)
    place = lambda x: jnp.stack(
        [48.0 * x[0], 44.0 * x[0] + x[1] * (44.0 - 28.0 * x[0])]
    )
    return renamed(morph(grid, place), {"x_min": "clamped", "x_max": "loaded"})


def plate_with_hole() -> Mesh:
    """A quarter of a square of side 8 with a hole of radius 1."""
    grid = rectangle_mesh(12, 16, (0.0, 0.0), (1.0, QUARTER), element="S2")

    def place(x):
        way = jnp.stack([jnp.cos(x[1]), jnp.sin(x[1])])
        square = 4.0 * way / jnp.max(jnp.abs(way))
        s = 0.3 * x[0] + 0.7 * x[0] ** 2
        return (1 - s) * way + s * square

    right = ("x_max", lambda middle: middle[:, 0] > 4.0 - 1e-9)
    names = {"x_min": "hole", "x_max": "top", "y_min": "y=0", "y_max": "x=0"}
    return renamed(morph(grid, place), names, {"right": right})


def cylinder(n: int) -> Mesh:
    """A quarter of the section of a pipe of radii 1 and 2."""
    grid = rectangle_mesh(n, 2 * n, (1.0, 0.0), (2.0, QUARTER))
    turn = lambda x: x[0] * jnp.stack([jnp.cos(x[1]), jnp.sin(x[1])])
    names = {"x_min": "bore", "x_max": "outside", "y_min": "y=0", "y_max": "x=0"}
    return renamed(morph(grid, turn), names)


def ring(n: int) -> Mesh:
    """The half section (r, z) of a slice of the same pipe, sheared cells."""
    grid = rectangle_mesh(n, 3, (1.0, 0.0), (2.0, 0.5))
    bend = lambda x: (
        x
        + jnp.stack(
            [0.08 * jnp.sin(np.pi * (x[0] - 1)) * jnp.sin(2 * np.pi * x[1]), 0.0]
        )
    )
    return renamed(morph(grid, bend), {"x_min": "bore", "x_max": "outside"})


def patch(element: str, dimension: int) -> Mesh:
    """A unit square or cube whose inner corners are moved at random.

    The sides x_min and y_min are held, the others loaded.
    """
    make = rectangle_mesh if dimension == 2 else box_mesh
    lower = (0.5, 0.0) if dimension == 2 else (0.0,) * 3
    upper = (1.5, 1.0) if dimension == 2 else (1.0,) * 3
    mesh = make(*[3] * dimension, lower=lower, upper=upper, element=element)
    inner = np.ones(len(mesh.points), bool)
    for part in mesh.topology.boundaries.values():
        inner[part.unique_nodes] = False
    noise = np.random.default_rng(3).uniform(-0.08, 0.08, mesh.points.shape)
    points = np.asarray(mesh.points) + noise * inner[:, None]
    linear = CELLS[mesh.topology.cell_type.rstrip("0123456789")]
    cells = mesh.topology.cells
    corners = points[cells[:, : mesh.cell.corners]]
    points[cells] = np.einsum("ak,ekd->ead", linear.shape(mesh.cell.nodes), corners)
    sides = {
        name: part.nodes.T[:, : mesh.cell.facet.corners]
        for name, part in mesh.topology.boundaries.items()
    }
    held = np.concatenate([sides.pop("x_min"), sides.pop("y_min")])
    boundaries = {"held": held, "loaded": np.concatenate(list(sides.values()))}
    return Mesh.from_cells(
        points, mesh.topology.cell_type, cells, boundaries=boundaries
    )


def main() -> None:
    files = {
        "nafems_le1_quad8": elliptic_membrane("S2"),
        "nafems_le1_triangle6": elliptic_membrane("P2"),
        "nafems_le10_hexahedron20": thick_plate(),
        "cook_membrane_16_quad": cook_membrane("Q1", 16),
        "cook_membrane_32_quad9": cook_membrane("Q2", 32),
        "kirsch_hole_quad8": plate_with_hole(),
        "lame_cylinder_8_quad": cylinder(8),
        "lame_ring_8_quad": ring(8),
    }
    for n in (6, 12):
        files[f"dfg_cylinder_{n}_quad9"] = cylinder_channel(n)
    for element in ("P1", "P2", "Q1", "Q2", "S2"):
        for dimension in (2, 3):
            mesh = patch(element, dimension)
            files[f"patch_{mesh.topology.cell_type}"] = mesh
    for name, mesh in files.items():
        write_mesh(MESHES / f"{name}.msh", mesh)


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    main()
