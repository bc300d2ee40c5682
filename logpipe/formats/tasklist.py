"""Processes of a host: tasklist as text or CSV, plain, with /svc, /v or /m.

``Image Name,PID,Session Name,Session#,Mem Usage``; the names are in the host's language, so columns
are known by their place: image, PID, then services (three columns), or session, number, memory.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from logpipe.formats._inventory.document import (
    Record,
    RefusedError,
    Row,
    frames,
    open_document,
    rows_of,
)
from logpipe.formats._inventory.host_fact import COLUMNS, fact
from logpipe.formats._inventory.sheet import (
    Sheet,
    csv_values,
    document_sheet,
    sheet_of,
    whole_number,
)
from logpipe.formats._text.lines import first_lines
from logpipe.model import Format, Reading

WITH_SERVICES, MEMORY = 3, 4  # how many columns /svc and /m have; where memory stands else
WIDTHS = (WITH_SERVICES, 5, 8, 9)  # /svc or /m, plain, /v (Vista and later have one more)
PID = re.compile(r"^\d{1,10}$")
# 24 K, 1.580 KB, 9 012 Ko: digits in groups, then the unit
MEMORY_TEXT = re.compile(r"^([\d., \u00a0\u202f\u2019']{1,20}?)\s?\w{1,3}$")
NONE = re.compile(r"(?i)^(?:N/[A-Z]\.?|-{1,3}|Nicht zutreffend)$")
PID_NAMES = ("pid", "identifica")  # the second in Brazil


def sniff(head: bytes) -> bool:
    """Return whether the text is a table of images with process ids."""
    lines = [line for line in first_lines(head) if line.strip()]
    sheet = sheet_of(lines)
    if sheet is None or sheet.shape not in ("ruled", "csv") or len(sheet.names) not in WIDTHS:
        return False
    if sheet.shape == "ruled":
        return lines[1].startswith("=") and any(_is_process(sheet, line) for line in lines[2:4])
    named = sheet.keys[1].startswith(PID_NAMES)
    return named and _quoted(lines[0]) and len(lines) > 1 and _is_process(sheet, lines[1])


def _quoted(line: str) -> bool:
    """Return whether a line is CSV as tasklist writes it: a quote around every value."""
    return line.startswith('"') and line.rstrip().endswith('"') and line.count('","') >= 1


def _is_process(sheet: Sheet, line: str) -> bool:
    if sheet.shape == "csv":
        values = csv_values(line.rstrip(), ",") or []
        return _quoted(line) and len(values) == len(sheet.names) and bool(PID.match(values[1]))
    try:
        _, pid, *_ = sheet.cells(Record(1, [line])).values()
    except RefusedError:
        return False
    return bool(PID.match(pid))


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give a row per process, or per service or module where those are listed."""
    document = open_document(path, scratch, console=True)
    sheet = document_sheet(document)
    rows = rows_of(document.records(sheet.role), lambda record: _rows(sheet, record))
    yield Reading(
        load="host_fact",
        records=document.count(sheet.role),
        batches=frames(rows, COLUMNS),
        notes=tuple(document.notes),
    )


def _rows(sheet: Sheet, record: Record) -> list[Row]:
    cells = sheet.cells(record)
    if len(cells) < WITH_SERVICES:
        raise RefusedError("less than three columns")
    image, pid, *_ = cells.values()
    number = whole_number(pid)
    if not image or number is None:
        raise RefusedError("no image with a process id")
    extra = sheet.rest(cells, sheet.keys[:2])
    if len(sheet.names) == WITH_SERVICES:
        return _users(image, number, extra)
    memory = list(cells.values())[MEMORY] if len(cells) > MEMORY else ""
    extra = sheet.rest(cells, [*sheet.keys[:2], *sheet.keys[MEMORY : MEMORY + 1]])
    return [fact("process", image, "memory", memory, _bytes(memory), pid=number, extra=extra)]


def _users(image: str, pid: int, extra: dict[str, str]) -> list[Row]:
    """Return a row for each service of a process, or module in it."""
    written = " ".join(extra.values())
    if not written or NONE.match(written):
        return [fact("process", image, "services", written, 0.0, pid=pid)]
    names = [name.strip() for name in written.split(",") if name.strip()]
    modules = names[0].lower().endswith((".dll", ".exe", ".drv"))
    kind = "process_module" if modules else "process_service"
    return [fact(kind, name, image, pid=pid) for name in names]


def _bytes(memory: str) -> float | None:
    """Return memory in bytes; tasklist counts in KiB."""
    match = MEMORY_TEXT.match(memory)
    digits = re.sub(r"\D", "", match[1]) if match else ""
    return float(int(digits) * 1024) if digits else None


FORMAT = Format("tasklist", "Processes and their services", "host_fact", sniff, read, growth="none")
