# /// script
# dependencies = ["scikit-fem==12.0.2", "scipy"]
# ///
"""Poisson on the unit square with bilinear quadrilaterals: scikit-fem and SciPy.

usage: scikit_fem.py CELLS REPEATS; times assembly and the sparse direct solve.
"""

import importlib.metadata
import json
import sys
import time

import numpy as np
import skfem
from skfem.helpers import dot, grad


@skfem.BilinearForm
def stiffness(u, v, _):
    return dot(grad(u), grad(v))


@skfem.LinearForm
def load(v, _):
    return 1.0 * v


cells, repeats = map(int, sys.argv[1:])
nodes = np.linspace(0.0, 1.0, cells + 1)
mesh = skfem.MeshQuad.init_tensor(nodes, nodes)
basis = skfem.Basis(mesh, skfem.ElementQuad1())
assembly, solve = [], []
for _ in range(repeats):
    start = time.perf_counter()
    matrix, vector = stiffness.assemble(basis), load.assemble(basis)
    between = time.perf_counter()
    solution = skfem.solve(*skfem.condense(matrix, vector, D=basis.get_dofs()))
    assembly.append(between - start)
    solve.append(time.perf_counter() - between)
print(
    json.dumps(
        {
            "version": importlib.metadata.version("scikit-fem"),
            "seconds": [a + b for a, b in zip(assembly, solve, strict=True)],
            "assembly": assembly,
            "solve": solve,
            "unknowns": int(basis.N),
            "maximum": float(solution.max()),
        }
    )
)
