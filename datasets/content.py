"""Bytes that stand for the content of code and data: no addresses, no hash seeds."""

import dataclasses
import dis
import enum
import functools
import hashlib
import inspect
import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

_PLAIN = (bool, int, float, complex, str, bytes)
_INSTALLED = ("site-packages", "dist-packages")
_MADE = ("__doc__", "__module__", "__qualname__", "__firstlineno__", "__slots__")


class Content:
    """Digests of things by what they hold, each thing once.

    Args:
        home: top-level package that is followed even if it is installed.
    """

    def __init__(self, home: str = ""):
        self._home = home
        # The things are kept: an address is no name for something that is gone.
        self._known: dict[int, tuple[Any, bytes]] = {}

    def of(self, thing: Any) -> bytes:
        """Digest of a value, a container, a function, a class or an object."""
        if thing is None or type(thing) in _PLAIN:
            return _digest("value", repr(thing).encode())
        if id(thing) not in self._known:
            cycle = _digest("again", type(thing).__qualname__.encode())
            self._known[id(thing)] = thing, cycle
            self._known[id(thing)] = thing, _digest(*self._parts(thing))
        return self._known[id(thing)][1]

    def _parts(self, thing: Any) -> Iterator[str | bytes]:
        array = _array(thing)
        if array is not None:
            yield f"array {array.dtype} {array.shape}"
            yield self.of(array.tolist()) if array.dtype.hasobject else array.tobytes()
        elif isinstance(thing, enum.Enum):
            yield f"{type(thing).__qualname__}.{thing.name}"
        elif isinstance(thing, Mapping):
            yield f"mapping {len(thing)}"
            yield from (self.of(x) for pair in thing.items() for x in pair)
        elif isinstance(thing, list | tuple):
            yield f"sequence {len(thing)}"
            yield from map(self.of, thing)
        elif isinstance(thing, set | frozenset):
            yield f"set {len(thing)}"
            yield from sorted(map(self.of, thing))
        elif isinstance(thing, functools.partial):
            yield "partial"
            yield from map(self.of, (thing.func, thing.args, thing.keywords))
        elif inspect.ismethod(thing):
            yield "method"
            yield from map(self.of, (thing.__func__, thing.__self__))
        elif isinstance(thing, types.FunctionType):
            yield from self._function(thing)
        elif isinstance(thing, type):
            yield from self._class(thing)
        elif isinstance(thing, types.ModuleType):
            yield f"module {thing.__name__}"
        elif hasattr(thing, "__wrapped__"):  # jax.jit and the like
            yield f"wrapped {type(thing).__qualname__}"
            yield self.of(thing.__wrapped__)
        elif hasattr(thing, "__qualname__"):  # built in
            yield f"named {thing.__qualname__}"
        else:
            yield from self._object(thing)

    def _function(self, function: types.FunctionType) -> Iterator[str | bytes]:
        yield f"function {function.__qualname__}"
        cells = [_content(cell) for cell in function.__closure__ or ()]
        carried = (cells, function.__defaults__, function.__kwdefaults__)
        yield from map(self.of, carried)
        if self._followed(function):
            code = function.__code__  # a decorated function would show what it wraps
            yield _source(code) or self._bytecode(code)
            yield from self._globals(function)

    def _globals(self, function: types.FunctionType) -> Iterator[str | bytes]:
        """What the names stand for that a function looks up in its module."""
        space = function.__globals__
        for name, attributes in sorted(_names(function.__code__).items()):
            if name in space:
                yield f"global {name}"
                yield from self._looked_up(space[name], attributes, ())

    def _looked_up(
        self, value: Any, attributes: set[str], outer: tuple
    ) -> Iterator[str | bytes]:
        """A global, or what is read of a module of the user's own."""
        yield self.of(value)
        if not isinstance(value, types.ModuleType) or not self._followed(value):
            return
        for name in sorted(attributes & set(vars(value))):
            inner = vars(value)[name]
            if all(inner is not module for module in outer):
                yield f"attribute {name}"
                yield from self._looked_up(inner, attributes, (*outer, value))

    def _class(self, kind: type) -> Iterator[str | bytes]:
        yield f"class {kind.__qualname__}"
        if not self._followed(kind):
            return
        yield _source(kind)
        yield from map(self.of, kind.__bases__)
        for name, member in sorted(vars(kind).items()):
            if name in _MADE:
                continue
            for part in _functions(member):
                if part.__code__.co_filename != "<string>":  # made by dataclass
                    yield f"member {name}"
                    yield self.of(part)
            if isinstance(member, type) or _is_data(member):
                yield f"member {name}"
                yield self.of(member)

    def _object(self, thing: Any) -> Iterator[str | bytes]:
        kind = type(thing)
        yield f"object {kind.__qualname__}"
        yield self.of(kind)
        if dataclasses.is_dataclass(kind):
            names = [field.name for field in dataclasses.fields(kind)]
            carried = {name: getattr(thing, name, None) for name in names}
        else:
            carried = _attributes(thing)
        if not (self._followed(kind) or dataclasses.is_dataclass(kind)):
            # Other people's objects hold caches, locks and one another.
            carried = {name: x for name, x in carried.items() if _is_data(x)}
        for name, value in carried.items():
            yield f"attribute {name}"
            yield self.of(value)

    def _bytecode(self, code: types.CodeType) -> bytes:
        parts = [
            self._bytecode(c) if isinstance(c, types.CodeType) else self.of(c)
            for c in code.co_consts
        ]
        return _digest(code.co_code, *code.co_names, *parts)

    def _followed(self, thing: Any) -> bool:
        """Whether code is the user's own: no installed package, not froude."""
        name = getattr(thing, "__module__", None) or getattr(thing, "__name__", "")
        package = str(name).partition(".")[0]
        if package == "froude" or package in sys.stdlib_module_names:
            return False
        if package == self._home:
            return True
        module = sys.modules.get(str(name))
        file = (getattr(module, "__file__", None) or "").replace("\\", "/")
        return not any(part in _INSTALLED for part in file.split("/"))


