"""Labels: the numbers and names of a deck, and what they stand for when flattened.

Each part instance has node and element labels of its own; the flat model shifts them so
that none collide. Names are looked up without regard to case and come back as spelled
at their definition.
"""

from collections.abc import Iterable

import numpy as np

from .deck import Block
from .fields import LONGEST_ID, integer, is_integer


class Numbers:
    """The node or the element numbers of one scope."""

    def __init__(self, noun: str) -> None:
        self.noun = noun
        self.offset = 0
        self._chunks: list[tuple[np.ndarray, Block, np.ndarray]] = []
        self._sorted = np.zeros(0, np.int64)

    def add(self, ids: np.ndarray, block: Block, rows: np.ndarray) -> None:
        """Take the numbers that a block defines, and the data line of each."""
        wrong = np.flatnonzero((ids < 1) | (ids >= 10**LONGEST_ID))
        if len(wrong):
            raise block.error(
                f"has the {self.noun} number {ids[wrong[0]]}; numbers run from 1 and "
                f"have at most {LONGEST_ID} digits",
                rows[wrong[0]],
            )
        self._chunks.append((ids, block, rows))

    def close(self, floor: int) -> int:
        """Look for duplicates, put the numbers above `floor`, return the largest."""
        if not self._chunks:
            return floor
        ids = np.concatenate([chunk[0] for chunk in self._chunks])
        order = np.argsort(ids, kind="stable")
        self._sorted = ids[order]
        again = order[1:][self._sorted[1:] == self._sorted[:-1]]
        if len(again):
            index = int(again.min())
            for chunk, block, rows in self._chunks:
                if index < len(chunk):
                    raise block.error(
                        f"defines {self.noun} {chunk[index]} again ({len(again)} "
                        "defined more than once); renumber or delete it",
                        rows[index],
                    )
                index -= len(chunk)
        self.offset = floor
        return floor + int(self._sorted[-1])

    @property
    def largest(self) -> int:
        return int(self._sorted[-1]) if len(self._sorted) else 0

    def missing(self, ids: np.ndarray) -> np.ndarray:
        """Mark the numbers that are not defined here."""
        if not len(self._sorted):
            return np.ones(ids.shape, bool)
        at = np.minimum(np.searchsorted(self._sorted, ids), len(self._sorted) - 1)
        return self._sorted[at] != ids

    def flat(self, ids: np.ndarray, block: Block, row: int | None = None) -> np.ndarray:
        """Flat numbers; all must be defined."""
        wrong = self.missing(ids)
        if wrong.any():
            absent = np.unique(ids[wrong])
            raise block.error(
                f"names {len(absent)} {self.noun}s that do not exist (first: "
                f"{absent[:5].tolist()}); define them or correct the numbers",
                row,
            )
        return ids + self.offset


class Scope:
    """The labels of a part instance, or of everything outside instances."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self.nodes = Numbers("node")
        self.elements = Numbers("element")


class Names:
    """Things of one kind by name, without regard to case."""

    def __init__(self, noun: str, outer: str = "") -> None:
        self.noun = noun
        self._outer = f"{outer.upper()}." if outer else ""
        self._spelling: dict[str, str] = {}

    def define(self, name: str, block: Block, *, again: bool = False) -> str:
        """Take a new name; `again` allows one that exists. Returns its spelling."""
        if name.upper() in self._spelling and not again:
            raise block.error(f"defines the {self.noun} {name} twice; rename one")
        return self._spelling.setdefault(name.upper(), name)

    def find(self, name: str, prefix: str = "") -> str | None:
        """The spelling of a name, seen from a scope."""
        key = name.upper()
        if prefix:
            return self._spelling.get(prefix.upper() + key)
        return self._spelling.get(key.removeprefix(self._outer))

    def need(self, name: str, block: Block, row: int | None = None, prefix="") -> str:
        """The spelling of a name that must exist."""
        found = self.find(name, prefix)
        if found is None:
            raise block.error(
                f"names the {self.noun} {name!r}, which does not exist; "
                f"{self._listed()}",
                row,
            )
        return found

    def _listed(self) -> str:
        names = list(self._spelling.values())
        if not names:
            return f"the deck defines no {self.noun}"
        more = f" and {len(names) - 8} more" if len(names) > 8 else ""
        return f"there are {', '.join(names[:8])}{more}"


class Sets:
    """Named sets of nodes or elements; members may be other sets, in any order."""

    def __init__(self, noun: str, outer: str, scopes: Iterable[Scope]) -> None:
        self.names = Names(f"{noun} set", outer)
        self._noun = noun
        self._scopes = {scope.prefix.upper(): scope for scope in scopes}
        self._members: dict[str, list] = {}
        self._unsorted: set[str] = set()
        self._resolved: dict[str, np.ndarray] = {}

    def numbers(self, scope: Scope) -> Numbers:
        """The numbers that members of these sets have in a scope."""
        return scope.nodes if self._noun == "node" else scope.elements

    def add(self, name: str, block: Block, members) -> str:
        """Add flat numbers (an array) or a list of (scope, row, field)."""
        name = self.names.define(name, block, again=True)
        self._members.setdefault(name, []).append((block, members))
        if block.has("UNSORTED"):
            self._unsorted.add(name)
        return name

    def target(
        self, field: str, block: Block, row: int | None, scope: Scope
    ) -> str | int:
        """A set name or a flat number, as a data line names it."""
        if is_integer(field):
            number = np.array([integer(field, block, row)])
            return int(self.numbers(scope).flat(number, block, row)[0])
        head, _, tail = field.rpartition(".")
        inner = self._scopes.get(f"{head.upper()}.")
        if is_integer(tail) and inner is not None:
            return self.target(tail, block, row, inner)
        return self.names.need(field, block, row, scope.prefix)

    def members(self, target: str | int) -> np.ndarray:
        """Flat numbers of a target: sorted, unless the deck says UNSORTED."""
        if isinstance(target, int):
            return np.array([target])
        return self._resolve(target, ())

    def all(self) -> dict[str, np.ndarray]:
        """Every set by name, sorted."""
        return {name: np.sort(self._resolve(name, ())) for name in self._members}

    def _resolve(self, name: str, stack: tuple[str, ...]) -> np.ndarray:
        if name not in self._resolved:
            parts = []
            for block, members in self._members[name]:
                if name in stack:
                    chain = " -> ".join((*stack, name))
                    raise block.error(f"defines a set by itself: {chain}; break it")
                parts += self._parts(block, members, (*stack, name))
            joined = np.concatenate(parts)
            unique, first = np.unique(joined, return_index=True)
            if name in self._unsorted:
                unique = joined[np.sort(first)]
            self._resolved[name] = unique
        return self._resolved[name]

    def _parts(self, block: Block, members, stack: tuple[str, ...]):
        if isinstance(members, np.ndarray):
            yield members
            return
        for scope, row, field in members:
            target = self.target(field, block, row, scope)
            if isinstance(target, str):
                yield self._resolve(target, stack)
            else:
                yield np.array([target])
