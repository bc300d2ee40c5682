"""IMAP4 and POP3 protocol logs of Exchange 2007 and later, in both their layouts.

Until 2010 a row is one line of the talk (``event`` and ``data``, as in SMTP protocol logs); later
logs have one row per command with its duration, sizes and outcome.
https://learn.microsoft.com/exchange/clients/pop3-and-imap4/protocol-logging
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from logpipe.formats import smtp_protocol
from logpipe.formats._text.exchange_csv import ISO_TIME, open_log, preamble
from logpipe.model import Format, Reading

FIELDS = (
    "dateTime,sessionId,seqNumber,sIp,cIp,user,duration,rqsize,rpsize,command,parameters,context,"
    "puid"
).split(",")
NO_SIZES = [*FIELDS[:7], *FIELDS[9:12]]  # seen on back-end servers
BY_COUNT = {13: FIELDS, 12: FIELDS[:12], 10: NO_SIZES, 9: smtp_protocol.FIELDS}
COLUMNS = {
    "ts": ["datetime", "date-time"],
    "session": ["sessionid", "session-id"],
    "sequence": ["seqnumber", "sequence-number"],
    "server": ["sip", "local-endpoint"],
    "client": ["cip", "remote-endpoint"],
    "user": ["user"],
    "duration": ["duration"],
    "in": ["rqsize"],
    "out": ["rpsize"],
    "command": ["command"],
    "parameters": ["parameters"],
    "context": ["context"],
    "event": ["event"],
    "data": ["data"],
}
LOG_TYPE = re.compile(r"(imap4?|pop3?)\b")
PORT = re.compile(r":[19]?(?:(143|993)|110|995)$")
# 2026-10-01T08:20:00.000Z,0000000000000001,0,192.0.2.1:993,192.0.2.70:50001,,3,0,53,OpenSession,,,
ROW = re.compile(ISO_TIME + r",[0-9A-Fa-f]{8,16},\d+,(?P<local>[^,]*:\d+),[^,]*:\d+,[^,]*,\d+,")
QUOTED = re.compile(r'"[^"]*"')


def sniff(head: bytes) -> bool:
    """Return whether the log type says so, or the fields or headerless rows have this shape."""
    top = preamble(head)
    if top.log_type:
        return LOG_TYPE.match(top.log_type) is not None
    if top.has(*(name.lower() for name in FIELDS[:5])):
        return True
    if not top.fields and any(_is_command(row) for row in top.rows[:5]):
        return True
    return smtp_protocol.is_protocol(top) and smtp_protocol.is_mailbox(top)


def _is_command(row: str) -> bool:
    """Return whether a headerless row is of the later layout, on a port of the two protocols."""
    match = ROW.match(row)
    return match is not None and PORT.search(match["local"]) is not None


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give the file as lines, with one segment per field list and protocol."""
    with path.open("rb") as file:
        assumed = _assumed(preamble(file.read(64 << 10)).rows)
    log = open_log(path, scratch, COLUMNS, assumed)
    matches = (LOG_TYPE.match(name) for name in log.segments["log_type"])
    protocols = [
        f"{match[1].rstrip('34')}{'34'['i' in match[1]]}" if match else None for match in matches
    ]
    segments = log.segments.with_columns(pl.Series("protocol", protocols, pl.String))
    yield log.reading("imap_pop", segments)


def _assumed(rows: Iterable[str]) -> list[str]:
    """Return the field list that has as many names as the first row has values."""
    widths = (QUOTED.sub("", row).count(",") + 1 for row in rows)
    return next((BY_COUNT[width] for width in widths if width in BY_COUNT), FIELDS)


FORMAT = Format(
    "imap_pop",
    "IMAP4 or POP3 protocol log, Exchange 2007 to Subscription Edition",
    table="client_event",
    generation="Exchange 2007 or later",
    sniff=sniff,
    read=read,
)
