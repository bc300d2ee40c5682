"""The headers that stand before each member of a zip, which outlive the directory at its end."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from logpipe.archives.bounds import MEMBERS
from logpipe.archives.member import BLOCK
from logpipe.errors import UnreadableError

SIGNATURE = b"PK\x03\x04"
LENGTH = 30
FIELDS = struct.Struct("<4sHHHHHIIIHH")
DESCRIPTOR = 8  # flag: sizes and checksum follow the data
UTF8 = 0x800
NEWEST = 63  # version needed to extract, times ten, of the newest APPNOTE
ZIP64, UNKNOWN = 1, 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Entry:
    """What a zip says of one member; ``crc`` is None where only its own header is left."""

    name: str
    offset: int
    packed: int
    size: int
    crc: int | None
    method: int
    flags: int
    mode: int


def data_start(file: BinaryIO, offset: int) -> int:
    """Return where the bytes of a member begin; raises UnreadableError where no header is."""
    file.seek(offset)
    head = file.read(LENGTH)
    if len(head) < LENGTH or not head.startswith(SIGNATURE):
        raise UnreadableError("its header is damaged or cut off: copy the archive again")
    *_, name, extra = FIELDS.unpack(head)
    return offset + LENGTH + int(name) + int(extra)


def entries(file: BinaryIO, begin: int = 0, end: int | None = None) -> Iterator[Entry]:
    """Yield the members that the headers in a stretch of a zip tell of, at most MEMBERS."""
    size = file.seek(0, 2)
    stop = size if end is None else min(end, size)  # a damaged directory points anywhere
    at, count = begin, 0
    while count < MEMBERS and (found := _find(file, at, stop)) is not None:
        entry, start = _entry(file, found, size)
        at = found + len(SIGNATURE)
        if entry:
            count += 1
            yield entry
            # what is stored may be an archive, with headers of its own
            at = start if entry.crc is None else min(size, start + entry.packed)


def _find(file: BinaryIO, at: int, stop: int) -> int | None:
    while at < stop:
        file.seek(at)
        block = file.read(min(BLOCK, stop - at))
        if (found := block.find(SIGNATURE)) >= 0:
            return at + found
        at += max(1, len(block) - len(SIGNATURE) + 1)
    return None


def _entry(file: BinaryIO, offset: int, size: int) -> tuple[Entry | None, int]:
    """Read one header; None where the four bytes were there by chance."""
    file.seek(offset)
    head = file.read(LENGTH)
    if len(head) < LENGTH:
        return None, offset
    _, version, flags, method, _, _, crc, packed, unpacked, name, extra = FIELDS.unpack(head)
    raw, more = file.read(name), file.read(extra)
    if version & 0xFF > NEWEST or not raw or len(more) < extra:
        return None, offset
    start = offset + LENGTH + name + extra
    text = raw.decode("utf-8" if flags & UTF8 else "cp437", "backslashreplace")
    if flags & DESCRIPTOR and not packed:
        return Entry(text, offset, size - start, 0, None, method, flags, 0), start
    if UNKNOWN in {packed, unpacked}:
        unpacked, packed = _zip64(more, unpacked, packed)
    return Entry(text, offset, packed, unpacked, crc, method, flags, 0), start


def _zip64(extra: bytes, size: int, packed: int) -> tuple[int, int]:
    """Return the true sizes from the extra field of zip64."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == ZIP64 and length >= 16 and at + 20 <= len(extra):  # noqa: PLR2004
            true = struct.unpack_from("<QQ", extra, at + 4)
            return int(true[0]), int(true[1])
        at += 4 + length
    return size, packed
