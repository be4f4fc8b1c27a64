"""Numbers in data lines, and numbers as CalculiX reads them.

Long number blocks are converted in one pass; only a block that fails is looked at line
by line, to say which line is wrong.
"""

import math
from decimal import Decimal

import numpy as np

from .deck import Block

LONGEST_ID = 9
"""Digits of the largest node or element number."""

_WIDTH = 20


def split(line: str) -> list[str]:
    """Fields of a data line without quotes; empty fields at the end are dropped."""
    fields = [field.strip().strip('"') for field in line.split(",")]
    while fields and not fields[-1]:
        fields.pop()
    return fields


def rows(block: Block) -> list[list[str]]:
    """The fields of every data line."""
    return [split(line) for line in block.data]


def is_integer(field: str) -> bool:
    return field.removeprefix("-").removeprefix("+").isdecimal()


def integer(field: str, block: Block, row: int | None) -> int:
    """One whole number."""
    if not is_integer(field) or len(field) > LONGEST_ID + 1:
        raise block.error(
            f"has {field!r} where a whole number of at most {LONGEST_ID} digits is "
            "needed",
            row,
        )
    return int(field)


def real(field: str, block: Block, row: int | None) -> float:
    """One finite number; Fortran's exponent D is understood."""
    try:
        if "_" in field:
            raise ValueError
        value = float(field.upper().replace("D", "E"))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise block.error(f"has {field!r} where a number is needed", row)
    return value


def reals(fields: list[str], block: Block, row: int) -> list[float]:
    """Numbers of a row; an empty field is 0."""
    return [real(field, block, row) if field else 0.0 for field in fields]


def coordinate_rows(block: Block) -> tuple[np.ndarray, np.ndarray]:
    """Node ids and coordinates (nodes, 3); coordinates left out are 0."""
    commas = {line.count(",") for line in block.data}
    if len(commas) == 1 and (width := commas.pop() + 1) in (3, 4):
        values = _convert(block.data, float)
        if values is not None and np.isfinite(values).all():
            table = values.reshape(-1, width)
            ids = table[:, 0].astype(np.int64)
            if (ids == table[:, 0]).all() and (ids < 10**LONGEST_ID).all():
                points = np.zeros((len(table), 3))
                points[:, : width - 1] = table[:, 1:]
                return ids, points
    ids, points = np.zeros(len(block.data), np.int64), np.zeros((len(block.data), 3))
    for row, line in enumerate(block.data):
        fields = split(line)
        if not 1 <= len(fields) <= 4:
            raise block.error("needs a node id and one to three coordinates", row)
        ids[row] = integer(fields[0], block, row)
        points[row, : len(fields) - 1] = reals(fields[1:], block, row)
    return ids, points


def connectivity_rows(
    block: Block, node_count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Element ids, node ids (elements, nodes) and the data line of each element.

    An element may go on over lines that end in a comma.
    """
    width = node_count + 1
    lines = [line.rstrip(" ,\t") for line in block.data]
    counts = np.fromiter((line.count(",") + 1 for line in lines), int, len(lines))
    ends = np.cumsum(counts)
    wanted = np.arange(1, ends[-1] // width + 1 if len(ends) else 1) * width
    last = np.searchsorted(ends, wanted)
    goes_on = np.ones(len(lines), bool)
    goes_on[last[last < len(lines)]] = False
    whole = len(ends) and ends[-1] % width == 0 and (ends[last] == wanted).all()
    if whole and all(
        block.data[row].rstrip().endswith(",") for row in np.flatnonzero(goes_on)
    ):
        values = _convert(lines, int)
        if values is not None:
            table = values.reshape(-1, width)
            return table[:, 0], table[:, 1:], np.concatenate([[0], last[:-1] + 1])
    raise _connectivity_error(block, node_count)


def _connectivity_error(block: Block, node_count: int) -> ValueError:
    fields: list[str] = []
    start = 0
    for row, line in enumerate(block.data):
        fields = fields + split(line) if fields else split(line)
        for field in fields:
            integer(field, block, row)
        goes_on = line.rstrip().endswith(",") and len(fields) < node_count + 1
        if goes_on and row + 1 < len(block.data):
            continue
        if len(fields) != node_count + 1:
            return block.error(
                f"TYPE={block.get('TYPE')} needs {node_count} nodes; element "
                f"{fields[0] if fields else '?'} has {max(len(fields) - 1, 0)}; a "
                "line that goes on must end in a comma",
                start,
            )
        fields, start = [], row + 1
    return block.error("has no data lines; list the elements")


def integers_or_names(block: Block) -> np.ndarray | list[tuple[int, str]]:
    """All fields of a set: an array if they are numbers, else (row, field) pairs."""
    lines = [line.rstrip(" ,\t") for line in block.data]
    values = _convert(lines, int)
    if values is not None:
        return values
    return [
        (row, field)
        for row, line in enumerate(block.data)
        for field in split(line)
        if field
    ]


def _convert(lines: list[str], kind: type) -> np.ndarray | None:
    text = ",".join(lines)
    if "_" in text:  # Python reads 1_000 as a number.
        return None
    try:
        values = list(map(kind, text.split(",")))
        return np.array(values, np.int64 if kind is int else float)
    except (ValueError, OverflowError):
        return None


def write_real(value: float) -> str:
    """A number in at most 20 characters, which is all that CalculiX reads of one.

    Every number of up to 14 digits is exact, and of up to 17 where it fits; otherwise
    the nearest number that fits.
    """
    if not math.isfinite(value):
        raise ValueError(f"the model has the number {value}; a deck needs finite ones.")
    text = repr(float(value))
    if len(text) <= _WIDTH:
        return text
    sign, digits, exponent = Decimal(text).as_tuple()
    mantissa = "".join(map(str, digits)).rstrip("0")
    shift = int(exponent) + len(digits) - len(mantissa)
    minus = "-" * sign
    fixed = minus + format(abs(Decimal(text)), "f").removeprefix("0")
    for candidate in (f"{minus}{mantissa}E{shift}", fixed):
        if len(candidate) <= _WIDTH:
            return candidate
    return write_real(float(f"{value:.{len(mantissa) - 2}e}"))
