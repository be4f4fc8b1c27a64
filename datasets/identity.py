"""Telling one simulation from another, across processes and sessions."""

import functools
import hashlib
from collections.abc import Callable
from typing import Any

from .content import Content


def identity(simulate: Callable) -> str:
    """A string that is equal for equal simulations and differs for different ones.

    `simulate.identity` if there is one. Otherwise the name, and a hash of

    - the source code of the function, and of the functions and classes of your own
      code that it calls or is made of, with the module globals that these read:
      numbers, strings, arrays, containers of them and objects;
    - what closures, defaults, partials, dataclasses and plain objects carry.

    Your own code is every module outside the installed packages and the standard
    library, and the package of the simulation wherever it lies; where the files lie
    does not matter. Not covered, because they enter by name alone: installed
    packages, froude among them (their versions are in the provenance of a data set);
    nor what is looked up by name while running (`getattr`, an import by string),
    files and environment variables that are read, or the state of other people's
    objects beyond numbers, strings and arrays. Give `generate` a `problem` of your
    own where that matters, or where an object changes its attributes as it runs.

    Example:
        >>> def simulate(design):
        ...     return {"double": 2 * design["x"]}, {}, 0
        >>> identity(simulate) == identity(simulate)
        True
    """
    own = getattr(simulate, "identity", None)
    if own is not None:
        return str(own() if callable(own) else own)
    named = _named(simulate)
    return f"{named.__module__}.{named.__qualname__}:{content_hash(simulate)}"


def content_hash(thing: Any, *, home: Any = None) -> str:
    """Sixteen digits for code and data, as `identity` takes them.

    Args:
        thing: what is hashed.
        home: the object whose package counts as the user's own, `thing` by default.
    """
    named = _named(thing if home is None else home)
    package = (getattr(named, "__module__", None) or "").partition(".")[0]
    return hashlib.sha256(Content(package).of(thing)).hexdigest()[:16]


def _named(thing: Any) -> Any:
    """The function or class that a simulation is, or is an object of."""
    while not hasattr(thing, "__qualname__"):
        inner = thing.func if isinstance(thing, functools.partial) else None
        thing = type(thing) if inner is None else inner
    return thing
