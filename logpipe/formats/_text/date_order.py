"""The order of day, month and year in a log that writes dates as its machine's locale does.

``9/3/07`` is a day in March or in September: a number above 12 decides, else the order of the
lines, else it is a guess, and the note says so.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path

BLOCK = 8 << 20
MOST_DATES = 10_000  # different dates that are compared; a log has one a day
PARTS = re.compile(r"^(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})$")
LONGEST_MONTH = 31
CENTURY = 100


@dataclass(slots=True)
class DateOrder:
    """What the dates of one file tell of their order: ``mdy``, ``dmy`` or ``ymd``."""

    order: str = "mdy"
    note: str | None = None


@dataclass(slots=True)
class _Votes:
    """Which orders the dates allow, and the dates in the order of their lines."""

    marks: set[str] = field(default_factory=set)
    fit: dict[str, int] = field(default_factory=lambda: {"mdy": 0, "dmy": 0, "ymd": 0})
    dates: dict[tuple[int, int, int], None] = field(default_factory=dict)


def date_order(path: Path, pattern: re.Pattern[bytes]) -> DateOrder:
    """Return the order of the dates that the pattern's first group finds in a file's lines."""
    votes = _Votes()
    for text in _dates_of(path, pattern):
        match = PARTS.match(text)
        if match is None or len(votes.dates) >= MOST_DATES:
            continue
        parts = int(match[1]), int(match[3]), int(match[4])
        if parts in votes.dates:
            continue
        votes.dates[parts] = None
        votes.marks.add(match[2])
        for order in votes.fit:
            votes.fit[order] += _day(parts, order) is not None
    return _decided(votes)


def full_year(year: int) -> int:
    """Return a year of four digits; 70 to 99 are of the last century."""
    return year if year >= CENTURY else year + (1900 if year >= 70 else 2000)  # noqa: PLR2004


def _dates_of(path: Path, pattern: re.Pattern[bytes]) -> Iterator[str]:
    """Yield the dates of a file in the order of its lines, each once a block."""
    rest = b""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            whole, newline, tail = block.rpartition(b"\n")
            if newline:
                yield from _distinct(pattern.findall(rest + whole))
                rest = tail
            else:
                rest += block
    yield from _distinct(pattern.findall(rest))


def _distinct(found: Iterable[bytes]) -> Iterator[str]:
    yield from (text.decode("ascii", "replace") for text in dict.fromkeys(found))


def _day(parts: tuple[int, int, int], order: str) -> date | None:
    """Return the day that three numbers mean in an order, or None."""
    first, second, third = parts
    year, month, day = {
        "mdy": (third, first, second),
        "dmy": (third, second, first),
        "ymd": (first, second, third),
    }[order]
    try:
        return date(full_year(year), month, day)
    except ValueError:
        return None


def _decided(votes: _Votes) -> DateOrder:
    """Choose the order that most dates fit; where several fit all, the usual one of the mark."""
    if not votes.dates:
        return DateOrder()
    most = max(votes.fit.values())
    # a year comes first only where it shows: four digits, or a number above 31
    if all(first > LONGEST_MONTH for first, _, _ in votes.dates):
        return DateOrder("ymd")
    fitting = [order for order in ("mdy", "dmy") if votes.fit[order] == most]
    if not fitting:
        return DateOrder("ymd")
    if len(fitting) == 1:
        note = "dates in more than one order" if most < len(votes.dates) else None
        return DateOrder(fitting[0], note)
    if "/" not in votes.marks:  # 3.9.07, 3-9-2007: no locale with these marks puts the month first
        return DateOrder("dmy")
    return _by_sequence(list(votes.dates))


def _by_sequence(dates: list[tuple[int, int, int]]) -> DateOrder:
    """Choose the order in which the lines go forward, and by the smaller steps."""
    steps = {order: _steps([_day(parts, order) for parts in dates]) for order in ("mdy", "dmy")}
    month_first, day_first = steps["mdy"], steps["dmy"]
    if month_first != day_first:
        order = "mdy" if month_first < day_first else "dmy"
        return DateOrder(order, f"order of day and month told by the order of the lines: {order}")
    return DateOrder("mdy", "order of day and month is a guess: month first")


def _steps(days: list[date | None]) -> tuple[int, int]:
    """Return how often the days go back, and how many days lie between neighbours in all."""
    known = [day for day in days if day]
    gaps = [(after - before).days for before, after in pairwise(known)]
    return sum(gap < 0 for gap in gaps), sum(map(abs, gaps))
