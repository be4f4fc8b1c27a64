"""Problems on grids and meshes: differentiable, batched solvers of balance laws.

`discretize` puts a problem on a `CartesianGrid`, a `Mesh`, a `FourierGrid` or a
`StaggeredGrid`; `solve` marches it, `solve_steady` finds its steady state, `budget`
closes its books. Start with `discretization.py` for the contract that all schemes keep,
`newton.py` and `solve.py` for the two ways to a `Solution`, `sparse/` for the linear
solvers.
May import: physics, diffrax, SciPy on the host.
"""

from .adjoint import AbstractAdjoint as AbstractAdjoint
from .adjoint import Checkpointed as Checkpointed
from .adjoint import StoreAll as StoreAll
from .batch import BatchGradient as BatchGradient
from .batch import batch_value_and_gradient as batch_value_and_gradient
from .budget import Budget as Budget
from .budget import budget as budget
from .discretization import AbstractDiscretization as AbstractDiscretization
from .discretize import discretize as discretize
from .explicit import Explicit as Explicit
from .finite_element import AbstractFormulation as AbstractFormulation
from .finite_element import Displacement as Displacement
from .finite_element import FiniteElement as FiniteElement
from .finite_element import IncompatibleModes as IncompatibleModes
from .finite_element import LinearConstraint as LinearConstraint
from .finite_element import MeanDilatation as MeanDilatation
from .finite_element import ReducedIntegration as ReducedIntegration
from .finite_element import TaylorHood as TaylorHood
from .finite_element import UniformStrain as UniformStrain
from .finite_element import free_motions as free_motions
from .finite_element import nodal_measure as nodal_measure
from .finite_element import nodal_stress as nodal_stress
from .finite_element import quadrature_stress as quadrature_stress
from .finite_element import reaction_forces as reaction_forces
from .finite_element import strain_energy as strain_energy
from .finite_volume import HLLC as HLLC
from .finite_volume import HLLC_LM as HLLC_LM
from .finite_volume import WENO5Z as WENO5Z
from .finite_volume import AbstractNumericalFlux as AbstractNumericalFlux
from .finite_volume import AbstractReconstruction as AbstractReconstruction
from .finite_volume import CartesianGrid as CartesianGrid
from .finite_volume import Characteristic as Characteristic
from .finite_volume import FiniteVolume as FiniteVolume
from .finite_volume import LimitedLinear as LimitedLinear
from .finite_volume import Primitive as Primitive
from .finite_volume import Rusanov as Rusanov
from .finite_volume import ShockCapturing as ShockCapturing
from .finite_volume import minmod as minmod
from .finite_volume import monotonized_central as monotonized_central
from .finite_volume import superbee as superbee
from .finite_volume import unlimited as unlimited
from .finite_volume import van_leer as van_leer
from .generalized_alpha import GeneralizedAlpha as GeneralizedAlpha
from .implicit import BDF2 as BDF2
from .implicit import SDIRK2 as SDIRK2
from .implicit import SDIRK3 as SDIRK3
from .implicit import ThetaMethod as ThetaMethod
from .incompressible import Projected as Projected
from .incompressible import ProjectionRungeKutta as ProjectionRungeKutta
from .incompressible import Staggered as Staggered
from .incompressible import StaggeredGrid as StaggeredGrid
from .incompressible import WallClustering as WallClustering
from .incompressible import largest_step as largest_step
from .incompressible import project_velocity as project_velocity
from .mesh import Mesh as Mesh
from .mesh import inverted_cells as inverted_cells
from .mesh import morph as morph
from .mesh_io import read_mesh as read_mesh
from .mesh_io import write_mesh as write_mesh
from .modal import Modes as Modes
from .modal import solve_modes as solve_modes
from .point_sets import name_points as name_points
from .quantity import Quantity as Quantity
from .quantity import smooth_maximum as smooth_maximum
from .solution import Ledger as Ledger
from .solution import Solution as Solution
from .solution import Statistics as Statistics
from .solve import solve as solve
from .sparse import AbstractLinearSolver as AbstractLinearSolver
from .sparse import DirectSolver as DirectSolver
from .sparse import Krylov as Krylov
from .sparse import LinearSolution as LinearSolution
from .sparse import MultigridCG as MultigridCG
from .sparse import SparseMatrix as SparseMatrix
from .sparse import SparsityPattern as SparsityPattern
from .spectral import AbstractDealiasing as AbstractDealiasing
from .spectral import AbstractModalMethod as AbstractModalMethod
from .spectral import Aliased as Aliased
from .spectral import ExponentialAdamsBashforth as ExponentialAdamsBashforth
from .spectral import ExponentialRungeKutta as ExponentialRungeKutta
from .spectral import Fourier as Fourier
from .spectral import FourierGrid as FourierGrid
from .spectral import ImexRungeKutta as ImexRungeKutta
from .spectral import LowStorageCrankNicolson as LowStorageCrankNicolson
from .spectral import Padded as Padded
from .spectral import Truncated as Truncated
from .ssprk3 import SSPRK3 as SSPRK3
from .status import Status as Status
from .steady import solve_steady as solve_steady
from .structured_mesh import box_mesh as box_mesh
from .structured_mesh import rectangle_mesh as rectangle_mesh
from .time_method import AbstractTimeMethod as AbstractTimeMethod
from .topology import Topology as Topology
from .trace_path import trace_path as trace_path
from .verification import GradientCheck as GradientCheck
from .verification import gradient_check as gradient_check
from .verification import observed_order as observed_order
