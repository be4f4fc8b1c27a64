"""When numbers that should be equal count as equal."""

import numpy as np


def round_off(values, axis: int | None = 0) -> np.ndarray:
    """Variation below which values are constant: what their computation leaves.

    Sums of a few thousand terms in another order differ by less.

    Args:
        values: any shape.
        axis: the axis along which they vary; `None` for all.

    Returns:
        64 units in the last place of the largest value, 1e-12 of it in float64, in
        the values' unit.
    """
    values = np.asarray(values)
    share = max(1e-12, 64 * np.finfo(np.result_type(values, np.float32)).eps)
    return share * np.abs(values).max(axis=axis)


def is_constant(values, axis: int | None = 0) -> np.ndarray:
    """Whether values vary by no more than their round-off, along `axis`."""
    values = np.asarray(values)
    return np.ptp(values, axis=axis) <= round_off(values, axis)
