"""The queue at one moment, as text: for ``logpipe queue``."""

import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from logpipe.report._words import duration_words
from logpipe.report.text import clean
from logpipe.words import count_words

Row = dict[str, Any]
WIDTH = 79


def queue_lines(rows: Sequence[Row], spans: Sequence[Row], at: datetime) -> Iterator[str]:
    """Yield each host's queue: all of it, each destination, and what was seen beside it.

    ``rows`` are those of the report queue_at, ``spans`` of table log_span.
    """
    yield f"Waiting at {at:%Y-%m-%d %H:%M:%S} UTC, rebuilt from the logs:"
    if not rows:
        yield "No mail log, listing or counter reaches that moment."
        yield from reach_lines(spans)
    for host in sorted({row["host"] for row in rows}):
        yield ""
        yield from _host_lines(host, [row for row in rows if row["host"] == host])


def nothing_lines(words: str, spans: Sequence[Row]) -> Iterator[str]:
    """Yield why there is no row and what to collect, and what the mail logs cover."""
    yield from textwrap.wrap(words, WIDTH)
    if spans:
        yield "What mail logs there are:"
        yield from reach_lines(spans)


def reach_lines(spans: Sequence[Row]) -> Iterator[str]:
    """Yield from when to when the mail logs of each host reach; ``spans`` of table log_span."""
    for span in spans:
        covered = f"{span['first_ts']:%Y-%m-%d %H:%M} to {span['last_ts']:%Y-%m-%d %H:%M}"
        yield clean(f"  {span['host']} {span['log']}: {covered}")


def _host_lines(host: str, rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of one host."""
    totals = [row for row in rows if row["destination"] is None]
    places = [row for row in rows if row["destination"] is not None]
    rebuilt = next((row for row in totals if row["rebuilt"] is not None), None)
    if rebuilt is None:
        yield clean(f"{host}: no mail log reaches that moment")
    else:
        yield clean(f"{host}: {count_words(rebuilt['rebuilt'], 'message')}{_oldest(rebuilt)}")
    ordered = sorted(places, key=lambda row: (-(row["rebuilt"] or 0), row["destination"]))
    width = max((len(clean(row["destination"])) for row in ordered), default=0)
    for row in ordered:
        number = "?" if row["rebuilt"] is None else f"{row['rebuilt']:,}"
        name = clean(row["destination"] or "(no domain)")
        line = f"  {number:>6}  {name:{width}}  {_oldest(row).removeprefix(', ')}{_listed(row)}"
        yield line.rstrip()
    for row in totals:
        if row["seen_by"] is not None:
            seen = f"{row['seen']:,} by counter {row['seen_by']} at {row['seen_at']:%H:%M:%S}"
            yield clean(f"  seen: {seen}")


def _oldest(row: Row) -> str:
    """Return the age of the oldest message and its place."""
    if row["oldest_min"] is None:
        return ""
    age = duration_words(row["oldest_min"] * 60)
    return f", the oldest for {age} ({clean(row['source'] or '')}:{row['record']})"


def _listed(row: Row) -> str:
    """Return what a listing had for the same destination."""
    if row["seen_by"] is None:
        return ""
    return f"; a listing of {row['seen_at']:%H:%M:%S} has {row['seen']:,}"
