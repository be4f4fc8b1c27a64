# /// script
# dependencies = ["deepxde==1.15.0", "jax>=0.6", "flax", "optax"]
# ///
"""Burgers by a physics-informed network, Adam then nothing: DeepXDE on JAX.

usage: deepxde_burgers.py SECONDS REFERENCE; trains the 3 x 20 tanh network of its own
Burgers example on 2,780 points for about SECONDS and measures the relative L2 error
against REFERENCE, an .npz file with t, x and u.
"""

import importlib.metadata
import json
import os
import sys
import time

os.environ["DDE_BACKEND"] = "jax"

import deepxde as dde  # noqa: E402
import numpy as np  # noqa: E402


def residual(x, y):
    y_x, _ = dde.grad.jacobian(y, x, i=0, j=0)
    y_t, _ = dde.grad.jacobian(y, x, i=0, j=1)
    y_xx, _ = dde.grad.hessian(y, x, i=0, j=0)
    return y_t + y[0] * y_x - 0.01 / np.pi * y_xx


allowed, reference = float(sys.argv[1]), np.load(sys.argv[2])
dde.config.set_random_seed(0)
geometry = dde.geometry.GeometryXTime(
    dde.geometry.Interval(-1, 1), dde.geometry.TimeDomain(0, 1)
)
wall = dde.icbc.DirichletBC(geometry, lambda x: 0, lambda _, at: at)
start = dde.icbc.IC(geometry, lambda x: -np.sin(np.pi * x[:, :1]), lambda _, at: at)
data = dde.data.TimePDE(
    geometry,
    residual,
    [wall, start],
    num_domain=2540,
    num_boundary=80,
    num_initial=160,
)
network = dde.nn.FNN([2] + [20] * 3 + [1], "tanh", "Glorot normal")
model = dde.Model(data, network)
model.compile("adam", lr=1e-3)

began = time.perf_counter()
model.train(iterations=200, display_every=10**9)
cold = time.perf_counter() - began
began = time.perf_counter()
model.train(iterations=1000, display_every=10**9)
per_iteration = (time.perf_counter() - began) / 1000
left = max(int((allowed - cold) / per_iteration) - 1000, 0)
model.train(iterations=left, display_every=10**9)
trained = time.perf_counter() - began + cold

t, x = np.meshgrid(reference["t"], reference["x"], indexing="ij")
found = model.predict(np.stack([x.ravel(), t.ravel()], 1)).reshape(t.shape)
error = np.linalg.norm(found - reference["u"]) / np.linalg.norm(reference["u"])
print()
print(
    json.dumps(
        {
            "version": importlib.metadata.version("deepxde"),
            "seconds": [trained],
            "iterations": 1200 + left,
            "seconds_per_iteration": per_iteration,
            "error": float(error),
        }
    )
)
