"""Services of a host: sc query, sc queryex and sc qc, net start, and Get-Service as CSV or text.

sc writes ``SERVICE_NAME: SMTPSVC`` and below it indented ``LABEL : value`` lines; labels may be in
the host's language, so the state is known by its shape (``4  RUNNING``) and its place.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from logpipe.formats._inventory.document import (
    Document,
    Record,
    RefusedError,
    Role,
    RoleOf,
    Row,
    frames,
    open_document,
    rows_of,
)
from logpipe.formats._inventory.host_fact import COLUMNS, fact
from logpipe.formats._inventory.sheet import Sheet, sheet_of, whole_number
from logpipe.formats._text.lines import first_lines
from logpipe.model import Format, Reading

TOP = re.compile(r"^(\w{4,40}): ?(\S.*)$")  # SERVICE_NAME: SMTPSVC
BELOW = re.compile(r"^ {4,}([^\W\d]\w{1,40}(?: \w{1,20})?) *: ?(.*)$")  # STATE : 4  RUNNING
CODED = re.compile(r"^(\d+|0x[0-9A-Fa-f]+)\b *(.*)$")  # 4  RUNNING, 0  (0x0), 0x0
ORNAMENT = re.compile(r"^(?:\[SC\] |Enum: |EnumQueryServicesStatus)")
KIND = re.compile(r"^[0-9a-f]{1,3} +[A-Z][A-Z_0-9]+")  # 20  WIN32_SHARE_PROCESS
# the order in which sc query prints; its labels may be translated
ORDER = ("type", "state", "win32_exit_code", "service_exit_code", "checkpoint", "wait_hint")
LABELS = {
    *(name.upper() for name in ORDER), "PID", "FLAGS", "START_TYPE", "ERROR_CONTROL",
    "BINARY_PATH_NAME", "LOAD_ORDER_GROUP", "TAG", "DISPLAY_NAME", "DEPENDENCIES",
    "SERVICE_START_NAME",
}  # fmt: skip
STARTED = re.compile(r"^\S.*Windows.*[:\uff1a]$")  # These Windows services are started:
STATES = {
    "stopped": 1, "startpending": 2, "stoppending": 3, "running": 4, "continuepending": 5,
    "pausepending": 6, "paused": 7,
}  # fmt: skip
SERVICE = {"name", "displayname", "status"}
Parse = Callable[[Record], list[Row]]


def sniff(head: bytes) -> bool:
    """Return whether the text is of sc, net start or Get-Service."""
    lines = [line.rstrip() for line in first_lines(head)]
    return _is_sc(lines) or _is_started(lines) or _services(lines) is not None


def _is_sc(lines: list[str]) -> bool:
    """Return whether a service's name stands above its type and state."""
    shown = [line for line in lines if line and not ORNAMENT.match(line)]
    for above, below in pairwise(shown):
        value = BELOW.match(below)
        if TOP.match(above) and value and KIND.match(value[2]):
            return True
    return False


def _is_started(lines: list[str]) -> bool:
    """Return whether a title and names indented by three are all there is."""
    shown = [line for line in lines if line]
    if len(shown) < 3 or not STARTED.match(shown[0]):  # noqa: PLR2004 - title, name, farewell
        return False
    return all(re.match(r"^ {3}\S", line) for line in shown[1:-1])


