# /// script
# dependencies = ["torch==2.13.0", "torch-fem==0.14.0"]
# ///
"""A clamped beam of hexahedra in torch-fem, float64, its own default solver.

usage: torch_fem_beam.py CELLS REPEATS; 4 by 1 by 1 m, CELLS across, numbered along the
grid; a force of 0.01 N shared by the nodes at the end. Times assembly and solve.
"""

import importlib.metadata
import json
import os
import resource
import sys
import time

import torch
from torchfem import Solid
from torchfem.materials import IsotropicElasticity3D
from torchfem.mesh import cube_hexa

torch.set_default_dtype(torch.float64)
torch.set_num_threads(os.cpu_count() or 1)
cells, repeats = map(int, sys.argv[1:])
nodes, elements = cube_hexa(4 * cells + 1, cells + 1, cells + 1, 4.0, 1.0, 1.0)
beam = Solid(nodes, elements, IsotropicElasticity3D(E=1000.0, nu=0.3))
end = nodes[:, 0] > 4.0 - 1e-9
beam.constraints[nodes[:, 0] < 1e-9, :] = True
beam.forces[end, 2] = -0.01 / end.sum()
seconds = []
for _ in range(repeats):
    start = time.perf_counter()
    displacement = beam.solve()[0]
    seconds.append(time.perf_counter() - start)
print(
    json.dumps(
        {
            "version": importlib.metadata.version("torch-fem"),
            "seconds": seconds,
            "mean": displacement[end].mean(dim=0).tolist(),
            "unknowns": 3 * len(nodes),
            "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        }
    )
)
