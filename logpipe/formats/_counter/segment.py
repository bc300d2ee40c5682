"""What counter logs hand to ``sql/load/counter_sample.sql``: which header governs which lines."""

from typing import NamedTuple

import polars as pl

from logpipe.formats._counter.clock import Step
from logpipe.formats._counter.path import CounterPath

COUNTER = pl.Struct(dict.fromkeys(CounterPath._fields, pl.String()) | {"place": pl.Int32()})
SEGMENT: dict[str, pl.DataType] = {
    "first_line": pl.UInt64(), "last_line": pl.UInt64(), "fields": pl.List(pl.String),
    "divider": pl.String(), "least": pl.Int32(), "most": pl.Int32(),
    "bias": pl.Int32(), "layout": pl.Int32(), "counters": pl.List(COUNTER),
}  # fmt: skip


class Header(NamedTuple):
    """One header line: its place, what its first cell tells, and its counters.

    The last header cell may be the collector's comment: a line then may have a cell less.
    """

    line: int
    version: str
    zone: str | None
    bias: int | None
    divider: str
    least: int
    most: int
    counters: tuple[CounterPath, ...]


def segments_of_headers(headers: list[Header], moves: list[Step], lines: int) -> pl.DataFrame:
    """Return one row per run of lines that one header and one bias govern.

    ``layout`` numbers the lists of counters; each is given once, beside its first run.
    """
    rows: list[tuple[object, ...]] = []
    layouts: dict[tuple[CounterPath, ...], int] = {}
    ends = [header.line - 1 for header in headers[1:]] + [lines]
    for header, end in zip(headers, ends, strict=False):
        runs = [(header.line + 1, 0)]
        if header.bias is not None:
            runs += [move for move in moves if header.line < move.line <= end]
        for (start, minutes), after in zip(runs, [*runs[1:], (end + 1, 0)], strict=True):
            counters = () if header.counters in layouts else header.counters
            layout = layouts.setdefault(header.counters, len(layouts))
            bias = None if header.bias is None else header.bias + minutes
            shape = (header.divider, header.least, header.most, bias, layout)
            rows.append((start, after[0] - 1, [c.path for c in counters], *shape, _cells(counters)))
    return pl.DataFrame(rows, schema=SEGMENT, orient="row")


def _cells(counters: tuple[CounterPath, ...]) -> list[dict[str, object]]:
    """Return counters with the place of each in the line; in the first place is the time."""
    return [c._asdict() | {"place": place} for place, c in enumerate(counters, 2)]
