"""Rows of a query, printed as a table, CSV, JSON or JSON lines."""

import csv
import json
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TextIO

import polars as pl
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from logpipe.report.text import clean

WIDEST = 40  # characters of one column before its text is folded
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run what begins so


def print_rows(frame: pl.DataFrame, shape: str, out: TextIO, *, width: int) -> None:
    """Write a frame in one of the shapes table, csv, json, jsonl; times are UTC in ISO 8601."""
    rows = frame.iter_rows(named=True)
    match shape:
        case "csv":
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow([_cell(name) for name in frame.columns])
            writer.writerows([_cell(value) for value in row.values()] for row in rows)
        case "json":
            json.dump([_plain(row) for row in rows], out, ensure_ascii=False, indent=1)
            out.write("\n")
        case "jsonl":
            out.writelines(json.dumps(_plain(row), ensure_ascii=False) + "\n" for row in rows)
        case _:
            _table(frame, out, width)


def _table(frame: pl.DataFrame, out: TextIO, width: int) -> None:
    """Draw a table that fits the terminal, or a block a row where it cannot."""
    rows = [[clean(_shown(value)) for value in row] for row in frame.iter_rows()]
    names = [clean(name) for name in frame.columns]
    lengths = [
        min(WIDEST, max(len(name), *(len(row[at]) for row in rows), 1))
        for at, name in enumerate(names)
    ]
    console = Console(file=out, width=width, highlight=False, color_system=None)
    if sum(lengths) + 2 * len(lengths) + 2 > width:
        _blocks(names, rows, out)
    else:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for name, dtype in zip(names, frame.dtypes, strict=True):
            table.add_column(
                Text(name), justify="right" if dtype.is_numeric() else "left", overflow="fold"
            )
        for row in rows:
            table.add_row(*map(Text, row))
        console.print(table)
    out.write(f"{frame.height:,} row{'s' if frame.height != 1 else ''}\n")


def _blocks(names: list[str], rows: list[list[str]], out: TextIO) -> None:
    """Write every row as a block of ``name  value`` lines; empty values are left out."""
    indent = max(map(len, names), default=0)
    for number, row in enumerate(rows, 1):
        out.write(f"-- {number} --\n")
        out.writelines(
            f"{name:{indent}}  {value}\n" for name, value in zip(names, row, strict=True) if value
        )


def _shown(value: Any) -> str:
    if value is None:
        return ""
    plain = _plain(value)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _cell(value: Any) -> str:
    """Return a CSV cell; text that a spreadsheet would take for a formula gets a leading quote."""
    shown = _shown(value)
    return f"'{shown}" if isinstance(value, str) and shown.startswith(FORMULA) else shown


def _plain(value: Any) -> Any:  # noqa: PLR0911 - one line for each kind of value
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
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | pl.Series():
            return [_plain(item) for item in value]
        case float() if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN
            return None
        case _:
            return value
