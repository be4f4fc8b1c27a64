"""Split-conformal prediction: intervals whose coverage is exact for finite samples.

From n exchangeable calibration scores |y - prediction| / scale, the k-th smallest with
k = ceil((n + 1) level) bounds the score of the next run with probability at least
`level`, whatever the surrogate. Given the calibration set, coverage follows a Beta
law, and the number covered among m test runs a beta-binomial law.

Reference:
    V. Vovk, A. Gammerman, G. Shafer, Algorithmic Learning in a Random World, Springer
    2005, section 2.2; V. Vovk, Conditional validity of inductive conformal
    predictors, Machine Learning 92 (2013), 349-376, proposition 2.
"""

import math

import numpy as np


def conformal_rank(count: int, level: float) -> int:
    """Rank k = ceil((count + 1) level) of the score that bounds the next one.

    Raises:
        ValueError: for a level outside (0, 1) or no calibration runs.
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must be between 0 and 1, got {level}.")
    if count < 1:
        raise ValueError(f"count must be at least 1 calibration run, got {count}.")
    # Without the guard, 0.9 * 110 rounds up to one rank too many.
    return math.ceil((count + 1) * level * (1.0 - 1e-12))


def conformal_quantile(scores, level: float) -> float:
    """The k-th smallest score; infinite where too few runs support the level.

    Args:
        scores: (count,) non-negative calibration scores; one that is not a number
            counts as infinite.
        level: wanted coverage.

    Example:
        >>> float(conformal_quantile(range(1, 10), 0.9))
        9.0
        >>> conformal_quantile(range(1, 9), 0.9)
        inf
    """
    scores = np.asarray(scores, float)
    scores = np.sort(np.where(np.isnan(scores), np.inf, scores))
    rank = conformal_rank(scores.size, level)
    return float(scores[rank - 1]) if rank <= scores.size else math.inf


def coverage_law(count: int, level: float):
    """Law of the coverage over calibration sets: Beta(k, count + 1 - k), frozen SciPy.

    It is exact for continuous scores; ties only raise coverage.

    Example:
        >>> round(float(coverage_law(100, 0.9).mean()), 5)
        0.90099
    """
    from scipy import stats

    rank = conformal_rank(count, level)
    if rank > count:
        raise ValueError(
            f"{count} calibration runs can't support the level {level}; at least "
            f"{math.ceil(level / (1.0 - level) * (1.0 - 1e-12))} are needed."
        )
    return stats.beta(rank, count + 1 - rank)


def covered_law(count: int, tests: int, level: float):
    """Law of the number covered among `tests` fresh runs: beta-binomial."""
    from scipy import stats

    beta = coverage_law(count, level)
    return stats.betabinom(tests, *beta.args)


def covered_bounds(
    count: int, tests: int, level: float, *, central: float = 0.99
) -> tuple[int, int]:
    """Smallest and largest number covered that the central part of the law allows."""
    law = covered_law(count, tests, level)
    tail = 0.5 * (1.0 - central)
    return int(law.ppf(tail)), int(law.ppf(1.0 - tail))
