"""Rows of a query, printed as a table, CSV, JSON or JSON lines."""

import csv
import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TextIO
from uuid import UUID

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from logpipe.report.text import clean

WIDEST = 40  # characters of one column before its text is folded
# a spreadsheet would run what begins so, with the wide signs of East Asian ones too
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@dataclass(frozen=True, slots=True)
class _LineEnds:
    """Takes rows of CSV, and ends each with a bare newline.

    The writer itself ends them with both signs: one told of the newline alone does not quote a cell
    that holds a carriage return, which readers take for the end of the row.
    """

    out: TextIO

    def write(self, row: str) -> int:
        """Write one row."""
        return self.out.write(row.removesuffix("\r\n") + "\n")


def print_rows(
    names: list[str],
    numeric: list[bool],
    rows: list[tuple[Any, ...]],
    *,
    shape: str,
    out: TextIO,
    width: int,
) -> None:
    """Write rows in one of the shapes table, csv, json, jsonl; times are UTC in ISO 8601.

    A terminal gets no control or bidi characters in any shape; a file gets the values as they are.
    """
    safe = out.isatty()
    rows = _as_written(names, rows)
    named = (dict(zip(names, map(plain, row), strict=True)) for row in rows)
    match shape:
        case "csv":
            writer = csv.writer(_LineEnds(out))
            writer.writerows(
                [clean(cell) if safe else cell for cell in map(_cell, row)]
                for row in [tuple(names), *rows]
            )
        case "json":
            out.write(json.dumps(list(named), ensure_ascii=safe, indent=1) + "\n")
        case "jsonl":
            out.writelines(json.dumps(row, ensure_ascii=safe) + "\n" for row in named)
        case _:
            _table(names, numeric, rows, out, width)


def _as_written(names: list[str], rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Turn local times into text, since every other time is UTC and gets a Z."""
    local = [at for at, name in enumerate(names) if name.endswith("local_ts")]
    if not local:
        return rows
    changed = [list(row) for row in rows]
    for row in changed:
        for at in local:
            row[at] = row[at].isoformat() if isinstance(row[at], datetime) else row[at]
    return [tuple(row) for row in changed]


def _table(
    columns: list[str], numeric: list[bool], values: list[tuple[Any, ...]], out: TextIO, width: int
) -> None:
    """Draw a table that fits the terminal, or a block a row where it cannot."""
    rows = [[clean(shown(value)) for value in row] for row in values]
    names = [clean(name) for name in columns]
    lengths = [
        min(WIDEST, max(len(name), *(len(row[at]) for row in rows), 1))
        for at, name in enumerate(names)
    ]
    if sum(lengths) + 2 * len(lengths) + 2 > width:
        _blocks(names, rows, out)
    else:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for name, number in zip(names, numeric, strict=True):
            table.add_column(Text(name), justify="right" if number else "left", overflow="fold")
        for row in rows:
            table.add_row(*map(Text, row))
        Console(file=out, width=width, highlight=False, color_system=None).print(table)
    out.write(f"{len(rows):,} row{'s' if len(rows) != 1 else ''}\n")


def _blocks(names: list[str], rows: list[list[str]], out: TextIO) -> None:
    """Write every row as a block of ``name  value`` lines; empty values are left out."""
    indent = max(map(len, names), default=0)
    for number, row in enumerate(rows, 1):
        out.write(f"-- {number} --\n")
        out.writelines(
            f"{name:{indent}}  {value}\n" for name, value in zip(names, row, strict=True) if value
        )


def shown(value: Any) -> str:
    """Return a value as text; nothing for NULL."""
    if value is None:
        return ""
    known = plain(value)
    return known if isinstance(known, str) else json.dumps(known, ensure_ascii=False)


def _cell(value: Any) -> str:
    """Return a CSV cell; text that a spreadsheet would take for a formula gets a leading quote."""
    text = shown(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA) else text


def plain(value: Any) -> Any:  # noqa: PLR0911 - one line for each kind of value
    """Return a value as JSON knows it."""
    match value:
        case datetime():
            return value.isoformat() + ("Z" if value.tzinfo is None else "")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Decimal():
            return float(value)
        case bytes():
            return value.hex()
        case UUID():
            return str(value)
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case float() if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN
            return None
        case _:
            return value
