"""What the logs cover and what is missing, as text: for ``logpipe coverage``."""

import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from logpipe.report.text import clean, file_lines
from logpipe.words import count_words

CELLS = 60  # most cells of a strip
WIDTH = 79
STEPS = (1, 2, 3, 6, 12, 24, 48, 168, 336, 730, 2190, 8760)  # hours in one cell
MOST_GAPS = 40
HOUR = timedelta(hours=1)


def coverage_lines(
    hours: Sequence[dict[str, Any]],
    gaps: Sequence[dict[str, Any]],
    files: Sequence[dict[str, Any]],
) -> Iterator[str]:
    """Yield one strip per host and log, then the gaps, longest first, then what was not read.

    ``hours`` are rows of table coverage, ``gaps`` of table log_gap, ``files`` of view uncovered.
    """
    by_state: dict[str, list[dict[str, Any]]] = {}
    for file in files:
        by_state.setdefault(file["state"], []).append(file)
    if hours:
        yield from _strip_lines(hours)
        yield ""
        yield from _gap_lines(gaps, whole=by_state.keys() <= {"uncounted"})
    else:
        yield "No log with dated rows: nothing is covered."
    yield from file_lines("Not read, so not covered:", by_state.get("unread", []), WIDTH)
    yield from file_lines("Read in part:", by_state.get("partial", []), WIDTH)
    if count := len(by_state.get("uncounted", [])):
        yield ""
        are = "is not counted: it is" if count == 1 else "are not counted: they are"
        yield from textwrap.wrap(
            f"{count_words(count, 'file')} of reports and listings {are} no continuous log.", WIDTH
        )


def _strip_lines(hours: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Draw every log of every host over the whole time."""
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


def _wrap(text: str, indent: int = 6) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * 6,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _span(step: int) -> str:
    return count_words(step, "hour") if step % 24 else count_words(step // 24, "day")


def _strip(spoken: set[datetime], first: datetime, total: int, step: int) -> str:
    """Draw the hours of one log."""
    cells = [0] * (-(-total // step))
    for hour in spoken:
        cells[int((hour - first) / HOUR) // step] += 1
    sizes = [min(step, total - at * step) for at in range(len(cells))]
    return "".join(
        "." if not n else "#" if n == size else "+" for n, size in zip(cells, sizes, strict=True)
    )


def _gap_lines(gaps: Sequence[dict[str, Any]], *, whole: bool) -> Iterator[str]:
    """Name the longest gaps; ``whole`` says that every file was read to its end."""
    if not gaps:
        yield (
            "No gap: no number is left out, no log falls silent while others speak."
            if whole
            else "No gap in what was read; see below for what was not."
        )
        return
    yield f"{len(gaps):,} gaps, the longest first:" if len(gaps) > 1 else "One gap:"
    ordered = sorted(gaps, key=lambda gap: gap["from_ts"] - gap["until_ts"])
    for gap in ordered[:MOST_GAPS]:
        where = f"{gap['host'] or 'unknown host'} {gap['log']}"
        open_end = gap["until_ts"] == gap["from_ts"]
        until = "and later" if open_end else f"to {gap['until_ts']:%Y-%m-%d %H:%M}"
        span = f"{gap['from_ts']:%Y-%m-%d %H:%M} {until}"
        yield clean(f"  {where}: {gap['reason']}, {span}")
        yield from map(clean, _wrap(gap["what"]))
    if len(gaps) > MOST_GAPS:
        yield f"  and {len(gaps) - MOST_GAPS:,} more: logpipe query 'FROM log_gap'"
    weakened = {gap["log"]: gap["weakens"] for gap in ordered if gap["weakens"]}
    for log in sorted(weakened):
        yield from map(clean, _wrap(f"Gaps in {log} weaken {weakened[log]}", 2))
