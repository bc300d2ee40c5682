"""Connectivity logs of the transport services, Exchange 2007 and later (``CONNECTLOG…``).

CSV with six fields: every connection a transport service tried, step by step, to a destination.
https://learn.microsoft.com/exchange/mail-flow/transport-logs/connectivity-logging
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from logpipe.formats._text.exchange_csv import ISO_TIME, open_log, preamble
from logpipe.model import Format, Reading

FIELDS = ["date-time", "session", "source", "Destination", "direction", "description"]
COLUMNS = {
    "ts": ["date-time"],
    "session": ["session"],
    "component": ["source"],
    "destination": ["destination"],
    "direction": ["direction"],
    "description": ["description"],
}
# 2013-06-27T21:08:37.520Z,08D03F2DE58E0D70,MapiSubmission,89294a5c-bf90-4ae2-a3ff-7f2b81b4ba71,+,
ROW = re.compile(ISO_TIME + r',[0-9A-Fa-f-]{8,36},\w+,(?:"[^"]*"|[^,"]*),[-+>*],')


def sniff(head: bytes) -> bool:
    """Return whether the log type says so, or the fields, or headerless rows have this shape."""
    top = preamble(head)
    if top.log_type:
        return top.log_type == "transport connectivity log"
    if top.fields:
        return top.has(*(name.lower() for name in FIELDS))
    return any(ROW.match(row) for row in top.rows[:5])


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give the file as lines, with one segment per field list."""
    log = open_log(path, scratch, COLUMNS, FIELDS)
    yield log.reading("connectivity", log.segments)


FORMAT = Format(
    "connectivity",
    "Transport connectivity log, Exchange 2007 to Subscription Edition",
    table="connection_event",
    generation="Exchange 2007 or later",
    sniff=sniff,
    read=read,
)
