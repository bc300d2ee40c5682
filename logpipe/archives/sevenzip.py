"""7-Zip: py7zr reads the directory and unpacks; one member at a time, within bounds.

py7zr's own extraction ends at the first damaged member and unpacks all of them at once, so its
decompressor is driven from here.
"""

import struct
import zlib
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

from logpipe.archives.codecs import damages
from logpipe.archives.member import (
    BLOCK,
    DEVICE,
    LINK,
    OTHER_MEANS,
    LostError,
    Member,
    refused,
    shown_name,
)
from logpipe.archives.solid import Solid
from logpipe.archives.zip_directory import ENCRYPTED
from logpipe.errors import UnreadableError

if TYPE_CHECKING:
    from py7zr import SevenZipFile

MAGIC = b"7z\xbc\xaf\x27\x1c"
STEP = 4096  # packed bytes at a time: some of its decompressors know no bound for what comes out
METHODS = {  # those whose decoders stood a test with damaged data
    b"\x00": "Copy",
    b"\x21": "LZMA2",
    b"\x03": "Delta",
    b"\x03\x01\x01": "LZMA",
    b"\x03\x03\x01\x03": "BCJ",
    b"\x04\x01\x08": "Deflate",
    b"\x04\x01\x09": "Deflate64",
    b"\x04\x02\x02": "BZip2",
    b"\x04\xf7\x11\x01": "Zstandard",
}
OTHERS = {  # the decoder of PPMd may crash on damaged data: miurahr/py7zr issue 733
    b"\x03\x04\x01": "PPMd",
    b"\x03\x03\x01\x1b": "BCJ2",
    b"\x04\xf7\x11\x02": "Brotli",
}
UNIX, FOLDER, REPARSE = 0x8000, 0x10, 0x400  # attributes: a Unix mode in the upper half, ...


def members(file: BinaryIO, notes: list[str], bound: int) -> list[Member]:
    """Return the members of a 7z; ``notes`` says what of the archive itself is lost.

    Raises UnreadableError where its directory, which stands at the end, cannot be read.
    """
    from py7zr import SevenZipFile  # noqa: PLC0415 - a quarter of a second that few runs need
    from py7zr.exceptions import PasswordRequired  # noqa: PLC0415

    del notes  # the directory is whole or not there at all
    try:
        archive = SevenZipFile(file)
        return list(_members(archive, file, bound))
    except PasswordRequired as error:
        raise UnreadableError(ENCRYPTED) from error
    except _faults() as error:
        why = str(error) or type(error).__name__
        raise UnreadableError(
            f"its directory, at its end, cannot be read ({why}): cut off, damaged or one part of "
            "a split archive; copy it again, or give the joined whole"
        ) from error


def _faults() -> tuple[type[Exception], ...]:
    """Return what py7zr lets through of what Python raises on hostile bytes."""
    from py7zr.exceptions import ArchiveError  # noqa: PLC0415

    return (
        ArchiveError,
        *damages(),
        struct.error,
        LookupError,
        TypeError,
        ArithmeticError,
        AssertionError,
        AttributeError,
        RecursionError,
    )


def _members(archive: "SevenZipFile", file: BinaryIO, bound: int) -> Iterator[Member]:
    streams, faults = _streams(archive, file, bound)
    reached: dict[int, int] = {}
    for info in getattr(archive, "files", ()):  # an archive without members has none
        properties = info.file_properties()
        name, length = shown_name(info.filename), int(properties.get("uncompressed") or 0)
        offset, number = 0, -1
        if not info.emptystream:
            number = id(info.folder)
            offset = reached.get(number, 0)
            reached[number] = offset + length
        attributes = properties.get("attributes") or 0
        if _is_folder(attributes) or (info.emptystream and info.is_directory):
            continue
        if fault := _kind_fault(attributes) or faults.get(number):
            yield refused(name, fault)
        elif info.emptystream:
            yield Member(name, (-1, 0), lambda: iter(()))
        else:
            order, stream = streams[number]
            yield _member(name, (order, offset), stream, length, info.crc32)


def _member(
    name: str, rank: tuple[int, int], stream: Solid, length: int, crc: int | None
) -> Member:
    def content() -> Iterator[bytes]:
        found = 0
        for block in stream.cut("7z", rank[1], length):
            found = zlib.crc32(block, found)
            yield block
        if crc is not None and found != crc:
            raise UnreadableError(
                "its checksum does not fit: damaged in the archive, copy it again"
            )

    return Member(name, rank, content)


def _is_folder(attributes: int) -> bool:
    return bool(attributes & FOLDER)


def _kind_fault(attributes: int) -> str | None:
    """Say why a member is no file; its attributes are those of Windows, with a Unix mode above."""
    mode = attributes >> 28 if attributes & UNIX else 8
    if attributes & REPARSE or mode == 0xA:  # noqa: PLR2004 - S_IFLNK
        return LINK
    return None if mode in {0, 8} else DEVICE


def _streams(
    archive: "SevenZipFile", file: BinaryIO, bound: int
) -> tuple[dict[int, tuple[int, Solid]], dict[int, str]]:
    """Return the packed streams by their folder's identity, and why some cannot be unpacked."""
    from py7zr.compressor import SupportedMethods  # noqa: PLC0415

    streams: dict[int, tuple[int, Solid]] = {}
    faults: dict[int, str] = {}
    main: Any = getattr(getattr(archive, "header", None), "main_streams", None)
    if main is None:
        return streams, faults
    sizes, at, first = main.packinfo.packsizes, archive.afterheader + main.packinfo.packpos, 0
    for order, folder in enumerate(main.unpackinfo.folders):
        parts = _packed_streams(folder.coders)
        size = sum(sizes[first : first + parts])
        other = [coder["method"] for coder in folder.coders if coder["method"] not in METHODS]
        if SupportedMethods.needs_password(folder.coders):
            faults[id(folder)] = ENCRYPTED
        elif other:
            name = OTHERS.get(other[0], f"method {other[0].hex()}")
            faults[id(folder)] = f"packed with {name}: {OTHER_MEANS}"
        streams[id(folder)] = (
            order,
            Solid(partial(_unpacked, file, folder, at, size), bound),
        )
        first, at = first + parts, at + size
    return streams, faults


def _packed_streams(coders: list[dict[str, Any]]) -> int:
    """Return how many packed streams a folder has: those inputs that no other coder feeds."""
    inputs = sum(coder["numinstreams"] for coder in coders)
    return int(inputs - sum(coder["numoutstreams"] for coder in coders) + 1)


def _unpacked(file: BinaryIO, folder: Any, at: int, size: int) -> Iterator[bytes]:
    """Yield what one folder unpacks to; raises LostError where it is cut or damaged."""
    from py7zr.compressor import SevenZipDecompressor  # noqa: PLC0415

    left = folder.get_unpack_size()
    try:
        codec = SevenZipDecompressor(folder.coders, size, folder.unpacksizes, None, blocksize=STEP)
    except _faults() as error:
        raise LostError("7z", f"{error}: {OTHER_MEANS}") from error
    while left > 0:
        file.seek(at)
        try:
            block = bytes(codec.decompress(file, min(left, BLOCK)))
        except _faults() as error:
            raise LostError("7z", str(error) or type(error).__name__) from error
        if not block and file.tell() == at:
            raise LostError("7z", "the stream is cut")
        at, left = file.tell(), left - len(block)
        if block:
            yield block
