"""Sparse matrices on static patterns and linear solvers that differentiate.

A `SparsityPattern`, or a `BlockPattern` of nodes with several unknowns, is known on the
host and fixed while a program runs; the values are traced. `DirectSolver` factorises on
the host. `MultigridCG` and `Krylov` iterate in JAX. Each solves differentiably in both
modes and reports a status per member of a batch. May import `solvers.status`, JAX,
Equinox and, on the host, SciPy.
"""

from .assembly import Assembly as Assembly
from .block_pattern import BlockPattern as BlockPattern
from .direct import DirectSolver as DirectSolver
from .eigenpairs import Eigenpairs as Eigenpairs
from .eigenpairs import eigenpairs as eigenpairs
from .eigenpairs import round_off as round_off
from .eigenpairs import together as together
from .factor_cache import FactorCache as FactorCache
from .krylov import Krylov as Krylov
from .linear_part import LinearPart as LinearPart
from .linear_solver import (
    AbstractLinearSolver as AbstractLinearSolver,
)
from .linear_solver import (
    LinearSolution as LinearSolution,
)
from .matrix import SparseMatrix as SparseMatrix
from .multigrid_cg import MultigridCG as MultigridCG
from .pattern import SparsityPattern as SparsityPattern
from .products import sparse_product as sparse_product
