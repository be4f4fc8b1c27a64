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
        Simulation as Simulation,
        Variable as Variable,
        generate as generate,
    )
    from .design import optimize as optimize, sweep as sweep
    from .physics import (
        Problem as Problem,
        manufactured as manufactured,
        strong_residual as strong_residual,
    )
    from .solvers import (
        Mesh as Mesh,
        Quantity as Quantity,
        Solution as Solution,
        Status as Status,
        budget as budget,
        discretize as discretize,
        morph as morph,
        observed_order as observed_order,
        solve as solve,
        solve_steady as solve_steady,
    )
    from .surrogates import Surrogate as Surrogate, certify as certify, fit as fit

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
