"""Continuous Galerkin finite elements on unstructured meshes.

`FiniteElement` puts a `Problem` on a `Mesh`: `weak_form` tests the law's storage,
flux and source with the shape functions, `boundary` imposes the conditions,
`assembly` adds element contributions up. May import physics, meshes and
`solvers.sparse`. Start with `finite_element.py`.
"""

from .finite_element import FiniteElement as FiniteElement
from .structure_matrices import StructureMatrices as StructureMatrices
from .structure_matrices import check_structure as check_structure
from .structure_matrices import free_block as free_block
from .structure_matrices import structure_matrices as structure_matrices
