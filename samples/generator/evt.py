"""Writes Windows NT event logs byte by byte, the way the service writes them."""

import struct
from calendar import timegm
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

RING = 0x30
FIXED = 56
END_SIZE = 40
DIRTY, WRAPPED = 1, 2
GROWTH = 0x10000  # a live log grows by 64 KiB


@dataclass(frozen=True, slots=True)
class EvtRecord:
    """One event; ``ts`` is UTC, ``event_id_full`` has the severity bits, ``sid`` is text."""

    number: int
    ts: datetime
    source: str
    computer: str
    event_id_full: int
    event_type: int = 4
    category: int = 0
    sid: str | None = None
    strings: tuple[str, ...] = ()
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class _State:
    """What header and end-of-log record say at one moment."""

    begin: int
    end: int
    next_number: int
    oldest: int
    wrapped: bool

    def header(self, max_size: int, *, dirty: bool) -> bytes:
        flags = DIRTY * dirty | WRAPPED * self.wrapped
        fields = (self.begin, self.end, self.next_number, self.oldest, max_size, flags)
        return struct.pack("<I4s10I", RING, b"LfLe", 1, 1, *fields, 0, RING)

    def end_record(self) -> bytes:
        marks = (0x11111111, 0x22222222, 0x33333333, 0x44444444)
        fields = (self.begin, self.end, self.next_number, self.oldest)
        return struct.pack("<10I", END_SIZE, *marks, *fields, END_SIZE)


def write_evt(
    path: Path | None,
    records: Iterable[EvtRecord],
    *,
    max_size: int = 0x80000,
    wrapped: bool = False,
    dirty: bool = False,
) -> bytes:
    """Return a log of these records, and write it to ``path`` if there is one.

    ``wrapped`` keeps the log in a ring of ``max_size`` bytes, so that the oldest records give
    way; otherwise the file grows as it must. ``dirty`` leaves the header as it stood when three
    quarters of the records were written, as in a copy taken from a running system.
    """
    packed = [(record.number, pack_record(record)) for record in records]
    write = _ring if wrapped else _flat
    content = write(packed, max_size, dirty=dirty)
    if path:
        path.write_bytes(content)
    return content


def pack_record(record: EvtRecord) -> bytes:
    """Return the bytes of one record."""
    names = _text(record.source) + _text(record.computer)
    sid = pack_sid(record.sid) if record.sid else b""
    sid_at = FIXED + len(names)  # real logs do not align it
    strings_at = sid_at + len(sid)
    strings = b"".join(_text(string) for string in record.strings)
    data_at = strings_at + len(strings)
    size = data_at + len(record.data)
    padding = 4 - size % 4  # a record already even is padded all the same
    size += padding + 4
    seconds = timegm(record.ts.utctimetuple())
    fixed = struct.pack(
        "<I4s4I4H6I",
        size,
        b"LfLe",
        record.number,
        seconds,
        seconds,
        record.event_id_full,
        record.event_type,
        len(record.strings),
        record.category,
        0,
        0,
        strings_at,
        len(sid),
        sid_at,
        len(record.data),
        data_at,
    )
    body = fixed + names + sid + strings + record.data + bytes(padding)
    return body + struct.pack("<I", size)


def pack_sid(sid: str) -> bytes:
    """Return the bytes of a SID such as S-1-5-18."""
    _, revision, authority, *parts = sid.split("-")
    head = bytes([int(revision), len(parts)]) + int(authority).to_bytes(6, "big")
    return head + struct.pack(f"<{len(parts)}I", *map(int, parts))


def _text(text: str) -> bytes:
    return text.encode("utf-16-le") + b"\0\0"


def _flat(packed: list[tuple[int, bytes]], max_size: int, *, dirty: bool) -> bytes:
    """Return a log that never came to its end; a dirty one still has its spare room."""
    end = RING + sum(len(record) for _, record in packed)
    first = packed[0][0] if packed else 0
    live = _State(RING, end, packed[-1][0] + 1 if packed else 1, first, wrapped=False)
    known = packed[: len(packed) * 3 // 4] if dirty else packed
    stale = _State(
        RING,
        RING + sum(len(record) for _, record in known),
        known[-1][0] + 1 if known else 1,
        known[0][0] if known else 0,
        wrapped=False,
    )
    content = b"".join(record for _, record in packed) + live.end_record()
    room = -(RING + len(content)) % GROWTH if dirty else 0
    header = stale.header(max(max_size, RING + len(content) + room), dirty=dirty)
    return header + content + bytes(room)


def _ring(packed: list[tuple[int, bytes]], max_size: int, *, dirty: bool) -> bytes:
    """Return a log of exactly ``max_size`` bytes, written round and round."""
    ring = bytearray(max_size)
    kept: deque[tuple[int, int, int]] = deque()  # number, offset as if the ring had no end, size
    turn = max_size - RING
    cursor, wrapped, number = 0, False, 0  # offsets count from the ring's start and never fall
    header = _State(RING, RING, 1, 0, wrapped=False).header(max_size, dirty=dirty)

    def put(at: int, content: bytes) -> None:
        for i in range(0, len(content), 4):
            place = RING + (at + i) % turn
            ring[place : place + 4] = content[i : i + 4]

    for count, (number, record) in enumerate(packed, 1):
        if FIXED + len(record) + END_SIZE > turn:
            raise ValueError(f"record {number} does not fit into a log of {max_size} bytes")
        room = turn - cursor % turn
        if room < FIXED:  # a fixed part is never split: fill up, begin anew behind the header
            put(cursor, b"\x27\0\0\0" * (room // 4))
            cursor += room
        while kept and kept[0][1] + turn < cursor + len(record) + END_SIZE:
            kept.popleft()
        put(cursor, record)
        kept.append((number, cursor, len(record)))
        cursor += len(record)
        wrapped = kept[0][1] // turn < cursor // turn
        state = _State(
            RING + kept[0][1] % turn, RING + cursor % turn, number + 1, kept[0][0], wrapped=wrapped
        )
        put(cursor, state.end_record())
        if not dirty or count <= len(packed) * 3 // 4:
            header = state.header(max_size, dirty=dirty)
    if not packed:
        put(0, _State(RING, RING, 1, 0, wrapped=False).end_record())
    ring[:RING] = header
    return bytes(ring)
