"""W3C extended logs of the IIS SMTP service (Windows 2000 and later, Exchange 2000/2003).

Space-separated under a ``#Fields`` line; times are UTC; the default field set has no date, which
then comes from ``#Date``. A block of header lines stands at the start of a file and again when the
service opens the file anew. Format reference: IIS 6.0 SDK, "W3C Extended Log File Format".
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import MAXYEAR, MINYEAR, date, datetime, timedelta
from itertools import islice
from pathlib import Path

import polars as pl

from logpipe.formats._text.lines import Text, first_lines, survey, unique_names
from logpipe.formats._text.plain import plain
from logpipe.model import Columns, Format, Lines, Reading

# the order the service writes when every field is chosen; copies cut at the start need it
FULL = (
    "date time c-ip cs-username s-sitename s-computername s-ip s-port cs-method cs-uri-stem "
    "cs-uri-query sc-status sc-win32-status sc-bytes cs-bytes time-taken cs-version cs-host "
    "cs(User-Agent) cs(Cookie) cs(Referer)"
).split()
KNOWN = tuple(FULL[:17])  # what sql/load/smtpsvc_w3c.sql names
TYPES = {"date": "DATE", "time": "TIME", "s-port": "INTEGER", "sc-status": "SMALLINT"}
TYPES |= dict.fromkeys(("sc-win32-status", "sc-bytes", "cs-bytes", "time-taken"), "BIGINT")
# 2007-09-03 05:00:15 192.0.2.10 pc1 SMTPSVC1 GW1 192.0.2.1 0 EHLO - +pc1 250 0 275 8 0
HEADERLESS = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+ \S+ SMTPSVC\d+ ")
# verbs that no web, FTP or news service knows
VERBS = {"EHLO", "HELO", "MAIL", "RCPT", "DATA", "BDAT", "VRFY", "EXPN", "ETRN", "TURN"}
SMTP_WORD = re.compile(r"(?:^|\s)(?:SMTPSVC\d+|OutboundConnection\w+|\+?(?:FROM|TO):<\S*)(?:\s|$)")
ROLLOVER = timedelta(minutes=10)  # a time of day that falls by more than this means the next day


def sniff(head: bytes) -> bool:
    """Return whether the lines are an SMTP service's: verbs or SMTPSVC sites under #Fields."""
    lines = first_lines(head, 400)
    data = [line for line in lines if line and not line.startswith("#")]
    named = [line for line in lines if line.lower().startswith("#fields:")]
    if not named:
        return any(HEADERLESS.match(line) for line in data[:5])
    internet_information = any("Internet Information" in line for line in lines[:4])
    if any("," in line or not ("c-ip" in line or internet_information) for line in named):
        return False
    if not data:  # a header alone may be any service's, but sc-substatus is the web's
        return "sc-substatus" not in named[0]
    fields = FULL
    for line in lines:
        if line.lower().startswith("#fields:"):
            fields = line.partition(":")[2].split()
        elif line and not line.startswith("#") and _is_smtp(fields, line):
            return True
    return False


