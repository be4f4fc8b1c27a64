"""Incompressible flow on staggered grids in two and three dimensions.

Start with `staggered.py` for the scheme, `momentum.py` for its fluxes, `faces.py` for
where velocities are, `boundary_part.py` for conditions, `separable.py` for the exact
solution of the pressure, `projection_runge_kutta.py` for the march. May import
`physics`, `solvers.discretization`, `solvers.lattice`, `solvers.pointwise`,
`solvers.sparse`, `solvers.time_method`.
"""

from .projection import Projected as Projected
from .projection import largest_step as largest_step
from .projection import project_velocity as project_velocity
from .projection_runge_kutta import ProjectionRungeKutta as ProjectionRungeKutta
from .staggered import Staggered as Staggered
from .staggered_grid import StaggeredGrid as StaggeredGrid
from .staggered_grid import WallClustering as WallClustering
