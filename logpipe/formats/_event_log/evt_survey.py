"""What a Windows NT event log holds: the log proper, the remains beside it, and what is lost.

The file is a header of 0x30 bytes and a ring behind it. The log proper runs from its oldest
record to the end-of-log record, if need be over the physical end and on at 0x30. What lies
outside that stretch is a remain: overwritten logically, often still whole. The header is only
brought up to date when the log is closed; the end-of-log record always is.
"""

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from operator import eq
from typing import NamedTuple

from logpipe.formats._event_log.evt_walk import RING, SIGNATURE, U32, Buffer, Found, piece, walk
from logpipe.formats._event_log.image import PAUSE, release
from logpipe.words import count_words

END_SIZE = 40
# <0x28> 11 11 11 11  22 22 22 22  33 33 33 33  44 44 44 44 <begin> <end> <next> <oldest> <0x28>
END_PATTERN = b"\x11\x11\x11\x11\x22\x22\x22\x22\x33\x33\x33\x33\x44\x44\x44\x44"
DIRTY = 1  # header flag: the log was in use when the file was copied


class Marks(NamedTuple):
    """Begin and end of a log, as its header or its end-of-log record has them."""

    begin: int
    end: int
    next_number: int
    oldest: int
    max_size: int = 0
    flags: int = 0


@dataclass(frozen=True, slots=True)
class Survey:
    """What a file holds: the log proper, the remains beside it, and what is to be said of them."""

    log: Found
    remains: Found
    stop: int
    notes: tuple[str, ...]


def read_header(buf: Buffer) -> Marks | None:
    """Return what the file header says, or None where it is damaged."""
    if len(buf) < RING or U32(buf, 0)[0] != RING or buf[4:8] != SIGNATURE:
        return None
    begin, end, next_number, oldest, max_size, flags = struct.unpack_from("<6I", buf, 16)
    return Marks(begin, end, next_number, oldest, max_size, flags)


def find_ends(buf: Buffer, stop: int) -> dict[int, Marks]:
    """Return the end-of-log records that give their own place as the end, by offset."""
    starts = []
    for low in range(RING + 4, len(buf), PAUSE):
        at, high = low - 1, low + PAUSE + len(END_PATTERN) - 1
        while (at := buf.find(END_PATTERN, at + 1, high)) != -1:
            starts.append(at - 4)
        release(buf)
    seam = piece(buf, stop - END_SIZE, 2 * END_SIZE, stop).find(END_PATTERN)
    if stop >= RING + END_SIZE and seam != -1:  # it may be cut at the physical end like any record
        starts.append(stop - END_SIZE + seam - 4)
    ends = {}
    for at in starts:
        record = piece(buf, at, END_SIZE, stop) if at % 4 == 0 else b""
        if len(record) == END_SIZE:
            marks = Marks(*struct.unpack_from("<4I", record, 20))
            if marks.end == at:
                ends[at] = marks
    return ends


def ring_stop(buf: Buffer, header: Marks | None) -> int:
    """Return the physical end of the ring: the file's, unless only zeros follow the log's size."""
    if header is None or not RING < header.max_size < len(buf):
        return len(buf)
    return len(buf) if re.compile(rb"[^\0]").search(buf, header.max_size) else header.max_size


def _holds(buf: Buffer, offset: int, number: int, stop: int) -> bool:
    """Return whether the record of this number seems to begin at ``offset``."""
    return RING <= offset < stop and piece(buf, offset, 12, stop)[
        4:
    ] == SIGNATURE + number.to_bytes(4, "little")


def _begin(buf: Buffer, marks: Marks, header: Marks | None, stop: int) -> int:
    """Return where the oldest record of the log stands."""
    known = [m.begin for m in (marks, header) if m and RING <= m.begin <= stop]
    by_number = buf.find(SIGNATURE + marks.oldest.to_bytes(4, "little"), RING, stop) - 4
    for offset in (*known, by_number):
        if offset == marks.end or _holds(buf, offset, marks.oldest, stop):
            return offset
    return known[0] if known else RING


