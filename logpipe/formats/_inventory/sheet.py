"""Tables of named columns in the four shapes that Windows tools write; a record is a line or block.

* csv: ``"Name","Length"``, ``Node,HotFixID``; above it may stand ``#TYPE System.IO.FileInfo``
* ruled: a rule of ``====`` or ``----`` below the names cuts the columns (tasklist, PowerShell)
* columns: each name begins where its column begins (wmic)
* blocks: ``Name=value`` lines, blocks divided by blank lines (wmic /format:list)

A CSV value that holds a line end is refused with both its lines: none of these tables needs one,
and a quote that is never closed would swallow what follows.
"""

import csv
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from logpipe.errors import UnreadableError
from logpipe.formats._inventory.document import Document, Record, RefusedError, Role, RoleOf
from logpipe.formats._text.lines import unique_names
from logpipe.words import count_words

MOST_COLUMNS = 500
LONGEST_NAME = 200
MOST_SURPLUS = 100  # values beyond the last column that are still kept
DELIMITERS = ",;\t"
TYPE_LINE = "#TYPE "  # #TYPE System.Diagnostics.FileVersionInfo
RULE = re.compile(r"^(?:={2,}|-{2,})(?: +(?:={2,}|-{2,}))+$")
PAIR = re.compile(r"^([A-Za-z]\w{0,99})=(.*)$")  # HotFixID=KB934709
WORD = re.compile(r"\S+")
NAME = re.compile(r"[A-Za-z]\w*")
LOOK = 40  # lines that are looked at to find the names

