# /// script
# dependencies = ["exponax==0.2.0"]
# ///
"""Burgers from -sin(pi x) on [-1, 1) to t = 1, pseudo-spectral with ETDRK4: Exponax.

usage: exponax_burgers.py POINTS STEPS VISCOSITY REPEATS OUTPUT; double precision; the
final state goes to OUTPUT, a .npy file.
"""

import importlib.metadata
import json
import sys
import time

import jax

jax.config.update("jax_enable_x64", True)

import exponax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

points, steps = int(sys.argv[1]), int(sys.argv[2])
viscosity, repeats = float(sys.argv[3]), int(sys.argv[4])
stepper = exponax.stepper.Burgers(
    1, 2.0, points, 1.0 / steps, diffusivity=viscosity, order=4
)
march = jax.jit(exponax.repeat(stepper, steps))
x = -1.0 + 2.0 * jnp.arange(points) / points
initial = -jnp.sin(jnp.pi * x)[None]
seconds = []
for _ in range(repeats + 1):
    start = time.perf_counter()
    final = march(initial).block_until_ready()
    seconds.append(time.perf_counter() - start)
np.save(sys.argv[5], np.asarray(final[0]))
print(
    json.dumps(
        {"version": importlib.metadata.version("exponax"), "seconds": seconds}
    )
)
