"""Mailboxes of many mails (mbox, RFC 4155): delivery reports, and mails that are none.

A mail begins where a line ``From <sender> <date>`` follows a blank line and a header follows it.
Each mail is one record; one that is no report gives a row of kind ``mail``.
"""

import codecs
import os
import re
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from logpipe.errors import UnreadableError
from logpipe.formats._mail.delivery import BEYOND, Row, frame_of, rows_of
from logpipe.formats._mail.kind import FROM_LINE, kind_of
from logpipe.formats._mail.mime import LARGEST, parse
from logpipe.formats._text.lines import encoding_of
from logpipe.model import Format, Frame, Reading
from logpipe.words import count_words

BATCH_ROWS = 5_000
BATCH_BYTES = 32 << 20
BLOCK = 1 << 20
LINE = 64 << 10  # a longer line is read in pieces
HEADER_BEGINS = re.compile(rb"[!-9;-~]{1,100}:|>?From ")


def sniff(head: bytes) -> bool:
    """Return whether a line ``From``, with sender and date, stands above the headers of a mail."""
    return kind_of(head) == "mbox"


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Find where the mails begin, then read each as it is asked for."""
    path = _by_lines(path, scratch)
    with path.open("rb") as file:
        lines, places = array("Q"), array("Q")  # two numbers a mail, however many there are
        for line, place in _begins(file):
            lines.append(line)
            places.append(place)
        if not lines:
            raise UnreadableError("the file is empty")
        notes: list[str] = []
        yield Reading(
            load="delivery_report",
            records=len(lines),
            batches=_batches(file, lines, places, notes),
            late_notes=notes,
        )


def _by_lines(path: Path, scratch: Path) -> Path:
    """Return the file, or a copy with line feeds where it is UTF-16 or lacks line feeds."""
    with path.open("rb") as file:
        head = file.read(LINE)
        encoding = encoding_of(head)
        if encoding is None and (b"\n" in head or b"\r" not in head):
            return path
        file.seek(0)
        copy = scratch / "mailbox"
        decoder = codecs.getincrementaldecoder(encoding or "latin-1")("replace")
        lone = b"\n" not in head  # UTF-16 holds the byte where it holds the character
        with copy.open("wb") as out:
            while block := file.read(BLOCK):
                text = decoder.decode(block).replace("\ufeff", "")
                text = text.replace("\r", "\n") if lone else text
                out.write(text.encode("utf-8" if encoding else "latin-1", "replace"))
    return copy


def _begins(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Yield line and place of every mail's ``From`` line."""
    blank, number, place = True, 1, 0
    candidate: tuple[int, int] | None = None
    while line := file.readline(LINE):
        if candidate is not None and HEADER_BEGINS.match(line):
            yield candidate
        candidate = None
        if number == 1 and place == 0:
            yield 1, 0
        elif blank and line.startswith(b"From ") and FROM_LINE.match(line):
            candidate = (number, place)
        place += len(line)
        ended = line.endswith(b"\n")
        number += ended
        blank = line in (b"\n", b"\r\n")


def _batches(
    file: BinaryIO, lines: Sequence[int], places: Sequence[int], notes: list[str]
) -> Iterator[Frame]:
    """Yield the rows of all mails, some thousands at a time."""
    rows: list[Row] = []
    held, cut, beyond = 0, 0, 0
    size = file.seek(0, os.SEEK_END)
    for line, place, end in zip(lines, places, chain(places[1:], [size]), strict=True):
        file.seek(place)
        raw = file.read(min(end - place, LARGEST))
        cut += end - place > LARGEST
        fresh = rows_of(parse(raw), line)
        beyond += int(fresh[0]["extra"].get(BEYOND, 0))
        rows += fresh
        held += min(len(raw), LARGEST)
        if len(rows) >= BATCH_ROWS or held >= BATCH_BYTES:
            yield Frame(frame_of(rows))
            rows, held = [], 0
    if rows:
        yield Frame(frame_of(rows))
    if cut:
        notes.append(
            f"{count_words(cut, 'mail')} over 4 MiB: the first 4 MiB of each were searched"
        )
    if beyond:
        notes.append(f"lost: {count_words(beyond, 'recipient')} beyond the first 20,000 of a mail")


FORMAT = Format(
    "mbox",
    "Mailbox of many mails (mbox)",
    table="delivery_report",
    sniff=sniff,
    read=read,
    growth="records",
)
