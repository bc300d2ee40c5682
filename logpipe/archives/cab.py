"""Cabinet files, stored or packed with MSZIP; others are named with what unpacks them.

Source: [MS-CAB] (layout, checksum) and [MS-MCI] (MSZIP). Own reader: the one on the package index
that needs no Windows holds the whole cabinet and all its members in memory.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from logpipe.archives.bounds import MEMBERS
from logpipe.archives.codecs import Deflate, damages
from logpipe.archives.member import LostError, Member, refused, shown_name
from logpipe.archives.solid import Solid
from logpipe.errors import UnreadableError
from logpipe.words import count_words

MAGIC = b"MSCF\0\0\0\0"
HEADER = struct.Struct("<4s4xI4xI4xBBHHHHH")  # size, first file, version, folders, files, flags
FOLDER, FILE, DATA = struct.Struct("<IHH"), struct.Struct("<IIHHHH"), struct.Struct("<IHH")
PREVIOUS, NEXT, RESERVED = 1, 2, 4
STORED, MSZIP = 0, 1
METHODS = {2: "Quantum", 3: "LZX"}
WINDOW = 32768  # bytes of one unpacked block, and the history of the next
NAME_IS_UTF8 = 0x80
LONGEST = 256  # bytes of a name, or of the name of another cabinet
ELSEWHERE = "it goes on in another cabinet of the set: unpack the whole set with 7-Zip or expand"


@dataclass(frozen=True, slots=True)
class _Folder:
    """One packed stream: its first block, how many blocks, how they are packed."""

    offset: int
    blocks: int
    method: int
    spare: int  # reserved bytes in each block's header


def members(file: BinaryIO, notes: list[str], bound: int) -> list[Member]:
    """Return the members of a cabinet; ``notes`` says what of the archive itself is lost.

    Raises UnreadableError where the headers are damaged.
    """
    try:
        return _members(file, notes, bound)
    except struct.error as error:
        raise UnreadableError("the cabinet's headers are cut off: copy it again") from error


def _members(file: BinaryIO, notes: list[str], bound: int) -> list[Member]:
    size = file.seek(0, 2)
    file.seek(0)
    _, told, first, *version, folders, files, flags, _, _ = _take(file, HEADER)
    if version != [3, 1]:
        raise UnreadableError(f"a cabinet of version {version[1]}.{version[0]}: not known")
    if told > size:
        notes.append(f"lost: the cabinet is cut, {count_words(told - size, 'byte')} missing")
    packed = _folders(file, folders, flags)
    streams = [Solid(partial(_unpacked, file, folder), bound) for folder in packed]
    file.seek(first)
    found = []
    for position in range(min(files, MEMBERS)):
        try:
            found.append(_member(file, position, streams, packed))
        except struct.error:
            notes.append(f"lost: cut off: names of {count_words(files - position, 'member')}")
            break
    return found


def _take(file: BinaryIO, shape: struct.Struct) -> tuple[int, ...]:
    return shape.unpack(file.read(shape.size))


def _folders(file: BinaryIO, count: int, flags: int) -> list[_Folder]:
    """Read the folders; what is reserved and the names of other cabinets lie before them."""
    spare = (0, 0, 0)
    if flags & RESERVED:
        header, folder, data = struct.unpack("<HBB", file.read(4))
        spare = (header, folder, data)
        file.seek(header, 1)
    for flag in (PREVIOUS, PREVIOUS, NEXT, NEXT):
        if flags & flag:
            _text(file)
    found = []
    for _ in range(count):
        offset, blocks, method = _take(file, FOLDER)
        found.append(_Folder(offset, blocks, method & 0xF, spare[2]))
        file.seek(spare[1], 1)
    return found


def _text(file: BinaryIO) -> bytes:
    """Read a text that ends with NUL."""
    start = file.tell()
    raw, end, _ = file.read(LONGEST + 1).partition(b"\0")
    if not end:
        raise struct.error("a name without its end")
    file.seek(start + len(raw) + 1)
    return raw


def _member(file: BinaryIO, position: int, streams: list[Solid], packed: list[_Folder]) -> Member:
    length, offset, number, _, _, attributes = _take(file, FILE)
    encoding = "utf-8" if attributes & NAME_IS_UTF8 else "cp1252"
    name = shown_name(_text(file).decode(encoding, "backslashreplace"))
    if number >= 0xFFFD:  # noqa: PLR2004 - begins in the cabinet before, ends in the one behind
        return refused(name, ELSEWHERE)
    if number >= len(streams):
        return refused(name, "its place in the cabinet is damaged: copy it again")
    method = packed[number].method
    if method not in {STORED, MSZIP}:
        what = METHODS.get(method, f"method {method}")
        return refused(name, f"packed with {what}: unpack it with expand or 7-Zip")
    stream = streams[number]
    rank = (number, offset * MEMBERS + position)
    return Member(name, rank, lambda: stream.cut("cab", offset, length))


def _unpacked(file: BinaryIO, folder: _Folder) -> Iterator[bytes]:
    """Yield the blocks of one folder; raises LostError at the first that is not whole."""
    at, history, broken = folder.offset, b"", damages()
    for _ in range(folder.blocks):
        file.seek(at)
        head = file.read(DATA.size + folder.spare)
        if len(head) < DATA.size + folder.spare:
            raise LostError("cab", "a block is cut off")
        told, packed, length = DATA.unpack_from(head)
        data = file.read(packed)
        at += len(head) + packed
        if not length:
            raise LostError("cab", ELSEWHERE)
        if len(data) < packed or (told and told != checksum(head[4:], data)):
            raise LostError("cab", "a block is cut off or its checksum does not fit")
        if folder.method == MSZIP:
            try:
                data = _mszip(data, history)
            except broken as error:
                raise LostError("cab", str(error)) from error
        if len(data) != length:
            raise LostError("cab", "a block has not its length")
        history = (history + data)[-WINDOW:]
        yield data


def _mszip(data: bytes, history: bytes) -> bytes:
    """Unpack one block: ``CK`` and a deflate stream that may point into the blocks before."""
    if not data.startswith(b"CK"):
        raise ValueError("a block without CK")
    return Deflate(-15, history).decompress(data[2:], WINDOW + 1)


def checksum(head: bytes, data: bytes) -> int:
    """Return a block's checksum: all words of 4 bytes, XORed; [MS-CAB] 3.1."""
    return _xor(head) ^ _xor(data)


def _xor(raw: bytes) -> int:
    whole = len(raw) // 4 * 4
    words, width = int.from_bytes(raw[:whole], "little"), 1
    while width * 4 < whole:
        width *= 2
    while width > 1:  # fold it in halves: quicker than word by word
        width //= 2
        words = (words >> (width * 32)) ^ (words & ((1 << (width * 32)) - 1))
    return words ^ int.from_bytes(raw[whole:], "big")  # what is left over counts backwards
