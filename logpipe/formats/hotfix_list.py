"""Installed hotfixes: wmic qfe (csv, columns, list) and Get-HotFix by Export-Csv or as text.

``Node,Caption,CSName,Description,FixComments,HotFixID,InstallDate,InstalledBy,InstalledOn,...``;
column names are those of WMI's Win32_QuickFixEngineering. InstalledOn is a date in the host's
language, or 16 hexadecimal digits of a FILETIME.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from logpipe.formats._inventory.document import (
    Document,
    Record,
    RefusedError,
    Row,
    frames,
    open_document,
    rows_of,
)
from logpipe.formats._inventory.host_fact import COLUMNS, fact, hotfix_number
from logpipe.formats._inventory.sheet import Sheet, document_sheet, sheet_of
from logpipe.formats._text.lines import first_lines
from logpipe.formats._text.written_time import Clock
from logpipe.model import Format, Reading

ID = "hotfixid"
FREE = "description"  # the one column of wmic's whose values may hold commas
HOSTS = ("csname", "node", "pscomputername", "source", "machinename", "__server")
FILETIME = re.compile(r"^[0-9A-Fa-f]{16}$")  # 01c7a87a3e5ef000
EPOCH = datetime(1601, 1, 1)  # noqa: DTZ001 - UTC without zone, as all times here


def sniff(head: bytes) -> bool:
    """Return whether the text is a table with a column HotFixID."""
    sheet = sheet_of(first_lines(head), FREE)
    return sheet is not None and ID in sheet.keys


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give every line or block as one hotfix."""
    document = open_document(path, scratch)
    sheet = document_sheet(document, FREE)
    clock = _clock(document, sheet)
    rows = rows_of(document.records(sheet.role), lambda record: [_row(sheet, clock, record)])
    yield Reading(
        load="host_fact",
        records=document.count(sheet.role),
        batches=frames(rows, COLUMNS),
        zone=None,
        zone_known_by=None,
        notes=(*document.notes, *filter(None, [clock.note])),
    )


def _clock(document: Document, sheet: Sheet) -> Clock:
    """Learn the order of day and month from all lines."""
    clock = Clock()
    for record in document.records(sheet.role):
        try:
            clock.learn(sheet.cells(record).get("installedon", ""))
        except RefusedError:
            continue
    clock.decide()
    return clock


def _row(sheet: Sheet, clock: Clock, record: Record) -> Row:
    cells = sheet.cells(record)
    written = cells.get(ID, "")
    if not written:
        raise RefusedError("no HotFixID")
    host = next((key for key in HOSTS if cells.get(key)), None)
    installed = cells.get("installedon", "")
    more = {"extra": sheet.rest(cells, {ID, "installedon", host or ""})}
    number = hotfix_number(written)
    if number != written:
        more["extra"]["HotFixID"] = written
    return (
        fact("hotfix", number or written, "installed", installed)
        | more
        | {"host": cells[host] if host else None}
        | _moment(installed, clock)
    )


def _moment(installed: str, clock: Clock) -> Row:
    """Return when a hotfix was installed: a FILETIME is UTC, a date is local."""
    if FILETIME.match(installed):
        try:
            return {"ts": EPOCH + timedelta(microseconds=int(installed, 16) // 10)}
        except OverflowError:
            return {}
    found = clock.read(installed)
    return {"local_ts": found.local_ts, "ts": found.ts} if found else {}


FORMAT = Format("hotfix_list", "Installed hotfixes", "host_fact", sniff, read, growth="none")
