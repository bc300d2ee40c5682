"""Microsoft IIS format logs of the IIS SMTP service: fixed fields between commas, local times.

The date follows the locale of the machine and the time has no offset; which zone it is, the host's
other logs tell. Format reference: Microsoft "Microsoft IIS Log File Format", IIS SMTP help.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from logpipe.formats._text.date_order import date_order
from logpipe.formats._text.lines import first_lines, survey
from logpipe.model import Format, Lines, Reading

# 192.0.2.10, pc1, 9/3/07, 5:00:15, SMTPSVC1, GW1, 192.0.2.1, 0, 8, 275, 250, 0, EHLO, -, +pc1,
DATE = rb"(\d{1,4}[./-]\d{1,2}[./-]\d{1,4})"
TIME = rb"\d{1,2}[:.]\d\d[:.]\d\d(?: ?[AaPp][Mm])?"
ROW = re.compile(
    rb"^[^,]{1,100}, ?[^\n]{0,1000}?, ?%b, ?%b, ?SMTPSVC\d*, ?[^,]*, ?[^,]*,(?: ?[\d-]*,){5}"
    % (DATE, TIME)
)
DATED = re.compile(rb", ?%b, ?%b, ?SMTPSVC" % (DATE, TIME))
NAMES = [
    "client", "user", "date", "time", "service", "server", "server ip", "time taken",
    "bytes received", "bytes sent", "status", "win32 status", "operation", "target", "parameters",
]  # fmt: skip


def sniff(head: bytes) -> bool:
    """Return whether a line near the top names an SMTPSVC site in the fifth place."""
    return any(ROW.match(line.encode()) for line in first_lines(head))


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give the file as lines, all in one segment that knows the order of the dates."""
    text = survey(path, scratch, ())
    dates = date_order(text.path, DATED)
    segment = pl.DataFrame(
        {
            "first_line": pl.Series([1], dtype=pl.UInt64),
            "last_line": pl.Series([text.lines], dtype=pl.UInt64),
            "fields": [NAMES],
            "date_order": [dates.order],
        }
    )
    yield Reading(
        load="smtpsvc_iis",
        records=text.records,
        batches=iter([Lines(text.path, segment)]),
        zone=None,
        zone_known_by=None,
        notes=tuple(filter(None, [*text.notes, dates.note])),
    )


FORMAT = Format(
    "smtpsvc_iis",
    "SMTP service log (Microsoft IIS format)",
    table="smtp_event",
    generation="IIS SMTP service",
    sniff=sniff,
    read=read,
)
