"""Walks the records of one stretch of a Windows NT event log, whole or damaged.

A record is ``<length> LfLe <number> ... <length>``; one cut at the physical end of the file goes
on at 0x30, behind the header. Layout: https://github.com/libyal/libevt/tree/main/documentation
"""

import mmap
import struct
from array import array
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from logpipe.formats._event_log.image import PAUSE, release

SIGNATURE = b"LfLe"
SIGNATURE_DWORD = 0x654C664C
RING = 0x30  # size of the header: the ring begins here
FIXED = 56  # fixed part of a record
SMALLEST = 64  # fixed part, two empty names, the length again
LARGEST = 0x40000  # ReportEvent refuses records above some 64 KiB; four times that is generous
DAMAGED_CAP = 10_000  # a file with more damaged records than this is rubbish: count, do not list
FILLER = b"\x27\0\0\0"  # stands at the physical end where not even a fixed part fits

U32 = struct.Struct("<I").unpack_from
Buffer = mmap.mmap | bytes


class Damaged(NamedTuple):
    """A record signature whose record cannot be had; ``before`` counts the found ones before it."""

    before: int
    offset: int
    reason: str


@dataclass(slots=True)
class Found:
    """The records of one stretch in ring order, and what lies between them."""

    offsets: "array[int]" = field(default_factory=lambda: array("Q"))
    lengths: "array[int]" = field(default_factory=lambda: array("L"))
    numbers: "array[int]" = field(default_factory=lambda: array("L"))
    notes: dict[int, str] = field(default_factory=dict)
    damaged: list[Damaged] = field(default_factory=list)
    dead: dict[int, int] = field(default_factory=dict)  # bytes without a record, by records before
    surplus: int = 0  # damaged signatures beyond DAMAGED_CAP

    def add(self, offset: int, length: int, number: int) -> None:
        """Add one record."""
        self.offsets.append(offset)
        self.lengths.append(length)
        self.numbers.append(number)


def piece(buf: Buffer, offset: int, size: int, stop: int) -> bytes:
    """Return bytes of the ring, going on at 0x30 where its physical end comes first."""
    over = offset + size - stop
    if over <= 0:
        return buf[offset : offset + size]
    return buf[offset:stop] + buf[RING : RING + over]


def whole_length(buf: Buffer, offset: int, stop: int, over: int) -> int:
    """Return the length of a record whose signature and both lengths are right, else 0.

    ``over`` is how many bytes behind 0x30 a record cut at ``stop`` may go on into.
    """
    head = piece(buf, offset, 8, stop)
    length: int = U32(head)[0] if len(head) == 8 and head[4:] == SIGNATURE else 0  # noqa: PLR2004
    if not SMALLEST <= length <= min(LARGEST, stop - offset + over) or length % 4:
        return 0
    closing = offset + length - 4
    tail = piece(buf, closing if closing < stop else RING + closing - stop, 4, stop)
    return length if tail == head[:4] else 0


def walk(buf: Buffer, start: int, stop: int, over: int, found: Found, *, stale: bool) -> int:
    """Add the records of [start, stop) to ``found``; return where the next stretch goes on."""
    offset = start
    while offset < stop:
        offset = _run(buf, offset, stop, found)
        release(buf)
        if offset >= stop:
            break
        if length := whole_length(buf, offset, stop, over):
            found.add(offset, length, U32(piece(buf, offset, 12, stop), 8)[0])
            offset += length
        else:
            offset = _mend(buf, offset, stop, over, found, stale=stale)
    return RING + offset - stop


def _run(buf: Buffer, offset: int, stop: int, found: Found) -> int:
    """Add whole records as long as one follows the other; return where that ends.

    This loop runs a million times for a big log, hence the view as dwords (of a little-endian
    machine) and the bound methods.
    """
    if offset % 4:
        return offset
    add_offset, add_length = found.offsets.append, found.lengths.append
    add_number = found.numbers.append
    with memoryview(buf) as view, view[: stop // 4 * 4].cast("I") as dwords:
        at, end = offset // 4, len(dwords)
        pause = at + PAUSE // 4
        while at < pause and at + SMALLEST // 4 <= end and dwords[at + 1] == SIGNATURE_DWORD:
            length = dwords[at]
            after = at + length // 4
            if not SMALLEST <= length <= LARGEST or after > end or length % 4:
                break
            if dwords[after - 1] != length:
                break
            add_offset(at * 4)
            add_length(length)
            add_number(dwords[at + 2])
            at = after
    return at * 4


def _mend(buf: Buffer, start: int, stop: int, over: int, found: Found, *, stale: bool) -> int:
    """Settle what stands at ``start`` instead of a whole record; return where the next one is."""
    if stop - start < FIXED and over and buf[start : start + 4] == FILLER:
        return stop
    if after := _unsigned(buf, start, stop):
        found.notes[len(found.offsets)] = "signature damaged"
        found.add(start, after - start, U32(buf, start + 8)[0])
        return after
    marks = [start] if buf[start + 4 : min(start + 8, stop)] == SIGNATURE else []
    after, at = stop, start + 4
    while (at := buf.find(SIGNATURE, at + 4, stop)) != -1:
        if at % 4:
            at -= at % 4
        elif buf[at - 1] == 0 and whole_length(buf, at - 4, stop, over):  # LARGEST has 3 bytes
            after = at - 4
            break
        elif not marks or at - 4 - marks[-1] >= SMALLEST:
            if len(found.damaged) + len(marks) < DAMAGED_CAP:
                marks.append(at - 4)
            else:
                found.surplus += 1
    dead = (marks[0] if marks else after) - start
    for offset, end in pairwise([*marks, after]):
        dead += _settle(buf, offset, end, found, stale=stale)
    before = len(found.offsets)
    found.dead[before] = found.dead.get(before, 0) + dead
    return after


def _unsigned(buf: Buffer, start: int, stop: int) -> int:
    """Return where a record ends of which only the signature is damaged, or 0.

    Both lengths agree where a record must begin, and another one follows.
    """
    if start + SMALLEST > stop:
        return 0
    length: int = U32(buf, start)[0]
    after = start + length
    if length % 4 or not SMALLEST <= length <= LARGEST or after > stop:
        return 0
    follows = after == stop or buf[after + 4 : after + 8] == SIGNATURE
    return after if follows and U32(buf, after - 4)[0] == length else 0


def _settle(buf: Buffer, offset: int, end: int, found: Found, *, stale: bool) -> int:
    """Keep or reject the damaged record in [offset, end); return how many bytes it leaves dead."""
    room = end - offset
    length = U32(buf, offset)[0]
    tail = U32(buf, end - 4)[0]
    fits = SMALLEST <= length <= min(room, LARGEST)
    if fits and length == room:
        keep, note = room, f"length at its end is {tail}, not {length}"
    elif tail == room and SMALLEST <= room <= LARGEST:
        keep, note = room, f"length at its start is {length}, not {room}"
    elif fits and not any(buf[offset + length - 4 : offset + length]):
        keep, note = length, "cut short: zeros at its end"
    elif stale and SMALLEST <= length <= LARGEST and room >= SMALLEST:
        keep, note = min(length, room), "half overwritten: its two lengths disagree"
    else:
        reason = f"record at byte {offset}: length {length}, but {room} bytes to what follows"
        found.damaged.append(Damaged(len(found.offsets), offset, reason))
        return 0
    found.notes[len(found.offsets)] = note
    found.add(offset, keep, U32(buf, offset + 8)[0])
    return room - keep
