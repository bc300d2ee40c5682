"""Windows event logs since Vista (``.evtx``), decoded by the ``evtx`` reader, counted by us."""

import mmap
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from logpipe.errors import UnreadableError
from logpipe.formats._event_log import evtx_chunks
from logpipe.formats._event_log.evtx_chunks import (
    CHUNK,
    CHUNK_MAGIC,
    FILE_HEADER,
    FILE_MAGIC,
    Chunk,
)
from logpipe.formats._event_log.evtx_decode import decode
from logpipe.formats._event_log.evtx_notes import notes, second_opinion
from logpipe.formats._event_log.image import PAUSE, image, release
from logpipe.model import Format, Ndjson, Reading
from logpipe.words import count_words

BATCH = 256_000_000  # characters of JSON in one temporary file


def sniff(head: bytes) -> bool:
    """Return whether this begins like an event log, or like one whose file header is gone."""
    return (
        head.startswith((FILE_MAGIC, CHUNK_MAGIC))
        or head[FILE_HEADER : FILE_HEADER + len(CHUNK_MAGIC)] == CHUNK_MAGIC
    )


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Count the records, say what is damaged, and decode into JSON lines as batches are asked."""
    if path.stat().st_size == 0:
        raise UnreadableError("the file is empty")
    with image(path) as data:
        header, chunks = evtx_chunks.file_header(data), list(evtx_chunks.chunks(data))
        empty_log = header is not None and header.chunks == 0 and not chunks
        if not empty_log and not any(chunk.numbers or chunk.header_holds for chunk in chunks):
            raise UnreadableError(
                f"no chunk of records could be found in {len(data):,} bytes; "
                "the file is cut short or overwritten: take a fresh copy with wevtutil epl"
            )
        rejects: list[tuple[int, str, str]] = []
        late_notes: list[str] = []
        batches = _batches(data, chunks, scratch / f"{path.stem}.ndjson", rejects, late_notes)
        yield Reading(
            load="evtx",
            records=sum(chunk.records for chunk in chunks),
            batches=batches,
            notes=(*notes(header, chunks), *second_opinion(data, header)),
            late_rejects=rejects,
            late_notes=late_notes,
        )
        batches.close()  # lets go of the mapped file, also where not all was asked for


def _batches(
    data: mmap.mmap | bytes,
    chunks: list[Chunk],
    target: Path,
    rejects: list[tuple[int, str, str]],
    late_notes: list[str],
) -> Generator[Ndjson]:
    """Yield files of JSON lines, each gone when the next is asked for."""
    before = unread = 0
    todo = iter(chunks)
    chunk = next(todo, None)
    while chunk:
        written = 0
        with target.open("w", encoding="utf-8", newline="\n") as out:
            while chunk and written < BATCH:
                block = data[chunk.position : chunk.position + CHUNK]
                decoded = decode(chunk, block, before)
                written += out.write(decoded.text)
                rejects += decoded.rejects
                unread += decoded.unread
                before += chunk.records
                if chunk.position % PAUSE < CHUNK:
                    release(data)
                chunk = next(todo, None)
        release(data)
        if written:
            yield Ndjson(target)
        target.unlink()
    if unread:
        late_notes.append(
            f"{count_words(unread, 'record')} beside the log proper could not be decoded"
        )


FORMAT = Format(
    "evtx",
    "Windows event log (Vista and later)",
    table="windows_event",
    generation="Windows Vista or later",
    sniff=sniff,
    read=read,
    binary=True,
    growth="none",
)
