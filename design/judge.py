"""The solver's answers to designs, by the names that the surrogate predicts."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..datasets import evaluate
from ..solvers import Status

if TYPE_CHECKING:
    import xarray as xr


def ask_solver(
    simulate: Callable[..., Any], designs: "xr.Dataset", names: tuple[str, ...]
) -> "xr.Dataset":
    """Solve designs and make sure that the named quantities are among the answers.

    Args:
        simulate: simulate(design) -> (quantities, fields, status).
        designs: one variable per design variable, dimension `sample`.
        names: quantities that are to be compared with the surrogate's.

    Returns:
        What `evaluate` returns; a solver that failed everywhere leaves nothing but
        its status.

    Raises:
        ValueError: the solver does not return one of the quantities.
    """
    answers = evaluate(simulate, designs)
    missing = [name for name in names if name not in answers]
    if missing and np.any(answers["status"].values == Status.OK):
        raise ValueError(
            f"the solver returns no quantity {', '.join(map(repr, missing))}, which "
            f"the surrogate predicts; let it return all of {list(names)}."
        )
    return answers
