"""Lines of .reg files and of reg query: how they are cut into records, and what a record says."""

import re
from dataclasses import dataclass

from logpipe.formats._inventory.document import Record, RefusedError, Role, Row
from logpipe.formats._inventory.registry_data import (
    TYPES,
    Data,
    bytes_data,
    number_data,
    queried_data,
)
from logpipe.formats._inventory.registry_key import KeyPath, names_key

TITLE = re.compile(r"^(?:Windows Registry Editor Version \d|REGEDIT4)")
# "Name"=data, @=data; \" and \\ are the only escapes
VALUE = re.compile(r'^(?:@|"((?:[^"\\]|\\.)*+)")=(.*)$', re.DOTALL)
STARTS = re.compile(r'^(?:\[|@=|"(?:[^"\\]|\\.)*+"=)')
DATA = re.compile(
    r"^(?:dword:([0-9A-Fa-f]{1,8})|hex(?:\(([0-9A-Fa-f]{1,8})\))?:([0-9A-Fa-f,\s]*))$"
)
TEXT = re.compile(r'^"((?:[^"\\]|\\.)*+)"$', re.DOTALL)
TEXT_END = re.compile(r'(?<!\\)(?:\\\\)*+"$')
ESCAPE = re.compile(r'\\(["\\])')
QUERY_VALUE = re.compile(r"[\t ](REG_[A-Z_]{2,40})(?:[\t ]|$)")
# ! REG.EXE VERSION 3.0 (2003); End of search: 4 match(es) found.
QUERY_ORNAMENT = re.compile(r"^(?:! REG\.EXE |End of search)")
DEFAULT_NAMES = {"<no name>", "(default)", "(standard)", "(par défaut)", "(predeterminado)"}
DEFAULT = "@"


def reg_role(text: str, held: Record | None) -> Role:
    """Return what a line of a .reg file is; hex data ends in a backslash, a text at its quote."""
    if held and _open(held, text):
        return Role.MORE
    if not text or text.startswith(";"):
        return Role.END if held else Role.SKIP
    if TITLE.match(text):
        return Role.END if held else Role.SKIP
    return Role.START


def _open(held: Record, text: str) -> bool:
    """Return whether the record above goes on: a line that looks like another one ends it."""
    if held.goes_on is None:
        begun = VALUE.match(held.first)
        data = begun[2] if begun else ""
        open_text = data.startswith('"') and TEXT.match(data) is None
        held.goes_on = "text" if open_text else "hex" if data.startswith("hex") else ""
    elif held.goes_on == "text" and TEXT_END.search(held.lines[-1][-600:]):
        held.goes_on = ""
    more = held.goes_on == "text" or (held.goes_on == "hex" and held.lines[-1].endswith("\\"))
    return more and not STARTS.match(text)


def query_role(text: str, _: Record | None) -> Role:
    """Return what a line of reg query is."""
    return Role.SKIP if not text or QUERY_ORNAMENT.match(text) else Role.START


@dataclass(slots=True)
class _Keys:
    """The key that the values below it belong to."""

    key: KeyPath | None = None

    def key_row(self, record: Record) -> list[Row] | None:
        """Return the row of a line that names a key, and keep it; None for any other line."""
        if not names_key(record.first):
            return None
        self.key = None  # values below a refused key are refused too
        self.key = KeyPath.of(record.first)
        return None if self.key is None else [self.row(None, "KEY", Data(None))]

    def row(self, name: str | None, kind: str, data: Data, *, deleted: bool = False) -> Row:
        """Return a value as a row."""
        if self.key is None:
            raise RefusedError("a value without a key above it")
        key = self.key
        return {
            "key": key.written, "key_folded": key.folded, "control_set": key.control_set,
            "name": name, "type": kind, "value": data.value, "number": data.number,
            "deleted": deleted or key.deleted, "extra": {"flaw": data.flaw or ""},
        }  # fmt: skip


@dataclass(slots=True)
class RegParser(_Keys):
    """Makes rows of the records of a .reg file; ``wide``: texts in hex are UTF-16."""

    wide: bool = True

    def rows(self, record: Record) -> list[Row]:
        """Return the one row of a record."""
        if (row := self.key_row(record)) is not None:
            return row
        match = VALUE.match("\n".join(record.lines))
        if match is None:
            raise RefusedError("no key and no value")
        name = DEFAULT if match[1] is None else ESCAPE.sub(r"\1", match[1])
        if match[2] == "-":
            return [self.row(name, "DELETED", Data(None), deleted=True)]
        if text := TEXT.match(match[2]):
            return [self.row(name, "REG_SZ", Data(ESCAPE.sub(r"\1", text[1])))]
        return [self._data(name, match[2])]

    def _data(self, name: str, written: str) -> Row:
        joined = re.sub(r"\\\n[ \t]*+", "", written)
        match = DATA.match(joined)
        if match is None:
            raise RefusedError("data that cannot be read")
        if match[1]:
            return self.row(name, "REG_DWORD", number_data(int(match[1], 16), 4))
        number = int(match[2] or "3", 16)
        kind = TYPES.get(number, f"REG_TYPE_{number}")
        try:
            raw = bytes.fromhex(match[3].replace(",", " "))
        except ValueError as error:
            raise RefusedError("half a byte in hexadecimal data") from error
        return self.row(name, kind, bytes_data(raw, kind, wide=self.wide))


@dataclass(slots=True)
class QueryParser(_Keys):
    """Makes rows of the lines of reg query."""

    def rows(self, record: Record) -> list[Row]:
        """Return the one row of a line."""
        if (row := self.key_row(record)) is not None:
            return row
        return [self._value(record.first)]

    def _value(self, line: str) -> Row:
        match = QUERY_VALUE.search(line)
        if match is None or not line.startswith(("  ", "\t")):
            raise RefusedError("no key and no value")
        written = line[: match.start()].strip()
        shown = line[match.end(1) :]
        shown = shown[1:] if shown.startswith("\t") else shown.removeprefix("    ")
        name = DEFAULT if written.lower() in DEFAULT_NAMES else written
        row = self.row(name, match[1], queried_data(shown, match[1]))
        if name != written:
            row["extra"]["name"] = written
        return row
