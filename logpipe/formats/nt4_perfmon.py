r"""Exports of Performance Monitor of Windows NT 4: a chart's counters as CSV or TSV, local times.

``Reported on \\SRV``, ``Date: ...``, ``Time: ...``, ``Data: ...``, ``Interval: ...``; then rows,
one under another, that name counter, instance, parent, object and computer of each column; then one
row a moment. Dates are as the locale of the host has them. The layout is from memory of those who
used the tool: no real file was at hand, so all is read as tolerantly as can be.
"""

import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from logpipe.errors import UnreadableError
from logpipe.formats._counter.path import CounterPath
from logpipe.formats._counter.segment import Header, segments_of_headers
from logpipe.formats._text.lines import SPOILED, first_lines, survey
from logpipe.model import Format, Lines, Reading

FIRST = re.compile(r'^\ufeff?"?Reported on\b', re.IGNORECASE)
COMPUTER = re.compile(r"^\\\\[^\\]+$")
DATE = re.compile(r"^(\d{1,4})[-/. ](\d{1,2})[-/. ](\d{1,4})$")
TIME = re.compile(r"^(\d{1,2})[:.](\d\d)[:.](\d\d)(?:[.,](\d{1,3}))?\s*([AaPp])?\.?[Mm]?\.?$")
LONGEST_HEADER = 40  # lines; the tool writes eleven
MONTHS = 12


BLANK = " \t"  # Python takes \f and \x1c for blanks too


@dataclass(slots=True)
class _Block:
    """One export: where its rows begin, its counters, and what its dates tell of their order."""

    line: int
    divider: str
    counters: tuple[CounterPath, ...]
    firsts: int = 0  # the largest number in the first and second place of dates
    seconds: int = 0


def sniff(head: bytes) -> bool:
    """Return whether the first line that is not blank is that of an export."""
    lines = [line for line in first_lines(head) if line.strip("\ufeff ")]
    return bool(lines) and bool(FIRST.match(lines[0])) and any("\\\\" in line for line in lines)


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give the rows in the shape of a PDH-CSV, line by line, through a copy."""
    text = survey(path, scratch, ())
    block, records = _survey(text.path)
    copy = scratch / "rows.csv"
    order, doubt = _order(block)
    with copy.open("w", encoding="utf-8", newline="\n") as out:
        for number, line in _numbered(text.path):
            out.write((_row(line, block, order) if number > block.line else "") + "\n")
    width = len(block.counters) + 1
    header = Header(block.line, "", None, None, ",", width, width, block.counters)
    yield Reading(
        load="counter_sample",
        records=records,
        batches=iter([Lines(copy, segments_of_headers([header], [], text.lines))]),
        generation="Windows NT 4 Performance Monitor",
        zone=None,
        zone_known_by=None,
        notes=(*text.notes, *doubt),
    )


def _numbered(path: Path) -> Iterator[tuple[int, str]]:
    with path.open(encoding="utf-8-sig", newline="\n") as file:
        for number, line in enumerate(file, 1):
            yield number, line.rstrip("\r\n")


def _survey(path: Path) -> tuple[_Block, int]:
    """Find the header rows; count the lines below them, and see what their dates can be."""
    rows: list[list[str]] = []
    block, records = None, 0
    for number, line in _numbered(path):
        if block is None:
            divider = "\t" if "\t" in line else ";" if line.count(";") > line.count(",") else ","
            rows.append(_cells(line, divider))
            if any(map(COMPUTER.match, rows[-1][2:])):
                block = _Block(number, divider, _counters(rows))
            elif number > LONGEST_HEADER:
                break
        elif line.strip(BLANK):
            records += 1
            if date := DATE.match(line.split(block.divider, 1)[0].strip('" ')):
                block.firsts = max(block.firsts, int(date[1]))
                block.seconds = max(block.seconds, int(date[2]))
    if block is None:
        raise UnreadableError(
            f"no row of computers in the first {LONGEST_HEADER} lines: "
            "export the chart anew, as CSV or TSV"
        )
    return block, records


def _cells(line: str, divider: str) -> list[str]:
    try:
        (cells,) = csv.reader([line], delimiter=divider)
    except (csv.Error, ValueError):
        cells = line.split(divider)
    return [cell.strip() for cell in cells]


def _counters(rows: list[list[str]]) -> tuple[CounterPath, ...]:
    """Return the counter of each column; above the computers stand the objects."""
    names = [row for row in rows if any(row[2:])]
    computers = names.pop()
    objects = names.pop() if len(names) > 1 else []
    kinds = [*names, [], [], []][:3]  # counter, instance, parent

    def cell(row: list[str], place: int) -> str | None:
        return (row[place] or None) if place < len(row) else None

    width = max(place for place, name in enumerate(computers) if name) + 1
    counters = []
    for place in range(2, width):
        counter, instance, parent = (cell(row, place) for row in kinds)
        if parent and instance:
            instance = f"{parent}/{instance}"
        host, object_ = cell(computers, place) or "", cell(objects, place)
        path = f"{host}\\{object_ or ''}{f'({instance})' if instance else ''}\\{counter or ''}"
        named = counter or f"column {place + 1}"
        counters.append(CounterPath(path, host.strip("\\") or None, object_, instance, named))
    return tuple(counters)


def _order(block: _Block) -> tuple[str, list[str]]:
    """Return the order of day, month and year, and whether it is a guess."""
    if block.firsts > 99:  # noqa: PLR2004 - a year of four digits
        return "ymd", []
    if block.firsts > MONTHS:
        return "dmy", []
    if block.seconds > MONTHS:
        return "mdy", []
    return "mdy", ["no day after the 12th: dates were taken for month/day/year"]


def _row(line: str, block: _Block, order: str) -> str:
    """Return one row as PDH-CSV has it, or what tells the load to refuse it."""
    if line.startswith(SPOILED) or not line.strip(BLANK):
        return line.strip(BLANK)
    cells = _cells(line, block.divider)
    moment = _moment(cells[0], cells[1] if len(cells) > 1 else "", order)
    if moment is None:
        return f"{SPOILED}no readable date and time{SPOILED}{line[:200]}"
    values = cells[2:]
    while len(values) > len(block.counters) and not values[-1]:
        values.pop()
    return ",".join(f'"{cell}"' for cell in (moment, *(v.replace('"', "'") for v in values)))


def _moment(date: str, time: str, order: str) -> str | None:
    """Return date and time as PDH-CSV has them; 12:05:00 AM is 00:05:00."""
    day, clock = DATE.match(date), TIME.match(time)
    if not day or not clock:
        return None
    parts = dict(zip(order, map(int, day.groups()), strict=True))
    if parts["y"] < 100:  # noqa: PLR2004 - two digits
        parts["y"] += 1900 if parts["y"] >= 70 else 2000  # noqa: PLR2004 - NT is no older
    hour = int(clock[1])
    if clock[5]:
        hour = hour % 12 + (12 if clock[5] in "Pp" else 0)
    return (
        f"{parts['m']:02}/{parts['d']:02}/{parts['y']:04} "
        f"{hour:02}:{clock[2]}:{clock[3]}.{(clock[4] or '0'):0<3}"
    )


FORMAT = Format(
    "nt4_perfmon",
    "Performance Monitor export of Windows NT 4",
    table="counter_sample",
    sniff=sniff,
    read=read,
)
