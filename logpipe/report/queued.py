"""The queue at one moment, as text: for ``logpipe queue``."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from logpipe.report._words import duration_words
from logpipe.report.text import clean, clip, hang
from logpipe.words import count_words

Row = dict[str, Any]
WIDTH = 80
LONGEST_NAME = 36  # characters of a destination that are shown


def queue_lines(
    rows: Sequence[Row], spans: Sequence[Row], at: datetime, width: int = WIDTH
) -> Iterator[str]:
    """Yield each host's queue: all of it, each destination, and what was seen beside it.

    ``rows`` are those of the report queue_at, ``spans`` of table log_span. No line is wider than
    asked, but for places, which stay whole.
    """
    yield f"Waiting at {at:%Y-%m-%d %H:%M:%S} UTC, rebuilt from the logs:"
    if not rows:
        yield "No mail log, listing or counter reaches that moment."
        yield from reach_lines(spans, width)
    for host in sorted({row["host"] for row in rows}):
        yield ""
        yield from _host_lines(host, [row for row in rows if row["host"] == host], width)


def nothing_lines(words: str, spans: Sequence[Row]) -> Iterator[str]:
    """Yield why there is no row and what to collect, and what the mail logs cover."""
    yield from hang(words, WIDTH)
    if spans:
        yield "What mail logs there are:"
        yield from reach_lines(spans, WIDTH)


def reach_lines(spans: Sequence[Row], width: int) -> Iterator[str]:
    """Yield from when to when the mail logs of each host reach; ``spans`` of table log_span."""
    for span in spans:
        covered = f"{span['first_ts']:%Y-%m-%d %H:%M} to {span['last_ts']:%Y-%m-%d %H:%M}"
        yield from hang(f"{span['host']} {span['log']}: {covered}", width, 2, 6)


def _host_lines(host: str, rows: Sequence[Row], width: int) -> Iterator[str]:
    """Yield the lines of one host."""
    totals = [row for row in rows if row["destination"] is None]
    places = [row for row in rows if row["destination"] is not None]
    rebuilt = next((row for row in totals if row["rebuilt"] is not None), None)
    if rebuilt is None:
        yield from hang(f"{host}: no mail log reaches that moment", width, 0, 2)
    else:
        size = f"{host}: {count_words(rebuilt['rebuilt'], 'message')}"
        yield from _placed(", ".join(filter(None, [size, _oldest(rebuilt)])), rebuilt, width, 2)
    ordered = sorted(places, key=lambda row: (-(row["rebuilt"] or 0), row["destination"]))
    names = [clip(clean(row["destination"] or "(no domain)"), LONGEST_NAME) for row in ordered]
    column = max(map(len, names), default=0)
    for name, row in zip(names, ordered, strict=True):
        number = "?" if row["rebuilt"] is None else f"{row['rebuilt']:,}"
        said = "; ".join(filter(None, [_oldest(row), _listed(row)]))
        yield from _placed(f"  {number:>6}  {name:{column}}  {said}".rstrip(), row, width, 12)
    for row in totals:
        if row["seen_by"] is not None:
            seen = f"{row['seen']:,} by counter {row['seen_by']} at {row['seen_at']:%H:%M:%S}"
            yield from hang(f"seen: {seen}", width, 2, 6)


def _placed(said: str, row: Row, width: int, rest: int) -> Iterator[str]:
    """Yield what is said of the oldest message and its place, beside it where that fits."""
    place = f"{clean(row['source'] or '')}:{row['record']}" if row["oldest_min"] is not None else ""
    if place and len(line := f"{said} ({place})") <= width:
        yield line
        return
    yield from hang(said, width, 0, rest)
    if place:
        yield f"{' ' * rest}{place}"


def _oldest(row: Row) -> str:
    """Return the age of the oldest message."""
    if row["oldest_min"] is None:
        return ""
    return f"the oldest for {duration_words(row['oldest_min'] * 60)}"


def _listed(row: Row) -> str:
    """Return what a listing had for the same destination."""
    if row["seen_by"] is None:
        return ""
    return f"a listing of {row['seen_at']:%H:%M:%S} has {row['seen']:,}"
