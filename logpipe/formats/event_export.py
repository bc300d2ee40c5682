"""Windows event logs that were exported as XML, CSV or text.

XML (``wevtutil qe /f:xml``, "Save as XML" of Event Viewer) holds all that an ``.evtx`` file holds,
in UTC. CSV and text (``Get-WinEvent``, ``Get-EventLog``, "Save as CSV", ``wevtutil /f:text``) hold
the rendered message only, in the language and the zone of who ran the export.
https://learn.microsoft.com/windows/win32/wes/eventschema-schema
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from logpipe.formats._event_log.event_json import event_json
from logpipe.formats._event_log.event_text import EXPORT, is_wevtutil, wevtutil_records
from logpipe.formats._export.powershell import (
    first_numbered,
    layout,
    numbered_lines,
    reading_of,
    text_reading,
)
from logpipe.formats._export.record import Record
from logpipe.formats._export.xml_piece import Piece, pieces, tree
from logpipe.formats._text.characters import character_set, characters
from logpipe.formats._text.lines import EXCERPT, first_lines, survey, utf8_head
from logpipe.model import Format, Ndjson, Reading

BATCH = 256_000_000  # characters of JSON in one temporary file
XML_HEAD = re.compile(rb"<Event\s[^>]{0,200}schemas\.microsoft\.com/win/2004/08/events/event")
LOW_TRUST = (
    "a text export: messages in the language of who ran it, no strings to tell events by; "
    "give the .evtx file instead, not both"
)


def sniff(head: bytes) -> bool:
    """Return whether events in Windows' own XML begin here, or columns that name events."""
    text = utf8_head(head)
    if text.lstrip().startswith(b"<"):
        return XML_HEAD.search(text) is not None
    lines = first_lines(text, 80)
    return is_wevtutil(lines) or layout(lines, EXPORT) is not None


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give XML as the lines of JSON that an ``.evtx`` gives, anything else as rows."""
    with path.open("rb") as file:
        is_xml = utf8_head(file.read(4096)).lstrip().startswith(b"<")
    yield _xml_reading(path, scratch) if is_xml else _text_reading(path, scratch)


def _text_reading(path: Path, scratch: Path) -> Reading:
    """Read what was written for people."""
    text = survey(path, scratch)
    if is_wevtutil(first_numbered(text.path)):

        def records() -> Iterator[Record]:
            return wevtutil_records(numbered_lines(text.path))

        reading = reading_of(records, EXPORT, tuple(text.notes))
    else:
        reading = text_reading(path, scratch, EXPORT)
    return replace(reading, notes=(*reading.notes, LOW_TRUST))


def _xml_reading(path: Path, scratch: Path) -> Reading:
    """Count the elements, then make JSON of one after the other."""
    encoding = character_set(path)
    rejects: list[tuple[int, str, str]] = []

    def found() -> Iterator[Piece]:
        return pieces(characters(path, encoding), "Event", "Events")

    return Reading(
        load="evtx",
        records=sum(1 for _ in found()),
        batches=_batches(found(), scratch / "events.ndjson", rejects),
        notes=("an export as XML",),
        late_rejects=rejects,
    )


def _batches(
    found: Iterator[Piece], target: Path, rejects: list[tuple[int, str, str]]
) -> Iterator[Ndjson]:
    """Yield files of JSON lines, each gone when the next is asked for."""
    numbered = enumerate(found, 1)
    while True:
        written = 0
        with target.open("w", encoding="utf-8", newline="\n") as out:
            for number, piece in numbered:
                line, fault = _line(piece)
                if fault:
                    rejects.append((number, fault, piece.text[:EXCERPT]))
                    continue
                written += out.write(line + "\n")
                if written >= BATCH:
                    break
        if written:
            yield Ndjson(target)
        target.unlink()
        if written < BATCH:
            return


def _line(piece: Piece) -> tuple[str, str | None]:
    """Return the JSON of one event, or why there is none."""
    if piece.fault:
        return "", piece.fault
    try:
        return event_json(tree(piece.text)), None
    except ValueError as error:
        return "", str(error)


FORMAT = Format(
    "event_export",
    "Exported Windows event log (XML, CSV, text)",
    table="windows_event",
    sniff=sniff,
    read=read,
    growth="none",
)
