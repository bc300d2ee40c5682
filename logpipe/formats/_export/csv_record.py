"""Records of a CSV export, whose quoted values may go over several lines.

A quote that is never closed must not swallow the file: the cut into records looks at quotes alone,
and where what came out is no record, it goes on at the next line that looks like the start of one.
Format reference: RFC 4180; Export-Csv writes a ``#TYPE`` line first, Excel a ``sep=`` line.
"""

import csv
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from logpipe.formats._export.record import Record, fold
from logpipe.formats._text.lines import EXCERPT, SPOILED, unique_names

LONGEST = 1 << 20  # characters of one record
DELIMITERS = (",", ";", "\t", "|")
PREAMBLE = re.compile(r"^\"?(?:#TYPE|sep=)", re.IGNORECASE)
DIGIT = re.compile(r"\d")
csv.field_size_limit(2 * LONGEST)  # the default refuses a value over 128 KiB

Line = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one header line says: its delimiter and names, and how a record begins."""

    delimiter: str
    names: list[str]
    least: int  # how many values a record has at least
    begins: Callable[[dict[str, str]], bool]

    def fields(self, text: str, *, strict: bool = False) -> list[str] | None:
        """Return the values of one record, None where it is none, or is more than one."""
        try:
            # not splitlines: it takes form feeds and other marks inside a value for line ends
            lines = [line + "\n" for line in text.split("\n")]
            rows = list(csv.reader(lines, delimiter=self.delimiter, strict=strict))
        except csv.Error:
            return None
        return rows[0] if len(rows) == 1 else None

    def starts(self, line: str) -> bool:
        """Return whether a line looks like the first of a record."""
        fields = self.fields(line) or []
        return self.begins(dict(zip(map(fold, self.names), fields, strict=False)))

    def holds(self, text: str) -> bool:
        """Return whether a text is exactly one record of this sheet."""
        fields = self.fields(text, strict=True)
        return fields is not None and self.least <= len(fields) <= len(self.names)


def header_names(line: str) -> tuple[str, list[str]]:
    """Return the delimiter of a header line and the names between."""
    line = line.removeprefix("\ufeff")
    delimiter = max(DELIMITERS, key=line.count)
    try:
        rows = list(csv.reader([line], delimiter=delimiter))
    except csv.Error:
        rows = []
    names = [name.strip() for name in rows[0]] if rows else []
    return delimiter, names


def csv_records(
    lines: Iterable[Line],
    is_header: Callable[[list[str]], bool],
    begins: Callable[[dict[str, str]], bool],
    more: tuple[str, ...] = (),
) -> Iterator[Record]:
    """Yield the records below each header line; ``more`` are names that headers leave out."""
    waiting, sheet = _Waiting(lines), None
    for number, line in waiting:
        if not line.strip() or PREAMBLE.match(line.lstrip("\ufeff")):
            continue
        # a second header may follow where exports were put together; none holds a digit
        maybe = not line.startswith(SPOILED) and (sheet is None or not DIGIT.search(line))
        delimiter, names = header_names(line) if maybe else ("", [])
        if names and is_header(names):
            sheet = Sheet(delimiter, unique_names([*names, *more]), len(names), begins)
        elif sheet is None:
            yield Record(number, {}, "no header line above this line", line[:EXCERPT])
        else:
            yield _record(sheet, *_piece(waiting, sheet, number, line))


class _Waiting:
    """Lines still to be read; those that were taken too early can be given back."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines, self._back = iter(lines), deque[Line]()

    def __iter__(self) -> Iterator[Line]:
        return self

    def __next__(self) -> Line:
        return self._back.popleft() if self._back else next(self._lines)

    def give_back(self, lines: list[Line]) -> None:
        self._back.extendleft(reversed(lines))


def _piece(waiting: _Waiting, sheet: Sheet, number: int, line: str) -> tuple[int, str, str | None]:
    """Take the lines of one record: its number, its text, and what is wrong with it."""
    held, size, is_open = [(number, line)], len(line), _odd(line)
    spoiled = line.startswith(SPOILED)
    while is_open and not spoiled and size <= LONGEST:
        following = next(waiting, None)
        if following is None:
            break
        held.append(following)
        size += len(following[1])
        spoiled = following[1].startswith(SPOILED)
        is_open ^= _odd(following[1])
    text = "\n".join(text for _, text in held)
    if spoiled:
        return number, line, held[-1][1].split(SPOILED)[1]
    if len(held) > 1 and (is_open or not sheet.holds(text)):
        again = next((i for i, (_, text) in enumerate(held) if i and sheet.starts(text)), None)
        if again is not None:
            waiting.give_back(held[again:])
        if is_open or again is not None:
            return number, line, "a quote that is never closed"
    return number, text, "a quote that is never closed" if is_open else None


def _odd(line: str) -> bool:
    return line.count('"') % 2 == 1


def _record(sheet: Sheet, number: int, text: str, fault: str | None) -> Record:
    """Give the values their names; what a reject shows is the text."""
    fields = None if fault else sheet.fields(text)
    shown = text.split(SPOILED)[2] if text.startswith(SPOILED) else text
    if fields is None:
        return Record(number, {}, fault or "quotes that divide no record", shown[:EXCERPT])
    if len(fields) < sheet.least:
        fault = f"cut short: {len(fields)} of {sheet.least} columns"
    surplus = {f"+{i}": value for i, value in enumerate(fields[len(sheet.names) :], 1)}
    values = dict(zip(sheet.names, fields, strict=False)) | surplus
    return Record(number, values, fault, text[:EXCERPT])
