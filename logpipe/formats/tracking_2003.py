r"""Message tracking logs of Exchange 2000 and 2003: tab-separated, one row per recipient and event.

Written by the System Attendant into ``<server>.log\yyyymmdd.log``; times are UTC. Three header
lines begin with ``#``; the third names the columns. Format reference: Microsoft KB 246965.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from logpipe.formats._text.lines import data_above, first_lines, segments_of, survey, unique_names
from logpipe.model import Format, Lines, Reading

COLUMNS = (
    "date,time,client-ip,client-hostname,partner-name,server-hostname,server-ip,recipient-address,"
    "event-id,msgid,priority,recipient-report-status,total-bytes,number-recipients,"
    "origination-time,encryption,service-version,linked-msgid,message-subject,sender-address"
).split(",")
# 2007-9-3⇥0:0:5 GMT⇥192.0.2.10⇥PC1⇥-⇥MAIL01⇥...
ROW = re.compile(r"^\d{4}-\d{1,2}-\d{1,2}\t\d{1,2}:\d{1,2}:\d{1,2} ?(?:GMT)?\t(?:[^\t]*\t){6}\d+\t")
COLUMN_LINE = re.compile(r"^#? ?Date\tTime\t", re.IGNORECASE)


def sniff(head: bytes) -> bool:
    """Return whether a column line or a row of the 2000/2003 shape stands near the top."""
    return any(COLUMN_LINE.match(line) or ROW.match(line) for line in first_lines(head))


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give the file as lines, with one segment per column line."""
    text = survey(path, scratch, (b"#", b"Date\tTime\t"))
    starts = [(line, _names(header)) for line, header in text.headers if COLUMN_LINE.match(header)]
    notes = list(text.notes)
    if text.records and (not starts or data_above(starts[0][0], text)):
        starts.insert(0, (0, COLUMNS))
        notes.append("no column line above the first lines: the 20 of Exchange 2000/2003 assumed")
    segments = segments_of(starts, text.lines)
    attendant = (re.search(r"Exchange System Attendant Version (\S+)", h) for _, h in text.headers)
    version = next((match.group(1) for match in attendant if match), None)
    yield Reading(
        load="tracking_2003",
        records=text.records,
        batches=iter([Lines(text.path, segments)]),
        generation=_generation(version),
        notes=tuple(notes),
    )


def _names(header: str) -> list[str]:
    """Return the column names in lower case: the originals mix Client-hostname and server-IP."""
    return unique_names(header.lstrip("# ").lower().split("\t"))


def _generation(version: str | None) -> str | None:
    """Name the product: 6.0 is Exchange 2000, 6.5 Exchange 2003."""
    if version is None:
        return None
    product = {"6.0": "Exchange 2000", "6.5": "Exchange 2003"}.get(version[:3], "Exchange")
    return f"{product} ({version})"


FORMAT = Format(
    "tracking_2003",
    "Message tracking log, Exchange 2000/2003",
    table="tracking_event",
    generation="Exchange 2000 or 2003",
    sniff=sniff,
    read=read,
)
