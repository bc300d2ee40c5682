"""What the logs cover and what is missing, as text: for ``logpipe coverage``."""

import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from logpipe.report.text import clean

CELLS = 60  # most cells of a strip
WIDTH = 79
STEPS = (1, 2, 3, 6, 12, 24, 48, 168, 336, 730, 2190, 8760)  # hours in one cell
MOST_GAPS = 40
HOUR = timedelta(hours=1)


def coverage_lines(
    hours: Sequence[dict[str, Any]], gaps: Sequence[dict[str, Any]]
) -> Iterator[str]:
    """Yield one strip per host and log, then the gaps, longest first.

    ``hours`` are rows of table coverage, ``gaps`` of table log_gap.
    """
    if not hours:
        yield "No log with dated rows: nothing is covered."
        return
    first = min(row["hour"] for row in hours)
    last = max(row["hour"] for row in hours)
    total = int((last - first) / HOUR) + 1
    step = next((step for step in STEPS if total / step <= CELLS), STEPS[-1])
    yield f"{first:%Y-%m-%d %H:%M} to {last + HOUR:%Y-%m-%d %H:%M} UTC; one sign is {_span(step)}:"
    yield "# a row in every hour, + in some hours, . in none"
    yield ""
    strips: dict[tuple[str, str], set[datetime]] = {}
    for row in hours:
        strips.setdefault((row["host"] or "unknown host", row["log"]), set()).add(row["hour"])
    width = max(len(host) + len(log) for host, log in strips) + 1
    for (host, log), spoken in sorted(strips.items()):
        yield clean(f"{host + ' ' + log:{width}} {_strip(spoken, first, total, step)}")
    yield ""
    yield from _gap_lines(gaps)


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6)


def _span(step: int) -> str:
    return "one hour" if step == 1 else f"{step} hours" if step % 24 else f"{step // 24} days"


def _strip(spoken: set[datetime], first: datetime, total: int, step: int) -> str:
    """Draw the hours of one log."""
    cells = [0] * (-(-total // step))
    for hour in spoken:
        cells[int((hour - first) / HOUR) // step] += 1
    sizes = [min(step, total - at * step) for at in range(len(cells))]
    return "".join(
        "." if not n else "#" if n == size else "+" for n, size in zip(cells, sizes, strict=True)
    )


def _gap_lines(gaps: Sequence[dict[str, Any]]) -> Iterator[str]:
    if not gaps:
        yield "No gap: no number is left out, no log falls silent while others speak."
        return
    yield f"{len(gaps):,} gaps, the longest first:" if len(gaps) > 1 else "One gap:"
    ordered = sorted(gaps, key=lambda gap: gap["from_ts"] - gap["until_ts"])
    for gap in ordered[:MOST_GAPS]:
        where = f"{gap['host'] or 'unknown host'} {gap['log']}"
        span = f"{gap['from_ts']:%Y-%m-%d %H:%M} to {gap['until_ts']:%Y-%m-%d %H:%M}"
        yield clean(f"  {where}: {gap['reason']}, {span}")
        yield clean(f"      {gap['what']}")
        if gap["weakens"]:
            yield from map(clean, _wrap(f"weakens {gap['weakens']}"))
    if len(gaps) > MOST_GAPS:
        yield f"  and {len(gaps) - MOST_GAPS:,} more: logpipe query 'FROM log_gap'"
