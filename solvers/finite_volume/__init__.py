"""Finite volumes on Cartesian grids in one to three dimensions.

Start with `finite_volume.py` for the scheme, `face_flux.py` for the flux between two
states, `boundary_face.py` for how conditions act, `stencil.py` for the Jacobian.
May import `physics`, `solvers.discretization`, `solvers.lattice`,
`solvers.pointwise`, `solvers.sparse`.
"""

from .finite_volume import CartesianGrid as CartesianGrid
from .finite_volume import FiniteVolume as FiniteVolume
from .limiter import minmod as minmod
from .limiter import monotonized_central as monotonized_central
from .limiter import superbee as superbee
from .limiter import unlimited as unlimited
from .limiter import van_leer as van_leer
