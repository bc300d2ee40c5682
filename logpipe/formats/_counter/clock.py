"""The clock of a counter log: where wall time steps by the hour of daylight saving time.

The header tells the bias of the log's start and is never written again, so a log that runs over a
change goes on in the new wall time under the old bias. Zone names do not help: a real log keeps
``Eastern Standard Time`` (300) all summer. Only steps in the times count: one hour back is the end
of daylight saving time, one hour beyond the usual interval is its start. The second cannot be told
from a log that was silent for just that hour, so it counts only where zones change: where the hour
left out is one of the first four of the day.
"""

from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import BinaryIO, NamedTuple

import polars as pl

BLOCK = 8 << 20
HOUR = 3600.0
SLACK = 2.0  # seconds: how far samples are off their interval
WIDEST = 900.0  # seconds; with longer intervals a step is told by the interval alone
ENOUGH, FEW = 1000, 2  # gaps to take the usual one from
MOST_STEPS = 200  # a log over a century has no more
STAMP = 32  # bytes
TIME = r'^"?(\d\d/\d\d/\d{4} \d\d:\d\d:\d\d(?:\.\d{1,6})?)'  # "09/03/2007 07:00:00.000
NIGHT = 4  # hours; zones begin daylight saving time before 04:00


class Step(NamedTuple):
    """Where wall time stepped: the first line after it, and what to add to the bias from there."""

    line: int
    minutes: int


def steps(path: Path, headers: list[int]) -> list[Step]:
    """Return where the times of a counter log step by an hour, in order.

    ``headers`` are the lines of its headers: at each a bias is told anew, and counting begins anew.
    """
    found: list[Step] = []
    ahead, block, interval = 0, 0, 0.0
    for frame in _clocks(path):
        usual = frame.filter(pl.col("gap") > 0)["gap"].head(ENOUGH).to_list()
        interval = median(usual) if len(usual) > FEW or (usual and not interval) else interval
        for line, before, ts, gap in _odd(frame, interval).iter_rows():
            here = bisect_right(headers, line)
            if here != block:
                block, ahead = here, 0
            same = bisect_right(headers, before) == here
            minutes = _judge(ts, gap, interval, ahead) if same else 0
            if minutes:
                ahead += minutes
                found.append(Step(line, ahead))
        if len(found) > MOST_STEPS:  # no clock does that, but a stranger's file may
            return []
    return found


def _odd(frame: pl.DataFrame, interval: float) -> pl.DataFrame:
    """Return the lines where time steps by about an hour more or less than usual."""
    gap = pl.col("gap")
    forth = (gap - interval - HOUR).abs() <= SLACK
    back = (gap - interval + HOUR).abs() <= min(interval * 2, WIDEST) + SLACK
    return frame.filter((forth | back) & (interval > 0)).select("line", "before", "ts", "gap")


def _judge(ts: float, gap: float, interval: float, ahead: int) -> int:
    """Return +60 for an hour back, -60 for an hour forth, 0 for a step that is neither."""
    if gap < interval:
        back = gap < 0 or abs(gap - interval + HOUR) <= SLACK
        return 60 if back and ahead <= 0 else 0
    if ahead > 0:  # the hour that was put back comes forth again
        return -60
    # 01:59:50 to 03:00:05: the hour from 02:00 on is left out
    left_out = (ts - gap) // HOUR + 1
    night = left_out % 24 < NIGHT and (left_out + 1) * HOUR <= ts
    return -60 if night and ahead == 0 else 0


def _clocks(path: Path) -> Iterator[pl.DataFrame]:
    """Yield line, ts (seconds), the line with a time before it, and the seconds since then."""
    line, last = 1, (None, None)
    with path.open("rb") as file:
        for stamps in _stamps(file):
            text = [stamp.decode("latin-1") for stamp in stamps]  # may end within a character
            frame = pl.DataFrame({"text": text}, schema={"text": pl.String}).select(
                line=pl.int_range(line, line + pl.len(), dtype=pl.UInt64),
                ts=pl.col("text")
                .str.extract(TIME)
                .str.to_datetime("%m/%d/%Y %H:%M:%S%.f", strict=False)
                .dt.epoch("us")
                / 1e6,
            )
            line += len(stamps)
            frame = frame.drop_nulls("ts").with_columns(
                before=pl.col("line").shift(1, fill_value=last[0]),
                gap=pl.col("ts") - pl.col("ts").shift(1, fill_value=last[1]),
            )
            if frame.height:
                last = frame.row(-1)[:2]
                yield frame


def _stamps(file: BinaryIO) -> Iterator[list[bytes]]:
    """Yield the first bytes of every line, block by block; lines of these logs are long."""
    rest = b""
    while block := file.read(BLOCK):
        block = rest[:STAMP] + block  # of an open line its beginning is enough
        stamps, at = [], 0
        while (end := block.find(b"\n", at)) >= 0:
            stamps.append(block[at : at + STAMP])
            at = end + 1
        rest = block[at:]
        yield stamps
    if rest:
        yield [rest[:STAMP]]