def _walk_ring(buf: Buffer, begin: int, end: int, stop: int) -> Found:
    """Return the records from ``begin`` to ``end``, going on at 0x30 unless end is behind begin."""
    found = Found()
    if begin < end:
        walk(buf, begin, end, 0, found, stale=False)
    else:
        resume = walk(buf, begin, stop, end - RING, found, stale=False)
        walk(buf, resume, end, 0, found, stale=False)
    return found


def _first_drop(numbers: Sequence[int]) -> int:
    """Return where the numbers start anew at a lower one (one odd number is damage), or the end."""
    for i in range(1, len(numbers)):
        if numbers[i] < numbers[i - 1]:
            before = min(numbers[max(i - 2, 0) : i])
            after = max(numbers[i : i + 2])
            if numbers[i] < before and after < numbers[i - 1]:
                return i
    return len(numbers)


def _split(found: Found, at: int) -> tuple[Found, Found]:
    """Divide a stretch into its first ``at`` records and the rest."""
    log = Found(
        found.offsets[:at],
        found.lengths[:at],
        found.numbers[:at],
        {i: note for i, note in found.notes.items() if i < at},
        # what is damaged right behind the last record of all is the log's own cut end
        [d for d in found.damaged if d.before < at or at == len(found.offsets)],
        {i: size for i, size in found.dead.items() if i < at},
        found.surplus,
    )
    rest = Found(
        found.offsets[at:],
        found.lengths[at:],
        found.numbers[at:],
        {i - at: note for i, note in found.notes.items() if i >= at},
    )
    return log, rest


def _without_end(buf: Buffer, header: Marks | None, stop: int) -> tuple[Found, Found]:
    """Return log and remains where nothing tells the end: the log is what has rising numbers."""
    if header and _holds(buf, header.begin, header.oldest, stop):
        begin = header.begin
    else:
        plain = _walk_ring(buf, RING, stop, stop)
        drop = _first_drop(plain.numbers)
        # a ring goes on at its start; the record cut at the seam may be lost, hence 1 or 2
        rings = drop < len(plain.numbers) and plain.numbers[0] - plain.numbers[-1] in (1, 2)
        begin = plain.offsets[drop] if rings else RING
    found = _walk_ring(buf, begin, begin if begin > RING else stop, stop)
    return _split(found, _first_drop(found.numbers))


def survey(buf: Buffer) -> Survey:
    """Find every record of the file and say what is wrong with it as a whole."""
    header = read_header(buf)
    clean = header is not None and not header.flags & DIRTY
    stop = ring_stop(buf, header)
    ends = find_ends(buf, stop)
    notes = [] if header else ["the file header is damaged"]
    if ends:
        # the newest number tells the live one from its forerunners, unless a clean header does
        at = (
            header.end
            if header and clean and header.end in ends
            else max(ends, key=lambda e: ends[e].next_number)
        )
        marks, free = ends[at], at + END_SIZE
    elif header and clean and RING <= header.end <= stop:
        notes.append("no end-of-log record where the header has it")
        marks, free = header, header.end
    else:
        notes.append("no end-of-log record: the log ends where the record numbers stop rising")
        log, remains = _without_end(buf, header, stop)
        claimed = header if clean or not header else _at_least(header, log.numbers)
        notes += _cut_end(header, log.numbers, len(buf))
        return Survey(log, remains, stop, (*notes, *_losses(log, remains, claimed)))
    if header and (header.end, header.next_number) != (marks.end, marks.next_number):
        notes.append(
            f"the header is out of date (the log was in use): it ends the log before record"
            f" {header.next_number}, the end-of-log record before {marks.next_number}"
        )
    begin = _begin(buf, marks, header, stop)
    log = Found() if begin == marks.end else _walk_ring(buf, begin, marks.end, stop)
    remains = Found()
    if begin > marks.end:
        walk(buf, min(free, begin), begin, 0, remains, stale=True)
    else:
        resume = walk(buf, free, stop, begin - RING, remains, stale=True)
        walk(buf, resume, begin, 0, remains, stale=True)
    if (reach := max(marks.begin, marks.end)) > stop:
        notes.append(_cut(stop, reach))
    return Survey(log, remains, stop, (*notes, *_losses(log, remains, marks)))


