"""Telling one simulation from another, across processes and sessions."""

import dataclasses
import functools
import hashlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np


def identity(simulate: Callable) -> str:
    """A string that is equal for equal simulations and differs for different ones.

    `simulate.identity` if there is one. Otherwise the name, and a hash of the source
    code and of what closures, partials and dataclasses carry: numbers, strings, arrays
    and functions. Code that is merely called, and other objects, are not followed:
    give `generate` a `problem` of your own where that matters.

    Example:
        >>> def simulate(design):
        ...     return {"double": 2 * design["x"]}, {}, 0
        >>> identity(simulate) == identity(simulate)
        True
    """
    own = getattr(simulate, "identity", None)
    if own is not None:
        return str(own() if callable(own) else own)
    digest = hashlib.sha256()
    _absorb(simulate, digest.update, set())
    named = simulate
    while not hasattr(named, "__qualname__"):
        inner = getattr(named, "func", None)  # of a functools.partial
        named = type(named) if inner is None else inner
    return f"{named.__module__}.{named.__qualname__}:{digest.hexdigest()[:16]}"


def _absorb(thing: Any, add: Callable[[bytes], None], seen: set[int]) -> None:
    if id(thing) in seen:
        return
    if isinstance(thing, np.ndarray | np.generic | jax.Array):
        array = np.asarray(thing)
        add(f"{array.dtype}{array.shape}".encode() + array.tobytes())
        return
    if thing is None or isinstance(thing, bool | int | float | complex | str | bytes):
        add(repr(thing).encode())
        return
    seen.add(id(thing))
    for part in _parts(thing, add):
        _absorb(part, add, seen)


def _parts(thing: Any, add: Callable[[bytes], None]) -> list:
    """What an object carries; `add` is told what kind of object it is."""
    if isinstance(thing, Mapping):
        return [x for pair in thing.items() for x in pair]
    if isinstance(thing, list | tuple):
        add(f"{len(thing)}".encode())
        return list(thing)
    if isinstance(thing, functools.partial):
        return [thing.func, thing.args, thing.keywords]
    if inspect.ismethod(thing):
        return [thing.__func__, thing.__self__]
    if not inspect.isfunction(thing) and hasattr(thing, "__wrapped__"):
        return [thing.__wrapped__]
    if inspect.isfunction(thing):
        add(_code(thing))
        cells = [_content(cell) for cell in thing.__closure__ or ()]
        return [*cells, thing.__defaults__, thing.__kwdefaults__]
    if isinstance(thing, type):
        add(thing.__qualname__.encode())
        return []
    add(_code(type(thing)))
    if dataclasses.is_dataclass(thing):
        return [getattr(thing, field.name, None) for field in dataclasses.fields(thing)]
    return []


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not assigned yet
        return None


def _code(thing: Any) -> bytes:
    try:
        return inspect.getsource(thing).encode()
    except (OSError, TypeError):  # typed at a prompt or built in: no source to read
        code = getattr(thing, "__code__", None)
        if code is None:
            return getattr(thing, "__qualname__", type(thing).__qualname__).encode()
        return code.co_code + repr(code.co_names).encode()