Cells = dict[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The columns of one file, and how its records are cut and read."""

    shape: str
    names: list[str]
    role: RoleOf
    cells: Callable[[Record], Cells]  # a record's values by lower-case name
    delimiter: str = ""

    @property
    def keys(self) -> list[str]:
        """Return the names in lower case."""
        return [name.lower() for name in self.names]

    def rest(self, cells: Cells, taken: Iterable[str]) -> Cells:
        """Return the values that no column took, by their names as written."""
        written = dict(zip(self.keys, self.names, strict=True))
        left = {key: value for key, value in cells.items() if key not in set(taken) and value}
        return {written.get(key, key): value for key, value in left.items()}


def sheet_of(lines: Iterable[str], free: str | None = None) -> Sheet | None:
    """Return the table that a text begins with, or None.

    wmic does not quote: where ``free`` names the one column whose values may hold the delimiter,
    surplus parts are put back into it.
    """
    seen: list[str] = []
    for line in lines:
        text = line.rstrip()
        if text.strip() and not text.startswith(TYPE_LINE):
            seen.append(text)
        if len(seen) > 1:
            break
    if not seen or len(seen[0]) > MOST_COLUMNS * LONGEST_NAME:
        return None
    if len(seen) > 1 and RULE.match(seen[1]):
        sheet = _ruled(seen[0], seen[1])
    elif PAIR.match(seen[0]):
        sheet = _blocks(lines)
    elif any(delimiter in seen[0] for delimiter in DELIMITERS):
        sheet = _csv(seen[0], free)
    else:
        sheet = _columns(seen[0])
    return sheet if sheet and len(set(sheet.keys)) == len(sheet.names) else None


def document_sheet(document: Document, free: str | None = None) -> Sheet:
    """Return a file's table; one that was claimed has it, unless its beginning is damaged."""
    sheet = sheet_of([text for _, text in _first(document)], free)
    if sheet is None:
        raise UnreadableError("no line with column names can be read")
    return sheet


def _first(document: Document) -> Iterable[tuple[int, str]]:
    lines = document.lines()
    return [pair for _, pair in zip(range(LOOK), lines, strict=False)]


def csv_values(line: str, delimiter: str) -> list[str] | None:
    """Return the values of one line, or None where its quotes do not close."""
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None


def _csv(first: str, free: str | None) -> Sheet | None:
    delimiter = max(DELIMITERS, key=first.count)
    values = csv_values(first.strip(), delimiter) or []
    names = [value.strip() for value in values]
    if not 1 < len(names) <= MOST_COLUMNS or any(not 0 < len(n) <= LONGEST_NAME for n in names):
        return None
    names = unique_names(names)
    keys = [name.lower() for name in names]

    def cells(record: Record) -> Cells:
        values = csv_values(record.first, delimiter)
        if values is None:
            raise RefusedError("a quote that is never closed")
        if len(values) < len(keys):
            raise RefusedError(f"cut short: {len(values)} of {len(keys)} values")
        if len(values) > len(keys) + MOST_SURPLUS:
            raise RefusedError(
                f"{count_words(len(values), 'value')} for {count_words(len(keys), 'column')}"
            )
        return _paired(keys, values, delimiter, free)

    return Sheet("csv", names, _line_role(first), cells, delimiter)


def _paired(keys: list[str], values: list[str], delimiter: str, free: str | None) -> Cells:
    surplus = len(values) - len(keys)
    if surplus and free in keys:
        place = keys.index(free)
        values[place : place + surplus + 1] = [
            delimiter.join(values[place : place + surplus + 1]),
        ]
    cells = dict(zip(keys, values, strict=False))
    return cells | {f"+{n}": value for n, value in enumerate(values[len(keys) :], 1)}


def _line_role(*ornaments: str) -> RoleOf:
    """Return that every line is a record but blank ones and these."""
    known = {"", *ornaments}

    def role(text: str, _: Record | None) -> Role:
        return Role.SKIP if text in known or text.startswith(TYPE_LINE) else Role.START

    return role


def _ruled(header: str, rule: str) -> Sheet | None:
    """Cut by the rule; a line whose first cells are blank goes on with the record above."""
    spans = [match.span() for match in re.finditer(r"\S+", rule)]
    starts = [start for start, _ in spans]
    try:
        cuts = _cut(header, starts)
    except RefusedError:
        return None
    names = unique_names([cut.strip() or f"column {n}" for n, cut in cuts])
    keys = [name.lower() for name in names]
    plain = _line_role(header, rule)

    def role(text: str, held: Record | None) -> Role:
        part = plain(text, held)
        if part is Role.START and held and not text[: starts[1]].strip():
            return Role.MORE
        return part

    def cells(record: Record) -> Cells:
        found: Cells = {}
        for line in record.lines:
            for (_, cut), key in zip(_cut(line, starts), keys, strict=True):
                found[key] = f"{found.get(key, '')} {cut.strip()}".strip()
        return found

    return Sheet("ruled", names, role, cells)


def _columns(header: str) -> Sheet | None:
    words = list(WORD.finditer(header))
    if len(words) > MOST_COLUMNS or any(not NAME.fullmatch(word.group()) for word in words):
        return None
    starts = [word.start() for word in words]
    names = unique_names([word.group() for word in words])
    keys = [name.lower() for name in names]

    def cells(record: Record) -> Cells:
        return {
            key: cut.strip() for (_, cut), key in zip(_cut(record.first, starts), keys, strict=True)
        }

    return Sheet("columns", names, _line_role(header), cells)


def _cut(line: str, starts: list[int]) -> list[tuple[int, str]]:
    """Return the cells of a line, numbered from 1; the last one goes to the line's end."""
    if any(line[start - 1 : start].strip() for start in starts[1:]):
        raise RefusedError("values that do not stand below their names")
    ends = [*starts[1:], len(line)]
    return [
        (n, line[start : max(start, end)])
        for n, (start, end) in enumerate(zip(starts, ends, strict=True), 1)
    ]


def _blocks(lines: Iterable[str]) -> Sheet:
    names: dict[str, None] = {}
    for line in lines:
        if match := PAIR.match(line):
            names[match[1]] = None
        elif names and line.strip():
            break

    def role(text: str, held: Record | None) -> Role:
        if not text:
            return Role.SKIP if held is None else Role.END
        return Role.START if held is None else Role.MORE

    def cells(record: Record) -> Cells:
        found: Cells = {}
        key = None
        for line in record.lines:
            if match := PAIR.match(line):
                key = match[1].lower()
                found[key] = match[2].strip()
            elif key is None:
                raise RefusedError("no Name=value line")
            else:
                found[key] += "\n" + line.strip()
        return found

    return Sheet("blocks", list(names), role, cells)


def whole_number(text: str | None) -> int | None:
    """Return a number that fits 64 bits, or None."""
    if text is None or not re.fullmatch(r"[+-]?[0-9]{1,18}", text.strip()):
        return None
    return int(text)
