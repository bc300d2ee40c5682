"""How far a clock is from a reference: w32tm /stripchart, with or without /dataonly.

``07:00:15, +00.0123456s`` (local time, offset of the reference to this host), or
``07:00:15 d:+00.0000000s o:+00.0000106s [     *     ]`` (d: round trip). Above them stand the
reference and the date: ``Tracking ref.example [192.0.2.9:123].``, ``The current time is 9/3/2007
7:00:15 AM.``
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from logpipe.formats._inventory.document import (
    Document,
    Record,
    RefusedError,
    Role,
    Row,
    frames,
    open_document,
    rows_of,
)
from logpipe.formats._inventory.host_fact import COLUMNS, fact
from logpipe.formats._text.lines import first_lines
from logpipe.formats._text.written_time import Clock
from logpipe.model import Format, Reading

SECONDS = r"([+-]\d{1,9}[.,]\d{1,9})s"
SAMPLE = re.compile(
    rf"^(\d{{1,2}}):(\d\d):(\d\d)(?:, ?{SECONDS}| +d:{SECONDS} +o:{SECONDS})(.{{0,200}})$"
)
FAILED = re.compile(r"^(\d{1,2}):(\d\d):(\d\d),? +(\S.{0,200}0x[0-9A-Fa-f]{8}.{0,200})$")
# the only header line with an address, whatever the language
REFERENCE = re.compile(r"(\S{1,255}) \[([0-9A-Fa-f.:%]{3,60})\]")
NOW = re.compile(r"\d{1,4}[./-] ?\d{1,2}[./-] ?\d{1,4}.{0,40}$")  # 9/3/2007 7:00:15 AM.


def sniff(head: bytes) -> bool:
    """Return whether the first line that begins with a time of day is an offset in seconds."""
    timed = [line for line in first_lines(head) if re.match(r"^\d{1,2}:\d\d:\d\d\b", line)]
    if not timed:
        return False
    if SAMPLE.match(timed[0].rstrip()):
        return True
    shown = first_lines(head, 10)
    return bool(FAILED.match(timed[0].rstrip())) and any(REFERENCE.search(line) for line in shown)


@dataclass(slots=True)
class _Chart:
    """What the lines above the samples say, and the time of the sample before."""

    reference: str | None = None
    address: str = ""
    day: datetime | None = None
    before: timedelta = timedelta()
    clock: Clock = field(default_factory=Clock)


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give every sample as an offset, and the round trip where it is shown."""
    document = open_document(path, scratch, console=True)
    chart = _Chart(clock=_clock(document))
    yield Reading(
        load="host_fact",
        records=document.count(_role),
        batches=frames(rows_of(document.records(_role), lambda r: _rows(r, chart)), COLUMNS),
        zone=None,
        zone_known_by=None,
        notes=(*document.notes, *filter(None, [chart.clock.note])),
    )


def _clock(document: Document) -> Clock:
    clock = Clock()
    for record in document.records(_role):
        if record.mark and (found := NOW.search(record.first[-80:])):
            clock.learn(found.group().rstrip(". \u3002"))
    clock.decide()
    return clock


def _role(text: str, _: Record | None) -> Role:
    if not text:
        return Role.SKIP
    return Role.START if re.match(r"^\d{1,2}:\d\d:\d\d\b", text) else Role.MARK


def _rows(record: Record, chart: _Chart) -> list[Row]:
    if record.mark:
        return _header(record.first, chart)
    match = SAMPLE.match(record.first)
    failed = None if match else FAILED.match(record.first)
    found = match or failed
    if found is None:
        raise RefusedError("no offset in seconds")
    moment = _moment(found, chart)
    known = {
        "local_ts": moment,
        "extra": {"address": chart.address, "time": record.first[:8].strip(" ,")},
    }
    if match is None:
        return [fact("clock", chart.reference, "error", found[4].strip()) | known]
    offset = match[4] or match[6]
    rows = [fact("clock", chart.reference, "offset", offset, _number(offset)) | known]
    if match[5]:
        rows.append(fact("clock", chart.reference, "delay", match[5], _number(match[5])) | known)
    return rows


def _header(line: str, chart: _Chart) -> list[Row]:
    """Keep what a line above the samples says: the reference, or the date."""
    if reference := REFERENCE.search(line[:1000]):
        chart.reference, chart.address = reference[1], reference[2]
    elif found := NOW.search(line[-80:]):
        moment = chart.clock.read(found.group().rstrip(". \u3002"))
        chart.day = moment.ts if moment else None
        chart.before = timedelta()
    return []


def _moment(sample: re.Match[str], chart: _Chart) -> datetime | None:
    """Return the local time of a sample; the next day begins where the clock falls."""
    hour, minute, second = (int(part) for part in sample.group(1, 2, 3))
    time = timedelta(hours=hour, minutes=minute, seconds=second)
    if chart.day is None:
        return None
    if time < chart.before - timedelta(hours=12):
        chart.day += timedelta(days=1)
    chart.before = time
    return datetime(chart.day.year, chart.day.month, chart.day.day) + time  # noqa: DTZ001 - local


def _number(seconds: str) -> float:
    return float(seconds.replace(",", "."))


FORMAT = Format("w32tm", "Clock offsets by w32tm", "host_fact", sniff, read, growth="none")
