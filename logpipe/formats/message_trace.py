"""Message traces of Exchange Online: downloaded CSV reports, and what Get-MessageTrace gave.

Summary reports have one row per message, with all recipients and their statuses in one value;
extended reports have one row per event; Get-MessageTrace(V2), Graph and the reporting service have
one row per recipient. All times are UTC.
https://learn.microsoft.com/exchange/monitoring/trace-an-email-message/message-trace-modern-eac
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from logpipe.formats._export.json_piece import json_records
from logpipe.formats._export.powershell import Export, has_date, layout, reading_of, text_reading
from logpipe.formats._export.record import Record, fold
from logpipe.formats._export.tracking_shape import TRACKING
from logpipe.formats._text.characters import character_set, characters
from logpipe.formats._text.lines import first_lines, utf8_head
from logpipe.model import Format, Reading

TIMES = {
    "received", "receiveddatetime", "origintimestamputc", "origintimestamp", "datetimeutc",
}  # fmt: skip
HOST = "EXCHANGE-ONLINE"  # the service names no server; NULL would be filled in by the neighbours'


def known(names: set[str]) -> bool:
    """Return whether names are a message trace's: its time, sender, recipient or status."""
    trace = {"senderaddress"} <= names and names & {"recipientaddress", "recipientstatus"}
    center = {"sender", "recipient", "subject", "status"} <= names and names & {"date", "dateutc"}
    return bool(center or (trace and names & TIMES))


def begins(values: dict[str, str]) -> bool:
    """Return whether the time of a row can be seen."""
    return any(has_date(values.get(name, "")) for name in (*TIMES, "date", "dateutc"))


SHAPE = replace(TRACKING, given={**TRACKING.given, "host": HOST})
EXPORT = Export("tracking_export", SHAPE, known, begins, utc=True)


def sniff(head: bytes) -> bool:
    """Return whether a header line or the first object has a message trace's names."""
    text = utf8_head(head)
    if text.lstrip()[:1] in (b"{", b"["):
        decoded = text.decode("utf-8", "replace")
        return any(record.fault is None for record in json_records([decoded], wanted))
    return layout(first_lines(text, 80), EXPORT) is not None


def wanted(found: dict[str, Any]) -> bool:
    """Return whether a JSON object is a trace's."""
    return known({fold(str(name)) for name in found})


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give the records of a report or of JSON, every one for its recipients."""
    with path.open("rb") as file:
        is_json = utf8_head(file.read(4096)).lstrip()[:1] in (b"{", b"[")
    if is_json:
        encoding = character_set(path)

        def records() -> Iterator[Record]:
            return json_records(characters(path, encoding), wanted)

        reading = reading_of(records, EXPORT)
    else:
        reading = text_reading(path, scratch, EXPORT)
    yield replace(reading, host=HOST, host_known_by="format")


FORMAT = Format(
    "message_trace",
    "Message trace of Exchange Online",
    table="tracking_event",
    generation="Exchange Online",
    sniff=sniff,
    read=read,
    growth="none",
)
