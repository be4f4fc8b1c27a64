"""Physics at a point: balance laws, domains, boundary conditions, problems.

Nothing here knows a mesh, a stencil or a network. Start with `balance_law.py` for the
contract, `heat.py` for an equation, `problem.py` for how the parts are bundled.
May import: jax, equinox.
"""

from .advection_diffusion import AdvectionDiffusion as AdvectionDiffusion
from .advection_diffusion import advected_mode as advected_mode
from .balance_law import AbstractBalanceLaw as AbstractBalanceLaw
from .balance_law import AbstractHyperbolicLaw as AbstractHyperbolicLaw
from .balance_law import Component as Component
from .boundary import STEFAN_BOLTZMANN as STEFAN_BOLTZMANN
from .boundary import AbstractBoundaryCondition as AbstractBoundaryCondition
from .boundary import AbstractEssentialCondition as AbstractEssentialCondition
from .boundary import AbstractNaturalCondition as AbstractNaturalCondition
from .boundary import Dirichlet as Dirichlet
from .boundary import NormalFlux as NormalFlux
from .boundary import Outflow as Outflow
from .boundary import Radiation as Radiation
from .boundary import Robin as Robin
from .boundary import acts_on as acts_on
from .burgers import Burgers as Burgers
from .burgers import burgers_cole_hopf as burgers_cole_hopf
from .burgers import burgers_travelling_front as burgers_travelling_front
from .check import LawCheck as LawCheck
from .check import check_balance_law as check_balance_law
from .domain import AbstractDomain as AbstractDomain
from .domain import Box as Box
from .domain import Region as Region
from .heat import HeatConduction as HeatConduction
from .heat import heat_decaying_mode as heat_decaying_mode
from .manufactured import manufactured as manufactured
from .parameter import Constant as Constant
from .parameter import Polynomial as Polynomial
from .parameter import Tabulated as Tabulated
from .problem import Problem as Problem
from .residual import Jet as Jet
from .residual import autodiff_jet as autodiff_jet
from .residual import strong_residual as strong_residual