def _digest(*parts: str | bytes) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.digest()


def _array(thing: Any) -> np.ndarray | None:
    if isinstance(thing, type):
        return None
    if isinstance(thing, jax.Array) and jnp.issubdtype(
        thing.dtype, jax.dtypes.prng_key
    ):
        thing = jax.random.key_data(thing)
    if not hasattr(thing, "__array__"):
        return None
    try:
        return np.asarray(thing)
    except TypeError:  # an xarray Dataset, for one
        return None


def _is_data(thing: Any) -> bool:
    if isinstance(thing, list | tuple):
        return all(map(_is_data, thing))
    return type(thing) in _PLAIN or _array(thing) is not None


def _attributes(thing: Any) -> dict[str, Any]:
    """What an object carries, without what it has computed from that and kept."""
    kind = type(thing)
    slots = [getattr(base, "__slots__", ()) for base in kind.__mro__]
    slots = [(s,) if isinstance(s, str) else tuple(s) for s in slots]
    found = {n: getattr(thing, n) for s in slots for n in s if hasattr(thing, n)}
    found |= getattr(thing, "__dict__", {})
    return {
        name: value
        for name, value in sorted(found.items())
        if name not in ("__dict__", "__weakref__")
        and not isinstance(getattr(kind, name, None), functools.cached_property)
    }


def _functions(member: Any) -> list[types.FunctionType]:
    """The functions of a class behind one of its names."""
    if isinstance(member, property):
        found = [member.fget, member.fset]
    elif isinstance(member, functools.cached_property):
        found = [member.func]
    else:
        found = [inspect.unwrap(member) if callable(member) else member]
        found = [getattr(f, "__func__", f) for f in found]
    return [f for f in found if isinstance(f, types.FunctionType)]


def _names(code: types.CodeType) -> dict[str, set[str]]:
    """Global names that code and its inner functions read, with attributes read."""
    names: dict[str, set[str]] = {}
    attributes = set()
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            names.setdefault(step.argval, set())
        elif step.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            attributes.add(step.argval)
    for found in names.values():
        found |= attributes
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            for name, found in _names(inner).items():
                names.setdefault(name, set()).update(found)
    return names


def _source(thing: Any) -> bytes:
    try:
        return inspect.getsource(thing).encode()
    except (OSError, TypeError):  # typed at a prompt
        return b""


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not assigned yet
        return None
