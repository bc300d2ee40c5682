r"""Binary counter logs of Windows (``.blg``): decoded as far as sums in the log itself prove it.

A BLG is an event trace whose events are samples. Where whole objects were collected (``\Memory\*``)
a sample holds the blocks of raw counters that Windows gives to any programme; they are decoded, and
values made of them. A file of which no sample can be decoded is refused with what is certain: host,
span, number of pieces, and the command that makes text of it. Source: one real log, in the corpus
of this project, and Microsoft's descriptions of ``PERF_DATA_BLOCK`` and of the counter types.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from struct import Struct
from typing import TextIO

from logpipe.errors import UnreadableError
from logpipe.formats._blg.block import (
    AT_FILETIME,
    Block,
    BrokenSampleError,
    blocks_of,
    filetime_of,
)
from logpipe.formats._blg.proof import contradiction
from logpipe.formats._blg.table import Table
from logpipe.formats._blg.trace import (
    CATALOG,
    NAMES,
    RELOG,
    Piece,
    Trace,
    contents,
    is_trace,
    joined,
    moment_of,
    walk,
)
from logpipe.formats._counter.segment import Header, segments_of_headers
from logpipe.formats._text.lines import SPOILED
from logpipe.model import Format, Lines, Reading
from logpipe.words import count_words

LARGEST_SAMPLE, LARGEST_NAMES = 32 << 20, 16 << 20  # bytes
TIMES = Struct("<QQI")  # catalog: local time of the first and last sample, number of samples
MINUTE, SLACK = 600_000_000, 20_000_000  # units of 100 ns
ROOM = 64 << 20  # bytes of text that any file may become
LONGEST_HOST = 64
MOST_KINDS = 6  # told in the note
EXPERIMENTAL = "experimental: values are worked out from raw counters; relog gives those of Windows"


def sniff(head: bytes) -> bool:
    """Return whether an event-trace container begins here: a buffer, and in it the log's header."""
    return is_trace(head)


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give the samples as lines of a PDH-CSV in UTC, or refuse the file with what is known."""
    trace = walk(path)
    if not trace.pieces:
        raise UnreadableError(
            "an event trace (ETL) without performance counters: nothing for logpipe"
        )
    names = _names(path, trace)
    samples = _in_order(path, joined(trace.pieces))
    table, rows = Table(names), scratch / "samples.csv"
    with rows.open("w", encoding="utf-8", newline="\n") as out:
        reason = _write(path, samples, trace, table, out)
    if not table.counters:
        unnamed = "its counters have no names" if samples else "no sample in it"
        raise UnreadableError(_refusal(trace, names, reason or unnamed))
    header = Header(0, "", "UTC", 0, ",", 1, len(table.counters) + 1, tuple(table.counters))
    yield Reading(
        load="counter_sample",
        records=len(samples),
        batches=iter([Lines(rows, segments_of_headers([header], [], len(samples)))]),
        generation=trace.windows,
        notes=(EXPERIMENTAL, *_notes(path, trace, len(samples), table.left_out)),
    )


def _in_order(path: Path, samples: list[list[Piece]]) -> list[list[Piece]]:
    """Return samples as their clock has them; one that tells no time stays behind its neighbour."""
    keyed, last = [], 0
    beginnings = [
        pieces[0]._replace(size=min(pieces[0].size, AT_FILETIME + 8)) for pieces in samples
    ]
    for pieces, beginning in zip(samples, contents(path, beginnings), strict=True):
        told = filetime_of(beginning) if pieces[0].number == 1 else None
        last = last if told is None else told
        keyed.append((last, pieces))
    return [pieces for _, pieces in sorted(keyed, key=lambda one: one[0])]


def _names(path: Path, trace: Trace) -> dict[str, dict[int, str]]:
    r"""Return the titles of objects and counters by number, by host: ``\\HOST``, 4, Memory."""
    names: dict[str, dict[int, str]] = {}
    pieces = [piece for piece in trace.pieces if piece.sort == NAMES]
    if sum(piece.size for piece in pieces) > LARGEST_NAMES:
        return {}
    for data in contents(path, pieces):
        host, *cells = data.decode("utf-16-le", "replace").split("\0")
        own = names.setdefault(host.lstrip("\\").upper(), {})
        for number, title in zip(cells[::2], cells[1::2], strict=False):
            if number.isascii() and number.isdigit() and title:
                own.setdefault(int(number[:9]), title)
    return names


def _write(
    path: Path, samples: list[list[Piece]], trace: Trace, table: Table, out: TextIO
) -> str | None:
    """Write a line for each sample; returns why the first one that is none could not be decoded."""
    reason, room = None, ROOM + 8 * path.stat().st_size
    for pieces in samples:
        try:
            blocks = _decoded(path, pieces, trace.biases)
            line = table.line(blocks, _stamp(blocks[0].filetime))
        except BrokenSampleError as error:
            reason = reason or str(error)
            line = f"{SPOILED}{error}{SPOILED}piece {pieces[0].number} at byte {pieces[0].at}"
        room -= len(line)
        if room < 0:
            raise UnreadableError(f"counters come and go beyond all measure: {RELOG}")
        out.write(line + "\n")
    return reason


def _decoded(path: Path, pieces: list[Piece], biases: frozenset[int]) -> list[Block]:
    """Return the blocks of one sample, or raise where they prove nothing."""
    numbers = [piece.number for piece in pieces]
    if len(pieces) != pieces[0].pieces or numbers != list(range(1, len(pieces) + 1)):
        raise BrokenSampleError(f"pieces of it are missing: {len(pieces)} of {pieces[0].pieces}")
    if sum(piece.size for piece in pieces) > LARGEST_SAMPLE:
        raise BrokenSampleError("it is larger than any sample")
    blocks = blocks_of(b"".join(contents(path, pieces)))
    if not blocks:
        raise BrokenSampleError("it holds no block of counters")
    for block in blocks:
        # the event has local time, the block UTC; the header tells how far they are apart
        apart = block.filetime - pieces[0].time
        if all(abs(apart - bias * MINUTE) > SLACK for bias in biases):
            raise BrokenSampleError("its two times are not a zone's distance apart")
        if wrong := contradiction(block.objects):
            raise BrokenSampleError(wrong)
    return blocks


def _stamp(filetime: int) -> str:
    moment = moment_of(filetime)
    if moment is None:
        raise BrokenSampleError("no clock shows its time")
    return _written(moment)


def _written(moment: datetime) -> str:
    """Return a time as PDH-CSV has it."""
    return f"{moment:%m/%d/%Y %H:%M:%S}.{moment.microsecond // 1000:03}"


def _refusal(trace: Trace, names: dict[str, dict[int, str]], reason: str) -> str:
    hurt = f", {count_words(trace.damaged, 'damaged buffer')}" if trace.damaged else ""
    span = ""
    if trace.first and trace.last:
        span = f", {trace.first:%Y-%m-%d %H:%M:%S} to {trace.last:%Y-%m-%d %H:%M:%S} UTC"
    host = next(iter(names), "")[:LONGEST_HOST] or "an unknown host"
    return (
        f"binary counter log (BLG) of {host}{span}, "
        f"{count_words(len(trace.pieces), 'piece of data')}{hurt}: not decoded: {reason}; {RELOG}"
    )


def _notes(path: Path, trace: Trace, samples: int, left_out: Counter[str]) -> Iterator[str]:
    """Say what a reader of the report must know of what is missing."""
    if trace.damaged:
        yield f"lost: {count_words(trace.damaged, 'damaged buffer')}"
    if trace.lost:
        yield f"the collector had no room for {count_words(trace.lost, 'event')}"
    catalogs = [piece for piece in trace.pieces if piece.sort == CATALOG and piece.number == 1]
    for data in contents(path, catalogs[-1:]):
        told = TIMES.unpack_from(data)[2] if len(data) >= TIMES.size else 0
        if told > samples:
            yield f"lost: {told - samples:,} of {told:,} samples that its catalog counts"
    if left_out:
        kinds = [f"{times:,} of {kind}" for kind, times in left_out.most_common(MOST_KINDS)]
        more = ", ..." if len(left_out) > MOST_KINDS else ""
        yield f"values left out, as nothing proves them: {', '.join(kinds)}{more}"


FORMAT = Format(
    "blg",
    "Binary counter log (BLG)",
    table="counter_sample",
    sniff=sniff,
    read=read,
    growth="records",
    binary=True,
)