def _at_least(header: Marks, numbers: Sequence[int]) -> Marks:
    """Return what the header of a log in use proves: its begin may be overwritten since."""
    if not numbers:
        return header
    return header._replace(
        next_number=max(header.next_number, numbers[-1] + 1),
        oldest=min(max(header.oldest, numbers[0]), header.next_number),
    )


def _cut_end(header: Marks | None, numbers: Sequence[int], size: int) -> list[str]:
    """Return what a file without an end-of-log record lacks behind its last record.

    The file of a log gets no shorter and its numbers only rise: a place or a number that was
    written down once proves a cut, though the log was in use and may have grown since.
    """
    if header is None or not numbers:
        return []
    last, newest, reach = numbers[-1], header.next_number - 1, max(header.begin, header.end)
    whole = max(header.max_size, reach)
    if size >= whole or (size >= reach and last >= newest):
        return []
    least = "at least " if header.flags & DIRTY else ""
    up_to = f", {least}up to {newest}" if last < newest else ""
    return [f"{_cut(size, whole)}, records after number {last} are missing{up_to}"]


def _cut(size: int, whole: int) -> str:
    return f"lost: the file is cut, {size:,} of {whole:,} bytes"


def _losses(log: Found, remains: Found, marks: Marks | None) -> list[str]:
    """Return what the log lacks and what lies beside it, in plain words with numbers."""
    notes = _missing(log.numbers, marks)
    if dead := sum(log.dead.values()):
        hold = "holds" if dead == 1 else "hold"
        notes.append(f"{count_words(dead, 'byte')} inside the log {hold} no record")
    if log.surplus:
        notes.append(f"damaged record signatures counted beyond these, not listed: {log.surplus:,}")
    if remains.numbers:
        low, high = min(remains.numbers), max(remains.numbers)
        notes.append(
            f"{count_words(len(remains.numbers), 'overwritten record')} recovered, "
            + (f"numbers {low} to {high}" if low < high else f"number {low}")
        )
    if remains.damaged or remains.surplus:
        lost = len(remains.damaged) + remains.surplus
        are = "is" if lost == 1 else "are"
        notes.append(f"{count_words(lost, 'overwritten record')} {are} too damaged to recover")
    return notes


def _missing(numbers: Sequence[int], marks: Marks | None) -> list[str]:
    """Return which record numbers of the log were not found."""
    if marks and marks.oldest:
        first, last = marks.oldest, marks.next_number - 1
    elif numbers:
        first, last = numbers[0], numbers[-1]
    else:
        return []
    if len(numbers) == last - first + 1 and all(map(eq, numbers, count(first))):
        return []
    notes = []
    present = sorted({n for n in numbers if first <= n <= last})
    gaps = [(a + 1, b - 1) for a, b in pairwise([first - 1, *present, last + 1]) if b - a > 1]
    if gaps:
        total = sum(high - low + 1 for low, high in gaps)
        are, number = ("is", "number") if total == 1 else ("are", "numbers")
        shown = ", ".join(f"{a} to {b}" if a < b else f"{a}" for a, b in gaps[:5])
        more = f" and {count_words(len(gaps) - 5, 'more gap')}" if len(gaps) > 5 else ""  # noqa: PLR2004
        notes.append(f"lost: {total:,} of the log's records {are} missing: {number} {shown}{more}")
    if odd := len(numbers) - len(present):
        notes.append(
            f"{count_words(odd, 'record')} with a number outside {first} to {last}, or used twice"
        )
    return notes
