r"""Message tracking logs of Exchange 4.0, 5.0 and 5.5: a line of 13 fields, then its recipients.

Written by the System Attendant into ``Tracking.log\yyyymmdd.log`` without header; times are GMT;
lines end with a bare LF (CRLF is taken too). Format reference: Microsoft KB Q173280, and the record
that KB Q317908 shows byte for byte.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from logpipe.formats._text.lines import EXCERPT, ends_open, first_lines, survey
from logpipe.formats._text.records_5x import Tally, blocks_of, frames_of
from logpipe.model import Format, Frame, Reading

# c=US;a= ;p=ORG;l=SRV1-020425175433Z-7⇥0⇥2002.4.29 18:50:47⇥⇥/O=ORG/OU=SITE/CN=...⇥⇥...⇥1
RECORD_LINE = re.compile(
    r"^[^\t]*\t\d+\t\d{4}\.\d{1,2}\.\d{1,2} \d{1,2}:\d{1,2}:\d{1,2}\t(?:[^\t]*\t){9}"
)
# a record line, whole or damaged, or a line that the cleaned copy marks as spoiled
OPENS = (
    rb"\n(?:\x02(?:[^\t\n]*+\t){3}"
    rb"|(?!\x02)[^\t\n]*+\t[^\t\n]*+\t(?:[0-9]{4}\.[0-9]{1,2}\.[0-9]{1,2} "
    rb"|(?:[^\t\n]*+\t){6}[0-9]+\t(?:[^\t\n]*+\t){3}"
    rb"|(?:[^\t\n]*+\t){10}-?[0-9]+(?=[\t\r\n]|\Z)))"
)
OPENING = re.compile(OPENS)
ABOVE = re.compile(rb"\n(?!\x02|\r?(?:\n|\Z))")
BEGINS = re.compile(OPENS + rb"|\n\x02")
# who wrote the file: what a client submits (4) and local delivery (1000) get their id there
ID_OF_SERVER = re.compile(
    rb"\n(?=[^\t\n]{1,400}\t(?:4|1000)\t)[^\t\n]*?;l=([^;\t\n]{1,64})-[0-9]{12}Z-"
)
# and the information store that submits (4, 5) or takes (9, 10) is the one on the same server
STORE_OF_SERVER = re.compile(
    rb"\n[^\t\n]{0,400}\t(?:4|5|9|10)\t[^\t\n]{1,30}\t[^\t\n]{0,200}\t"
    rb"[^\t\n]{0,400}/CN=([^/\t\n]{1,64})/CN=MICROSOFT P(?:RIVATE|UBLIC) MDB\t",
    re.IGNORECASE,
)
EVIDENCE = 32 << 20  # bytes that are searched for it
SHOWN = 5  # host names that a note lists


@dataclass(slots=True)
class Census:
    """What the text itself tells before it is decoded."""

    begun: int = 0  # lines that are, or begin, a record
    above: int = 0  # other lines with text, above the first that begins one
    opened: bool = False  # whether there is one
    hosts: Counter[str] = field(default_factory=Counter)


def sniff(head: bytes) -> bool:
    """Return whether a record line stands near the top."""
    return any(RECORD_LINE.match(line) for line in first_lines(head, 400))


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give the records as frames of one row per recipient, a block of the file at a time."""
    text = survey(path, scratch, ())
    census, half = _census(text.path), _half_line(text.path)
    host = next(iter(census.hosts)) if len(census.hosts) == 1 else None
    notes = list(text.notes)
    if len(census.hosts) > 1:
        names = ", ".join(sorted(census.hosts)[:SHOWN])
        notes.append(f"host not known: its ids and stores name several ({names})")
    own = half is not None and census.opened and not BEGINS.match(b"\n" + half)
    late_notes: list[str] = []
    yield Reading(
        load="tracking_5x",
        records=census.begun + census.above + own,
        batches=_batches(text.path, text.lines - own, late_notes, host),
        host=host,
        host_known_by="content" if host else None,
        notes=tuple(notes),
        late_rejects=[
            (text.lines, "cut short: no line end", (half or b"").decode()[:EXCERPT]),
        ]
        if own
        else [],
        late_notes=late_notes,
    )


def _batches(path: Path, lines: int, late_notes: list[str], host: str | None) -> Iterator[Frame]:
    """Yield frames with the host on each row, then note whose recipients were not as many as said.

    Frames carry ``record``, the first physical line, so that a grown log's known records are left.
    """
    tally = Tally()
    open_end = ends_open(path) and _half_line(path) is None
    for frame in frames_of(path, tally, lines=lines, open_end=open_end):
        if frame.height:
            yield Frame(frame.with_columns(host=pl.lit(host, pl.String)))
    if tally.differing:
        late_notes.append(
            "records that name more or fewer recipients than their field 13 says: "
            f"{tally.differing:,}, the first on line {tally.first}"
        )


def _census(path: Path) -> Census:
    """Count the records apart from their decoding, and collect who may have written them."""
    census, seen = Census(), 0
    for block in blocks_of(path):
        text = b"\n" + block
        if not census.opened:
            first = OPENING.search(text)
            above = text[: first.start()] if first else text
            census.above += len(ABOVE.findall(above))
            census.opened = first is not None
        census.begun += len(BEGINS.findall(text))
        seen += len(block)
        if seen > EVIDENCE:
            continue
        for names in (ID_OF_SERVER.findall(text), STORE_OF_SERVER.findall(text)):
            census.hosts.update(name.decode().upper() for name in names)
    return census


def _half_line(path: Path) -> bytes | None:
    """Return a last line without line end that stands below a blank one: a record just begun."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - (2 << 20)))
        above, newline, last = file.read().rpartition(b"\n")
    below_blank = newline and (not above or above.endswith((b"\n", b"\n\r")))
    return last if last and below_blank else None


FORMAT = Format(
    "tracking_5x",
    "Message tracking log, Exchange 4.0 to 5.5",
    table="tracking_event",
    generation="Exchange 4.0 to 5.5",
    sniff=sniff,
    read=read,
    growth="records",
)
