"""One record of an export: values by the exporter's own names, whatever the file's shape was."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import polars as pl

from logpipe.formats._text.lines import EXCERPT
from logpipe.formats._text.written_time import Clock
from logpipe.model import Frame

BATCH = 20_000  # rows in one frame
BATCH_SIZE = 32 << 20  # characters in one frame
# what PowerShell prints for a list or an object that it cannot write into one cell
TYPE_NAME = re.compile(r"^(?:System|Microsoft|Deserialized)\.[\w.+]+(?:\[\]|`\d+\[.{0,200}\])?$")
QUANTITY = re.compile(r"^[\d.,\s]+ ?[KMGT]?B \(([\d.,\s]+) bytes\)$")  # 3.5 KB (3,584 bytes)
# what a column of the table holds, where it is less than 64 bits
RANGES = {
    "recipients": range(1 << 31), "retries": range(1 << 31), "event_id": range(1 << 31),
    "qualifiers": range(1 << 31), "task": range(1 << 31), "opcode": range(1 << 31),
    "process_id": range(1 << 32), "version": range(1 << 8),
}  # fmt: skip
Row = dict[str, Any]
BIGINT = range(-(1 << 63), 1 << 63)


@dataclass(frozen=True, slots=True)
class Record:
    """A record: its first line or its place, its values by name, or why it cannot be read."""

    line: int
    values: Mapping[str, str]
    fault: str | None = None
    text: str = ""  # what of it table reject may show

    @property
    def names(self) -> set[str]:
        """Return the folded names of what the record holds."""
        return {fold(name) for name in self.values}


@dataclass(frozen=True)
class Shape:
    """Which column takes which value, and what stands in the column: text, time, or number.

    ``finish`` gets a row, its ``extra`` still a dict, and gives it back mended, or divided.
    """

    columns: Mapping[str, str]  # folded name -> column
    times: tuple[str, ...] = ("ts",)
    numbers: tuple[str, ...] = ()
    given: Mapping[str, Any] = field(default_factory=dict)  # further columns, their first value
    finish: Callable[[Row], Iterable[Row]] = field(default=lambda row: [row])

    @cached_property
    def empty(self) -> Row:
        """Return a row of this shape without values."""
        return dict.fromkeys(self.schema) | dict(self.given)

    @property
    def schema(self) -> dict[str, Any]:
        """Return the columns of the frame that the load SQL gets."""
        plain = dict.fromkeys(self.columns.values(), pl.String)
        return {
            "record": pl.UInt64,
            **plain,
            **dict.fromkeys(self.times, pl.Datetime("us")),
            **dict.fromkeys((local(name) for name in self.times), pl.Datetime("us")),
            **dict.fromkeys(self.numbers, pl.Int64),
            **{name: _polars_type(value) for name, value in self.given.items()},
            "extra": pl.List(pl.Struct({"key": pl.String, "value": pl.String})),
            "reject": pl.String,
            "excerpt": pl.String,
        }


def _polars_type(value: Any) -> Any:
    return {int: pl.Int64, bool: pl.Boolean}.get(type(value), pl.String)


def local(column: str) -> str:
    """Return the column that keeps a time as written: ts and local_ts, x_ts and x_local_ts."""
    return column.removesuffix("ts") + "local_ts"


@lru_cache(maxsize=4096)
def fold(name: str) -> str:
    """Return a name without case, blanks and marks: sender_address and SenderAddress are one."""
    return re.sub(r"[\W_]+", "", name).lower()


def learn(records: Iterable[Record], shape: Shape, clock: Clock) -> int:
    """Count the records and show the clock every time that is written in them."""
    count = 0
    for record in records:
        count += 1
        for name, value in record.values.items():
            if shape.columns.get(fold(name)) in shape.times:
                clock.learn(value)
    clock.decide()
    return count


def frames(records: Iterable[Record], shape: Shape, clock: Clock) -> Iterator[Frame]:
    """Yield the records as frames for the load SQL."""
    schema, batch, size = shape.schema, list[Row](), 0
    for record in records:
        for row in rows_of(record, shape, clock):
            batch.append(row)
            size += weight(row)
            if len(batch) >= BATCH or size > BATCH_SIZE:
                yield Frame(pl.DataFrame(batch, schema=schema, orient="row"))
                batch, size = [], 0
    if batch:
        yield Frame(pl.DataFrame(batch, schema=schema, orient="row"))


def weight(row: Row) -> int:
    """Return how many characters a row holds."""
    extra = row["extra"] or ()
    values = extra.values() if isinstance(extra, dict) else (pair["value"] for pair in extra)
    return sum(len(value) for value in (*row.values(), *values) if isinstance(value, str))


def rows_of(record: Record, shape: Shape, clock: Clock) -> Iterator[Row]:
    """Yield the rows of one record: what no column takes, or cannot take, is in ``extra``."""
    row: Row = shape.empty.copy()
    extra: dict[str, str] = {}
    for name, written in record.values.items():
        value = written.strip()
        column = shape.columns.get(fold(name))
        free = column is not None and row[column] is None
        if value and not (free and _taken(row, str(column), value, shape, clock)):
            extra[name] = value
    row["extra"] = extra
    row["record"], row["reject"] = record.line, record.fault
    row["excerpt"] = (record.text or json.dumps(dict(record.values), ensure_ascii=False))[:EXCERPT]
    for done in shape.finish(row) if record.fault is None else [row]:
        done["extra"] = [{"key": key, "value": value} for key, value in done["extra"].items()]
        yield done


def _taken(row: Row, column: str, value: str, shape: Shape, clock: Clock) -> bool:
    """Put a value where it belongs; False where it is none of that column's kind."""
    if TYPE_NAME.match(value):
        return False
    if column in shape.times:
        moment = clock.read(value)
        if moment is not None:
            row[column], row[local(column)] = moment
        return moment is not None
    row[column] = number(value, RANGES.get(column, BIGINT)) if column in shape.numbers else value
    return row[column] is not None


def number(text: str, allowed: range) -> int | None:
    """Return a whole number, also out of PowerShell's "3.5 KB (3,584 bytes)"."""
    if quantity := QUANTITY.match(text):
        text = re.sub(r"\D", "", quantity.group(1))
    if not re.fullmatch(r"-?[0-9]{1,19}", text):
        return None
    value = int(text)
    return value if value in allowed else None
