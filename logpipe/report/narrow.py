"""Rows as a table that fits the terminal: for the counting commands and named queries.

Nothing is folded: long text is cut, and columns without room, the least important ones, are named.
"""

import math
import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from rich.cells import cell_len, set_cell_size

from logpipe.report._words import number_words
from logpipe.report.rows import shown
from logpipe.report.text import clean
from logpipe.words import count_words

GAP = 2  # blanks between columns
LEAST = 12  # text is cut to no less, unless it has the table alone
MOST = 38
UNKNOWN = "?"


class Column(NamedTuple):
    """A column as it is printed."""

    name: str
    number: bool
    whole: bool  # a number or a time, which makes no sense in part
    cells: list[str]

    def wants(self) -> int:
        """Return the room for its longest cell."""
        return max(cell_len(text) for text in (self.name, *self.cells))


def table_lines(
    names: Sequence[str],
    numeric: Sequence[bool],
    rows: Sequence[tuple[Any, ...]],
    *,
    order: Sequence[str] = (),
    unknown: str = "",
    width: int,
) -> Iterator[str]:
    """Yield a table no wider than asked; ``order`` names the columns, the most important first.

    ``unknown`` says why a column may have no value at all: such a column is named, not shown.
    """
    told, silent = _columns(names, numeric, rows)
    ranked = sorted(told, key=lambda one: order.index(one.name) if one.name in order else 99)
    widths = _fit(ranked, width)
    shown_columns = [one for one in told if one.name in widths]
    yield _line([(one.name, one.number) for one in shown_columns], widths)
    yield "-" * (sum(widths.values()) + GAP * (len(widths) - 1))
    for at in range(len(rows)):
        yield _line([(one.cells[at], one.number) for one in shown_columns], widths, shown_columns)
    yield ""
    yield count_words(len(rows), "row")
    if any(UNKNOWN in one.cells for one in shown_columns):
        yield from _wrap(f"{UNKNOWN}: the logs do not tell.", width)
    if silent:
        yield from _wrap(f"Not known: {', '.join(silent)}. {unknown}", width)
    if left := [one.name for one in told if one.name not in widths]:
        yield from _wrap(f"No room for {', '.join(left)}: -f csv and -f json have all.", width)


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(text.strip(), max(width, 20), break_on_hyphens=False)


def _columns(
    names: Sequence[str], numeric: Sequence[bool], rows: Sequence[tuple[Any, ...]]
) -> tuple[list[Column], list[str]]:
    """Return the columns, and the names of those without any value."""
    told, silent = [], []
    for at, (name, number) in enumerate(zip(names, numeric, strict=True)):
        values = [row[at] for row in rows]
        if rows and all(value is None for value in values):
            silent.append(clean(name))
        else:
            whole = all(value is None or not isinstance(value, str | list) for value in values)
            told.append(Column(clean(name), number, whole, list(map(_cell, values))))
    return told, silent


def _cell(value: Any) -> str:
    if value is None:
        return UNKNOWN
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, float) and math.isfinite(value):
        return number_words(value).replace(",", "")  # 1 and not 1.0; 0.0034 and not 0.0
    return clean(shown(value))


def _fit(ranked: Sequence[Column], width: int) -> dict[str, int]:
    """Return the widths of the columns that have room, taken in the order of their importance."""
    widths: dict[str, int] = {}
    left = width
    for column in ranked:
        gap = GAP if widths else 0
        wants = column.wants() if column.whole else min(column.wants(), MOST)
        has = min(wants, left - gap)
        if has == wants or (not column.whole and has >= max(LEAST, cell_len(column.name))):
            widths[column.name] = has
            left -= has + gap
    return widths or {one.name: max(width, 1) for one in ranked[:1]}


def _line(
    cells: Sequence[tuple[str, bool]], widths: dict[str, int], columns: Sequence[Column] = ()
) -> str:
    names = [one.name for one in columns] or [name for name, _ in cells]
    parts = [
        _padded(text, widths[name], right=number)
        for (text, number), name in zip(cells, names, strict=True)
    ]
    return (" " * GAP).join(parts).rstrip()


def _padded(text: str, room: int, *, right: bool) -> str:
    """Return a text in just so many cells, with three dots where something is missing."""
    size = cell_len(text)
    if size > room:
        return (
            set_cell_size(text, room)
            if room <= len("...")
            else set_cell_size(text, room - 3) + "..."
        )
    return " " * (room - size) + text if right else text + " " * (room - size)
