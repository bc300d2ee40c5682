"""A binary log in memory: small ones read, large ones mapped."""

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# a mapped file that shrinks while it is read ends the process; one that was read cannot
READ_WHOLE = 64 << 20
PAUSE = 16 << 20  # bytes of a mapped file after which a reader lets go of them


@contextmanager
def image(path: Path) -> Iterator[mmap.mmap | bytes]:
    """Give a file's bytes; closes them, for Windows deletes no file that is still open."""
    with path.open("rb") as file:
        if path.stat().st_size <= READ_WHOLE:
            yield file.read()
        else:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                yield mapped


def release(buf: mmap.mmap | bytes | memoryview) -> None:
    """Let go of the pages of a mapped file that were read: they come again when they are asked for.

    Without it the memory of the process grows to the size of the file. Where the system knows no
    such advice, nothing happens.
    """
    if isinstance(buf, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        buf.madvise(mmap.MADV_DONTNEED)
