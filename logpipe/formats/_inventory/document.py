"""A small text file as records: bounded, counted apart from the parser, each with its line number.

What an administrator typed on a host and sent into a file (inventories, exports, listings) is
small, and its records may span lines. A format says of each line what part it plays (``Role``);
that alone cuts and counts the records. The parser then makes rows of every record, or refuses it.
"""

import codecs
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Any

import polars as pl

from logpipe.errors import UnreadableError
from logpipe.formats._text.lines import EXCERPT, SPOILED, encoding_of, survey
from logpipe.model import Frame

BOUND = 64 << 20  # bytes; no inventory of one host is larger
MOST_RECORDS = 2_000_000
LONGEST_RECORD = 100_000  # lines; binary data of a registry value has 25 bytes a line
LONGEST_PLACE = 2048  # characters of a key or folder, which every row below it repeats
BATCH_ROWS = 20_000
BATCH_TEXT = 8 << 20  # characters
RETURN = "\u240d"  # what the cleaned copy makes of the first \r of wmic's \r\r\n

Row = dict[str, Any]
EXTRA = pl.List(pl.Struct({"key": pl.String, "value": pl.String}))
REJECT: dict[str, Any] = {"reject": pl.String, "excerpt": pl.String}


class Role(Enum):
    """What part a line plays."""

    START = auto()  # the first line of a record
    MORE = auto()  # goes on with the record above
    MARK = auto()  # no record, but the rows below need it: a folder's name, a section
    SKIP = auto()  # ornament: blank lines, rules, titles
    END = auto()  # ornament that ends the record above


class RefusedError(Exception):
    """A record that gives no row; says why."""


@dataclass(slots=True)
class Record:
    """The lines of one record, or of a mark between records."""

    line: int
    lines: list[str]
    mark: bool = False
    goes_on: str | None = None  # how it may go on; kept by the format's role, None: not asked yet

    @property
    def first(self) -> str:
        """Return its first line."""
        return self.lines[0]


@dataclass(frozen=True, slots=True)
class Document:
    """A text file, ready to be read line by line, as often as needed."""

    path: Path
    notes: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yield every line with its number, from 1, without blanks at its end."""
        with self.path.open(encoding="utf-8", newline="\n") as file:
            for number, text in enumerate(file, 1):
                line = text.removeprefix("\ufeff") if number == 1 else text
                yield number, line.rstrip(" \t\r\n" + RETURN)

    def records(self, role: "RoleOf") -> Iterator[Record]:
        """Yield records and marks in their order."""
        return split(self.lines(), role)

    def count(self, role: "RoleOf") -> int:
        """Count the records, without decoding them."""
        found = 0
        for record in self.records(role):
            found += not record.mark
            if found > MOST_RECORDS:
                raise UnreadableError(f"more than {MOST_RECORDS:,} records: no inventory of a host")
        return found


RoleOf = Callable[[str, Record | None], Role]  # the line, and the record that is open above it


def open_document(
    path: Path, scratch: Path, *, bound: int = BOUND, console: bool = False
) -> Document:
    """Give a text file of any encoding as lines; above ``bound`` bytes it is refused.

    With ``console`` what is neither UTF-16 nor UTF-8 is taken for code page 850, which Western
    European consoles write into files, else for Windows-1252.
    """
    if (size := path.stat().st_size) > bound:
        raise UnreadableError(
            f"{size >> 20:,} MiB; a file of this kind above {bound >> 20:,} MiB is not read: "
            "cut it to the part that matters"
        )
    oem = _oem_copy(path, scratch) if console else None
    text = survey(oem or path, scratch, marks=())
    notes = ["not UTF-8: read as console text, code page 850"] if oem else []
    return Document(text.path, notes + text.notes)


def _oem_copy(path: Path, scratch: Path) -> Path | None:
    """Write a copy in UTF-8 if the file is in a one-byte code page."""
    with path.open("rb") as file:
        if encoding_of(file.read(512)):
            return None
        file.seek(0)
        utf8 = codecs.getincrementaldecoder("utf-8")()
        try:
            while block := file.read(1 << 20):
                utf8.decode(block)
            utf8.decode(b"", final=True)
        except UnicodeDecodeError:
            file.seek(0)
        else:
            return None
        copy = scratch / "console.txt"
        with copy.open("wb") as out:
            while block := file.read(1 << 20):
                out.write(block.decode("cp850").encode())
    return copy


def split(lines: Iterable[tuple[int, str]], role: RoleOf) -> Iterator[Record]:
    """Cut lines into records and marks; a line that could not be kept is a record of its own."""
    held: Record | None = None
    for number, text in lines:
        part = Role.START if text.startswith(SPOILED) else role(text, held)
        if part is Role.MORE and held and len(held.lines) < LONGEST_RECORD:
            held.lines.append(text)
            continue
        if part is Role.SKIP:
            continue
        if held:
            yield held
        held = None
        if part is Role.MARK:
            yield Record(number, [text], mark=True)
        elif part is not Role.END:
            held = Record(number, [text])
        if text.startswith(SPOILED) and held:
            yield held
            held = None
    if held:
        yield held


def refused(record: Record, reason: str) -> Row:
    """Return the row that table reject gets for a record."""
    if record.first.startswith(SPOILED):
        _, reason, excerpt = record.first.split(SPOILED, 2)
        return {"record": record.line, "reject": reason, "excerpt": excerpt[:EXCERPT]}
    return {"record": record.line, "reject": reason, "excerpt": record.first[:EXCERPT]}


def rows_of(records: Iterable[Record], parse: Callable[[Record], list[Row]]) -> Iterator[Row]:
    """Yield the rows of every record, or its refusal; ``parse`` sees marks too, and keeps them."""
    for record in records:
        if record.first.startswith(SPOILED):
            yield refused(record, "")
            continue
        try:
            rows = parse(record)
        except RefusedError as error:
            yield refused(record, str(error))
            continue
        if not record.mark:
            for row in rows:
                yield {"record": record.line} | row


def frames(rows: Iterable[Row], columns: dict[str, Any]) -> Iterator[Frame]:
    """Yield rows as frames of a bounded size; ``extra`` is a dict, empty values are left out."""
    schema: dict[str, Any] = {"record": pl.UInt64, "extra": EXTRA} | columns | REJECT
    batch: list[Row] = []
    size = 0
    for row in rows:
        size += sum(len(value) for value in row.values() if isinstance(value, str))
        batch.append(row | {"extra": _entries(row.get("extra"))})
        if len(batch) >= BATCH_ROWS or size >= BATCH_TEXT:
            yield Frame(pl.DataFrame(batch, schema=schema, orient="row"))
            batch, size = [], 0
    if batch:
        yield Frame(pl.DataFrame(batch, schema=schema, orient="row"))


def _entries(extra: dict[str, str] | None) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in (extra or {}).items() if value]
