r"""Versions of programme files: VersionInfo by Export-Csv, and wmic datafile in its three shapes.

``"FileName","FileMajorPart","FileMinorPart","FileBuildPart","FilePrivatePart","FileVersion"``, or
``Node,FileSize,LastModified,Name,Version`` in UTF-16 with ``\r\r\n``. Column names: .NET's
FileVersionInfo and WMI's CIM_DataFile.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path, PureWindowsPath
from typing import Any

import polars as pl

from logpipe.formats._inventory.document import (
    Record,
    RefusedError,
    Row,
    frames,
    open_document,
    rows_of,
)
from logpipe.formats._inventory.sheet import Cells, Sheet, document_sheet, sheet_of, whole_number
from logpipe.formats._text.lines import first_lines
from logpipe.model import Format, Reading

COLUMNS: dict[str, Any] = {
    "host": pl.String, "path": pl.String, "name": pl.String, "version": pl.String,
    "major": pl.Int64, "minor": pl.Int64, "build": pl.Int64, "private": pl.Int64,
    "bytes": pl.Int64, "modified_ts": pl.Datetime("us"),
}  # fmt: skip
PARTS = {
    "filemajorpart": "major", "fileminorpart": "minor", "filebuildpart": "build",
    "fileprivatepart": "private",
}  # fmt: skip
PATHS = ("filename", "name", "fullname", "path")
VERSIONS = ("fileversion", "version", "fileversionraw")
SIZES = ("filesize", "length")
HOSTS = ("node", "csname", "pscomputername", "computername")
NUMBERS = re.compile(r"^\s*(\d{1,5})[.,] ?(\d{1,5})(?:[.,] ?(\d{1,5}))?(?:[.,] ?(\d{1,5}))?(?!\d)")
# 20070606163200.000000+120: local, and minutes east of UTC
CIM_DATE = re.compile(r"^(\d{14})\.(\d{6})([+-]\d{3})$")


def sniff(head: bytes) -> bool:
    """Return whether the first line names the columns of a VersionInfo or a wmic datafile list."""
    sheet = sheet_of(first_lines(head), "name")
    return sheet is not None and _is_version_list(sheet)


def _is_version_list(sheet: Sheet) -> bool:
    keys = set(sheet.keys)
    if keys & set(PARTS) or {"filename", "fileversion"} <= keys:
        return sheet.shape in ("csv", "blocks") and bool(keys & {"filename", "fullname", "name"})
    wmic = sheet.shape in ("columns", "blocks") or "node" in keys
    return wmic and {"name", "version"} <= keys and "hotfixid" not in keys


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give every line of the list as one row."""
    document = open_document(path, scratch)
    sheet = document_sheet(document, "name")
    rows = rows_of(document.records(sheet.role), lambda record: [_row(sheet, record)])
    yield Reading(
        load="file_version",
        records=document.count(sheet.role),
        batches=frames(rows, COLUMNS),
        notes=tuple(document.notes),
    )


def _row(sheet: Sheet, record: Record) -> Row:
    cells = sheet.cells(record)
    path = next((cells[key] for key in PATHS if cells.get(key)), None)
    if path is None:
        raise RefusedError("no file name")
    taken = {next((key for key in PATHS if cells.get(key)), "")}
    row: Row = {"path": path if "\\" in path or "/" in path else None}
    row["name"] = PureWindowsPath(path).name.lower() or path.lower()
    row |= _version(cells, taken) | _attributes(cells, taken)
    return row | {"extra": sheet.rest(cells, taken)}


def _version(cells: Cells, taken: set[str]) -> Row:
    """Return the version as text and as four numbers; the parts come before the text."""
    key = next((key for key in VERSIONS if cells.get(key)), None)
    row: Row = {"version": cells[key] if key else None}
    taken |= {key} if key else set()
    parts = {PARTS[name]: whole_number(cells.get(name)) for name in PARTS}
    if None not in parts.values() and max(filter(None, parts.values()), default=0) < 1 << 31:
        taken |= set(PARTS)
        return row | parts
    if key and (match := NUMBERS.match(cells[key])):
        numbers = [int(part) if part else None for part in match.groups()]
        return row | dict(zip(PARTS.values(), numbers, strict=True))
    return row


def _attributes(cells: Cells, taken: set[str]) -> Row:
    """Return host, size and last write; what cannot be read stays in ``extra``."""
    row: Row = {}
    if host := next((key for key in HOSTS if cells.get(key)), None):
        row["host"] = cells[host]
        taken.add(host)
    for key in SIZES:
        if (size := whole_number(cells.get(key))) is not None:
            row["bytes"] = size
            taken.add(key)
    if moment := cim_time(cells.get("lastmodified", "")):
        row["modified_ts"] = moment
        taken.add("lastmodified")
    return row


def cim_time(text: str) -> datetime | None:
    """Return a CIM date as UTC, or None."""
    if not (match := CIM_DATE.match(text.strip())):
        return None
    try:
        local = datetime.strptime(match[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        moment = local.replace(microsecond=int(match[2])) - timedelta(minutes=int(match[3]))
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=None)


FORMAT = Format(
    "file_version", "Versions of programme files", "file_version", sniff, read, growth="none"
)
