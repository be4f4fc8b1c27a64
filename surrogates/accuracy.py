"""Errors of one method on one quantity, over runs of the solver."""

import numpy as np

from .report import Accuracy
from .round_off import is_constant


def accuracy(name, output, values, truth, inside) -> Accuracy:
    """Relative errors of a quantity; `inside` tells the runs in their interval."""
    from scipy.stats import spearmanr

    error = np.abs(values - truth) / size(truth)
    constant, rank = bool(is_constant(truth)), None
    if not constant:
        rank = 0.0 if is_constant(values) else float(spearmanr(values, truth)[0])
    return Accuracy(
        name,
        output.name,
        output.units,
        median=float(np.median(error)),
        high=float(np.quantile(error, 0.95)),
        rank=rank,
        covered=None if inside is None else int(inside.sum()),
        width=None,
        field=False,
        constant=constant,
    )


def size(values):
    """Magnitude to divide by, never quite zero."""
    return np.maximum(np.abs(values), max(1e-300, np.finfo(values.dtype).tiny))
