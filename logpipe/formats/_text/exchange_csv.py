"""What the CSV logs of Exchange 2007 and later have in common: preamble, field lists, build.

``#Software``, ``#Version``, ``#Log-type``, ``#Date`` and ``#Fields`` stand at the top, may come
again in mid-file, and may be gone where a copy was cut. Some logs (EWS, HttpProxy) write the field
list as a plain CSV header above ``#Software`` too. Times are UTC.
https://learn.microsoft.com/exchange/mail-flow/transport-logs/protocol-logging
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import polars as pl

from logpipe.formats._text.lines import (
    Text,
    data_above,
    ends_open,
    first_lines,
    segments_of,
    survey,
    unique_names,
    utf8_head,
)
from logpipe.model import Lines, Reading

HEAD = 64 << 10
GUESS_ROWS = 1000  # rows read where the header does not tell
# 2023-01-11T15:59:51.433Z
ISO_TIME = r'"?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?"?'
# DateTime,RequestId,MajorVersion
NAMES = re.compile(r"[A-Za-z][\w.() -]*(?:,[A-Za-z][\w.() -]*)+")
PRODUCTS = {"8.": "2007", "14.": "2010", "15.0": "2013", "15.1": "2016"}
PRODUCTS["15.2"] = "2019 or Subscription Edition"

Columns = Mapping[str, Sequence[str]]  # what a load SQL calls a place, and the fields it may be


@dataclass(frozen=True, slots=True)
class Preamble:
    """What the first lines of a file say of it; texts are empty where nothing is said."""

    log_type: str  # lower case
    software: str  # lower case
    version: str
    fields: tuple[str, ...]  # as written
    rows: tuple[str, ...]

    def has(self, *names: str) -> bool:
        """Return whether the field list holds these names, in any case."""
        return set(names) <= {name.lower() for name in self.fields}


@lru_cache(maxsize=8)
def preamble(head: bytes) -> Preamble:
    """Read the preamble out of a file's first bytes."""
    told: dict[str, str] = {}
    plain: list[str] = []
    rows: list[str] = []
    for line in first_lines(head):
        if line.startswith("#"):
            name, _, value = line[1:].partition(":")
            told.setdefault(name.strip().lower(), value.strip())
        elif line and not rows and not plain and NAMES.fullmatch(line):
            plain = line.split(",")
        elif line:
            rows.append(line)
    named = told.get("fields", "")
    fields = named.split(",") if "," in named else plain
    return Preamble(
        told.get("log-type", "").lower(),
        told.get("software", "").lower(),
        told.get("version", ""),
        tuple(name.strip() for name in fields),
        tuple(rows),
    )


@dataclass(frozen=True, slots=True)
class CsvLog:
    """A surveyed log: its lines, its segments, and what the preamble says.

    ``segments`` has, beside the lines and ``fields``: ``rest`` (positions no column takes),
    ``half`` (number of a last line without line end, else 0), ``mark`` (how a plain header begins),
    ``log_type`` (lower case, of the block, or empty) and one ``p_<column>`` per wanted column.
    """

    text: Text
    top: Preamble
    segments: pl.DataFrame
    notes: list[str] = field(default_factory=list)

    def rows(self) -> Iterator[str]:
        """Yield the first data lines, for what the header does not tell."""
        with self.text.path.open(encoding="utf-8-sig", errors="replace") as lines:
            for _, line in zip(range(GUESS_ROWS), lines, strict=False):
                if line.strip() and not line.startswith("#"):
                    yield line.rstrip("\r\n")

    def reading(self, load: str, segments: pl.DataFrame, host: str | None = None) -> Reading:
        """Return the reading of this log by one load SQL; the host where no row names it."""
        return Reading(
            load=load,
            records=self.text.records,
            batches=iter([Lines(self.text.path, segments)]),
            generation=product(self.top.version),
            host=host,
            notes=(*self.text.notes, *self.notes),
        )


def open_log(path: Path, scratch: Path, columns: Columns, assumed: Sequence[str]) -> CsvLog:
    """Survey a log and cut it at its field lists; rows above the first have the first list.

    Where the file names no field list at all, ``assumed`` is taken.
    """
    with path.open("rb") as file:
        top = preamble(utf8_head(file.read(HEAD)))
    mark = ",".join((top.fields or tuple(assumed))[:2])
    text = survey(path, scratch, (b"#", mark.encode()))
    starts, types = _blocks(text)
    notes = []
    if text.records and (not starts or data_above(starts[0][0], text)):
        names = starts[0][1] if starts else list(top.fields or assumed)
        notes.append(f"no #Fields above the first lines: {len(names)} fields assumed")
        starts.insert(0, (0, unique_names(names)))
        types.insert(0, top.log_type)
    half = text.lines if text.lines and ends_open(path) else 0
    segments = segments_of(starts, text.lines).with_columns(
        pl.Series("log_type", types, pl.String),
        half=pl.lit(half, pl.UInt64),
        mark=pl.lit(mark),
        **_places([names for _, names in starts], columns),
    )
    return CsvLog(text, top, segments, notes)


def _blocks(text: Text) -> tuple[list[tuple[int, list[str]]], list[str]]:
    """Return where field lists stand, their names, and the log type that was last named."""
    starts: list[tuple[int, list[str]]] = []
    types: list[str] = []
    log_type = ""
    for line, header in text.headers:
        name, _, value = header.partition(":")
        if name.lower() == "#log-type":
            log_type = value.strip().lower()
        names = header if not header.startswith("#") else value if name.lower() == "#fields" else ""
        if "," in names:
            starts.append((line, unique_names([part.strip() for part in names.split(",")])))
            types.append(log_type)
    return starts, types


def _places(lists: list[list[str]], columns: Columns) -> dict[str, pl.Series]:
    """Return each wanted column's position in each field list, and the positions left over."""
    found: dict[str, list[int | None]] = {column: [] for column in columns}
    rest: list[list[int]] = []
    for names in lists:
        lower = [name.lower() for name in names]
        taken: set[int] = set()
        for column, wanted in columns.items():
            at = next((lower.index(name) + 1 for name in wanted if name in lower), None)
            found[column].append(at)
            taken.add(at or 0)
        rest.append([at for at in range(1, len(names) + 1) if at not in taken])
    places = {f"p_{column}": pl.Series(at, dtype=pl.Int64) for column, at in found.items()}
    return places | {"rest": pl.Series(rest, dtype=pl.List(pl.Int64))}


def product(version: str) -> str | None:
    """Name the product by its build; many logs say 15.0.0.0 from Exchange 2013 to this day."""
    match = re.match(r"0*(\d+)\.0*(\d+)\.", version)
    if match is None:
        return None
    if version == "15.0.0.0":
        return "Exchange 2013 or later (15.0.0.0)"
    build = f"{match[1]}.{match[2]}"
    names = (name for start, name in PRODUCTS.items() if build.startswith(start))
    return " ".join(filter(None, ["Exchange", next(names, None), f"({version})"]))
