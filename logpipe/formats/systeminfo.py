"""What systeminfo says of a host: text (its own list) or CSV, in any language.

``OS Version:       5.2.3790 Service Pack 2 Build 3790``: a label, a colon, and values that begin
in one column; indented lines go on with the label above: ``[01]: KB934709``. The fields come in one
order in every language: the first eleven are known by their place, the rest by their shape.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
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
from logpipe.formats._inventory.host_fact import COLUMNS, fact, hotfix_number
from logpipe.formats._inventory.sheet import Sheet, sheet_of
from logpipe.formats._text.lines import first_lines
from logpipe.formats._text.written_time import Clock
from logpipe.model import Format, Reading

PLACES = (
    "host_name", "os_name", "os_version", "os_manufacturer", "os_configuration", "os_build_type",
    "registered_owner", "registered_organization", "product_id", "install_date", "boot_time",
)  # fmt: skip
NAMES = {  # what else is worth a name of its own; any other label is kept as written
    "system boot time": "boot_time", "system up time": "uptime",
    "original install date": "install_date",
    "host name": "host_name", "os name": "os_name", "os version": "os_version",
    "time zone": "time_zone", "system locale": "system_locale", "domain": "domain",
    "total physical memory": "total_memory", "available physical memory": "available_memory",
    "system type": "system_type", "hotfix(s)": "hotfixes", "network card(s)": "network_cards",
    "processor(s)": "processors",
}  # fmt: skip
VERSION_PLACE = 2
# 5.2.3790 Service Pack 2 Build 3790, 10.0.17763 N/A Build 17763, in Spanish Compilación 6001
VERSION = re.compile(r"^\d{1,2}\.\d{1,2}\.\d{3,5}\b.*\d{3,5}$")
ZONE = re.compile(r"^\((?:UTC|GMT)(?:[+-]\d{1,2}:\d{2})?\)")  # (UTC+01:00) Amsterdam, Berlin
LABEL = re.compile(r"^(\S[^:\uff1a]{0,60}(?::[^:]{1,30})?)[:\uff1a]\s+(\S.*)?$")
TOP = re.compile(r"^\S")
ITEM = re.compile(r"\[(\d{1,4})\]: ?")  # [01]: KB934709
SPLIT_ITEMS = re.compile(r",(?=\[\d{1,4}\]: )")
LEAST_COLUMNS = 20
LEAST_LABELS = 3


def sniff(head: bytes) -> bool:
    """Return whether the third field, by line or column, is a Windows version with its build."""
    lines = [line.rstrip() for line in first_lines(head)]
    if _sheet(lines) is not None:
        return True
    labels = [line for line in lines if TOP.match(line)]
    if len(labels) < LEAST_LABELS:
        return False
    parts = [_parted(line, _column(labels[0])) for line in labels[: LEAST_LABELS + 1]]
    third = parts[VERSION_PLACE]
    return all(parts) and third is not None and bool(VERSION.match(third[1]))


def _sheet(lines: list[str]) -> Sheet | None:
    """Return the CSV form: over twenty columns, the third of the second line a version."""
    sheet = sheet_of(lines)
    if sheet is None or sheet.shape != "csv" or len(sheet.names) < LEAST_COLUMNS:
        return None
    for line in [line for line in lines if line][1:2]:
        try:
            values = list(sheet.cells(Record(1, [line])).values())
        except RefusedError:
            return None
        return sheet if VERSION.match(values[VERSION_PLACE]) else None
    return None


def _column(line: str) -> int:
    """Return where the value begins in the first line, or 0."""
    match = LABEL.match(line)
    return match.start(2) if match and match[2] else 0


def _parted(line: str, column: int) -> tuple[str, str] | None:
    """Return label and value of a line, cut at the column where all values begin."""
    label = line[:column].rstrip()
    if column and label.endswith((":", "\uff1a")):
        return label[:-1].strip(), line[column:].strip()
    match = LABEL.match(line + " ")
    return (match[1].strip(), (match[2] or "").strip()) if match else None


@dataclass(slots=True)
class _Host:
    """What the rows of one report share."""

    clock: Clock = field(default_factory=Clock)
    column: int = 0
    first: str = ""  # label of the first field
    host: str | None = None
    place: int = 0  # of the next field


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give every field as a fact, and every hotfix as one of its own."""
    document = open_document(path, scratch, console=True)
    lines = [text for _, (_, text) in zip(range(60), document.lines(), strict=False)]
    sheet = _sheet(lines)
    role: RoleOf = sheet.role if sheet else _role
    state = _Host(_clock(document))
    if not sheet:
        _begin(next((text for text in lines if TOP.match(text)), ""), state)
    rows = rows_of(
        document.records(role),
        lambda record: _tabled(sheet, record, state) if sheet else _labelled(record, state),
    )
    yield Reading(
        load="host_fact",
        records=document.count(role),
        batches=frames(rows, COLUMNS),
        zone=None,
        zone_known_by=None,
        notes=(*document.notes, *filter(None, [state.clock.note])),
    )


