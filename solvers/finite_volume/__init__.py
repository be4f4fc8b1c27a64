"""Finite volumes on Cartesian grids in one to three dimensions.

Start with `cell_averages.py` for what the schemes share. `finite_volume.py` is the
scheme for smooth laws, with `face_flux.py` for the flux between two states and
`boundary_face.py` for how conditions act; `shock_capturing.py` that for gases, with
`reconstruction.py`, `positivity.py`, `gas_flux.py` and `ghost_gas.py`. `stencil.py` has
the Jacobian of both.
May import `physics`, `solvers.discretization`, `solvers.lattice`,
`solvers.pointwise`, `solvers.sparse`.
"""

from .cell_averages import CartesianGrid as CartesianGrid
from .finite_volume import FiniteVolume as FiniteVolume
from .gas_flux import HLLC as HLLC
from .gas_flux import HLLC_LM as HLLC_LM
from .gas_flux import AbstractNumericalFlux as AbstractNumericalFlux
from .gas_flux import Rusanov as Rusanov
from .limiter import minmod as minmod
from .limiter import monotonized_central as monotonized_central
from .limiter import superbee as superbee
from .limiter import unlimited as unlimited
from .limiter import van_leer as van_leer
from .reconstruction import WENO5Z as WENO5Z
from .reconstruction import AbstractReconstruction as AbstractReconstruction
from .reconstruction import Characteristic as Characteristic
from .reconstruction import LimitedLinear as LimitedLinear
from .reconstruction import Primitive as Primitive
from .shock_capturing import ShockCapturing as ShockCapturing
