"""Zip: members by its directory, or by their own headers where the directory is missing.

Source: PKWARE's APPNOTE.TXT 6.3.10. The standard library reads the directory, and bounds nothing.
"""

import bz2
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import BinaryIO

from logpipe.archives import zip_local
from logpipe.archives.bounds import MEMBERS
from logpipe.archives.codecs import Codec, Deflate, Deflate64, raw_lzma, unpacked, zstd
from logpipe.archives.member import (
    DEVICE,
    LINK,
    OTHER_MEANS,
    DocumentError,
    Member,
    exactly,
    refused,
    shown_name,
    span,
)
from logpipe.archives.zip_local import Entry
from logpipe.errors import UnreadableError
from logpipe.words import count_words

MAGICS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08PK\x03\x04", b"PK00PK\x03\x04")
DOCUMENTS = {  # a member by which a zip is known as something else
    "[Content_Types].xml": "an Office document",
    "META-INF/MANIFEST.MF": "a Java program",
    "META-INF/container.xml": "an electronic book",
    "META-INF/manifest.xml": "an OpenDocument file",
}
ENCRYPTED = f"encrypted: unpack it with its password ({OTHER_MEANS})"
CODECS: dict[int, Callable[[], Codec]] = {
    8: lambda: Deflate(-15),
    9: Deflate64,
    12: bz2.BZ2Decompressor,
    93: zstd,
}
LZMA, STORED = 14, 0
METHODS = {1: "shrunk", 6: "imploded", 95: "xz", 97: "WavPack", 98: "PPMd", 99: "AES"}
LARGEST_DIRECTORY = MEMBERS * 512  # bytes: the standard library holds all of it in memory
END, END_LENGTH = b"PK\x05\x06", 22
BROKEN = (
    zipfile.BadZipFile, struct.error, ValueError, NotImplementedError, OverflowError, IndexError,
    KeyError, EOFError,
)  # fmt: skip


def members(file: BinaryIO, notes: list[str], _bound: int) -> list[Member]:
    """Return the members of a zip; ``notes`` says what of the archive itself is lost.

    Raises UnreadableError where nothing can be read, DocumentError where it is no collection.
    """
    try:
        told = list(_directory(file))
        entries = [*_apart(told, notes), *_left_out(file, told, notes)]
    except BROKEN as error:
        entries = list(zip_local.entries(file))
        if not entries:
            raise UnreadableError(
                f"zip without a directory and without members ({error}): copy it again"
            ) from error
        notes.append(
            f"lost: the zip's directory ({error}), so the archive is cut or damaged; "
            f"{count_words(len(entries), 'member')} found by header, what follows is lost"
        )
    for entry in entries:
        if entry.name in DOCUMENTS:
            raise DocumentError(f"{DOCUMENTS[entry.name]} ({entry.name} in a zip), not logs")
    return [_member(file, entry) for entry in entries if not _is_folder(entry)]


def _directory(file: BinaryIO) -> Iterator[Entry]:
    """Yield what the directory says; raises one of BROKEN where it cannot be read."""
    _bound_directory(file)
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            yield Entry(
                name=_name(info),
                offset=info.header_offset,
                packed=info.compress_size,
                size=info.file_size,
                crc=info.CRC,
                method=info.compress_type,
                flags=info.flag_bits,
                mode=info.external_attr >> 16 if info.create_system == 3 else 0,  # noqa: PLR2004
            )


def _bound_directory(file: BinaryIO) -> None:
    """Refuse a directory that would not fit in memory, and one part of a split archive."""
    size = file.seek(0, 2)
    file.seek(max(0, size - END_LENGTH - 65535))
    tail = file.read()
    at = tail.rfind(END)
    if at < 0 or at + END_LENGTH > len(tail):
        raise zipfile.BadZipFile("no end of directory")
    disk, _, _, _, length = struct.unpack_from("<HHHHI", tail, at + 4)
    if disk not in {0, 0xFFFF}:
        raise UnreadableError("one part of a split zip: join the parts and give the whole")
    if length == 0xFFFFFFFF:  # noqa: PLR2004 - zip64 holds the true length
        length = size
        start = tail.rfind(b"PK\x06\x06", 0, at)
        if start >= 0 and start + 48 <= len(tail):
            (length,) = struct.unpack_from("<Q", tail, start + 40)
    if length > LARGEST_DIRECTORY:
        raise UnreadableError(f"a directory of {length:,} bytes: refused as a bomb")


