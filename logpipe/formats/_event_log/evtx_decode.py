"""The records of one EVTX chunk as JSON, each accounted for.

The ``evtx`` reader is given one chunk at a time behind a file header of our own: its answers can
then be matched with the records that were counted, and one damaged place costs one record only.
"""

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from evtx import PyEvtxParser

from logpipe.formats._event_log.evtx_chunks import (
    CHUNK,
    CHUNK_HEADER,
    CHUNK_MAGIC,
    RECORD_MAGIC,
    SHORTEST,
    Chunk,
    Frame,
    frames_of,
)

LONGEST = 8_000_000  # characters of JSON from one record; DuckDB refuses longer objects

_HEAD = struct.pack("<8s3QI4H76s", b"ElfFile\0", 0, 0, 1, 128, 1, 3, 4096, 1, b"")
FILE_HEADER = (_HEAD + struct.pack("<II", 0, zlib.crc32(_HEAD))).ljust(4096, b"\0")


@dataclass(frozen=True, slots=True)
class Decoded:
    """What one chunk gave: JSON lines, rejects as in ``Reading``, recovered records not read."""

    text: str
    rejects: list[tuple[int, str, str]] = field(default_factory=list)
    unread: int = 0


def decode(chunk: Chunk, block: bytes, before: int) -> Decoded:
    """Decode a chunk; ``before`` records of the file stand in earlier chunks."""
    if not chunk.frames and chunk.records_hold:
        text = _whole(block, chunk.numbers.tolist())
        if text is not None:
            return Decoded(text)
    frames = frames_of(chunk, block)
    answers = _matched(frames, _answers(_repaired(block, frames), len(frames)))
    if not any(isinstance(answer, dict) for answer in answers):
        # the tables of names and templates in the chunk header are only a short cut: do without
        bare = _repaired(block, frames, tables=False)
        answers = _matched(frames, _answers(bare, len(frames)))
    return _accounted(chunk, block, answers, before)


def _whole(block: bytes, numbers: list[int]) -> str | None:
    """Decode an undamaged chunk at full speed; None where the answers are not the records."""
    try:
        records: list[Any] = list(_parser(block).records_json())
    except RuntimeError:
        return None
    if [record["event_record_id"] for record in records] != numbers:
        return None
    text = "".join([record["data"] + "\n" for record in records])
    one_each = text.count("\n") == len(numbers)  # names are not escaped: one may hold a newline
    return text if one_each and len(text) <= LONGEST else None


def _parser(block: bytes) -> PyEvtxParser:
    return PyEvtxParser(BytesIO(FILE_HEADER + block), number_of_threads=1, indent=False)


def _answers(block: bytes, records: int) -> Iterator[dict[str, Any] | str]:
    """Yield each record or the reason why there is none.

    The reader raises out of ``next()`` and can go on; the bound is for a reader that does not.
    """
    try:
        records_json: Iterator[Any] = iter(_parser(block).records_json())
    except RuntimeError as error:
        yield str(error)
        return
    for _ in range(records + 2):
        try:
            yield next(records_json)
        except StopIteration:
            return
        except RuntimeError as error:
            yield str(error)


def _matched(
    frames: tuple[Frame, ...], answers: Iterator[dict[str, Any] | str]
) -> list[dict[str, Any] | str]:
    """Give each record its answer: they come in order, and good ones carry their number."""
    matched: list[dict[str, Any] | str] = []
    for answer in answers:
        if isinstance(answer, dict):
            numbers = [frame.number or 0 for frame in frames[len(matched) :]]
            if answer["event_record_id"] not in numbers:
                continue
            skipped = numbers.index(answer["event_record_id"])
            matched += ["passed over by the decoder"] * skipped
        matched.append(answer)
    missing = len(frames) - len(matched)
    return (matched + ["not reached by the decoder"] * missing)[: len(frames)]


def _repaired(block: bytes, frames: tuple[Frame, ...], *, tables: bool = True) -> bytes:
    """Bridge each damaged place with a record header, so that the decoder can step over it."""
    chunk = bytearray(block.ljust(CHUNK, b"\0"))
    stop = frames[-1].stop if frames else CHUNK_HEADER
    # no number is the last one: the decoder goes on to the free space
    struct.pack_into("<8s4QIII", chunk, 0, CHUNK_MAGIC, 1, 1, 1, (1 << 64) - 1, 128, 0, stop)
    if not tables:
        chunk[128:CHUNK_HEADER] = bytes(CHUNK_HEADER - 128)
    for frame in frames:
        # the header's own time is not used, and a wild one ends the decoder's walk
        start = max(frame.start, CHUNK_HEADER)
        if frame.stop - start >= SHORTEST:
            size, number = frame.stop - start, frame.number or 0
            struct.pack_into("<4sIQQ", chunk, start, RECORD_MAGIC, size, number, 0)
    return bytes(chunk)


def _accounted(
    chunk: Chunk, block: bytes, answers: list[dict[str, Any] | str], before: int
) -> Decoded:
    """Turn answers into lines, and what has none into rejects; recovered ones are no loss."""
    lines, rejects, unread, place = [], [], 0, before
    for frame, answer in zip(frames_of(chunk, block), answers, strict=True):
        place += not frame.recovered  # as Chunk.records counts
        beside = frame.recovered or not (frame.whole or _size_holds(block, frame))
        line = answer if isinstance(answer, str) else _marked(frame, answer["data"], beside=beside)
        if line.startswith("{"):
            lines.append(line + "\n")
        if frame.recovered:
            unread += not line.startswith("{")
        elif beside or not line.startswith("{"):
            why = "its size is wrong; kept as a recovered row" if line.startswith("{") else line
            excerpt = block[frame.start : frame.start + 48].hex(" ")
            reason = f"damaged at byte {chunk.position + frame.start:,}: {why}"
            rejects.append((frame.number or place, reason, excerpt))
    return Decoded("".join(lines), rejects, unread)


def _size_holds(block: bytes, frame: Frame) -> bool:
    """Return whether a damaged record's own size leads to where the next one begins."""
    magic, size = struct.unpack_from("<4sI", block.ljust(CHUNK, b"\0"), frame.start)
    return bool(magic == RECORD_MAGIC) and SHORTEST <= int(size) <= frame.stop - frame.start


def _marked(frame: Frame, data: str, *, beside: bool) -> str:
    """Return the JSON with the marks that the load SQL turns into columns, or what is wrong."""
    if len(data) > LONGEST:
        return f"decodes to {len(data):,} characters"
    try:
        json.loads(data)
    except ValueError as error:
        return f"decodes to broken JSON: {error}"
    if frame.whole and not beside:
        return data
    marks = {"number": frame.number, "recovered": beside, "damaged": not frame.whole}
    return f"{json.dumps(marks)[:-1]},{data[1:]}"
