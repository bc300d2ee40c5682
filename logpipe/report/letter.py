"""The report as plain text for a mail: 72 columns, what to do beside what happened."""

from collections.abc import Iterator
from typing import Any

from logpipe.report import _facts
from logpipe.report.explained import missing_lines
from logpipe.report.nights import night_lines
from logpipe.report.text import clean, fold, hang, summary_lines

WIDTH = 72
MOST_TOLD = 10  # incidents of which more is said than the summary
MOST_MISSING = 5
MOST_LINES = 8  # below an incident's title
Row = dict[str, Any]


def letter_lines(report: Row, width: int = WIDTH) -> Iterator[str]:
    """Yield a mail's lines: the night, if it is one, the summary, then what to do of the worst.

    No line is wider than asked, but for ids, places and commands, which stay whole.
    """
    if report.get("night"):
        yield from night_lines(report, width)
        yield ""
    yield from summary_lines(report, width=width, most=MOST_LINES)
    loud = _facts.above_info(report)
    if not loud:
        return
    yield ""
    yield "What to do"
    yield "-" * len("What to do")
    for one in loud[:MOST_TOLD]:
        yield ""
        yield from hang(fold(one.get("title") or one.get("rule")), width)
        yield clean(f"  {one.get('id')}")  # whole, as it is pasted
        yield from hang(fold(one.get("todo")), width, 2, 2)
        yield from missing_lines((one.get("missing_evidence") or [])[:MOST_MISSING], width)
    if left := len(loud[MOST_TOLD:]):
        yield ""
        yield f"and {left:,} more: see the report"
