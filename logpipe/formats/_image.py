"""A binary log in memory: small ones read, large ones mapped."""

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# a mapped file that shrinks while it is read ends the process; one that was read cannot
READ_WHOLE = 64 << 20


@contextmanager
def image(path: Path) -> Iterator[mmap.mmap | bytes]:
    """Give a file's bytes; closes them, for Windows deletes no file that is still open."""
    with path.open("rb") as file:
        if path.stat().st_size <= READ_WHOLE:
            yield file.read()
        else:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                yield mapped
