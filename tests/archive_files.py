"""Archives of every kind, made for the tests, and what comes out of them."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random

import py7zr
from backports import zstd
from py7zr.properties import FILTER_DEFLATE64

from logpipe.archives import (
    bound_of,
    bounds,
    budget_of,
    cab,
    look,
    open_container,
    write_out,
)
from logpipe.errors import UnreadableError

LOG = b"".join(b"2007-09-03 05:00:%02d 192.0.2.%d RCPT 250\r\n" % (n % 60, n) for n in range(3000))


NOISE = Random(7).randbytes(70_000)  # noqa: S311 - no secret


FILES = {"GW1/ex070903.log": LOG, "GW1/System.evt": NOISE, "empty.log": b"", "notes.txt": b"hello"}


Pack = Callable[[dict[str, bytes]], bytes]


def contents(path: Path, kind: str | None = None) -> tuple[dict[str, bytes | str], list[str]]:
    """What each member holds, or what is said of it; and the notes of the archive."""
    budget, found = budget_of(path.stat().st_size), {}
    wrapping = look(path)
    with open_container(path, kind or wrapping.container or "?", budget.left) as container:
        for member in container.members:
            found[member.name] = member.fault or written(path, member.blocks(), budget)
    return found, container.notes


def written(path: Path, blocks: Iterable[bytes], budget: bounds.Budget) -> bytes | str:
    target = path.with_name("member")
    try:
        lost = write_out(blocks, target, bound_of(path.stat().st_size), budget)
    except UnreadableError as error:
        return str(error)
    return f"{lost}: {target.stat().st_size}" if lost else target.read_bytes()


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return out.getvalue()


def tarred(files: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def sevenzipped(
    files: dict[str, bytes],
    filters: list[dict[str, int]] | None = None,
    password: str | None = None,
    *,
    hide_names: bool = False,
) -> bytes:
    out = io.BytesIO()
    with py7zr.SevenZipFile(
        out, "w", filters=filters, password=password, header_encryption=hide_names
    ) as archive:
        for name, content in files.items():
            archive.writestr(content, name)
    return out.getvalue()


def cabbed(files: dict[str, bytes], method: int = 1, flags: int = 0) -> bytes:
    """A cabinet of one folder, as [MS-CAB] describes it; the names of ``files`` are cp1252."""
    stream, blocks, history = b"".join(files.values()), [], b""
    for at in range(0, len(stream), 32768):
        plain = stream[at : at + 32768]
        packer = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=history)
        data = b"CK" + packer.compress(plain) + packer.flush() if method else plain
        head = struct.pack("<HH", len(data), len(plain))
        blocks.append(struct.pack("<I", cab.checksum(head, data)) + head + data)
        history = plain
    names, offset = b"", 0
    for name, content in files.items():
        shape = struct.pack("<IIHHHH", len(content), offset, 0, 0, 0, 0)
        names += shape + name.replace("/", "\\").encode("cp1252") + b"\0"
        offset += len(content)
    start = 36 + 8 + len(names)
    folder = struct.pack("<IHH", start, len(blocks), method)
    head = struct.pack(
        "<4sIIIIIBBHHHHH", b"MSCF", 0, start + len(b"".join(blocks)), 0, 44, 0, 3, 1, 1,
        len(files), flags, 7, 0,
    )  # fmt: skip
    return head + folder + names + b"".join(blocks)


LZMA1, LZMA2 = lzma.FILTER_LZMA1, lzma.FILTER_LZMA2


CONTAINERS: dict[str, Pack] = {
    "zip": zipped,
    "zip-stored": lambda files: zipped(files, zipfile.ZIP_STORED),
    "zip-bzip2": lambda files: zipped(files, zipfile.ZIP_BZIP2),
    "zip-lzma": lambda files: zipped(files, zipfile.ZIP_LZMA),
    "tar-pax": tarred,
    "tar-gnu": lambda files: tarred(files, tarfile.GNU_FORMAT),
    "tar-ustar": lambda files: tarred(files, tarfile.USTAR_FORMAT),
    "7z": sevenzipped,
    "7z-lzma": lambda files: sevenzipped(files, [{"id": LZMA1}]),
    "7z-x86": lambda files: sevenzipped(files, [{"id": lzma.FILTER_X86}, {"id": LZMA2}]),
    "7z-zstd": lambda files: sevenzipped(files, [{"id": py7zr.FILTER_ZSTD, "level": 3}]),
    "7z-copy": lambda files: sevenzipped(files, [{"id": py7zr.FILTER_COPY}]),
    "7z-deflate64": lambda files: sevenzipped(files, [{"id": FILTER_DEFLATE64}]),
    "cab": cabbed,
    "cab-stored": lambda files: cabbed(files, 0),
}


STREAMS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstd.compress,
}


KINDS = ("zip", "tar-pax", "7z", "cab")


def kind_of(name: str) -> str:
    return name.split("-", maxsplit=1)[0]


def mutated(whole: bytes, random: Random) -> bytes:
    """Cut, flip, insert, repeat, or set a field to an extreme; often near the headers."""
    raw = bytearray(whole)
    for _ in range(random.randint(1, 4)):
        near = random.choice((len(raw), min(len(raw), 600)))
        at = (
            random.randrange(near)
            if random.random() < 0.7
            else len(raw) - 1 - random.randrange(near)
        )
        match random.randrange(6):
            case 0:
                del raw[at:]
            case 1:
                raw[at] ^= 1 << random.randrange(8)
            case 2:
                raw[at : at + 4] = random.choice((b"\xff" * 4, bytes(4), b"\xff\xff\xff\x7f"))
            case 3:
                raw[at:at] = random.choice((bytes(8), raw[at : at + 700], b"PK\x03\x04"))
            case 4:
                del raw[at : at + random.randint(1, 40)]
            case _:
                raw[at] = random.randrange(256)
        if not raw:
            return b"\0"
    return bytes(raw)


def encrypted_zip(method: int = 0) -> bytes:
    raw = bytearray(zipped({"a.log": LOG}))
    at = raw.rfind(b"PK\x01\x02")
    raw[6] |= 1
    raw[at + 8] |= 1
    if method:
        raw[8:10] = raw[at + 10 : at + 12] = struct.pack("<H", method)
    return bytes(raw)
