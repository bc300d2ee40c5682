"""W3C extended logs of the IIS SMTP service (Windows 2000 and later, Exchange 2000/2003).

Space-separated under a ``#Fields`` line; times are UTC; the default field set has no date, which
then comes from ``#Date``. A block of header lines stands at the start of a file and again when the
service opens the file anew. Format reference: IIS 6.0 SDK, "W3C Extended Log File Format".
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl

from logpipe.formats._text import Text, first_lines, survey
from logpipe.model import Format, Lines, Reading

FULL = (  # the order the service writes when every field is chosen; copies cut at the start need it
    "date time c-ip cs-username s-sitename s-computername s-ip s-port cs-method cs-uri-stem "
    "cs-uri-query sc-status sc-win32-status sc-bytes cs-bytes time-taken cs-version cs-host "
    "cs(User-Agent) cs(Cookie) cs(Referer)"
).split()
# 2007-09-03 05:00:15 192.0.2.10 pc1 SMTPSVC1 GW1 192.0.2.1 0 EHLO - +pc1 250 0 275 8 0
HEADERLESS = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+ \S+ SMTPSVC\d+ ")
SMTP_WORD = re.compile(
    r"(?:^|\s)(?:EHLO|HELO|MAIL|RCPT|DATA|BDAT|RSET|QUIT|AUTH|STARTTLS|VRFY|NOOP|SMTPSVC\d+"
    r"|OutboundConnection\w+)(?:\s|$)"
)
ROLLOVER = timedelta(minutes=10)  # a time of day that falls by more than this means the next day


def sniff(head: bytes) -> bool:
    """Return whether the lines are an SMTP service's: verbs or SMTPSVC sites under #Fields."""
    lines = first_lines(head, 400)
    data = [line for line in lines if line and not line.startswith("#")]
    if not any(line.lower().startswith("#fields:") for line in lines):
        return any(HEADERLESS.match(line) for line in data[:5])
    fields = " ".join(line for line in lines if line.lower().startswith("#fields:"))
    internet_information = any("Internet Information" in line for line in lines[:4])
    if "," in fields or not ("c-ip" in fields or internet_information):
        return False
    return not data or any(SMTP_WORD.search(line) for line in data)


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give the file as lines, with one segment per header block and day."""
    text = survey(path, scratch)
    software = next((t for _, t in text.headers if t.lower().startswith("#software:")), "")
    generation = software.partition(":")[2].strip() or None
    segments, notes = _segments(text)
    frame = pl.DataFrame(
        segments,
        schema={
            "first_line": pl.UInt64, "last_line": pl.UInt64, "fields": pl.List(pl.String),
            "day": pl.Date, "block_line": pl.UInt64, "block_ts": pl.Datetime("us"),
            "software": pl.String,
        },
        orient="row",
    )  # fmt: skip
    yield Reading(
        load="smtpsvc_w3c",
        records=text.records,
        batches=iter([Lines(text.path, frame)]),
        generation=generation,
        notes=(*text.notes, *notes),
    )


Segment = tuple[int, int, list[str], date | None, int | None, datetime | None, str | None]


def _segments(text: Text) -> tuple[list[Segment], list[str]]:
    """Cut the file at its header blocks; a block without #Fields keeps the fields before it."""
    notes: list[str] = []
    fields: list[str] = []
    blocks: list[tuple[int, int, list[str], datetime | None, str | None]] = []
    stamp: datetime | None = None
    software: str | None = None
    for number, (line, header) in enumerate(text.headers):
        name, _, value = header.partition(":")
        match name.lower():
            case "#software":
                software = value.strip()
            case "#date":
                stamp = _stamp(value) or stamp
            case "#fields":
                fields = value.split()
        if number + 1 == len(text.headers) or text.headers[number + 1][0] != line + 1:
            start = _block_start(text.headers, number)
            blocks.append((start, line + 1, fields, stamp, software))
    if text.records and (not blocks or blocks[0][0] > 1):
        notes.append("no header above the first lines: the full field set is assumed there")
        blocks.insert(0, (0, 1, FULL, None, None))
    segments: list[Segment] = []
    for number, (start, first, names, ts, made_by) in enumerate(blocks):
        last = blocks[number + 1][0] - 1 if number + 1 < len(blocks) else text.lines
        if not names:
            names = FULL  # noqa: PLW2901 - a header block that never named its fields
        days = _days(text.path, first, last, names, ts)
        block = (start, ts) if start else (None, None)
        for at, (begin, day) in enumerate(days):
            end = days[at + 1][0] - 1 if at + 1 < len(days) else last
            segments.append(
                (begin, end, names, day, *(block if at == 0 else (None, None)), made_by)
            )
    return segments, notes


def _block_start(headers: list[tuple[int, str]], number: int) -> int:
    """Return the line where the run of header lines that ends at this one begins."""
    while number and headers[number - 1][0] == headers[number][0] - 1:
        number -= 1
    return headers[number][0]


def _stamp(value: str) -> datetime | None:
    try:
        return datetime.fromisoformat(value.strip()).replace(tzinfo=None)
    except ValueError:
        return None


def _days(
    path: Path, first: int, last: int, fields: list[str], ts: datetime | None
) -> list[tuple[int, date | None]]:
    """Return where each day begins in a block: one day where rows carry a date of their own."""
    if ts is None:
        return [(first, None)]
    if "date" in fields or "time" not in fields or last < first:
        return [(first, ts.date())]
    clock = (
        pl.scan_lines(path, name="text", row_index_name="line", row_index_offset=1)
        .filter(pl.col("line").is_between(first, last))
        .select(
            "line",
            pl.col("text")
            .str.split(" ")
            .list.get(fields.index("time"), null_on_oob=True)
            .str.to_time("%H:%M:%S", strict=False)
            .alias("time"),
        )
        .drop_nulls()
        .sort("line")
    )
    midnight = clock.filter(
        pl.col("time").cast(pl.Duration) < pl.col("time").shift(1).cast(pl.Duration) - ROLLOVER
    )
    lines = midnight.select("line").collect()["line"].to_list()
    day = ts.date()
    return [(first, day), *((line, day + timedelta(days=n)) for n, line in enumerate(lines, 1))]


FORMAT = Format("smtpsvc_w3c", "SMTP service log (W3C)", table="smtp_event", sniff=sniff, read=read)