def _name(info: zipfile.ZipInfo) -> str:
    """Return a name; several tools write UTF-8 and do not set the flag that says so."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _is_folder(entry: Entry) -> bool:
    return entry.name.endswith(("/", "\\")) and not entry.size


def _apart(entries: list[Entry], notes: list[str]) -> list[Entry]:
    """Return the members that lie apart from each other: shared bytes make a bomb of a small zip.

    D. Fifield, "A better zip bomb" (2019): 10 MB that unpack to 281 TB.
    """
    sound, end = [], 0
    ordered = sorted(entries, key=lambda entry: entry.offset)
    starts = [entry.offset for entry in ordered[1:]]
    for entry, following in zip_longest(ordered, starts):
        stop = entry.offset + zip_local.LENGTH + entry.packed
        if entry.offset >= end and (following is None or stop <= following):
            sound.append(entry)
        end = max(end, stop)
    if dropped := len(entries) - len(sound):
        notes.append(f"{count_words(dropped, 'member')} with bytes of others: refused as a bomb")
        kept = {id(entry) for entry in sound}
        return [entry for entry in entries if id(entry) in kept]
    return entries


def _left_out(file: BinaryIO, entries: list[Entry], notes: list[str]) -> list[Entry]:
    """Return members that stand where the directory tells of nothing: two archives in one file."""
    found: list[Entry] = []
    at, size = 0, file.seek(0, 2)
    starts = sorted((entry.offset, entry.packed) for entry in entries)
    for offset, packed in [*starts, (size, 0)]:
        if offset - at >= zip_local.LENGTH and len(found) + len(entries) < MEMBERS:
            found += zip_local.entries(file, at, offset)
        at = max(at, offset + zip_local.LENGTH + packed)
    if found:
        members = count_words(len(found), "member")
        notes.append(f"{members} that the zip's directory leaves out, found by header")
    return found


def _member(file: BinaryIO, entry: Entry) -> Member:
    name = shown_name(entry.name)
    if fault := _fault(entry):
        return refused(name, fault)
    return Member(name, (entry.size, entry.offset), lambda: _content(file, entry))


def _fault(entry: Entry) -> str | None:
    """Say why a member is not unpacked, if it is not."""
    if entry.flags & 1:
        return ENCRYPTED
    kind = stat.S_IFMT(entry.mode)
    if kind == stat.S_IFLNK:
        return LINK
    if kind not in {0, stat.S_IFREG}:
        return DEVICE
    if entry.method not in CODECS and entry.method not in {LZMA, STORED}:
        method = METHODS.get(entry.method, "unknown")
        return f"compressed by method {entry.method} ({method}): {OTHER_MEANS}"
    return None


def _content(file: BinaryIO, entry: Entry) -> Iterator[bytes]:
    """Yield a member's content; its length and checksum are proven at the end."""
    start = zip_local.data_start(file, entry.offset)
    packed = span(file, start, entry.packed)
    if entry.method == STORED:
        blocks = exactly("zip", packed, entry.size)
    elif entry.method == LZMA:
        blocks = _lzma(packed)
    else:
        blocks = unpacked(packed, "zip", CODECS[entry.method])
    size, crc = 0, 0
    for block in blocks:
        size += len(block)
        crc = zlib.crc32(block, crc)
        yield block
    if entry.crc is not None and (size, crc) != (entry.size, entry.crc):
        raise UnreadableError("its checksum does not fit: damaged in the archive, copy it again")


def _lzma(packed: Iterator[bytes]) -> Iterator[bytes]:
    """Unpack method 14: version, length of the properties, the properties, a raw stream."""
    first = next(packed, b"")
    if len(first) < 9 or first[2:4] != b"\x05\x00" or first[4] >= 225:  # noqa: PLR2004
        raise UnreadableError("its LZMA header is damaged")
    properties = first[4:9]

    def rest() -> Iterator[bytes]:
        yield first[9:]
        yield from packed

    return unpacked(rest(), "zip", lambda: raw_lzma(properties))
