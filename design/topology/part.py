"""The part of a layout: solid cells and nothing else, measured again."""

import dataclasses
from os import PathLike

import jax.numpy as jnp
import numpy as np

from ...solvers import Mesh
from ...solvers.facets import boundary_facets
from .iteration import check_finite, measure
from .member import minimum_member
from .optimization import TopologyResult


@dataclasses.dataclass(frozen=True)
class Part:
    """Solid cells of a mesh and what they measure.

    Attributes:
        mesh: the mesh of the layout.
        solid: which cells are solid, (cells,).
        level: least density of a solid cell.
        compliance: weighted sum over the load cases, with the void as stiff as it was
            in the optimisation [J].
        volume: share of the mesh's volume.
        minimum_member: thickness of the thinnest member [m].
        unsupported: solid cells above nothing solid; `None` without an overhang limit.
        before: compliance of the grey layout [J].
        limits: largest value over what is allowed, of every limit [-].
    """

    mesh: Mesh
    solid: np.ndarray
    level: float
    compliance: float
    volume: float
    minimum_member: float
    unsupported: int | None
    before: float
    limits: tuple[float, ...]


def threshold(
    result: TopologyResult,
    *,
    level: float | None = None,
    symmetry: tuple[str, ...] = (),
) -> Part:
    """Make a part of the cells above a density and measure it.

    Under an overhang limit cells that hang in the air are left out.

    Args:
        result: of `minimize_compliance`.
        level: least density of a solid cell; by default that which keeps the volume of
            the layout as nearly as whole cells can without exceeding it.
        symmetry: boundary parts that are planes of symmetry, where a member goes on.

    Raises:
        ValueError: a level that leaves no cell.
        FloatingPointError: see `measure_part`.
    """
    layout, densities = result.layout, result.densities
    volumes = np.asarray(layout.volumes)
    if level is None:
        densest = np.argsort(-densities, kind="stable")
        filled = np.cumsum(volumes[densest])
        room = result.volume * volumes.sum() * (1 + 1e-9)
        kept = densest[: np.searchsorted(filled, room, side="right")]
        solid = np.zeros(len(volumes), bool)
        solid[kept] = True
        level = float(densities[solid].min(initial=1.0))
    else:
        solid = densities >= level
    solid = (solid | layout.solid) & ~layout.void
    if layout.order is not None:
        solid = layout.order.without_overhangs(solid)
    if not solid.any():
        raise ValueError(
            f"level = {level} leaves no solid cell; the densest has "
            f"{densities.max():.3g}."
        )
    part = measure_part(result, solid, symmetry=symmetry)
    return dataclasses.replace(part, level=level)


def measure_part(
    result: TopologyResult, solid: np.ndarray, *, symmetry: tuple[str, ...] = ()
) -> Part:
    """Measure any part of the mesh under the loads of a layout, such as a baseline.

    Args:
        result: of `minimize_compliance`, for load cases, material and limits.
        solid: which cells are solid, (cells,).
        symmetry: boundary parts that are planes of symmetry, where a member goes on.

    Raises:
        ValueError: not one truth value for each cell.
        FloatingPointError: a compliance or the use of a limit that is not finite.
    """
    layout = result.layout
    solid = np.asarray(solid)
    if solid.dtype != bool or solid.shape != layout.volumes.shape:
        raise ValueError(
            f"solid has the type {solid.dtype} and shape {solid.shape}; give a mask "
            f"({layout.volumes.size},)."
        )
    black = jnp.asarray(solid, layout.volumes.dtype)
    hanging = None if layout.order is None else len(layout.order.unsupported(solid))
    value, uses = measure(result.options, result.problems, layout.mesh, black)
    value, uses = float(value), tuple(map(float, uses))
    check_finite(value, uses, "the part")
    return Part(
        mesh=layout.mesh,
        solid=solid,
        level=1.0,
        compliance=value,
        volume=float(layout.volume(black)),
        minimum_member=minimum_member(layout.mesh, solid, symmetry),
        unsupported=hanging,
        before=result.compliance,
        limits=uses,
    )


def write_part(path: str | PathLike, part: Part) -> None:
    """Write the solid cells of a part, or their surface.

    Args:
        path: .stl for the closed surface in three dimensions, as triangles turned
            outwards; any other format of meshio, such as .vtu, for the cells.
        part: from `threshold`.

    Raises:
        ValueError: an .stl of a part in two dimensions.
    """
    import meshio

    topology = part.mesh.topology
    cells = topology.cells[part.solid]
    points = np.asarray(part.mesh.points, float)
    kind = topology.cell_type
    if str(path).lower().endswith(".stl"):
        if part.mesh.dimension != 3:
            raise ValueError(
                f"path = {str(path)!r}: an .stl file holds the surface of a body in "
                "three dimensions; write a part in the plane as .vtu."
            )
        cells = np.concatenate(
            [
                facets[:, [0, k, k + 1]]
                for facets in boundary_facets(kind, cells)
                for k in range(1, facets.shape[1] - 1)
            ]
        )
        kind = "triangle"
    used, cells = np.unique(cells, return_inverse=True)
    cells = cells.reshape(-1, topology.cells.shape[1] if kind != "triangle" else 3)
    places = np.pad(points[used], ((0, 0), (0, 3 - points.shape[1])))
    meshio.write(path, meshio.Mesh(places, [(kind, cells)]))
