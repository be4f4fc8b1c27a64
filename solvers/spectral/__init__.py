"""Pseudo-spectral Fourier scheme on fully periodic boxes.

Start with `fourier.py` for the scheme, `dealiasing.py` for the choice of product grid,
`transform.py` for the modes; for marches of modes with `modal_method.py`, and with
`splitting.py` for the linear part of a law. May import `physics`,
`solvers.discretization`, `solvers.lattice`, `solvers.pointwise`,
`solvers.time_method`.
"""

from .dealiasing import AbstractDealiasing as AbstractDealiasing
from .dealiasing import Aliased as Aliased
from .dealiasing import Padded as Padded
from .dealiasing import Truncated as Truncated
from .exponential import ExponentialRungeKutta as ExponentialRungeKutta
from .exponential_multistep import (
    ExponentialAdamsBashforth as ExponentialAdamsBashforth,
)
from .fourier import Fourier as Fourier
from .fourier import FourierGrid as FourierGrid
from .fourier_jacobian import FourierJacobian as FourierJacobian
from .imex import ImexRungeKutta as ImexRungeKutta
from .imex import LowStorageCrankNicolson as LowStorageCrankNicolson
from .modal_method import AbstractModalMethod as AbstractModalMethod
from .modal_method import ModalMarch as ModalMarch