def _is_smtp(fields: list[str], row: str) -> bool:
    """Return whether a row is an SMTP service's and not a web, FTP or news service's."""
    value = dict(zip(fields, row.split(), strict=False))
    if (site := value.get("s-sitename", "-")) != "-":
        return site.startswith("SMTPSVC")
    if "cs-method" not in value or value.get("cs-username", "").startswith("OutboundConnection"):
        return SMTP_WORD.search(row) is not None
    # 240 is this service's own word for the end of a session, 221 every other's
    method, status = value["cs-method"].upper(), value.get("sc-status")
    return method in VERBS or (method == "QUIT" and status == "240")


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give the file as lines, with one segment per header block and day."""
    text = survey(path, scratch)
    segments, notes = _segments(text)
    yield _reading(text, Lines(text.path, _frame(segments)), notes)


def quick(path: Path) -> Reading | None:
    """Give a plain file in columns, where one field list with date and time governs all of it."""
    text = plain(path, quoted=False)
    if text is None or not text.headers or text.headers[0][0] != 1:
        return None
    segments, notes = _segments(text)
    names = segments[0][2]
    if notes or not {"date", "time"} <= set(names) or any(s[2] != names for s in segments):
        return None
    lines = tuple(line for line, _ in text.headers)
    end = ("",) if _ends_in_space(path, len(text.headers)) else ()
    batch = Columns(
        path, _frame(segments), (*names, *end), KNOWN, lines, delimiter=" ", null="-",
        kept=("cs-uri-stem",), types=TYPES,
    )  # fmt: skip
    return _reading(text, batch, notes)


def _ends_in_space(path: Path, headers: int) -> bool:
    """Return whether the first row ends with a space, which the reader of columns counts."""
    with path.open("rb") as file:
        rows = (line for line in islice(file, headers + 1) if not line.startswith(b"#"))
        return next(rows, b"").rstrip(b"\r\n").endswith(b" ")


def _reading(text: Text, batch: Lines | Columns, notes: list[str]) -> Reading:
    software = next((t for _, t in text.headers if t.lower().startswith("#software:")), "")
    return Reading(
        load="smtpsvc_w3c",
        records=text.records,
        batches=iter([batch]),
        generation=software.partition(":")[2].strip() or None,
        notes=(*text.notes, *notes),
    )


def _frame(segments: "list[Segment]") -> pl.DataFrame:
    return pl.DataFrame(
        segments,
        schema={
            "first_line": pl.UInt64, "last_line": pl.UInt64, "fields": pl.List(pl.String),
            "day": pl.Date, "block_line": pl.UInt64, "block_ts": pl.Datetime("us"),
            "software": pl.String,
        },
        orient="row",
    )  # fmt: skip


# first header line (0: none), first and last data line, fields, #Date, #Software
Block = tuple[int, int, int, list[str], datetime | None, str | None]
Segment = tuple[int, int, list[str], date | None, int | None, datetime | None, str | None]


def _segments(text: Text) -> tuple[list[Segment], list[str]]:
    """Cut the file at its header blocks; a block without #Fields keeps the fields before it."""
    notes: list[str] = []
    fields: list[str] = []
    heads: list[tuple[int, int, list[str], datetime | None, str | None]] = []
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
                fields = unique_names(value.split())
        if number + 1 == len(text.headers) or text.headers[number + 1][0] != line + 1:
            start = _block_start(text.headers, number)
            heads.append((start, line + 1, fields, stamp, software))
    if text.records and (not heads or heads[0][0] > 1):
        notes.append("no header above the first lines: the full field set is assumed there")
        heads.insert(0, (0, 1, FULL, None, None))
    ends = [start - 1 for start, *_ in heads[1:]] + [text.lines]
    blocks = [
        # a header block that never named its fields has all of them
        (start, first, last, names or FULL, ts, made_by)
        for (start, first, names, ts, made_by), last in zip(heads, ends, strict=True)
    ]
    midnights = _midnights(text.path, blocks)
    segments: list[Segment] = []
    for number, (start, first, last, names, ts, made_by) in enumerate(blocks):
        days = midnights.get(number, [(first, ts.date() if ts else None)])
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


def _midnights(path: Path, blocks: list[Block]) -> dict[int, list[tuple[int, date | None]]]:
    """Return, for blocks whose rows carry no date, where each day begins; one reading for all."""
    wanted = pl.DataFrame(
        [
            (first, last, number, fields.index("time"), timedelta(hours=ts.hour, minutes=ts.minute))
            for number, (_, first, last, fields, ts, _) in enumerate(blocks)
            if ts and "date" not in fields and "time" in fields and first <= last
        ],
        schema={
            "line": pl.UInt64, "last": pl.UInt64, "block": pl.Int64, "at": pl.Int64,
            "since": pl.Duration("us"),
        },
        orient="row",
    )  # fmt: skip
    days: dict[int, list[tuple[int, date | None]]] = {}
    for at in wanted["at"].unique().sort().to_list():
        for line, change, number in _jumps(path, wanted.filter(pl.col("at") == at), at):
            _, first, _, _, ts, _ = blocks[number]
            known = days.setdefault(number, [(first, ts.date() if ts else None)])
            step = 1 if change < timedelta() else -1
            # back only from a day begun here: a row from before midnight, written late
            day = known[-1][1]
            if day and (step == 1 or len(known) > 1) and MINYEAR < day.year < MAXYEAR:
                known.append((line, day + timedelta(days=step)))
    return days


def _jumps(path: Path, blocks: pl.DataFrame, at: int) -> Iterator[tuple[int, timedelta, int]]:
    """Yield line, change and block where the time of day falls, or leaps, by nearly a day."""
    token = pl.col("text").str.split(" ").list.get(at, null_on_oob=True)
    clock = (
        pl.scan_lines(path, name="text", row_index_name="line", row_index_offset=1)
        .select(pl.col("line").cast(pl.UInt64), time=token.str.to_time("%H:%M:%S", strict=False))
        .drop_nulls()
        .collect()
        .sort("line")
        .join_asof(blocks.sort("line"), on="line", coalesce=True)
        .filter(pl.col("line") <= pl.col("last"))
    )
    time = pl.col("time").cast(pl.Duration("us"))
    change = time - time.shift(1).over("block").fill_null(pl.col("since"))
    yield from (
        clock.select("line", change.alias("change"), "block")
        .filter((pl.col("change") < -ROLLOVER) | (pl.col("change") > timedelta(days=1) - ROLLOVER))
        .iter_rows()
    )


FORMAT = Format(
    "smtpsvc_w3c",
    "SMTP service log (W3C)",
    table="smtp_event",
    generation="IIS SMTP service",
    sniff=sniff,
    read=read,
    quick=quick,
)
