"""Where the records of an EVTX file stand, counted without decoding one.

A file is a 4 KiB header (``ElfFile``) and 64 KiB chunks (``ElfChnk``); a record is ``2A 2A 00 00``,
its size, its number, its time, binary XML, and its size again. Sources: libyal/libevtx,
"Windows XML Event Log (EVTX)" format documentation.
"""

import struct
import zlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, replace
from mmap import mmap

from logpipe.formats._event_log.image import PAUSE, release

FILE_MAGIC, CHUNK_MAGIC, RECORD_MAGIC = b"ElfFile\0", b"ElfChnk\0", b"**\0\0"
FILE_HEADER, CHUNK, CHUNK_HEADER = 4096, 65_536, 512
SHORTEST = 28  # a record without content: 24 bytes of header, 4 bytes of closing size
DIRTY, FULL = 1, 2

_RECORD = struct.Struct("<4sIQ")
_SIZE = struct.Struct("<I")
_CHUNK = struct.Struct("<8s4Q4I")


@dataclass(frozen=True, slots=True)
class FileHeader:
    """What the file says of itself."""

    chunks: int
    flags: int
    checksum_holds: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """One record's place in its chunk; not whole where signature, size and closing size differ."""

    start: int
    stop: int
    number: int | None
    whole: bool
    recovered: bool = False


@dataclass(frozen=True, slots=True)
class Chunk:
    """One 64 KiB place: its records in order, and how far its own header can be believed.

    ``numbers`` are those of the whole records; ``frames`` is empty where all of them stand one
    after another to the end that the header names, for then the decoder needs no help.
    """

    position: int
    size: int
    numbers: "array[int]"
    frames: tuple[Frame, ...] = ()
    first: int | None = None
    last: int | None = None
    header_holds: bool = True
    records_hold: bool = True

    @property
    def records(self) -> int:
        """The records of the log proper: one for each whole one and each damaged place."""
        if not self.frames:
            return len(self.numbers)
        return sum(not frame.recovered for frame in self.frames)


def file_header(data: mmap | bytes) -> FileHeader | None:
    """Return the file header, or None where its signature is gone."""
    if data[:8] != FILE_MAGIC or len(data) < FILE_HEADER:
        return None
    flags, checksum = struct.unpack_from("<II", data, 120)
    (chunks,) = struct.unpack_from("<H", data, 42)
    return FileHeader(chunks, flags, checksum in (0, zlib.crc32(data[:120])))


def chunks(data: mmap | bytes) -> Iterator[Chunk]:
    """Yield every place of 64 KiB that is not empty; the last may be shorter."""
    start = 0 if data[:8] == CHUNK_MAGIC else FILE_HEADER
    for position in range(start, len(data), CHUNK):
        block = data[position : position + CHUNK]
        if block.strip(b"\0"):
            yield _chunk(position, block)
        if position % PAUSE < CHUNK:
            release(data)


def frames_of(chunk: Chunk, block: bytes) -> tuple[Frame, ...]:
    """Return every record's place, also for a chunk that needed no list of them."""
    return chunk.frames or tuple(_run(block, CHUNK_HEADER, len(block))[: len(chunk.numbers)])


def _chunk(position: int, block: bytes) -> Chunk:
    if block[:8] != CHUNK_MAGIC or len(block) < CHUNK_HEADER:
        return _without_header(position, block)
    _, _, _, first, last, _, _, free, records_sum = _CHUNK.unpack_from(block)
    flags, header_sum = struct.unpack_from("<II", block, 120)
    computed = zlib.crc32(block[128:512], zlib.crc32(block[:120]))
    header_holds = header_sum in (0, computed) and CHUNK_HEADER <= free <= CHUNK
    limit = min(free, len(block)) if header_holds else len(block)
    # a log that was open while it was copied has chunks (flag 1) whose sum was not yet renewed
    records_hold = records_sum == 0 or bool(flags & DIRTY) or len(block) < free
    records_hold = records_hold or records_sum == zlib.crc32(block[512:limit])
    numbers, stop = _numbers(block, limit, rising=not header_holds)
    frames: tuple[Frame, ...] = ()
    if not (header_holds and len(block) == CHUNK and stop == free):
        known = (first, last) if header_holds else None
        frames = tuple(_frames(block, stop, limit, known, len(numbers)))
        numbers = array("Q", [f.number or 0 for f in frames if f.whole])
    return Chunk(position, len(block), numbers, frames, first, last, header_holds, records_hold)


