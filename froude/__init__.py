"""froude: write the physics once; get a solver, data, a surrogate and a verdict.

The folders are the table of contents, in import order: `froude.physics`,
`froude.solvers`, `froude.datasets`, `froude.surrogates`, `froude.design`. This module
re-exports the nouns and verbs of a study and loads each of them at first use, so that
`import froude` stays quick. Begin every script with

    jax.config.update("jax_enable_x64", True)
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .datasets import (
        DesignSpace as DesignSpace,
    )
    from .datasets import (
        Simulation as Simulation,
    )
    from .datasets import (
        Variable as Variable,
    )
    from .datasets import (
        generate as generate,
    )
    from .design import optimize as optimize
    from .design import sweep as sweep
    from .physics import (
        Problem as Problem,
    )
    from .physics import (
        manufactured as manufactured,
    )
    from .physics import (
        strong_residual as strong_residual,
    )
    from .solvers import (
        Mesh as Mesh,
    )
    from .solvers import (
        Quantity as Quantity,
    )
    from .solvers import (
        Solution as Solution,
    )
    from .solvers import (
        Status as Status,
    )
    from .solvers import (
        budget as budget,
    )
    from .solvers import (
        discretize as discretize,
    )
    from .solvers import (
        morph as morph,
    )
    from .solvers import (
        observed_order as observed_order,
    )
    from .solvers import (
        solve as solve,
    )
    from .solvers import (
        solve_steady as solve_steady,
    )
    from .surrogates import Surrogate as Surrogate
    from .surrogates import certify as certify
    from .surrogates import fit as fit

__version__ = "0.1.0"

_HOME = {
    "physics": ("Problem", "manufactured", "strong_residual"),
    "solvers": (
        "Mesh",
        "Quantity",
        "Solution",
        "Status",
        "budget",
        "discretize",
        "morph",
        "observed_order",
        "solve",
        "solve_steady",
    ),
    "datasets": ("DesignSpace", "Simulation", "Variable", "generate"),
    "surrogates": ("Surrogate", "certify", "fit"),
    "design": ("optimize", "sweep"),
}
_FOLDER = {name: folder for folder, names in _HOME.items() for name in names}

__all__ = ["__version__", *_HOME, *_FOLDER]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return importlib.import_module(f".{name}", __name__)
    if name in _FOLDER:
        return getattr(importlib.import_module(f".{_FOLDER[name]}", __name__), name)
    raise AttributeError(f"module 'froude' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
