"""Pseudo-spectral Fourier scheme on fully periodic boxes.

Start with `fourier.py` for the scheme, `dealiasing.py` for the choice of product grid,
`transform.py` for the modes. May import `physics`, `solvers.discretization`,
`solvers.lattice`, `solvers.pointwise`.
"""

from .dealiasing import AbstractDealiasing as AbstractDealiasing
from .dealiasing import Aliased as Aliased
from .dealiasing import Padded as Padded
from .dealiasing import Truncated as Truncated
from .exponential import ExponentialRungeKutta as ExponentialRungeKutta
from .fourier import Fourier as Fourier
from .fourier import FourierGrid as FourierGrid
from .fourier_jacobian import FourierJacobian as FourierJacobian
from .modal_method import AbstractModalMethod as AbstractModalMethod
from .modal_method import ModalMarch as ModalMarch
