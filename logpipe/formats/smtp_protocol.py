r"""SMTP protocol logs of Exchange 2007 and later: SmtpReceive (``RECV…``) and SmtpSend (``SEND…``).

CSV with nine fields; ``event`` is ``+`` connect, ``-`` disconnect, ``>`` this server sent, ``<`` it
received, ``*`` information. Sessions interleave; (session-id, sequence-number) orders them.
https://learn.microsoft.com/exchange/mail-flow/transport-logs/protocol-logging
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from logpipe.formats._text.exchange_csv import ISO_TIME, Preamble, open_log, preamble
from logpipe.model import Format, Reading

FIELDS = (
    "date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,"
    "context"
).split(",")
COLUMNS = {
    "ts": ["date-time"],
    "connector": ["connector-id"],
    "session": ["session-id"],
    "sequence": ["sequence-number"],
    "local": ["local-endpoint"],
    "remote": ["remote-endpoint"],
    "event": ["event"],
    "data": ["data"],
}
DIRECTIONS = {"smtp receive protocol log": "in", "smtp send protocol log": "out"}
# 2023-01-11T15:59:53.909Z,EX1\Default Frontend EX1,08DF000000000001,2,192.0.2.1:25,192.0.2.9:56,<,
ROW = re.compile(
    ISO_TIME + r',(?P<connector>"[^"]*"|[^",]*),(?P<session>[0-9A-Fa-f-]{8,36}),\d+,'
    r"(?P<local>[^,]*),[^,]*,(?P<event>[-+<>*]),(?P<data>.*)"
)
# the ports of IMAP4 and POP3, of the back end and of its proxies too
MAILBOX_PORT = re.compile(r":[19]?(?:110|143|993|995)$")
REPLY = re.compile(r'"?[1-5]\d\d[ -]')
BANNER = re.compile(r'"?(?:220|250)[ -] ?([A-Za-z0-9][\w-]*(?:\.[\w-]+)*) (?:Microsoft|Hello)\b')


def sniff(head: bytes) -> bool:
    """Return whether the log type says so, or fields or rows are such and no IMAP4's or POP3's."""
    top = preamble(head)
    if top.log_type:
        return top.log_type in DIRECTIONS
    return is_protocol(top) and not is_mailbox(top)


def is_protocol(top: Preamble) -> bool:
    """Return whether fields or rows have the shape that SMTP, IMAP4 and POP3 logs share."""
    if top.fields:
        return top.has(*FIELDS[:7])
    return any(ROW.match(row) for row in top.rows[:5])


def is_mailbox(top: Preamble) -> bool:
    """Return whether rows of this shape are IMAP4's or POP3's: no connector, and their ports."""
    matches = [match for row in top.rows if (match := ROW.match(row))]
    return any(MAILBOX_PORT.search(match["local"]) for match in matches) and not any(
        match["connector"].strip('"') for match in matches
    )


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give the file as lines, with one segment per field list and direction."""
    log = open_log(path, scratch, COLUMNS, FIELDS)
    types = log.segments["log_type"].to_list()
    guess = None if all(name in DIRECTIONS for name in types) else _direction(log.rows())
    directions = [DIRECTIONS.get(name, guess) for name in types]
    host = _banner(log.rows()) if "in" in directions else None
    segments = log.segments.with_columns(pl.Series("direction", directions, pl.String))
    yield log.reading("smtp_protocol", segments, host)


def _direction(rows: Iterable[str]) -> str | None:
    """Return who called, where all rows agree: a called server sends replies, a caller commands."""
    told = {
        "in" if (match["event"] == ">") == bool(REPLY.match(match["data"])) else "out"
        for row in rows
        if (match := ROW.match(row)) and match["event"] in "<>" and match["data"].strip('",')
    }
    return told.pop() if len(told) == 1 else None


def _banner(rows: Iterable[str]) -> str | None:
    r"""Return the name in this server's own 220 or EHLO reply, where no connector names it.

    A connector of a receive log does (``EX1\Default Frontend EX1``); a banner may be public.
    """
    name = None
    for match in filter(None, map(ROW.match, rows)):
        if "\\" in match["connector"]:
            return None
        if name is None and match["event"] == ">" and (banner := BANNER.match(match["data"])):
            name = banner[1].split(".")[0].upper()
    return name


FORMAT = Format(
    "smtp_protocol",
    "SMTP protocol log, Exchange 2007 to Subscription Edition",
    table="smtp_event",
    generation="Exchange 2007 or later",
    sniff=sniff,
    read=read,
)
