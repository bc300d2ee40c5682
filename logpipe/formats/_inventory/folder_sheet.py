"""Listings that PowerShell makes: columns of FileInfo as CSV, or its text table below a folder."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from logpipe.formats._inventory.document import (
    LONGEST_PLACE,
    Document,
    Record,
    RefusedError,
    Role,
    RoleOf,
    Row,
)
from logpipe.formats._inventory.sheet import RULE, Cells, Sheet, sheet_of, whole_number
from logpipe.formats._text.written_time import Clock

NAMES = ("name", "pschildname", "fullname")
TIMES = {  # the column of queue_entry, and whether it is UTC whatever it looks like
    "creationtimeutc": ("arrived", True), "lastwritetimeutc": ("written", True),
    "creationtime": ("arrived", False), "lastwritetime": ("written", False),
}  # fmt: skip
FOLDERS = ("directoryname", "directory")
# Mode                LastWriteTime         Length Name
TEXT_HEADER = re.compile(r"^Mode\s{1,40}(LastWriteTime|CreationTime)\s{1,40}Length\s{1,10}Name$")
# -a---          9/3/2007   7:00 AM       2413 NTFS_1.EML; a folder has no length
TEXT_LINE = re.compile(
    r"^(?P<mode>[-darhsl]{5,6})\s{1,40}(?P<time>\S{1,12}\s{1,4}\S{1,8}(?:\s[AaPp]\.?[Mm]\.?)?)\s{1,20}"
    r"(?:(?P<length>\d{1,18})\s)?\s{0,12}(?P<name>\S.*)$"
)
#     Directory: C:\inetpub\mailroot\Queue
TEXT_FOLDER = re.compile(r"^ {2,8}\S{1,30}:\s?((?:[A-Za-z]:|\\\\).*)$")


def folder_sheet(lines: Iterable[str]) -> Sheet | None:
    """Return the columns if the text is a table of files with a size and a time."""
    shown = list(lines)
    header = next((place for place, line in enumerate(shown) if TEXT_HEADER.match(line)), None)
    if header is not None and header + 1 < len(shown) and RULE.match(shown[header + 1]):
        return _text_sheet(TEXT_HEADER.match(shown[header]))
    sheet = sheet_of(shown)
    if sheet is None or sheet.shape != "csv":
        return None
    keys = set(sheet.keys)
    files = keys & set(NAMES) and keys & set(TIMES) and "length" in keys
    return sheet if files else None


def folder_role(sheet: Sheet) -> RoleOf:
    """Return the role of the sheet's lines."""
    return sheet.role


def _text_sheet(header: re.Match[str] | None) -> Sheet:
    time = header[1] if header else "LastWriteTime"

    def cells(record: Record) -> Cells:
        match = TEXT_LINE.match(record.first)
        if match is None:
            raise RefusedError("no line with mode, time and name")
        return {
            "mode": match["mode"], time.lower(): match["time"], "length": match["length"] or "",
            "name": match["name"],
        }  # fmt: skip

    return Sheet("text", ["Mode", time, "Length", "Name"], _text_role, cells)


def _text_role(text: str, _: Record | None) -> Role:
    if not text or TEXT_HEADER.match(text) or RULE.match(text):
        return Role.SKIP
    return Role.MARK if TEXT_FOLDER.match(text) else Role.START


@dataclass(slots=True)
class FolderSheet:
    """Makes rows of the lines; the order of day and month is learnt from the whole file."""

    sheet: Sheet
    clock: Clock
    universal: Clock
    folder: str | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def local(self) -> bool:
        """Return whether a time without zone was seen."""
        return self.clock.local

    @classmethod
    def of(cls, document: Document, sheet: Sheet) -> Self:
        """Learn from all lines how dates are written."""
        made = cls(sheet, Clock(), Clock(utc=True))
        for record in document.records(sheet.role):
            try:
                cells = {} if record.mark else sheet.cells(record)
            except RefusedError:
                continue
            for key in TIMES.keys() & cells.keys():
                if f"{key}utc" not in cells:  # a local time that is there in UTC too is not used
                    made._clock(key).learn(cells[key])
        for clock in (made.clock, made.universal):
            clock.decide()
            made.notes += [clock.note] if clock.note else []
        return made

    def _clock(self, key: str) -> Clock:
        return self.universal if TIMES[key][1] else self.clock

    def rows(self, record: Record) -> list[Row]:
        """Return the row of a line; a folder's line is kept for the lines below it."""
        if record.mark:
            match = TEXT_FOLDER.match(record.first)
            self.folder = match[1].strip()[:LONGEST_PLACE] if match else self.folder
            return []
        cells = self.sheet.cells(record)
        named = next((key for key in NAMES if cells.get(key)), None)
        if named is None:
            raise RefusedError("no name")
        folder, _, name = cells[named].rpartition("\\")
        placed = next((key for key in FOLDERS if cells.get(key)), "")
        row: Row = {"name": name, "queue": folder or cells.get(placed) or self.folder}
        row["bytes"] = whole_number(cells.get("length"))
        taken = {named, placed, *([] if row["bytes"] is None else ["length"])}
        row |= self._times(cells, taken)
        return [row | {"extra": self.sheet.rest(cells, taken)}]

    def _times(self, cells: Cells, taken: set[str]) -> Row:
        """Return the times; UTC columns come first, and what cannot be read stays in extra."""
        row: Row = {}
        for key, (column, _) in TIMES.items():
            found = self._clock(key).read(cells[key]) if cells.get(key) else None
            if found is None or f"{column}_ts" in row:
                continue
            row |= {f"{column}_ts": found.ts, f"{column}_local_ts": found.local_ts}
            taken.add(key)
        return row
