"""The L-bracket under a limit on stress: the re-entrant corner is rounded.

Unit square without its upper right 0.6 by 0.6, squares of side 1/40, plane stress, E 1,
ν 0.3, held at the top, a force of 1 N/m downwards over the upper 0.1 m of the free end;
half the volume, or the least under 55 Pa. P. Duysinx and M. P. Bendsøe (1998), Int. J.
Numer. Methods Eng. 43, 1453; C. Le et al. (2010), Struct. Multidisc. Optim. 41, 605.
Stresses are those in the middle of the squares of the part, cut to black and white; a
re-entrant corner has no finite stress on finer meshes, so only figures on one mesh are
compared.
"""

import jax.numpy as jnp
import numpy as np

from froude.design import (
    DensityFilter,
    Layout,
    MovingAsymptotes,
    Projection,
    StressLimit,
    minimize_compliance,
    minimize_volume,
    simp,
    threshold,
)
from froude.physics import (
    Dirichlet,
    IsotropicElastic,
    PlaneStress,
    PointLoad,
    Problem,
    Region,
    Traction,
)
from froude.solvers import Mesh, name_points, rectangle_mesh

from ..evidence import above, below, relative

GROUP = "topology optimisation"
TIER = "verify"
SIDE, WIDTH = 40, 0.4
ALLOWED = 48.0
ASKED = 42.0
BORNE = 55.0
SOURCE = "C. Le et al. (2010), doi:10.1007/s00158-009-0440-y, section 6.1, in kind"


def bracket():
    """Problem, mesh, centres of the squares and those under the load."""
    square = rectangle_mesh(SIDE, SIDE)
    centre = np.asarray(square.points)[square.topology.cells].mean(axis=1)
    cells = square.topology.cells[~(centre > WIDTH).all(axis=1)]
    used, cells = np.unique(cells, return_inverse=True)
    points, cells = np.asarray(square.points)[used], cells.reshape(-1, 4)
    x, y = points.T
    end = (x > 1 - 1e-9) & (y > WIDTH - 0.1 - 1e-9)
    mesh = Mesh.from_cells(points, "quad", cells)
    mesh = name_points(mesh, {"top": points[y > 1 - 1e-9], "load": points[end]})
    conditions = {name: Traction((0.0, 0.0)) for name in mesh.boundary_names}
    conditions |= {
        "top": Dirichlet(0.0),
        "load": PointLoad((0.0, -1.0 / np.count_nonzero(end))),
    }
    law = PlaneStress(IsotropicElastic(1.0, 0.3))
    centre = points[cells].mean(axis=1)
    under = (centre[:, 0] > 0.8) & (centre[:, 1] > WIDTH - 0.1)
    return Problem(law, Region(2, tuple(conditions)), conditions), mesh, centre, under


def run():
    problem, mesh, centre, under = bracket()
    sharpened = lambda *stages: Layout(
        mesh,
        filter=DensityFilter(2.5 / SIDE),
        projection=Projection(0.0, stages, 25),
        solid=under,
    )
    layout = sharpened(1.0, 2.0, 4.0, 8.0, 16.0)
    corner = np.hypot(*(centre - WIDTH).T) < 3 / SIDE

    def cut(result):
        part = threshold(result)
        black = jnp.asarray(part.solid, float)
        one = StressLimit(1.0).squares(
            (problem,), mesh, black, simp(black, 3.0, 1e-9), None
        )
        stress = np.sqrt(np.asarray(one))
        arm = (centre[:, 1] > 0.6) & (centre[:, 1] < 0.9)
        return part, stress.max(), stress[corner].max() / stress[arm].max()

    options = dict(method=MovingAsymptotes(move=0.1), max_steps=180)
    stiffest, result = (
        minimize_compliance(
            problem, layout, volume=0.5, limits=StressLimit(limit), **options
        )
        for limit in (1e6, ASKED)
    )
    stiff, free_peak, free_corner = cut(stiffest)
    part, peak, at_corner = cut(result)
    lightest = minimize_volume(
        problem,
        sharpened(1.0, 2.0, 4.0, 8.0),
        limits=StressLimit(BORNE),
        method=MovingAsymptotes(move=0.05),
        max_steps=180,
    )
    light, light_peak, _ = cut(lightest)
    yield above(
        "largest stress of the stiffest part over what is allowed: the limit acts",
        free_peak / ALLOWED,
        limit=1.1,
        source=SOURCE,
    )
    yield below(
        f"largest von Mises stress of the part, {ASKED:g} Pa asked for before the cut",
        peak,
        limit=ALLOWED,
        unit="Pa",
        source=SOURCE,
    )
    yield below(
        "the same over that of the stiffest part",
        peak / free_peak,
        limit=0.85,
        source=SOURCE,
    )
    yield below(
        "largest stress at the re-entrant corner over that of the straight arm, over "
        f"the same ratio of the stiffest part ({at_corner:.2f}, {free_corner:.2f})",
        at_corner / free_corner,
        limit=0.9,
        source=SOURCE,
    )
    yield below(
        "volume that the part fills", part.volume, limit=0.5 * 1.005, source=SOURCE
    )
    yield below(
        f"price in compliance, {result.steps} steps",
        part.compliance / stiff.compliance,
        limit=1.4,
        source=SOURCE,
    )
    yield relative(
        f"largest stress of the lightest layout, {lightest.steps} steps",
        BORNE * lightest.limits[0],
        reference=BORNE,
        tolerance=5e-3,
        unit="Pa",
        source="the limit, which a layout of least volume reaches",
    )
    yield below(
        "volume of the lightest part over that of the stiffest, which bears more",
        light.volume / stiff.volume,
        limit=0.75,
        source=SOURCE,
    )
    yield below(
        "largest stress of the lightest part over that of the stiffest",
        light_peak / free_peak,
        limit=1.0,
        source=SOURCE,
    )
