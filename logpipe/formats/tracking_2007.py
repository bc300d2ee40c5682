"""Message tracking logs of Exchange 2007 to Subscription Edition: CSV under a ``#Fields`` line.

Times are UTC. The four known field lists have 21, 26, 27 and 30 names; the reader follows whatever
the file names, and falls back on the count for copies without a header.
https://learn.microsoft.com/exchange/mail-flow/transport-logs/message-tracking
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import polars as pl

from logpipe.formats._text.lines import (
    Text,
    data_above,
    ends_open,
    first_lines,
    segments_of,
    survey,
    unique_names,
)
from logpipe.formats._text.plain import plain
from logpipe.model import Columns, Format, Lines, Reading

FIELDS_2007 = (
    "date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,connector-id,"
    "source,event-id,internal-message-id,message-id,recipient-address,recipient-status,total-bytes,"
    "recipient-count,related-recipient-address,reference,message-subject,sender-address,"
    "return-path,message-info"
).split(",")
FIELDS_2010 = [
    *FIELDS_2007,
    *["directionality", "tenant-id", "original-client-ip", "original-server-ip", "custom-data"],
]
FIELDS_2013 = [*FIELDS_2010[:11], "network-message-id", *FIELDS_2010[11:]]
FIELDS_2016 = [*FIELDS_2013, "transport-traffic-type", "log-id", "schema-version"]
KNOWN = tuple(FIELDS_2016)  # what sql/load/tracking_2007.sql names
TYPES = {"date-time": "TIMESTAMP", "total-bytes": "BIGINT", "recipient-count": "INTEGER"}
BY_COUNT = {len(names): names for names in (FIELDS_2007, FIELDS_2010, FIELDS_2013, FIELDS_2016)}
MARKS = (b"#", b"date-time,")  # some logs repeat the bare field list as a plain CSV header
ISO_TIME = re.compile(r'^"?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"?,')
QUOTED = re.compile(r'"[^"]*"')
GUESS_ROWS = 100
SOURCES = re.compile(
    r",(?:ADMIN|AGENT|APPROVAL|BOOTLOADER|DNS|A?DSN|GATEWAY|MAILBOXRULE|MEETINGMESSAGEPROCESSOR|ORAR"
    r"|PICKUP|POISONMESSAGE|PUBLICFOLDER|QUEUE|REDUNDANCY|RESOLVER|ROUTING|SAFETYNET|SMTP"
    r"|STOREDRIVER),[A-Z]+,"
)


def sniff(head: bytes) -> bool:
    """Return whether the preamble names this log, or headerless rows have one of its widths."""
    lines = first_lines(head)
    if any(re.match(r"#log-type:\s*message tracking log", line, re.IGNORECASE) for line in lines):
        return True
    bare = "," + ",".join(FIELDS_2007[1:5])
    if any(re.match(r"(?:#fields:\s*)?date-time" + bare, line, re.IGNORECASE) for line in lines):
        return True
    if lines[0].lstrip("\ufeff").lower().startswith("date_time_utc,"):  # Exchange Online
        return False
    rows = [line for line in lines[:-1] or lines if line and not line.startswith("#")][:5]
    return any(
        ISO_TIME.match(row) and SOURCES.search(row) and _width(row) in BY_COUNT for row in rows
    )


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give the file as lines, with one segment per field list."""
    text = survey(path, scratch, MARKS)
    notes = list(text.notes)
    starts = _starts(text)
    if text.records and (not starts or data_above(starts[0][0], text)):
        starts.insert(0, (0, _guess(text.path)))
        notes.append(f"no #Fields above the first lines: {len(starts[0][1])} fields assumed")
    half = text.lines if text.lines and ends_open(path) else 0
    segments = segments_of(starts, text.lines).with_columns(half=pl.lit(half, pl.UInt64))
    yield _reading(text, Lines(text.path, segments), notes)


def quick(path: Path) -> Reading | None:
    """Give a plain file in columns, where one field list governs all of it."""
    text = plain(path, quoted=True)
    starts = _starts(text) if text else []
    if text is None or not starts or data_above(starts[0][0], text):
        return None
    names = starts[0][1]
    if any(other != names for _, other in starts):
        return None
    lines, segments = tuple(line for line, _ in text.headers), segments_of(starts, text.lines)
    batch = Columns(
        path, segments, tuple(names), KNOWN, lines, delimiter=",", quote='"', types=TYPES
    )
    return _reading(text, batch, [])


def _reading(text: Text, batch: Lines | Columns, notes: list[str]) -> Reading:
    versions = (re.match(r"#version:\s*(\S+)", h, re.IGNORECASE) for _, h in text.headers)
    version = next((match.group(1) for match in versions if match), None)
    return Reading(
        load="tracking_2007",
        records=text.records,
        batches=iter([batch]),
        generation=_generation(version),
        notes=tuple(notes),
    )


def _starts(text: Text) -> list[tuple[int, list[str]]]:
    """Return the lines that hold a field list, and the list."""
    return [(line, names) for line, header in text.headers if (names := _names(header))]


def _names(header: str) -> list[str]:
    """Return the field list of a header line, or nothing where it holds none."""
    bare = re.sub(r"^#fields:\s*", "", header, flags=re.IGNORECASE)
    names = [name.strip() for name in bare.lower().split(",")]
    return unique_names(names) if names[0] == "date-time" else []


def _width(row: str) -> int:
    """Return how many values a row has: a comma inside quotes divides none."""
    return QUOTED.sub("", row).count(",") + 1


def _guess(path: Path) -> list[str]:
    """Return the field list that has as many names as the first row of a known width has values."""
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        for row in islice((line for line in lines if ISO_TIME.match(line)), GUESS_ROWS):
            if names := BY_COUNT.get(_width(row)):
                return names
    return FIELDS_2016


def _generation(version: str | None) -> str | None:
    """Name the product by its build: 8 is 2007, 14 2010, 15.0 2013, 15.1 2016, 15.2 2019/SE."""
    match = re.match(r"(\d+)\.0*(\d+)", version or "")
    if match is None:
        return None
    major, minor = int(match[1]), int(match[2])
    names = {(8, None): "2007", (14, None): "2010", (15, 0): "2013", (15, 1): "2016"}
    names[(15, 2)] = "2019 or Subscription Edition"
    product = names.get((major, minor)) or names.get((major, None))
    return f"Exchange {product} ({version})" if product else f"Exchange ({version})"


FORMAT = Format(
    "tracking_2007",
    "Message tracking log, Exchange 2007 to Subscription Edition",
    table="tracking_event",
    generation="Exchange 2007 or later",
    sniff=sniff,
    read=read,
    quick=quick,
)
