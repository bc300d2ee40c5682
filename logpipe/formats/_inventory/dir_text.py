r"""What dir prints, in any language: volume, folder, a line for each file, sums.

``09/03/2007  07:00 AM             2,413 NTFS_1.EML``, ``03.09.2007  07:00       2.413 x.EML``.
Which time it is (/tc created, /tw written) the output does not say; a command line above it may.
"""

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
    Row,
)
from logpipe.formats._text.written_time import Clock

WEEKDAY = r"(?:\w{2,3}\.?,? )?"
DATE = r"\d{1,4}[./-] ?\d{1,2}[./-] ?\d{2,4}"
TIME = r"\d{1,2}[:.]\d{2}(?: ?[AaPp]\.?\s?[Mm]\.?|[ap](?= ))?"
ENTRY = re.compile(rf"^{WEEKDAY}({DATE}\s{{1,4}}{TIME})(?P<rest>\s.{{2,}})$")
# the size ends 18 characters behind the time, the name follows after a blank
SIZE_WIDTH = 18
SIZE = re.compile(r"^\s*(<[A-Z]{3,10}>|[\d.,'\u00a0\u202f\u2019\ufffd ]*\d)\s*$")
LOOSE = re.compile(r"^\s*(<[A-Z]{3,10}>|\d[\d.,'\u00a0\u202f\u2019\ufffd]*)\s+(\S.*)$")
SUM = re.compile(r"^\s{6,}\d")  #                2 File(s)          4,826 bytes
# " Directory of C:\x", " C:\x のディレクトリ": one blank, and a path somewhere
FOLDER = re.compile(r"^ (?! )[^\\]{0,40}?((?:[A-Za-z]:|\\)\\.*)$")
BEHIND_PATH = re.compile(r" [^\x00-\x7f\\]{1,12}$")
VOLUME = re.compile(r"^ (?! )\S")
TOTAL = re.compile(r"^ {5}\S")  #      Total Files Listed:
SELF = re.compile(r"<DIR>\s{1,40}\.\.?$")  # the folder and the one above it
COMMAND = re.compile(r"(?i)^.{0,300}?[>$] ?dir\b(.*)$")  # C:\>dir /a /tc C:\inetpub\mailroot\Queue
FIELD = re.compile(r"(?i)/t:?([caw])\b")
FIELDS = {"c": "arrived", "w": "written"}
HALF = re.compile(r"([ap])$")  # 09:08a of NT 4


def is_dir(lines: Iterable[str]) -> bool:
    """Return whether a folder's name stands above lines with date, time, size and name."""
    folder = False
    for line in lines:
        folder = folder or bool(FOLDER.match(line))
        if folder and _entry(line) is not None:
            return True
    return False


def _entry(line: str) -> tuple[str, str, str] | None:
    """Return time, size and name of a file's line."""
    match = ENTRY.match(line)
    if match is None:
        return None
    rest = match["rest"]
    size = SIZE.match(rest[:SIZE_WIDTH])
    if size and rest[SIZE_WIDTH : SIZE_WIDTH + 1] == " " and rest[SIZE_WIDTH + 1 :]:
        return match[1], size[1], rest[SIZE_WIDTH + 1 :]
    if loose := LOOSE.match(rest):
        return match[1], loose[1], loose[2]
    return None


def dir_role(text: str, _: Record | None) -> Role:
    """Return what a line is: everything but the frame of the listing is a record."""
    if not text or SUM.match(text) or TOTAL.match(text) or SELF.search(text[-60:]):
        return Role.SKIP
    if VOLUME.match(text) or COMMAND.match(text):
        return Role.MARK
    return Role.START


@dataclass(slots=True)
class DirText:
    """Makes rows of the lines; folder and kind of time are those last named above them."""

    clock: Clock = field(default_factory=Clock)
    folder: str | None = None
    shown: str = "written"
    said: bool = False  # whether a command line says which time it is
    notes: list[str] = field(default_factory=list)
    local: bool = True

    @classmethod
    def of(cls, document: Document) -> Self:
        """Learn from all lines how dates are written, and whether the kind of time is told."""
        made, told, silent = cls(), False, False
        for record in document.records(dir_role):
            if command := COMMAND.match(record.first):
                told = bool(FIELD.search(command[1]))
            elif entry := _entry(record.first):
                made.clock.learn(_time(entry[0]))
                silent = silent or not told
        made.clock.decide()
        made.notes += [made.clock.note] if made.clock.note else []
        if silent:
            made.notes.append(
                "the listing does not say which time it shows: taken for the last write"
            )
        return made

    def rows(self, record: Record) -> list[Row]:
        """Return the row of a file's line; other lines are kept for those below."""
        if record.mark:
            return self._keep(record.first)
        entry = _entry(record.first)
        if entry is None:
            raise RefusedError("no line with date, time, size and name")
        written, size, name = entry
        moment = self.clock.read(_time(written))
        digits = "" if size.startswith("<") else re.sub(r"\D", "", size)[:18]
        row: Row = {"queue": self.folder, "name": name, "bytes": int(digits) if digits else None}
        extra = {"time": "" if self.said else "kind not told"}
        if moment is None or self.shown not in FIELDS.values():
            extra["time as written"] = f"{written} ({self.shown})"
        else:
            row |= {f"{self.shown}_ts": moment.ts, f"{self.shown}_local_ts": moment.local_ts}
        if not digits:
            extra["type"] = size
        return [row | {"extra": extra}]

    def _keep(self, line: str) -> list[Row]:
        if command := COMMAND.match(line):
            told = FIELD.search(command[1])
            self.said = told is not None
            self.shown = FIELDS.get(told[1].lower(), "accessed") if told else "written"
        elif folder := FOLDER.match(line):
            path = BEHIND_PATH.sub("", folder[1])
            self.folder = path[:LONGEST_PLACE]
        return []


def _time(written: str) -> str:
    """Return a time as the clock reads it: 09:08a of NT 4 is 09:08 am."""
    return HALF.sub(r" \1m", written)
