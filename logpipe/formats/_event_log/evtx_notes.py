"""What is wrong with an EVTX file, in plain words with numbers."""

from itertools import pairwise
from mmap import mmap

from logpipe.formats._event_log.evtx_chunks import CHUNK, DIRTY, Chunk, FileHeader
from logpipe.words import count_words

NEVER = (1 << 64) - 1  # the last record of a chunk that has none


def notes(header: FileHeader | None, chunks: list[Chunk]) -> tuple[str, ...]:
    """Return what a reader of the report should know; a loss begins with the word lost."""
    return tuple(note for note in (*_file(header, chunks), *_chunks(chunks)) if note)


def _file(header: FileHeader | None, chunks: list[Chunk]) -> list[str]:
    found = sum(chunk.size == CHUNK for chunk in chunks)
    if header is None:
        return [f"the file header is gone; {count_words(found, 'chunk')} found without it"]
    said = []
    if not header.checksum_holds:
        said.append("the checksum of the file header does not hold")
    if header.flags & DIRTY:
        said.append(
            "the log was open when it was copied (dirty): "
            f"its header counts {count_words(header.chunks, 'chunk')}, the file holds {found}"
        )
    elif found < header.chunks:
        said.append(
            f"lost: the header counts {count_words(header.chunks, 'chunk')}, "
            f"the file holds {found} whole ones"
        )
    return said


def second_opinion(data: mmap | bytes, header: FileHeader | None) -> tuple[str, ...]:
    """Say where python-evtx, where it is installed, reads the file header otherwise than we do."""
    try:
        from Evtx.Evtx import FileHeader as OtherHeader  # noqa: PLC0415 - not on every system
    except ImportError:
        return ()
    if header is None:
        return ()
    other = OtherHeader(data, 0)
    theirs = (other.chunk_count(), other.flags())
    ours = (header.chunks, header.flags)
    if (
        theirs == ours
        and (other.checksum() in (0, other.calculate_checksum())) == header.checksum_holds
    ):
        return ()
    return (f"python-evtx reads chunks and flags of the header as {theirs}, we as {ours}",)


def _chunks(chunks: list[Chunk]) -> list[str]:
    headless = sum(not chunk.header_holds for chunk in chunks)
    altered = [chunk for chunk in chunks if not chunk.records_hold]
    holes = sum(not frame.whole for chunk in chunks for frame in chunk.frames)
    recovered = sum(frame.recovered for chunk in chunks for frame in chunk.frames)
    cut = [chunk.size for chunk in chunks if chunk.size < CHUNK]
    return [
        f"lost: the last chunk is cut, {cut[0]:,} of {CHUNK:,} bytes are there" if cut else "",
        f"lost: the header of {headless} of {count_words(len(chunks), 'chunk')} does not hold"
        if headless
        else "",
        f"lost: {count_words(holes, 'damaged place')} where records should stand" if holes else "",
        f"{count_words(recovered, 'record')} found past damage, kept as recovered"
        if recovered
        else "",
        _altered(altered),
        _gaps(chunks),
    ]


def _altered(chunks: list[Chunk]) -> str:
    """Say which chunks hold other bytes than were written; their rows may read wrong."""
    if not chunks:
        return ""
    places = ", ".join(f"{chunk.position:,}" for chunk in chunks[:5])
    more = f" and {len(chunks) - 5} more" if len(chunks) > 5 else ""  # noqa: PLR2004
    records = sum(chunk.records for chunk in chunks)
    return (
        f"the checksum over {count_words(records, 'record')} does not hold "
        f"(chunks at byte {places}{more}): their text may be altered"
    )


def _gaps(chunks: list[Chunk]) -> str:
    """Say which record numbers are missing between the first and the last."""
    numbers = sorted(
        span for chunk in chunks if chunk.numbers for span in _spans(chunk.numbers.tolist())
    )
    ends = [c.last for c in chunks if c.numbers and c.header_holds and c.last not in (None, NEVER)]
    if numbers and ends:
        beyond = max(end for end in ends if end is not None) + 1
        numbers.append((beyond, beyond))
    gaps = []
    reached = numbers[0][0] - 1 if numbers else 0
    for first, last in numbers:
        if first > reached + 1:
            gaps.append((reached + 1, first - 1))
        reached = max(reached, last)
    if not gaps:
        return ""
    missing = sum(last - first + 1 for first, last in gaps)
    first, last = max(gaps, key=lambda gap: gap[1] - gap[0])
    if missing == 1:
        return f"record number {first:,} is not in the file"
    told = f"{missing:,} record numbers are not in the file"
    if len(gaps) == 1:
        return f"{told}: {first:,} to {last:,}"
    if first == last:
        return f"{told}, each by itself; the first is {first:,}"
    return f"{told}, in {len(gaps):,} ranges; the longest is {first:,} to {last:,}"


def _spans(numbers: list[int]) -> list[tuple[int, int]]:
    """Fold the numbers of one chunk into unbroken spans."""
    if numbers[-1] - numbers[0] + 1 == len(numbers):
        return [(numbers[0], numbers[-1])]
    spans, first = [], numbers[0]
    for one, other in pairwise(numbers):
        if other != one + 1:
            spans.append((first, one))
            first = other
    return [*spans, (first, numbers[-1])]
