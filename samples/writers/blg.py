"""Writes the container of a binary counter log: a header, two pieces of data, no values."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from struct import pack

from logpipe.formats.blg import EPOCH, PROVIDER

SIZE = 1024
START = datetime(2007, 9, 3, 5, tzinfo=UTC)


def write(folder: Path) -> None:
    """Write a log of ten minutes in three small buffers."""
    name = "\\\\GW1\0".encode("utf-16-le")
    buffers = [
        _buffer(0, pack("<HBBHH", 2, 1, 0xC0, 48, 0) + bytes(40)),
        _buffer(0, _piece(name + "Memory\0".encode("utf-16-le"))),
        _buffer(10, _piece(bytes(64))),
    ]
    (folder / "GW1_000001.blg").write_bytes(b"".join(buffers))


def _buffer(minutes: int, records: bytes) -> bytes:
    moment = START + timedelta(minutes=minutes)
    filetime = int((moment - EPOCH).total_seconds()) * 10_000_000
    used = 72 + len(records)
    head = pack("<I12xQ24xI20x", SIZE, filetime, used)
    return (head + records).ljust(SIZE, b"\xff")


def _piece(data: bytes) -> bytes:
    size = 40 + len(data)
    return (pack("<HBB20x", size, 10, 0xC0) + PROVIDER + data).ljust((size + 7) & ~7, b"\0")
