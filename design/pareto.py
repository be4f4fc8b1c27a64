"""Which designs no other design beats in two quantities at once."""

import numpy as np


def pareto_front(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Indices of the non-dominated points when both quantities are minimised.

    Sorting by the first quantity and keeping strict records of the second costs
    O(n log n), so a million designs take well under a second. NaN never enters.

    Args:
        first: (n,).
        second: (n,).

    Returns:
        Indices (front,) in increasing order of `first`.

    Raises:
        ValueError: the two arrays differ in shape.
    """
    first, second = np.asarray(first), np.asarray(second)
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(
            f"first {first.shape} and second {second.shape} must be vectors of one "
            "length."
        )
    known = np.flatnonzero(np.isfinite(first) & np.isfinite(second))
    order = known[np.lexsort((second[known], first[known]))]
    best_before = np.minimum.accumulate(np.append(np.inf, second[order][:-1]))
    return order[second[order] < best_before]
