r"""SMTP logs of the Exchange 5.5 Internet Mail Service: what it heard (<<<) and said (>>>).

Written into ``imcdata\log\L000000n.LOG`` in local time, the date as the machine's locale writes it.
Only the shape of a line is sourced (KB 146669 for name and folder): no whole file was seen.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from logpipe.formats._text.date_order import date_order
from logpipe.formats._text.lines import first_lines, survey
from logpipe.model import Format, Lines, Reading

# 9/3/99 5:00:15 AM : <<< EHLO pc1.corp.example
STAMP = r"(\d{1,4}[./-]\d{1,2}[./-]\d{1,4}) \d{1,2}[:.]\d\d[:.]\d\d(?: ?[AaPp]\.?[Mm]\.?)? ?:"
SAID = re.compile(
    rf"^{STAMP} ?(?:<<<|>>>) ?(?:\d{{3}}(?:[ -]|$)"
    r"|(?:EHLO|HELO|MAIL|RCPT|DATA|BDAT|RSET|QUIT|NOOP|VRFY|EXPN|ETRN|TURN|HELP|AUTH|STARTTLS)\b)",
    re.IGNORECASE,
)
DATED = re.compile(rb"(?m)^" + STAMP.encode())


def sniff(head: bytes) -> bool:
    """Return whether a line near the top is a time and an SMTP command or reply behind an arrow."""
    return any(SAID.match(line) for line in first_lines(head))


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give the file as lines, all in one segment that knows the order of the dates."""
    text = survey(path, scratch, ())
    dates = date_order(text.path, DATED)
    segment = pl.DataFrame(
        {
            "first_line": pl.Series([1], dtype=pl.UInt64),
            "last_line": pl.Series([text.lines], dtype=pl.UInt64),
            "fields": pl.Series([["line"]]),
            "date_order": [dates.order],
        }
    )
    yield Reading(
        load="ims_log",
        records=text.records,
        batches=iter([Lines(text.path, segment)]),
        zone=None,
        zone_known_by=None,
        notes=tuple(filter(None, [*text.notes, dates.note])),
    )


FORMAT = Format(
    "ims_log",
    "SMTP log of the Internet Mail Service, Exchange 5.5",
    table="smtp_event",
    generation="Exchange 5.5",
    sniff=sniff,
    read=read,
)
