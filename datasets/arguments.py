"""Numbers and names that users pass, refused with the argument and the value."""

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


def require_count(name: str, value: Any, least: int) -> None:
    """Refuse what is no integer of at least `least`.

    Args:
        name: the argument as the user typed it.
        value: what was given.
        least: smallest admissible value.

    Raises:
        ValueError: names the argument, its value and what to give.
    """
    if not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name} is {value!r}; give an integer of at least {least}.")


def require_key(value: Any) -> None:
    """Refuse what is no random key of JAX.

    Args:
        value: what was given as `key`.

    Raises:
        TypeError: a seed, say.
    """
    dtype = getattr(value, "dtype", None)
    typed = dtype is not None and jnp.issubdtype(dtype, jax.dtypes.prng_key)
    if not (typed or (dtype == np.uint32 and np.shape(value) == (2,))):
        raise TypeError(
            f"key is {value!r}; give a random key, such as jax.random.key(0)."
        )


def require_between(
    name: str, value: Any, lower: float, upper: float, *, ends: bool = False
) -> None:
    """Refuse what is no number between two bounds.

    Args:
        name: the argument as the user typed it.
        value: what was given.
        lower, upper: the bounds; `upper` may be infinite.
        ends: whether the bounds themselves are admissible.

    Raises:
        ValueError: names the argument, its value and what to give.
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    fits = lower <= number <= upper if ends else lower < number < upper
    if fits:
        return
    if math.isinf(upper):
        wanted = f"of at least {lower:g}" if ends else f"above {lower:g}"
    else:
        kind = "ends included" if ends else "ends excluded"
        wanted = f"between {lower:g} and {upper:g}, {kind}"
    raise ValueError(f"{name} is {value!r}; give a number {wanted}.")


def require_distinct(name: str, values: Iterable[str]) -> None:
    """Refuse names that occur twice.

    Args:
        name: the argument as the user typed it.
        values: the names given in it.

    Raises:
        ValueError: names the argument and what it repeats.
    """
    counts = Counter(values)
    twice = [value for value, count in counts.items() if count > 1]
    if twice:
        raise ValueError(
            f"{name} holds {', '.join(map(repr, twice))} more than once; give each "
            "name once."
        )
