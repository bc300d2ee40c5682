"""Binary counter logs of Windows (``.blg``): recognised and described, not decoded.

A BLG is an event-trace container: buffers of one size (64 KiB), each with a header of 72 bytes
(size at 0, time at 16, bytes in use at 48) and records aligned to 8 bytes, whose mark is 0xC0 in
their fourth byte: kind 1 or 2 is the header of the log, 10 (32-bit) or 20 (64-bit) a piece of
counter data under one provider. How values lie in that data is described nowhere and was not found
out, so a BLG is refused with what is certain: host, span, number of pieces, and the command that
makes text of it. Source: two real files walked, one of them in the corpus of this project.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from struct import Struct

from logpipe.errors import UnreadableError
from logpipe.model import Format, Reading
from logpipe.words import count_words

HEADER = 72  # bytes before the records of a buffer
BUFFER = Struct("<I12xQ24xI")  # size, time, bytes in use
RECORD = Struct("<HBB")  # size, kind, mark
MARK = 0xC0
LOG_HEADER, COUNTERS = (1, 2), (10, 20)
PROVIDER = bytes.fromhex("b33b3f933e940d499ced3cbb14c14479")  # in each piece, at 24
SMALLEST, LARGEST = 1 << 10, 16 << 20
EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
# \\ZACH-PC, the first name of the table of names, in UTF-16
HOST = re.compile(rb"\\\x00\\\x00((?:[^\x00\\]\x00){1,64})\x00\x00")
RELOG = "run 'relog in.blg -f CSV -o out.csv' on any Windows, and give logpipe out.csv"


@dataclass(slots=True)
class Facts:
    """What a container tells without its values."""

    pieces: int = 0
    host: str | None = None
    first: datetime | None = None
    last: datetime | None = None
    damaged: int = 0


def sniff(head: bytes) -> bool:
    """Return whether an event-trace container begins here: a buffer, and in it the log's header."""
    if len(head) < HEADER + RECORD.size + 2:
        return False
    size, _, used = BUFFER.unpack_from(head)
    _, kind, mark = RECORD.unpack_from(head, HEADER)
    known = kind in LOG_HEADER and mark == MARK
    return known and SMALLEST <= size <= LARGEST and not size % 8 and HEADER < used <= size


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:  # noqa: ARG001 - needs no scratch
    """Refuse the file with what is known of it: there is no reading yet."""
    facts = _walk(path)
    if not facts.pieces:
        raise UnreadableError(
            "an event trace (ETL) without performance counters: nothing for logpipe"
        )
    hurt = f", {count_words(facts.damaged, 'damaged buffer')}" if facts.damaged else ""
    raise UnreadableError(
        f"binary counter log (BLG) of {facts.host or 'an unknown host'}{_span(facts)}, "
        f"{count_words(facts.pieces, 'piece of data')}{hurt}: "
        f"how values lie in it is not known; {RELOG}"
    )
    yield  # pragma: no cover - makes this a generator


def _span(facts: Facts) -> str:
    if facts.first is None or facts.last is None:
        return ""
    return f", {facts.first:%Y-%m-%d %H:%M:%S} to {facts.last:%Y-%m-%d %H:%M:%S} UTC"


def _walk(path: Path) -> Facts:
    """Walk all buffers, one at a time."""
    facts = Facts()
    with path.open("rb") as file:
        head = file.read(HEADER)
        if len(head) < HEADER:
            return facts
        size = BUFFER.unpack_from(head)[0]
        for number in count():
            file.seek(number * size)
            buffer = file.read(size)
            if len(buffer) < HEADER:
                return facts
            _walk_buffer(buffer, facts)
    return facts


def _walk_buffer(buffer: bytes, facts: Facts) -> None:
    """Count the pieces of counter data in one buffer; stop where a record cannot be one."""
    _, filetime, used = BUFFER.unpack_from(buffer)
    at, end, found = HEADER, min(used, len(buffer)), 0
    while at + RECORD.size + 2 <= end:
        size, kind, mark = RECORD.unpack_from(buffer, at)
        if kind in LOG_HEADER:
            size = int.from_bytes(buffer[at + 4 : at + 6], "little")
        if mark != MARK or size < RECORD.size or at + size > end:
            facts.damaged += 1
            break
        if kind in COUNTERS and buffer[at + 24 : at + 40] == PROVIDER:
            found += 1
            if facts.host is None and (match := HOST.search(buffer, at, at + size)):
                facts.host = match[1].decode("utf-16-le", "replace")
        at += (size + 7) & ~7
    facts.damaged += used > len(buffer)
    if found and (moment := _moment(filetime)):
        facts.first, facts.last = facts.first or moment, moment
    facts.pieces += found


def _moment(filetime: int) -> datetime | None:
    """Return UTC of a time in units of 100 ns since 1601, or None where no clock shows it."""
    try:
        moment = EPOCH + timedelta(microseconds=filetime // 10)
    except OverflowError:
        return None
    return moment if 1980 <= moment.year <= 2200 else None  # noqa: PLR2004 - as for all logs


FORMAT = Format(
    "blg",
    "Binary counter log (BLG): described, not decoded",
    table="counter_sample",
    sniff=sniff,
    read=read,
)
