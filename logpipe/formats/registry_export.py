r"""Registry exports: .reg files (Version 5.00 in UTF-16, REGEDIT4 in ANSI) and reg query as text.

``[HKEY_LOCAL_MACHINE\...\Queuing]`` and below ``"ZombieDomainEntryThreshold"=dword:000003e8``, or
``HKEY_LOCAL_MACHINE\...`` and below it ``    ZombieDomainEntryThreshold    REG_DWORD    0x3e8``.
A record is a key or a value; hexadecimal data and texts may go on over several lines.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from logpipe.formats._inventory.document import (
    Document,
    RefusedError,
    frames,
    open_document,
    rows_of,
)
from logpipe.formats._inventory.registry_key import KeyPath, names_key
from logpipe.formats._inventory.registry_text import QueryParser, RegParser, query_role, reg_role
from logpipe.formats._text.lines import first_lines
from logpipe.model import Format, Reading

BOUND = 512 << 20  # bytes: a whole SYSTEM hive as text; it is read as a stream
COLUMNS: dict[str, Any] = {
    "host": pl.String, "key": pl.String, "key_folded": pl.String, "control_set": pl.Int64,
    "name": pl.String, "type": pl.String, "value": pl.String, "number": pl.Int64,
    "deleted": pl.Boolean,
}  # fmt: skip
TITLE = re.compile(r"^(?:Windows Registry Editor Version \d|REGEDIT4)")
QUERIED = re.compile(r"^ {2,8}\S.{0,255}?[\t ]REG_[A-Z_]{2,40}(?:[\t ]|$)|^ {2,8}\S.{0,255}\tREG_")
# where a host's own name stands; the first that is found counts
HOST_KEYS = (
    "\\control\\computername\\activecomputername",
    "\\control\\computername\\computername",
    "\\services\\tcpip\\parameters",
)
HOST_NAMES = ("computername", "hostname")


def sniff(head: bytes) -> bool:
    """Return whether the first line is a .reg title, or REG_ values stand below a key."""
    lines = [line.rstrip() for line in first_lines(head)]
    shown = [line for line in lines if line]
    if not shown:
        return False
    if TITLE.match(shown[0]):
        return True
    return _is_query(shown)


def _is_query(shown: list[str]) -> bool:
    keys = [place for place, line in enumerate(shown) if names_key(line)]
    return bool(keys) and any(QUERIED.match(line) for line in shown[keys[0] + 1 :])


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give every key and every value as one row."""
    document = open_document(path, scratch, bound=BOUND)
    first = next((text for _, text in document.lines() if text), "")
    regedit = bool(TITLE.match(first))
    role = reg_role if regedit else query_role
    host = _host(document, regedit=regedit)
    parser = _parser(first, regedit=regedit)
    rows = ({"host": host} | row for row in rows_of(document.records(role), parser.rows))
    yield Reading(
        load="registry_value",
        records=document.count(role),
        batches=frames(rows, COLUMNS),
        generation=first[:60] if regedit else "reg query",
        notes=tuple(document.notes),
    )


def _parser(first: str, *, regedit: bool) -> RegParser | QueryParser:
    return RegParser(wide=not first.startswith("REGEDIT4")) if regedit else QueryParser()


def _host(document: Document, *, regedit: bool) -> str | None:
    """Return the name that the exported host gives itself, if the file holds it."""
    role = reg_role if regedit else query_role
    parser = _parser("", regedit=regedit)
    found: dict[str, str] = {}
    wanted = False
    for record in document.records(role):
        try:
            if (key := KeyPath.of(record.first)) is not None:
                wanted = key.folded.endswith(HOST_KEYS)
            if not wanted:
                continue
            (row,) = parser.rows(record)
        except RefusedError:
            continue
        if (row["name"] or "").lower() in HOST_NAMES and row["value"] and not row["deleted"]:
            found.setdefault(row["key_folded"].rpartition("\\control\\")[2], row["value"][:255])
    return min(found.items())[1] if found else None


FORMAT = Format("registry_export", "Registry export", "registry_value", sniff, read, growth="none")
