"""Records of a deck: equal by content, each with the place that says it."""

import dataclasses

import numpy as np


def place_field() -> str:
    """File and line of a record; no part of what it says, so not compared."""
    return dataclasses.field(default="", compare=False, repr=False)


def refusal(place: str, keyword: str, text: str) -> ValueError:
    """An error about a keyword that says where it stands."""
    where = f"{place}: " if place else ""
    return ValueError(f"{where}*{keyword} {text}.")


class AbstractRecord:
    """Equality of dataclasses field by field, arrays number by number."""

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(
            _same(getattr(self, field.name), getattr(other, field.name))
            for field in dataclasses.fields(self)  # pyright: ignore[reportArgumentType]
            if field.compare
        )

    __hash__ = None  # pyright: ignore[reportAssignmentType]


def _same(a, b) -> bool:
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return (
            isinstance(a, np.ndarray)
            and isinstance(b, np.ndarray)
            and a.shape == b.shape
            and bool(np.array_equal(a, b))
        )
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(_same, a, b))
    return a == b
