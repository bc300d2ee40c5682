"""NCSA logs of the IIS SMTP service: local times with their offset, the command between quotes.

Quotes inside the command are not escaped. Format reference: Microsoft "NCSA Common Log File
Format" and the help of the IIS SMTP service, whose example writes ``- 0800`` with a blank.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from logpipe.formats._text.lines import first_lines, survey
from logpipe.model import Format, Lines, Reading

# 192.0.2.10 - pc1 [03/Sep/2007:07:00:15 +0200] "MAIL -?+FROM:<a@x.example> SMTP" 250 44
ROW = re.compile(
    r"^\S{1,100} \S{1,300} .{0,1000}?\[\d{1,2}/[A-Za-z]{3}/\d{4}:\d\d:\d\d:\d\d ?[+-] ?\d{4}\] "
    r'"(.*)" \S+ \S+\s*$'
)


def sniff(head: bytes) -> bool:
    """Return whether most lines near the top are NCSA lines whose protocol is SMTP."""
    rows = [match[1] for line in first_lines(head) if (match := ROW.match(line[:20_000]))]
    smtp = [request for request in rows if str(request).endswith(" SMTP")]
    return len(smtp) * 2 > len(rows)


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give the file as lines; each tells its own offset from UTC."""
    text = survey(path, scratch, ())
    segment = pl.DataFrame(
        {
            "first_line": pl.Series([1], dtype=pl.UInt64),
            "last_line": pl.Series([text.lines], dtype=pl.UInt64),
            "fields": pl.Series([["line"]]),
        }
    )
    yield Reading(
        load="smtpsvc_ncsa",
        records=text.records,
        batches=iter([Lines(text.path, segment)]),
        zone_known_by="offset",
        notes=tuple(text.notes),
    )


FORMAT = Format(
    "smtpsvc_ncsa",
    "SMTP service log (NCSA)",
    table="smtp_event",
    generation="IIS SMTP service",
    sniff=sniff,
    read=read,
)
