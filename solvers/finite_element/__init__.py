"""Continuous Galerkin finite elements on unstructured meshes.

`FiniteElement` puts a `Problem` on a `Mesh`: `weak_form` tests the law's storage,
flux and source with the shape functions, `boundary` imposes the conditions,
`assembly` adds element contributions up, `formulation` says what a cell makes of its
nodal values. May import physics, meshes and
`solvers.sparse`. Start with `finite_element.py`.
"""

from .finite_element import FiniteElement as FiniteElement
from .formulation import AbstractFormulation as AbstractFormulation
from .formulation import Displacement as Displacement
from .formulation import ReducedIntegration as ReducedIntegration
from .incompatible_modes import IncompatibleModes as IncompatibleModes
from .linear_constraint import EquationError as EquationError
from .linear_constraint import LinearConstraint as LinearConstraint
from .mean_dilatation import MeanDilatation as MeanDilatation
from .rigid_motion import free_motions as free_motions
from .stress_recovery import nodal_measure as nodal_measure
from .stress_recovery import nodal_stress as nodal_stress
from .stress_recovery import quadrature_stress as quadrature_stress
from .stress_recovery import reaction_forces as reaction_forces
from .stress_recovery import strain_energy as strain_energy
from .structure_matrices import StructureMatrices as StructureMatrices
from .structure_matrices import check_structure as check_structure
from .structure_matrices import free_block as free_block
from .structure_matrices import structure_matrices as structure_matrices
from .taylor_hood import TaylorHood as TaylorHood
from .uniform_strain import UniformStrain as UniformStrain
