"""A compact record of the designs that a surrogate was made from."""

import hashlib

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, UInt8

_DIGITS = 12


def fingerprints(places: np.ndarray) -> UInt8[Array, "runs 8"]:
    """Eight bytes for each design, sorted.

    Args:
        places: unit coordinates (runs, inputs), told apart to twelve decimals.
    """
    rows = np.round(np.asarray(places, float), _DIGITS) + 0.0  # no negative zeros
    hashes = [hashlib.blake2b(row.tobytes(), digest_size=8).digest() for row in rows]
    table = np.frombuffer(b"".join(sorted(hashes)), np.uint8)
    return jnp.asarray(table.reshape(-1, 8))


def count_shared(first: UInt8[Array, "_ 8"], second: UInt8[Array, "_ 8"]) -> int:
    """Number of rows of the second record that are in the first."""
    known = _set(first)
    return sum(row.tobytes() in known for row in np.asarray(second))


def count_repeated(record: UInt8[Array, "_ 8"]) -> int:
    """Number of rows that occur before in the record."""
    return len(record) - len(_set(record))


def _set(record) -> set[bytes]:
    return {row.tobytes() for row in np.asarray(record)}
