"""Unwrapping compressed files, bounded against bombs. Gzip for now; archives follow."""

import gzip
import zlib
from pathlib import Path

from logpipe.errors import UnreadableError

GZIP = b"\x1f\x8b\x08"
BLOCK = 1 << 20
LARGEST = 64 << 30  # bytes of one unwrapped file
FREE = 256 << 20  # bytes that any file may unwrap to, however small it was
RATIO = 200  # above FREE: unwrapped bytes for each wrapped byte


def is_wrapped(head: bytes) -> bool:
    """Return whether a file's first bytes are those of gzip."""
    return head.startswith(GZIP)


def unwrap(path: Path, scratch: Path) -> tuple[Path, str | None]:
    """Decompress a file into the scratch folder; the second value says what was lost, if anything.

    Raises UnreadableError where it grows beyond all bounds, or gives nothing.
    """
    bound = min(LARGEST, max(FREE, path.stat().st_size * RATIO))
    copy = scratch / "unwrapped"
    size, lost = 0, None
    with gzip.open(path) as packed, copy.open("wb") as out:
        try:
            # read1 hands out what it has; read would lose it where the file is cut
            while block := packed.read1(BLOCK):
                size += len(block)
                if size > bound:
                    raise UnreadableError(
                        f"unwraps to more than {bound:,} bytes: refused as a bomb"
                    )
                out.write(block)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            lost = f"gzip damaged after {size:,} unwrapped bytes ({error}): the rest is lost"
    if lost and not size:
        raise UnreadableError(lost)
    return copy, lost
