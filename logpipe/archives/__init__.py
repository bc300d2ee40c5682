"""Archives and compressed files: what is in them, unpacked one by one and bounded.

A file that one compressor packed is that file (``unwrap``). A container (zip, tar, 7z, cab, packed
again or not) holds members (``open_container``), which are files of their own.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from logpipe.archives import cab, sevenzip, tar, zip_directory
from logpipe.archives.bounds import DEPTH, Budget, bound_of, budget_of, write_out
from logpipe.archives.codecs import stream_kind, unpacked
from logpipe.archives.member import (
    DocumentError,
    LostError,
    Member,
    numbered,
    span,
)

__all__ = [
    "DEPTH", "Budget", "Container", "DocumentError", "Member", "Wrapping", "bound_of", "budget_of",
    "look", "open_container", "unwrap", "write_out",
]  # fmt: skip

HEAD = 4096
LAYERS = 4  # compressors one around the other
READERS: dict[str, Callable[[BinaryIO, list[str], int], list[Member]]] = {
    "zip": zip_directory.members,
    "7z": sevenzip.members,
    "cab": cab.members,
    "tar": tar.members,
}


@dataclass(frozen=True, slots=True)
class Wrapping:
    """How a file is packed: by which compressors, the outermost first, and what container is in."""

    streams: tuple[str, ...] = ()
    container: str | None = None


@dataclass(frozen=True, slots=True)
class Container:
    """The members of an archive in the order they are to be unpacked, and what of it is lost."""

    members: list[Member]
    notes: list[str] = field(default_factory=list)


def look(path: Path) -> Wrapping:
    """Return how a file is packed, by content; of compressed files only the head is unpacked."""
    with path.open("rb") as file:
        head = file.read(HEAD)
        streams: list[str] = []
        while (kind := stream_kind(head)) and len(streams) < LAYERS:
            streams.append(kind)
            head = _first(_layers(file, streams))
    return Wrapping(tuple(streams), container_kind(head))


def container_kind(head: bytes) -> str | None:
    """Return which container a file is that begins so."""
    if head.startswith(zip_directory.MAGICS):
        return "zip"
    if head.startswith(sevenzip.MAGIC):
        return "7z"
    if head.startswith(cab.MAGIC):
        return "cab"
    return "tar" if tar.is_tar(head) else None


def _layers(file: BinaryIO, streams: list[str]) -> Iterator[bytes]:
    """Unpack a file through all its compressors."""
    blocks = span(file, 0, file.seek(0, 2))
    for kind in streams:
        blocks = unpacked(blocks, kind)
    return blocks


def _first(blocks: Iterator[bytes]) -> bytes:
    """Return the beginning of a stream, as much as there is of it."""
    head = b""
    try:
        while len(head) < HEAD and (block := next(blocks, b"")):
            head += block
    except LostError:
        pass  # what is lost is said when all of it is read
    return head[:HEAD]


def unwrap(path: Path, scratch: Path, wrapping: Wrapping) -> tuple[Path, str | None]:
    """Decompress a file into the scratch folder; the second value says what was lost, if anything.

    Raises UnreadableError where it grows beyond all bounds, or gives nothing.
    """
    size, copy = path.stat().st_size, scratch / "unwrapped"
    with path.open("rb") as file:
        bound = bound_of(size)
        blocks = _layers(file, list(wrapping.streams))
        return copy, write_out(blocks, copy, bound, budget_of(size))


@contextmanager
def open_container(path: Path, kind: str, bound: int) -> Iterator[Container]:
    """Open an archive; names that come twice are told apart by a number.

    ``bound`` is how many bytes may be unpacked of a stream that holds several members. Raises
    UnreadableError where nothing of it can be read, DocumentError where it is no collection.
    """
    with path.open("rb") as file:
        notes: list[str] = []
        found = READERS[kind](file, notes, bound)
        names = numbered([member.name or "(no name)" for member in found])
        named = [replace(m, name=name) for m, name in zip(found, names, strict=True)]
        yield Container(sorted(named, key=lambda member: member.rank), notes)
