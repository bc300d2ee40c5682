"""Exports of a PowerShell command: CSV, Format-List text or table text, told apart by content."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path

from logpipe.errors import UnreadableError
from logpipe.formats._export.column_text import DASHES, column_spans, table_records
from logpipe.formats._export.csv_record import PREAMBLE, csv_records, header_names
from logpipe.formats._export.property_list import PROPERTY, console_width, list_records
from logpipe.formats._export.record import Record, Shape, fold, frames, learn
from logpipe.formats._text.lines import survey
from logpipe.formats._text.written_time import Clock
from logpipe.model import Reading

ABOVE = 5  # lines that may stand above a header: a prompt, a title
LINES = 80  # lines of the head that are looked at
QUARTER = timedelta(minutes=15)  # what distances of zones are multiples of
AHEAD = timedelta(minutes=1)  # by which a clock may be ahead of the other
FARTHEST = 14 * 4  # quarters
LEAST = 2  # records that tell a distance


@dataclass(frozen=True, slots=True)
class Export:
    """What one command's exports have in common, whatever they were written as."""

    load: str
    shape: Shape
    known: Callable[[set[str]], bool]  # whether these folded names are this command's
    begins: Callable[[dict[str, str]], bool]  # whether values may be the first of a record
    more: tuple[str, ...] = ()  # names that CSV headers leave out at their end
    utc: bool = False  # times without zone are UTC
    # the time of a record as written, and UTC values beside it that are no later
    witness: Callable[[Mapping[str, str]], tuple[str, list[datetime]]] | None = None

    def knows(self, names: list[str]) -> bool:
        """Return whether a list of names is the header of such an export."""
        return self.known({fold(name) for name in names})


def layout(lines: list[str], export: Export) -> str | None:
    """Return what the first lines of a file are: csv, list or table; None if nothing of these."""
    data = [line for line in lines if line.strip() and not PREAMBLE.match(line)]
    for above, line in zip(["", *data], data[:ABOVE], strict=False):
        if export.knows(header_names(line)[1]):
            return "csv"
        if DASHES.match(line) and export.knows(column_spans(above, line)[0]):
            return "table"
    strangers, names = 0, set[str]()
    for line in data[:LINES]:
        match = PROPERTY.match(line)
        strangers += match is None and line[:1] != " "
        if strangers > ABOVE:
            return None
        if match:
            names.add(fold(match[1]))
            if export.known(names):
                return "list"
    return None


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a UTF-8 file with their numbers, without line ends."""
    with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
        for number, line in enumerate(file, 1):
            text = line.rstrip("\r\n\u240d")  # \r\r\n: PowerShell redirected by cmd
            yield number, text.removeprefix("\ufeff") if number == 1 else text


def first_numbered(path: Path) -> list[str]:
    """Return the first lines of a file."""
    return [line for _, line in islice(numbered_lines(path), LINES)]


def text_reading(path: Path, scratch: Path, export: Export) -> Reading:
    """Read an export as what its first lines say; every record is counted before one is loaded."""
    text = survey(path, scratch, (b"#TYPE",))
    kind = layout(first_numbered(text.path), export)
    if kind is None:
        raise UnreadableError("the line that names the columns is damaged: export it anew")
    width = console_width(numbered_lines(text.path)) if kind == "list" else 0

    def records() -> Iterator[Record]:
        lines = numbered_lines(text.path)
        if kind == "csv":
            return csv_records(lines, export.knows, export.begins, export.more)
        return table_records(lines) if kind == "table" else list_records(lines, width)

    return reading_of(records, export, tuple(text.notes))


def reading_of(
    records: Callable[[], Iterator[Record]], export: Export, notes: tuple[str, ...] = ()
) -> Reading:
    """Return the reading of records that can be had twice: once to count them, once to load."""
    clock = Clock(utc=export.utc)
    count = learn(records(), export.shape, clock)
    zone = _witnessed(records(), export, clock) if clock.local else "UTC"
    return Reading(
        load=export.load,
        records=count,
        batches=frames(records(), export.shape, clock),
        notes=(*notes, *filter(None, [clock.note])),
        zone=zone,
        zone_known_by=None if zone is None else "UTC values" if clock.local else "format",
    )


def _witnessed(records: Iterable[Record], export: Export, clock: Clock) -> str | None:
    """Return the distance to Greenwich that UTC values beside the times show, as a zone's name.

    A record is written soon after what it tells of, as a rule: the least distance of each day
    counts, in quarters of an hour, and all days must agree; two records are the least.
    """
    if export.witness is None:
        return None
    days: dict[date, int] = {}
    seen = 0
    for record in records:
        text, beside = export.witness(record.values)
        written = clock.read(text)
        if written is None or written.local_ts is None or not beside:
            continue
        apart = (written.local_ts - max(beside) + AHEAD) // QUARTER
        if abs(apart) <= FARTHEST:
            seen += 1
            day = written.local_ts.date()
            days[day] = min(apart, days.get(day, apart))
    if seen < LEAST or len(set(days.values())) != 1:
        return None
    (apart,) = set(days.values())
    hours, quarters = divmod(abs(apart), 4)
    if not apart:
        return "UTC"
    return f"UTC{'-' if apart < 0 else '+'}{hours:02}:{15 * quarters:02}"


def has_date(text: str) -> bool:
    """Return whether a value begins like a date: what a first line of a record can be told by."""
    return re.match(r"\s*\d{1,4}[./-]\s?(?:\d{1,2}|[A-Za-z]{3})[./-]\s?\d{1,4}", text) is not None