def _services(lines: list[str]) -> Sheet | None:
    sheet = sheet_of(lines)
    if sheet is None or not set(sheet.keys) >= SERVICE:
        return None
    return sheet if sheet.shape in ("csv", "ruled") else None


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give the facts of every service."""
    document = open_document(path, scratch, console=True)
    role, parse = _reader(document)
    yield Reading(
        load="host_fact",
        records=document.count(role),
        batches=frames(rows_of(document.records(role), parse), COLUMNS),
        notes=tuple(document.notes),
    )


def _reader(document: Document) -> tuple[RoleOf, Parse]:
    lines = [text for _, (_, text) in zip(range(60), document.lines(), strict=False)]
    if sheet := _services(lines):
        return sheet.role, lambda record: _listed(sheet, record)
    if _is_started(lines):
        return _started_role, _started
    return _sc_role, _described


def _sc_role(text: str, held: Record | None) -> Role:
    if not text:
        return Role.END if held else Role.SKIP
    if ORNAMENT.match(text):
        return Role.END if held else Role.SKIP
    if held is None:
        return Role.START
    if text.startswith(" "):
        return Role.MORE
    # DISPLAY_NAME below SERVICE_NAME
    return Role.MORE if len(held.lines) == 1 and TOP.match(text) else Role.START


def _described(record: Record) -> list[Row]:
    """Return the facts of one block of sc."""
    top = TOP.match(record.first)
    if top is None:
        raise RefusedError("no line that names a service")
    service, rows, items = top[2].strip(), [], _items(record)
    by_place = len(items) > 1 and _state(items[1][1]) is not None
    pid: int | None = None
    for place, (label, value, more) in enumerate(items):
        name = label.lower().replace(" ", "_")
        if label not in LABELS and by_place and place < len(ORDER):
            name = ORDER[place]
        rows.append(_coded(service, name, label, value, more))
        if label == "PID":
            pid = whole_number(value)
    rows += [
        fact("service", service, "display_name", shown[2].strip())
        for line in record.lines[1:]
        if (shown := TOP.match(line))
    ]
    if not rows:
        raise RefusedError("a service without state")
    return [row | {"pid": pid} for row in rows]


def _items(record: Record) -> list[tuple[str, str, str]]:
    """Return label, value and what stands on lines below it without a label."""
    items: list[tuple[str, str, str]] = []
    for line in record.lines[1:]:
        if below := BELOW.match(line):
            items.append((below[1], below[2].strip(), ""))
        elif not TOP.match(line) and items:  # (STOPPABLE, NOT_PAUSABLE, ACCEPTS_SHUTDOWN)
            label, value, more = items[-1]
            items[-1] = (label, value, f"{more} {line.strip().lstrip(': ')}".strip())
        elif not TOP.match(line):
            items.append(("line", line.strip(), ""))
    return items


def _state(value: str) -> int | None:
    """Return the number of a state as sc writes it: 4  RUNNING."""
    _, _, word = value.partition(" ")
    return STATES.get(re.sub(r"[^a-z]", "", word.lower()))


def _coded(service: str, name: str, label: str, written: str, more: str) -> Row:
    """Return a fact whose value may begin with its number: 4  RUNNING."""
    extra = {"more": more} | ({} if label.lower() == name else {"label": label})
    match = CODED.match(written)
    if match is None:
        return fact("service", service, name, written, extra=extra)
    digits = match[1][:16]
    number = int(digits, 16) if name == "type" or digits[:2] == "0x" else int(digits)
    word = match[2].strip()
    value = written if not word or word.startswith("(") else word
    return fact("service", service, name, value, float(number), extra=extra)


def _started_role(text: str, _: Record | None) -> Role:
    """Return that a name is indented; title and farewell end as sentences do."""
    ornament = not text or STARTED.match(text) or (text[0] != " " and text[-1] in ".\u3002")
    return Role.SKIP if ornament else Role.START


def _started(record: Record) -> list[Row]:
    if not record.first.startswith("   "):
        raise RefusedError("no indented name of a service")
    extra = {"named by": "display name"}
    name = record.first.strip()
    return [fact("service", name, "state", "started", float(STATES["running"]), extra=extra)]


def _listed(sheet: Sheet, record: Record) -> list[Row]:
    """Return the state of one service of Get-Service."""
    cells = sheet.cells(record)
    name, status = cells.get("name", ""), cells.get("status", "")
    if not name or not status:
        raise RefusedError("no name or no status")
    number = int(status[:3]) if status.isdigit() else STATES.get(status.lower())
    state = None if number is None else float(number)
    extra = sheet.rest(cells, {*SERVICE, "servicename"})
    rows = [fact("service", name, "state", status, state, extra=extra)]
    if shown := cells.get("displayname"):
        rows.append(fact("service", name, "display_name", shown))
    return rows


FORMAT = Format(
    "service_list", "Services and their states", "host_fact", sniff, read, growth="none"
)
