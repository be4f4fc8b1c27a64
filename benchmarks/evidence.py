"""A row of evidence: a quantity, its reference, the error and what was allowed.

The constructors `close`, `relative`, `below`, `above`, `order` and `holds` make a
case read like a statement; the runner fills in `name`, `group`, `tier`, `seconds`.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Row:
    """One judged quantity.

    Attributes:
        name: Case, the name of its file.
        group: Heading it stands under.
        quantity: What was computed, in words.
        reference: Expected value, or the limit for one-sided statements.
        source: Where the reference comes from.
        value: Computed value, in `unit`.
        error: The number judged: passes if `error <= tolerance`.
        tolerance: Largest error allowed.
        unit: SI unit of the value ("1" if it has none).
        seconds: Time since the row before, compilation included.
        passed: Whether the error is finite and within the tolerance.
        known_gap: Why the row misses; a failed row without it fails the command.
        tier: "test", "verify" or "records".
    """

    quantity: str
    value: float | None
    reference: float | None
    error: float | None
    tolerance: float
    source: str
    unit: str = "1"
    known_gap: str = ""
    name: str = ""
    group: str = ""
    tier: str = ""
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        return self.error is not None and self.error <= self.tolerance

    @property
    def fails(self) -> bool:
        """Whether this row makes the command fail; a known gap still has a value."""
        known = self.known_gap and self.error is not None and math.isfinite(self.error)
        return not (self.passed or known)

    def to_dict(self) -> dict:
        """Return the row as JSON values; a number that is not finite becomes None."""
        row = {**asdict(self), "passed": self.passed}
        return {column: _finite(row[column]) for column in COLUMNS}


COLUMNS = (
    "name",
    "group",
    "quantity",
    "reference",
    "source",
    "value",
    "error",
    "tolerance",
    "unit",
    "seconds",
    "passed",
    "known_gap",
    "tier",
)


def close(quantity, value, *, reference, tolerance, source, **rest) -> Row:
    """State that a value lies within an absolute tolerance of its reference."""
    value, reference = float(value), float(reference)
    error = abs(value - reference)
    return _row(quantity, value, reference, error, tolerance, source, rest)


def relative(quantity, value, *, reference, tolerance, source, **rest) -> Row:
    """State that a value lies within a relative tolerance of its reference."""
    value, reference = float(value), float(reference)
    error = abs(value - reference) / abs(reference)
    return _row(quantity, value, reference, error, tolerance, source, rest)


def below(quantity, value, *, limit, source, **rest) -> Row:
    """State that an error or cost is at most a limit."""
    value, limit = float(value), float(limit)
    return _row(quantity, value, None, value, limit, source, rest)


def above(quantity, value, *, limit, source, **rest) -> Row:
    """State that a score is at least a limit; the error is the shortfall."""
    value, limit = float(value), float(limit)
    shortfall = limit - value
    error = max(shortfall, 0.0) if math.isfinite(shortfall) else math.nan
    return _row(quantity, value, limit, error, 0.0, source, rest)


def order(
    quantity,
    errors: Sequence[float],
    *,
    expected: float,
    refinement: float = 2.0,
    within: float = 0.15,
    source="theory",
    **rest,
) -> Row:
    """State the observed order of the last two refinements of a sequence.

    Args:
        quantity: What converges, in words.
        errors: Errors, coarse to fine.
        expected: Order from theory.
        refinement: Ratio of successive mesh widths or time steps.
        within: Largest distance from the expected order.
        source: Where the expected order comes from.
        **rest: `known_gap`.
    """
    coarse, fine = (float(error) for error in errors[-2:])
    positive = coarse > 0 and fine > 0
    rate = math.log(coarse / fine) / math.log(refinement) if positive else math.nan
    return close(
        quantity, rate, reference=expected, tolerance=within, source=source, **rest
    )


def holds(quantity, truth, *, source, **rest) -> Row:
    """State that something is so; the value is 1 for true."""
    value = float(bool(truth))
    return _row(quantity, value, 1.0, 1.0 - value, 0.0, source, rest)


def _row(quantity, value, reference, error, tolerance, source, rest):
    return Row(quantity, value, reference, error, float(tolerance), source, **rest)


def _finite(value):
    return None if isinstance(value, float) and not math.isfinite(value) else value
