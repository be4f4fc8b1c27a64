"""The verification cases: finding them, running them, telling what they depend on."""

import ast
import functools
import gc
import hashlib
import importlib
import pkgutil
import shutil
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from .evidence import Row

ROOT = Path(__file__).parents[1]
TIERS = ("test", "verify", "records")
CONSTANTS = ("GROUP", "TIER", "DATA", "PROGRAMS", "SEEDS", "DEPENDS", "TWIN")


@dataclass(frozen=True)
class Case:
    """One file of `benchmarks/verification/`; it is imported only when it runs."""

    name: str

    def constant(self, name: str, otherwise=()):
        """Return a literal constant of the file."""
        return _constants(self.name).get(name, otherwise)

    @property
    def tier(self) -> str:
        tier = self.constant("TIER", "verify")
        if tier not in TIERS:
            raise ValueError(
                f"TIER of {self.name} is {tier!r}; it must be one of {TIERS}."
            )
        return tier

    def missing_data(self, data: Path | None) -> list[str]:
        """Return the public data files that the case needs and `data` lacks."""
        needed = self.constant("DATA")
        return [name for name in needed if data is None or not (data / name).exists()]

    def missing_programs(self) -> list[str]:
        """Return the commands that the case needs and this computer lacks."""
        return [name for name in self.constant("PROGRAMS") if not shutil.which(name)]

    def run(self, data: Path | None = None) -> Iterator[Row]:
        """Yield the rows; a case that raises ends with a failed row saying so."""
        group = self.constant("GROUP", self.name)
        known = {"name": self.name, "group": group, "tier": self.tier}
        start = time.perf_counter()
        try:
            arguments = (data,) if self.constant("DATA") else ()
            found = False
            module = importlib.import_module(f"benchmarks.verification.{self.name}")
            for row in module.run(*arguments):
                now = time.perf_counter()
                yield replace(row, **known, seconds=round(now - start, 3))
                start, found = now, True
            if not found:
                raise ValueError(f"{self.name} yielded no row.")
        except Exception as error:
            traceback.print_exc()
            seconds = round(time.perf_counter() - start, 3)
            told = f"{type(error).__name__}: {error}".splitlines()[0][:200]
            yield replace(_failure(told), **known, seconds=seconds)
        finally:
            _forget_compiled()

    def dependencies(self) -> str:
        """Return a hash of the code of the case and of all that `DEPENDS` names."""
        named = [f"benchmarks/verification/{self.name}.py", *self.constant("DEPENDS")]
        digest = hashlib.sha256()
        for path in sorted({path for entry in named for path in _files(entry)}):
            digest.update(str(path.relative_to(ROOT)).encode() + b"\0")
            digest.update(_without_docstrings(path) + b"\0")
        return digest.hexdigest()[:16]


_DOCUMENTED = ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef


def _without_docstrings(path: Path) -> bytes:
    """The content of a file; of Python source without the lines of its docstrings."""
    content = path.read_bytes()
    if path.suffix != ".py":
        return content
    words = set()
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node) is not None:
            first = node.body[0]
            words.update(range(first.lineno - 1, first.end_lineno))
    lines = enumerate(content.splitlines())
    return b"\n".join(line for number, line in lines if number not in words)


def find(only: list[str] | None = None) -> list[Case]:
    """Return all cases by name, or those named.

    Raises:
        ValueError: If a name is no case; the message lists the cases.
    """
    folder = [str(ROOT / "benchmarks" / "verification")]
    names = sorted(info.name for info in pkgutil.iter_modules(folder))
    unknown = set(only or ()) - set(names)
    if unknown:
        raise ValueError(
            f"No case is named {', '.join(sorted(unknown))}. "
            f"The cases are: {', '.join(names)}."
        )
    return [Case(name) for name in names if not only or name in only]


@functools.cache
def _constants(name):
    path = ROOT / "benchmarks" / "verification" / f"{name}.py"
    try:
        body = ast.parse(path.read_text()).body
    except SyntaxError:
        return {}
    return {
        target.id: ast.literal_eval(node.value)
        for node in body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id in CONSTANTS
    }


def _failure(told):
    return Row(f"stopped: {told}", None, None, None, 0.0, "")


def _files(entry):
    path = ROOT / entry
    if not path.exists():
        raise ValueError(f"DEPENDS names {entry}, which does not exist.")
    if path.is_file():
        return [path]
    return [found for found in path.rglob("*") if found.suffix in (".py", ".msh")]


def _forget_compiled():
    import jax

    jax.clear_caches()
    gc.collect()
