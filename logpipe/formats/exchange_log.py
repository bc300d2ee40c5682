"""Every other CSV log of Exchange 2007 and later: EWS, ECP, agents, audit, cmdlets, queues.

They share the preamble (``#Software: Microsoft Exchange…``, ``#Log-type``, ``#Fields``) and nothing
else, so that each value is kept under its own field name. No reference is published for most.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from logpipe.formats import (
    connectivity,
    http_proxy,
    imap_pop,
    smtp_protocol,
    tracking_2003,
    tracking_2007,
)
from logpipe.formats._text.exchange_csv import open_log, preamble
from logpipe.model import Format, Reading

# logs with a table of their own
OTHERS = (connectivity, http_proxy, imap_pop, smtp_protocol, tracking_2003, tracking_2007)
COLUMNS = {
    "ts": [
        *["date-time", "datetime", "timestamp", "mytimestamp", "date", "time", "starttime"],
        *["utctime", "timestamputc", "logtime", "eventtime", "starttimeutc"],
    ],
    "host": [
        *["server-hostname", "serverhostname", "servername", "server", "hostname", "machinename"],
        *["machine", "computername", "server-name", "host"],
    ],
}


def sniff(head: bytes) -> bool:
    """Return whether Exchange wrote a CSV log that no other format of its logs claims."""
    top = preamble(head)
    if not top.software.startswith("microsoft exchange") or not top.fields:
        return False
    return not any(other.sniff(head) for other in OTHERS)


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give the file as lines, with one segment per field list and log type."""
    log = open_log(path, scratch, COLUMNS, ["date-time", "data"])
    yield log.reading("exchange_log", log.segments)


FORMAT = Format(
    "exchange_log",
    "Exchange log (CSV), other",
    table="log_row",
    generation="Exchange 2007 or later",
    sniff=sniff,
    read=read,
)
