"""Physics at a point: balance laws, domains, boundary conditions, problems.

Nothing here knows a mesh, a stencil or a network. Start with `balance_law.py` for the
contract, `heat.py` for an equation, `problem.py` for how the parts are bundled.
May import: jax, equinox.
"""

from .advection_diffusion import AdvectionDiffusion as AdvectionDiffusion
from .advection_diffusion import advected_mode as advected_mode
from .axisymmetric import Axisymmetric as Axisymmetric
from .axisymmetric import PerRadian as PerRadian
from .axisymmetric import lame_cylinder as lame_cylinder
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
from .cell_field import CellField as CellField
from .check import LawCheck as LawCheck
from .check import check_balance_law as check_balance_law
from .domain import AbstractDomain as AbstractDomain
from .domain import Box as Box
from .domain import Region as Region
from .elastic import ROOM_TEMPERATURE as ROOM_TEMPERATURE
from .elastic import AbstractElasticMaterial as AbstractElasticMaterial
from .elastic import AbstractLinearElasticMaterial as AbstractLinearElasticMaterial
from .elastic import AbstractSmallStrainMaterial as AbstractSmallStrainMaterial
from .elastic import IsotropicElastic as IsotropicElastic
from .elastic import OrthotropicElastic as OrthotropicElastic
from .elastic import lame_parameters as lame_parameters
from .elastodynamics import Elastodynamics as Elastodynamics
from .elastodynamics import longitudinal_standing_wave as longitudinal_standing_wave
from .elastodynamics import longitudinal_wave_speed as longitudinal_wave_speed
from .euler import Euler as Euler
from .euler import isentropic_vortex as isentropic_vortex
from .euler import simple_wave as simple_wave
from .follower import AbstractFollowerLoad as AbstractFollowerLoad
from .follower import FollowerPressure as FollowerPressure
from .gas import AbstractGas as AbstractGas
from .gas_boundary import PressureOutlet as PressureOutlet
from .gas_boundary import SlipWall as SlipWall
from .heat import HeatConduction as HeatConduction
from .heat import heat_decaying_mode as heat_decaying_mode
from .history_law import AbstractHistoryLaw as AbstractHistoryLaw
from .history_solid import AbstractHistorySolid as AbstractHistorySolid
from .hyperelastic import AbstractHyperelasticMaterial as AbstractHyperelasticMaterial
from .hyperelastic import (
    NearlyIncompressibleNeoHookean as NearlyIncompressibleNeoHookean,
)
from .hyperelastic import NeoHookean as NeoHookean
from .hyperelastic import StVenantKirchhoff as StVenantKirchhoff
from .loads import Pressure as Pressure
from .loads import Spring as Spring
from .loads import Traction as Traction
from .manufactured import manufactured as manufactured
from .materials import ALUMINIUM_6061_T6 as ALUMINIUM_6061_T6
from .materials import ALUMINIUM_7075_T6 as ALUMINIUM_7075_T6
from .materials import CONCRETE_C30 as CONCRETE_C30
from .materials import COPPER as COPPER
from .materials import PA12_SINTERED as PA12_SINTERED
from .materials import STAINLESS_304 as STAINLESS_304
from .materials import STEEL_S235 as STEEL_S235
from .materials import STEEL_S355 as STEEL_S355
from .materials import TITANIUM_6AL_4V as TITANIUM_6AL_4V
from .materials import MaterialData as MaterialData
from .parameter import Constant as Constant
from .parameter import Polynomial as Polynomial
from .parameter import Tabulated as Tabulated
from .plane_stress import PlaneStress as PlaneStress
from .plasticity import J2Plasticity as J2Plasticity
from .plasticity import PlasticHistory as PlasticHistory
from .plasticity import VoceHardening as VoceHardening
from .point_load import PointLoad as PointLoad
from .problem import Problem as Problem
from .residual import Jet as Jet
from .residual import autodiff_jet as autodiff_jet
from .residual import strong_residual as strong_residual
from .riemann import StarState as StarState
from .riemann import riemann_solution as riemann_solution
from .riemann import riemann_star as riemann_star
from .scaled_elastic import ScaledElastic as ScaledElastic
from .solid import AbstractSolid as AbstractSolid
from .solid import PlaneStrain as PlaneStrain
from .solid import Solid as Solid
from .stress import cauchy_stress as cauchy_stress
from .stress import hydrostatic as hydrostatic
from .stress import principal as principal
from .stress import small_strain as small_strain
from .stress import von_mises as von_mises
from .tensor import green_lagrange as green_lagrange
