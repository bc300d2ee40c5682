# ruff: noqa: INP001 - an example; as a format it stands in the package logpipe.formats
"""Delivery logs of an invented relay: one line per record, fields divided by ``|``, times in UTC.

The first line names the host: ``#relay-log 1 host=MX1``.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from logpipe.formats._text.lines import first_lines, survey
from logpipe.model import Format, Lines, Reading

FIELDS = ["time", "event", "msgid", "from", "to", "bytes", "route"]
FIRST_LINE = re.compile(r"^#relay-log (\d+) host=(\S+)")


def sniff(head: bytes) -> bool:
    """Return whether the first line is the relay's."""
    return bool(FIRST_LINE.match(first_lines(head)[0]))


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give the file as lines, all under the one field list that there is."""
    text = survey(path, scratch)  # counts the lines; mends a file that DuckDB cannot read
    first = FIRST_LINE.match(text.headers[0][1])
    version, host = first.groups() if first else (None, None)
    segment = pl.DataFrame(
        [(1, text.lines, FIELDS, host)],
        schema={
            "first_line": pl.UInt64, "last_line": pl.UInt64, "fields": pl.List(pl.String),
            "host": pl.String,
        },
        orient="row",
    )  # fmt: skip
    yield Reading(
        load="relay_line",
        records=text.records,
        batches=iter([Lines(text.path, segment)]),
        generation=f"relay log {version}",
        notes=tuple(text.notes),
    )


FORMAT = Format("relay_line", "Relay delivery log", "tracking_event", sniff, read)
