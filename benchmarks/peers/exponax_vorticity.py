# /// script
# dependencies = ["exponax==0.2.0"]
# ///
"""Decaying plane vorticity on (0, 2 pi)² with ETDRK2 and ETDRK4: Exponax.

usage: exponax_vorticity.py INITIAL VISCOSITY END ORDER STEPS REPEATS OUTPUT; double
precision; the initial vorticity is a .npy file, and the final one goes to OUTPUT.
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

initial = jnp.asarray(np.load(sys.argv[1]))[None]
viscosity, end = float(sys.argv[2]), float(sys.argv[3])
order, steps, repeats = (int(word) for word in sys.argv[4:7])
stepper = exponax.stepper.NavierStokesVorticity(
    2,
    2 * np.pi,
    initial.shape[-1],
    end / steps,
    diffusivity=viscosity,
    order=order,
)
march = jax.jit(exponax.repeat(stepper, steps))
seconds = []
for _ in range(repeats + 1):
    start = time.perf_counter()
    final = march(initial).block_until_ready()
    seconds.append(time.perf_counter() - start)
np.save(sys.argv[7], np.asarray(final[0]))
print(
    json.dumps({"version": importlib.metadata.version("exponax"), "seconds": seconds})
)