def _begin(line: str, state: _Host) -> None:
    """Learn from the first field where values begin, its label, and the host."""
    state.column = _column(line)
    label, host = _parted(line, state.column) or ("", "")
    state.first, state.host = label, host[:255] or None


def _role(text: str, held: Record | None) -> Role:
    if not text:
        return Role.SKIP
    return Role.START if TOP.match(text) or held is None else Role.MORE


def _clock(document: Document) -> Clock:
    """Learn the order of day and month from every value that is a time."""
    clock = Clock()
    for _, text in document.lines():
        for value in re.split(r'","|:\s{2,}', text[:4000]):
            clock.learn(value.strip(' "'))
    clock.decide()
    return clock


def _labelled(record: Record, state: _Host) -> list[Row]:
    """Return the facts of one label and the lines below it."""
    parts = _parted(record.first, state.column)
    if parts is None:
        raise RefusedError("no label with a colon")
    if parts[0] == state.first:  # the report of another host follows in the same file
        state.place, state.host = 0, parts[1][:255] or None
    place, state.place = state.place, state.place + 1
    below = [line.strip() for line in record.lines[1:]]
    return _facts(parts[0], parts[1], below, place, state)


def _tabled(sheet: Sheet, record: Record, state: _Host) -> list[Row]:
    """Return the facts of one line of the CSV form, which is one host."""
    rows: list[Row] = []
    cells = sheet.cells(record)
    state.host = next(iter(cells.values()), "")[:255] or None
    names = dict(zip(sheet.keys, sheet.names, strict=True))
    for place, (key, cell) in enumerate(cells.items()):
        value, *items = SPLIT_ITEMS.split(cell)
        rows += _facts(names.get(key, key), value, items, place, state)
    return rows


def _facts(label: str, value: str, below: list[str], place: int, state: _Host) -> list[Row]:
    name = _name(label, value, place)
    moment = state.clock.read(value) if name in ("boot_time", "install_date") else None
    rows = [fact("system", None, name, value, local_ts=moment.local_ts if moment else None)]
    rows += [_item(name, line) for line in below]
    told = {"label": label}
    return [row | {"host": state.host, "extra": row.get("extra", {}) | told} for row in rows]


def _name(label: str, value: str, place: int) -> str:
    """Return the name of a field: by its label in English, its shape, or its place."""
    if known := NAMES.get(label.lower()):
        return known
    if ZONE.match(value):
        return "time_zone"
    if place < len(PLACES) and not (place == len(PLACES) - 1 and not re.match(r"^\d", value)):
        return PLACES[place]
    return label[:200]


def _item(name: str, line: str) -> Row:
    """Return the fact of one line below a label: a hotfix, or a part of the value."""
    item = ITEM.match(line)
    text = line[item.end() :] if item else line
    number = hotfix_number(text)
    if number and item:
        return fact("hotfix", number, "installed", text, extra={"item": item[1]})
    return fact("system", None, name, text or line, extra={"item": item[1] if item else "more"})


FORMAT = Format("systeminfo", "systeminfo of a host", "host_fact", sniff, read, growth="none")
