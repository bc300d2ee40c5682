"""Message tracking that was exported: Get-MessageTrackingLog as CSV or list, and XML.

Get-MessageTrackingLog prints times in the zone and the language of who ran it, and CSV holds
``System.String[]`` where a list stood. Exchange System Manager (2000/2003) saved XML.
https://learn.microsoft.com/previous-versions/office/developer/exchange-server-2003/ms987640(v=exchg.65)
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from logpipe.formats._export.powershell import Export, has_date, layout, reading_of, text_reading
from logpipe.formats._export.record import Record, fold
from logpipe.formats._export.tracking_shape import TRACKING
from logpipe.formats._export.xml_piece import Element, Piece, pieces, tree
from logpipe.formats._text.characters import character_set, characters
from logpipe.formats._text.lines import first_lines, utf8_head
from logpipe.model import Format, Reading

ENTRY = "Exchange_MessageTrackingEntry"
XML_HEAD = re.compile(rb"<(?:TrackHistory|Exchange_MessageTrackingEntry)[\s>]")
# 2017-03-07T06:10:04.123Z;SRV=EX16.corp.example:TOTAL=1
UTC_VALUE = re.compile(r"\b((?:19|20)\d\d-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d)(?:\.\d{1,9})?Z")
LOW_TRUST = "an export: times and lists as PowerShell printed them; prefer the log files themselves"


def known(names: set[str]) -> bool:
    """Return whether names are those of Get-MessageTrackingLog's events."""
    return {"timestamp", "eventid"} <= names and bool(
        names & {"sender", "recipients", "messagesubject", "messageid", "internalmessageid"}
    )


def begins(values: dict[str, str]) -> bool:
    """Return whether a row has its time."""
    return has_date(values.get("timestamp", ""))


def witness(values: Mapping[str, str]) -> tuple[str, list[datetime]]:
    """Return a record's time as written, and the UTC of arrival or session that it names."""
    told = {fold(name): value for name, value in values.items()}
    found = UTC_VALUE.findall(told.get("messageinfo", "") + ";" + told.get("sourcecontext", ""))
    times: list[datetime] = []
    for text in found:
        with suppress(ValueError):  # no such day
            times.append(datetime.fromisoformat(text))
    return told.get("timestamp", ""), times


EXPORT = Export("tracking_export", TRACKING, known, begins, witness=witness)
XML = replace(EXPORT, utc=True)


def sniff(head: bytes) -> bool:
    """Return whether the first lines name such events, or the XML around them."""
    text = utf8_head(head)
    if text.lstrip().startswith(b"<"):
        return XML_HEAD.search(text[:4096]) is not None
    return layout(first_lines(text, 80), EXPORT) is not None


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give every event for its recipients."""
    with path.open("rb") as file:
        is_xml = utf8_head(file.read(4096)).lstrip().startswith(b"<")
    if not is_xml:
        reading = text_reading(path, scratch, EXPORT)
        yield replace(reading, notes=(*reading.notes, LOW_TRUST))
        return
    encoding = character_set(path)

    def records() -> Iterator[Record]:
        found = pieces(characters(path, encoding), ENTRY, "TrackHistory")
        return (_entry(number, piece) for number, piece in enumerate(found, 1))

    yield replace(reading_of(records, XML), generation="Exchange 2000 or 2003")


def _entry(number: int, piece: Piece) -> Record:
    """Return one entry of Exchange System Manager's XML by the names of its elements."""
    if piece.fault:
        return Record(number, {}, piece.fault, piece.text)
    try:
        entry = tree(piece.text)
    except ValueError as error:
        return Record(number, {}, str(error), piece.text)
    values: dict[str, list[str]] = {}
    for name, text in _texts(entry):
        values.setdefault(name, []).append(text)
    joined = {name: "\n".join(texts) for name, texts in values.items()}
    return Record(number, joined, None, piece.text)


def _texts(element: Element) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each element that has no children, in order."""
    for child in element.children:
        if child.children:
            yield from _texts(child)
        elif text := child.text.strip():
            yield child.name, text


FORMAT = Format(
    "tracking_export",
    "Exported message tracking",
    table="tracking_event",
    sniff=sniff,
    read=read,
    growth="none",
)
