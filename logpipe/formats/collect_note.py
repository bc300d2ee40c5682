"""What a script of ``logpipe collect`` could get on a host, and what it could not.

``logpipe collect --for relay2003 --days 14 on GW1``, and below it a line for each thing:
``got        "System event log"`` or ``NOT GOT    queues  (why)``; batch writes quotes around it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from logpipe.formats._inventory.document import (
    Record,
    RefusedError,
    Role,
    Row,
    frames,
    open_document,
    rows_of,
)
from logpipe.formats._inventory.host_fact import COLUMNS, fact
from logpipe.formats._text.lines import first_lines
from logpipe.model import Format, Reading

TITLE = re.compile(r"^logpipe collect --for (\w{3,30}) --days (\d{1,5}) on ([\w-]{1,63})$")
THING = re.compile(r"^(got|NOT GOT) {2,}(\S.*)$")
WHY = re.compile(r"^(.*?) {2}\((.*)\)$")


def sniff(head: bytes) -> bool:
    """Return whether the first line says which script of logpipe collect ran on which host."""
    return TITLE.match(first_lines(head)[0].rstrip()) is not None


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give every thing that was to be collected as one row."""
    document = open_document(path, scratch, console=True)
    _, first = next(document.lines())
    title = TITLE.match(first)
    product, days, host = title.groups() if title else ("", "", None)
    parse = partial(_rows, host=host, asked={"for": product, "days": days})
    yield Reading(
        load="host_fact",
        records=document.count(_role),
        batches=frames(rows_of(document.records(_role), parse), COLUMNS),
        host=host,
        host_known_by="content",
        notes=tuple(document.notes),
    )


def _role(text: str, _: Record | None) -> Role:
    if not text:
        return Role.SKIP
    return Role.MARK if TITLE.match(text) else Role.START


def _rows(record: Record, host: str | None, asked: dict[str, str]) -> list[Row]:
    if record.mark:
        return []
    thing = THING.match(record.first)
    if thing is None:
        raise RefusedError("says neither got nor NOT GOT")
    why = WHY.match(thing[2])
    what = (why[1] if why else thing[2]).strip().strip('"')
    value = why[2] if why else None
    return [fact("collect", what, thing[1].lower(), value, host=host, extra=asked)]


FORMAT = Format(
    "collect_note", "What a script of collect got", "host_fact", sniff, read, growth="none"
)
