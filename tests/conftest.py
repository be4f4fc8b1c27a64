"""Double precision for every test, and compiled programs kept between local runs."""

import gc
from pathlib import Path

import jax
import pytest

jax.config.update("jax_enable_x64", True)

# Tracing makes so many objects that the search for cycles took 5 % of the time.
gc.set_threshold(50_000)

# Set here and not through the environment: a child process that a test kills must
# not leave half an entry behind for the next run.
_CACHE = Path(__file__).parents[1] / "build" / "xla"
jax.config.update("jax_compilation_cache_dir", str(_CACHE))
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)


@pytest.fixture(scope="module", autouse=True)
def _programs_of_one_module():
    """Forget compiled programs between modules: all together they take 7 GB."""
    yield
    jax.clear_caches()
    gc.collect()