def _without_header(position: int, block: bytes) -> Chunk:
    """Take what stands in a chunk whose header is gone; nothing in it is the log's own count."""
    frames, start = [], 0
    while (start := block.find(RECORD_MAGIC, start)) >= 0:
        run = [replace(f, recovered=True) for f in _run(block, start, len(block))]
        frames += run
        start = run[-1].stop if run else start + 4
    lost = Frame(0, frames[0].start if frames else len(block), None, whole=False)
    numbers = array("Q", [frame.number or 0 for frame in frames])
    return Chunk(position, len(block), numbers, (lost, *frames), header_holds=False)


def _numbers(block: bytes, limit: int, *, rising: bool) -> "tuple[array[int], int]":
    """Walk whole records from the first on; return their numbers and where the walk ended."""
    numbers, start = array("Q"), CHUNK_HEADER
    record, size_at, end, last = _RECORD.unpack_from, _SIZE.unpack_from, limit - SHORTEST, -1
    while start <= end:
        magic, size, number = record(block, start)
        stop = start + size
        if magic != RECORD_MAGIC or size < SHORTEST or stop > limit:
            break
        if size_at(block, stop - 4)[0] != size or (rising and number <= last):
            break
        numbers.append(number)
        start, last = stop, number
    return numbers, start


def _run(block: bytes, start: int, limit: int) -> list[Frame]:
    """Return the whole records that stand one after another from here."""
    run = []
    while start + SHORTEST <= limit:
        magic, size, number = _RECORD.unpack_from(block, start)
        stop = start + size
        if magic != RECORD_MAGIC or size < SHORTEST or stop > limit:
            break
        if _SIZE.unpack_from(block, stop - 4)[0] != size:
            break
        run.append(Frame(start, stop, number, whole=True))
        start = stop
    return run


def _frames(
    block: bytes, stop: int, limit: int, known: tuple[int, int] | None, head: int
) -> Iterator[Frame]:
    """Yield the records up to the first damage, then each damaged place and what follows it."""
    run = _run(block, CHUNK_HEADER, limit)[:head]
    yield from run
    low, high = (run[-1].number or 0) + 1 if run else 0, (1 << 64) - 1
    if known:
        low, high = max(low, known[0]), known[1]
    elif not block[stop:limit].strip(b"\0") or _run(block, stop, limit):
        return  # header unknown: zeros, or older records that the log was about to overwrite
    while limit - stop >= SHORTEST:
        follows = _next_run(block, stop + SHORTEST, limit, low, high)
        until = follows[0].start if follows else limit
        yield Frame(stop, until, _number(block, stop), whole=False)
        yield from follows
        stop = follows[-1].stop if follows else limit
        low = (follows[-1].number or 0) + 1 if follows else low


def _next_run(block: bytes, start: int, limit: int, low: int, high: int) -> list[Frame]:
    """Find the next whole records that can belong to this chunk by their number.

    Others are left alone: a chunk that was being rewritten holds older or newer strangers.
    """
    while (start := block.find(RECORD_MAGIC, start, limit)) >= 0:
        run = _run(block, start, limit)
        mine = [f for f in run if low <= (f.number or 0) <= high]
        if run and len(mine) == len(run):
            return [replace(f, recovered=True) for f in run]
        start = run[-1].stop if run else start + 4
    return []


def _number(block: bytes, start: int) -> int | None:
    """Return the number a damaged record still carries."""
    magic, _, number = _RECORD.unpack_from(block, start)
    return int(number) if magic == RECORD_MAGIC else None
