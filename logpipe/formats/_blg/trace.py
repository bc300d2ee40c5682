"""The container of a binary counter log: an event trace, walked buffer by buffer.

Buffers are of one size (64 KiB), each with a header of 72 bytes (size at 0, time at 16, bytes in
use at 48) and records aligned to 8 bytes, whose mark is 0xC0 in their fourth byte. A record of kind
1 or 2 is the header of the log, of kind 10 (32-bit) or 20 (64-bit) an event; those of one provider
are pieces of counter data. A piece has its sort at 4, the local time of its event at 16, the
provider at 24, the id of the log at 48, its number and how many there are at 64, and data from 72.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from struct import Struct
from typing import NamedTuple

from logpipe.errors import UnreadableError

HEADER = 72  # bytes before the records of a buffer
BUFFER = Struct("<I12xQ24xI")  # size, time, bytes in use
RECORD = Struct("<HBB")  # size, kind, mark
MARK = 0xC0
LOG_HEADER, EVENT = (1, 2), (10, 20)
PIECE = Struct("<4xB11xQ16s24xII")  # sort, time, provider, number, how many
PROVIDER = bytes.fromhex("b33b3f933e940d499ced3cbb14c14479")
NAMES, SAMPLE, CATALOG = 0x24, 0x22, 0x23  # sorts of events
LOG = Struct("<36xBB2xI32xII")  # version of Windows, its build, size of a pointer, events lost
ZONE = Struct("<i80xi80xi")  # minutes to UTC; more of them in winter, in summer
AT_ZONE = {4: 96, 8: 104}  # behind two pointers
SMALLEST, LARGEST = 1 << 10, 16 << 20
MOST_PIECES = 1_000_000
RELOG = "run 'relog in.blg -f CSV -o out.csv' on any Windows, and give logpipe out.csv"
EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


class Piece(NamedTuple):
    """A piece of an event: where its data lies in the file."""

    sort: int
    time: int
    number: int
    pieces: int
    at: int
    size: int


@dataclass(slots=True)
class Trace:
    """What a container tells, and where its pieces are."""

    pieces: list[Piece] = field(default_factory=list)
    windows: str | None = None
    biases: frozenset[int] = frozenset()  # minutes to UTC, in winter and in summer
    lost: int = 0  # events that the collector had no room for
    first: datetime | None = None
    last: datetime | None = None
    damaged: int = 0


def is_trace(head: bytes) -> bool:
    """Return whether a buffer begins here, and in it the header of a log."""
    if len(head) < HEADER + RECORD.size + 2:
        return False
    size, _, used = BUFFER.unpack_from(head)
    _, kind, mark = RECORD.unpack_from(head, HEADER)
    known = kind in LOG_HEADER and mark == MARK
    return known and SMALLEST <= size <= LARGEST and not size % 8 and HEADER < used <= size


def walk(path: Path) -> Trace:
    """Walk all buffers, one at a time."""
    trace = Trace()
    with path.open("rb") as file:
        head = file.read(HEADER)
        size = BUFFER.unpack_from(head)[0] if len(head) == HEADER else 0
        if not SMALLEST <= size <= LARGEST:
            return trace
        for number in count():
            file.seek(number * size)
            buffer = file.read(size)
            if len(buffer) < HEADER:
                break
            _walk_buffer(buffer, number * size, trace)
            if len(trace.pieces) > MOST_PIECES:
                raise UnreadableError(f"more than {MOST_PIECES:,} pieces of data: {RELOG}")
    return trace


def _walk_buffer(buffer: bytes, start: int, trace: Trace) -> None:
    """Note the pieces in one buffer; stop where a record cannot be one."""
    _, filetime, used = BUFFER.unpack_from(buffer)
    at, end, before = HEADER, min(used, len(buffer)), len(trace.pieces)
    while at + RECORD.size + 2 <= end:
        size, kind, mark = RECORD.unpack_from(buffer, at)
        if kind in LOG_HEADER:
            size = int.from_bytes(buffer[at + 4 : at + 6], "little")
        if mark != MARK or size < RECORD.size or at + size > end:
            trace.damaged += 1
            break
        if kind in EVENT and size >= PIECE.size:
            sort, time, provider, number, pieces = PIECE.unpack_from(buffer, at)
            if provider == PROVIDER:
                data = start + at + PIECE.size
                trace.pieces.append(Piece(sort, time, number, pieces, data, size - PIECE.size))
        elif kind in LOG_HEADER and not trace.biases:
            _read_header(buffer[at : at + size], trace)
        at += (size + 7) & ~7
    trace.damaged += used > len(buffer)
    if len(trace.pieces) > before and (moment := moment_of(filetime)):
        trace.first, trace.last = trace.first or moment, moment


def _read_header(record: bytes, trace: Trace) -> None:
    """Read what the header tells of the machine; one that is too short tells nothing."""
    if len(record) < LOG.size:
        return
    major, minor, build, pointer, trace.lost = LOG.unpack_from(record)
    trace.windows = f"Windows {major}.{minor}.{build}"
    at = AT_ZONE.get(pointer)
    if at and len(record) >= at + ZONE.size:
        bias, winter, summer = ZONE.unpack_from(record, at)
        trace.biases = frozenset((bias + winter, bias + summer))


def moment_of(filetime: int) -> datetime | None:
    """Return UTC of a time in units of 100 ns since 1601, or None where no clock shows it."""
    try:
        moment = EPOCH + timedelta(microseconds=filetime // 10)
    except OverflowError:
        return None
    return moment if 1980 <= moment.year <= 2200 else None  # noqa: PLR2004 - as for all logs


def joined(pieces: list[Piece]) -> list[list[Piece]]:
    """Return the pieces of each sample, in the order of their first ones.

    They need not lie side by side: each processor fills a buffer of its own. Local times come twice
    in autumn, so a piece that is there already begins another sample.
    """
    found: list[dict[int, Piece]] = []
    opened: dict[int, dict[int, Piece]] = {}
    for piece in pieces:
        if piece.sort != SAMPLE:
            continue
        sample = opened.get(piece.time)
        if sample is None or piece.number in sample:
            sample = opened[piece.time] = {}
            found.append(sample)
        sample[piece.number] = piece
    return [[sample[number] for number in sorted(sample)] for sample in found]


def contents(path: Path, pieces: list[Piece]) -> Iterator[bytes]:
    """Yield the data of pieces."""
    with path.open("rb") as file:
        for piece in pieces:
            file.seek(piece.at)
            yield file.read(piece.size)
