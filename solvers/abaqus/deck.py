"""A deck as blocks: a keyword line and its data lines, each with its place.

Comments (`**`) and blank lines are dropped, keyword lines that end in a comma are
joined, files named by `*INCLUDE` or by an `INPUT` parameter are inserted where they
are named. Names keep their spelling; keywords and parameters are in capitals.
"""

import dataclasses
import re
from collections.abc import Iterable
from os import PathLike
from pathlib import Path

from .keywords import ANY, READ, canonical, looks_like_parameters

_PART = re.compile(r'(?:"[^"]*"|[^,"])+')


@dataclasses.dataclass(frozen=True)
class Block:
    """A keyword line and the data lines that follow it.

    Args:
        keyword: capitals, single spaces, without the asterisk.
        parameters: name in capitals without spaces to value, None for a flag.
        file: where the keyword line is.
        line: its number, from 1.
        data: the data lines.
        numbers: line number of each data line.
        sources: (first row, file) for data lines of included files.
    """

    keyword: str
    parameters: dict[str, str | None]
    file: str
    line: int
    data: list[str]
    numbers: list[int]
    sources: list[tuple[int, str]]

    def get(self, name: str) -> str | None:
        """The value of a parameter, None if it is absent or a flag."""
        return self.parameters.get(name.replace(" ", ""))

    def has(self, name: str) -> bool:
        return name.replace(" ", "") in self.parameters

    def need(self, name: str) -> str:
        """The value of a parameter that must be given."""
        value = self.get(name)
        if not value:
            raise self.error(f"needs the parameter {name}=...; add it")
        return value

    def place(self, row: int | None = None) -> str:
        """File and line of a data line, or of the keyword."""
        if row is None or not self.numbers:
            return f"{self.file}, line {self.line}"
        row = min(int(row), len(self.numbers) - 1)
        file = self.file
        for first, source in self.sources:
            if first <= row:
                file = source
        return f"{file}, line {self.numbers[row]}"

    def error(self, text: str, row: int | None = None) -> ValueError:
        """An error that says where it is."""
        return ValueError(f"{self.place(row)}: *{self.keyword} {text}.")

    def check_parameters(self) -> None:
        """Refuse parameters and values that `READ` does not list; spell as listed."""
        allowed = {k.replace(" ", ""): (k, v) for k, v in READ[self.keyword].items()}
        for key, value in self.parameters.items():
            said = key if value is None else f"{key}={value}"
            if key not in allowed:
                names = ", ".join(name for name, _ in allowed.values()) or "none"
                raise self.error(
                    f"has the parameter {said}, which froude does not support; it "
                    f"reads {names}. Delete the parameter if the answer allows it"
                )
            name, values = allowed[key]
            if values is ANY:
                self.need(name)
                continue
            spelled = {v and v.replace(" ", ""): v for v in values}
            letters = None if value is None else "".join(value.upper().split())
            if letters not in spelled:
                listed = ", ".join(v or f"{name} alone" for v in values)
                raise self.error(
                    f"has {said}, which froude does not support; it reads {listed}"
                )
            self.parameters[key] = spelled[letters]


def read_deck(path: str | PathLike) -> list[Block]:
    """Split a deck and the files it includes into blocks.

    Args:
        path: the main file. Included files are looked for in its folder and in the
            folder of the file that names them.

    Raises:
        FileNotFoundError: the file or an included file does not exist.
        ValueError: an include cycle, data before the first keyword, no keyword at
            all, or a keyword line that makes no sense.
    """
    first, *others = str(path).split("\n")
    if others or first.startswith("*"):
        raise ValueError(
            f"path begins with {first[:40]!r}, the text of a deck; write the text to a "
            "file and give its name."
        )
    main = Path(path)
    if not main.is_file():
        raise FileNotFoundError(f"path = {str(path)!r}: there is no such file.")
    blocks: list[Block] = []
    _scan(main, [main.resolve()], blocks)
    if not blocks:
        raise ValueError(f"{main} holds no keyword line (*NODE, *ELEMENT, ...).")
    return blocks


def _scan(file: Path, stack: list[Path], blocks: list[Block]) -> None:
    lines = _text(file).split("\n")
    first = [line[:1] == "*" or line.lstrip()[:1] == "*" for line in lines]
    stars = [row for row, star in enumerate(first) if star]
    _extend(blocks, file, lines, range(stars[0] if stars else len(lines)))
    for star, stop in zip(stars, [*stars[1:], len(lines)], strict=False):
        row = star + 1
        text = lines[star].strip()
        if not text.startswith("**"):
            while text.endswith(",") and row < stop:
                if not looks_like_parameters(lines[row]):
                    break
                text += lines[row].strip()
                row += 1
            _open(file, star + 1, text, stack, blocks)
        _extend(blocks, file, lines, range(row, stop))


def _open(file: Path, line: int, text: str, stack: list[Path], blocks) -> None:
    """Start a block, or insert the file that the line names."""
    words = [part.strip() for part in _PART.findall(text[1:])]
    keyword = canonical(words[0]) if words else ""
    block = Block(keyword, {}, str(file), line, [], [], [])
    if not keyword:
        raise block.error("has no keyword after the asterisk")
    for word in words[1:]:
        name, equals, value = word.partition("=")
        key = "".join(name.upper().split())
        if key in block.parameters:
            raise block.error(f"gives the parameter {name.strip()} twice")
        if key:
            value = value.strip().strip('"').strip()
            block.parameters[key] = value if equals else None
    if keyword == "INCLUDE":
        _include(block, block.need("INPUT"), stack, blocks)
        return
    blocks.append(block)
    if block.has("INPUT") and keyword in READ:
        name = block.need("INPUT")
        del block.parameters["INPUT"]
        _include(block, name, stack, blocks)


def _include(block: Block, name: str, stack: list[Path], blocks) -> None:
    folders = (stack[0].parent, Path(block.file).parent)
    spellings = (name, name.replace("\\", "/"))
    tried = [folder / spelling for spelling in spellings for folder in folders]
    found = next((path for path in tried if path.is_file()), None)
    if found is None:
        raise FileNotFoundError(
            f"{block.place()}: *{block.keyword} names the file {name!r}, which is not "
            f"in {folders[0]}; put it there or correct the name."
        )
    if found.resolve() in stack:
        chain = " -> ".join(path.name for path in (*stack, found))
        raise block.error(f"includes itself: {chain}; delete one of the includes")
    _scan(found, [*stack, found.resolve()], blocks)


def _extend(blocks: list[Block], file: Path, lines: list[str], rows: range) -> None:
    """Give data lines to the last block."""
    kept: Iterable[int] = rows
    found = lines[rows.start : rows.stop]
    if not all(map(str.strip, found)):
        kept = [row for row in rows if lines[row].strip()]
        found = [lines[row] for row in kept]
    if not found:
        return
    if not blocks:
        raise ValueError(
            f"{file}, line {next(iter(kept)) + 1}: data comes before the first keyword "
            "line; a deck begins with *HEADING or *NODE, say."
        )
    block = blocks[-1]
    source = block.sources[-1][1] if block.sources else block.file
    if str(file) != source:
        block.sources.append((len(block.data), str(file)))
    block.data.extend(found)
    block.numbers.extend(row + 1 for row in kept)


def _text(file: Path) -> str:
    raw = file.read_bytes()
    if b"\0" in raw:
        raise ValueError(f"{file} is no text file; an input deck is plain text.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")
