"""Writes EVTX files that every reader opens: binary XML with all values as text.

Layout after libyal/libevtx, "Windows XML Event Log (EVTX)": a name is written where it is first
used in a chunk and entered in the chunk's table of 64 buckets; checksums are CRC-32. Each record
brings a template of its own without anything to fill in: outside of templates the readers do not
agree how an element begins.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

CHUNK, CHUNK_HEADER = 65_536, 512
XMLNS = "http://schemas.microsoft.com/win/2004/08/events/event"
CLASSIC = "0x80000000000000"  # keyword of events written with ReportEvent
EPOCH = datetime(1601, 1, 1, tzinfo=UTC)

FRAGMENT, TEMPLATE, END = b"\x0f\x01\x01\x00", b"\x0c\x01", b"\x00"
OPEN, OPEN_WITH_ATTRIBUTES, CLOSE_START, CLOSE_EMPTY, CLOSE = b"\x01", b"\x41", b"\2", b"\3", b"\4"
VALUE, ATTRIBUTE, ATTRIBUTE_AND_MORE = b"\x05\x01", b"\x06", b"\x46"


@dataclass(frozen=True, slots=True)
class EvtxRecord:
    """One event; ``ts`` is UTC. With ``names``, as many as strings, the strings are named."""

    number: int
    ts: datetime
    provider: str
    computer: str
    event_id: int
    level: int = 4
    strings: Sequence[str] = ()
    qualifiers: int | None = None
    user_sid: str | None = None
    binary: bytes | None = None
    names: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Element:
    """A piece of XML: attributes, then text or children."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: tuple["Element", ...] = ()


@dataclass(slots=True)
class _Chunk:
    data: bytearray = field(default_factory=lambda: bytearray(CHUNK_HEADER))
    names: dict[str, int] = field(default_factory=dict)
    buckets: dict[int, int] = field(default_factory=dict)
    numbers: list[int] = field(default_factory=list)
    last_at: int = 0


def write_evtx(records: Sequence[EvtxRecord], *, channel: str, dirty: bool = False) -> bytes:
    """Return the file; a dirty one is as copied from a running host: its header counts 1 chunk."""
    chunks = [_sealed(chunk) for chunk in _filled(records, channel)]
    counted = min(1, len(chunks)) if dirty else len(chunks)
    following = records[-1].number + 1 if records else 1
    head = struct.pack(
        "<8s3QI4H76s",
        b"ElfFile\0",
        0,
        max(0, counted - 1),
        following,
        128,
        1,
        3,
        4096,
        counted,
        b"",
    )
    header = head + struct.pack("<II", int(dirty), zlib.crc32(head))
    return header.ljust(4096, b"\0") + b"".join(chunks)


def event(record: EvtxRecord, channel: str) -> Element:
    """Return the event as XML, with the elements and the order that Windows gives it."""
    security = {"UserID": record.user_sid} if record.user_sid else {}
    qualified = {} if record.qualifiers is None else {"Qualifiers": str(record.qualifiers)}
    system = (
        Element("Provider", {"Name": record.provider}),
        Element("EventID", qualified, str(record.event_id)),
        Element("Level", text=str(record.level)),
        Element("Task", text="0"),
        Element("Keywords", text=CLASSIC),
        Element("TimeCreated", {"SystemTime": f"{_utc(record.ts):%Y-%m-%dT%H:%M:%S.%f}0Z"}),
        Element("EventRecordID", text=str(record.number)),
        Element("Channel", text=channel),
        Element("Computer", text=record.computer),
        Element("Security", security),
    )
    names = record.names or [""] * len(record.strings)
    data = [
        Element("Data", {"Name": name} if name else {}, text)
        for name, text in zip(names, record.strings, strict=True)
    ]
    if record.binary is not None:
        data.append(Element("Binary", text=record.binary.hex().upper()))
    parts = Element("System", children=system), Element("EventData", children=tuple(data))
    return Element("Event", {"xmlns": XMLNS}, children=parts)


def _filled(records: Sequence[EvtxRecord], channel: str) -> Iterator[_Chunk]:
    """Yield chunks, each with as many records as it holds."""
    chunk = _Chunk()
    for record in records:
        if _append(chunk, record, channel):
            continue
        yield chunk
        chunk = _Chunk()
        if not _append(chunk, record, channel):
            raise ValueError(f"record {record.number} does not fit into a chunk")
    if chunk.numbers:
        yield chunk


def _append(chunk: _Chunk, record: EvtxRecord, channel: str) -> bool:
    """Write the record behind the others, or leave the chunk as it was and return False."""
    start, names, buckets = len(chunk.data), dict(chunk.names), dict(chunk.buckets)
    chunk.data += bytes(24) + FRAGMENT
    _write_template(chunk, event(record, channel), record.number & 0xFFFFFFFF)
    chunk.data += END
    chunk.data += bytes(-(len(chunk.data) - start + 4) % 8)
    size = len(chunk.data) - start + 4
    chunk.data += struct.pack("<I", size)
    if len(chunk.data) > CHUNK:
        del chunk.data[start:]
        chunk.names, chunk.buckets = names, buckets
        return False
    ticks = (_utc(record.ts) - EPOCH) // (_utc(record.ts).resolution) * 10
    struct.pack_into("<4sIQQ", chunk.data, start, b"**\0\0", size, record.number, ticks)
    chunk.numbers.append(record.number)
    chunk.last_at = start
    return True


def _write_template(chunk: _Chunk, element: Element, number: int) -> None:
    """Write a use of a template, the template itself in its place, and that it takes no values."""
    data = chunk.data
    data += TEMPLATE + struct.pack("<II", number, len(data) + 10)
    data += struct.pack("<5I", 0, number, 0, 0, 0)  # no further template; GUID
    size_at = len(data)
    data += bytes(4) + FRAGMENT
    _write(chunk, element)
    data += END
    struct.pack_into("<I", data, size_at, len(data) - size_at - 4)
    data += bytes(4)


def _write(chunk: _Chunk, element: Element) -> None:
    """Write one element and what it holds."""
    data = chunk.data
    data += OPEN_WITH_ATTRIBUTES if element.attributes else OPEN
    data += b"\xff\xff"  # depends on no template value
    size_at = len(data)
    data += bytes(4)
    _write_name(chunk, element.name)
    if element.attributes:
        _write_attributes(chunk, element.attributes)
    if element.text or element.children:
        data += CLOSE_START
        if element.text:
            data += VALUE + _counted(element.text)
        for child in element.children:
            _write(chunk, child)
        data += CLOSE
    else:
        data += CLOSE_EMPTY
    struct.pack_into("<I", data, size_at, len(data) - size_at - 4)


def _write_attributes(chunk: _Chunk, attributes: dict[str, str]) -> None:
    """Write the list of attributes, its size in bytes before it."""
    size_at = len(chunk.data)
    chunk.data += bytes(4)
    for left, (name, value) in zip(
        range(len(attributes) - 1, -1, -1), attributes.items(), strict=True
    ):
        chunk.data += ATTRIBUTE_AND_MORE if left else ATTRIBUTE
        _write_name(chunk, name)
        chunk.data += VALUE + _counted(value)
    struct.pack_into("<I", chunk.data, size_at, len(chunk.data) - size_at - 4)


def _write_name(chunk: _Chunk, name: str) -> None:
    """Write where the name stands: the first time that is here."""
    at = chunk.names.setdefault(name, len(chunk.data) + 4)
    chunk.data += struct.pack("<I", at)
    if at == len(chunk.data):
        hashed = _hash(name)
        earlier = chunk.buckets.get(hashed % 64, 0)
        chunk.data += struct.pack("<IH", earlier, hashed) + _counted(name) + b"\0\0"
        chunk.buckets[hashed % 64] = at


def _counted(text: str) -> bytes:
    encoded = text.encode("utf-16-le")
    return struct.pack("<H", len(encoded) // 2) + encoded


def _hash(name: str) -> int:
    hashed = 0
    for letter in name:
        hashed = (hashed * 65_599 + ord(letter)) & 0xFFFFFFFF
    return hashed & 0xFFFF


def _utc(ts: datetime) -> datetime:
    return ts.replace(tzinfo=UTC) if ts.tzinfo is None else ts.astimezone(UTC)


def _sealed(chunk: _Chunk) -> bytes:
    """Return the chunk at its full size with header, table of names and checksums."""
    data, first, last = chunk.data, chunk.numbers[0], chunk.numbers[-1]
    free, records_sum = len(data), zlib.crc32(data[CHUNK_HEADER:])
    struct.pack_into(
        "<8s4Q4I",
        data,
        0,
        b"ElfChnk\0",
        first,
        last,
        first,
        last,
        128,
        chunk.last_at,
        free,
        records_sum,
    )
    for bucket, at in chunk.buckets.items():
        struct.pack_into("<I", data, 128 + 4 * bucket, at)
    checksum = zlib.crc32(data[128:CHUNK_HEADER], zlib.crc32(data[:120]))
    struct.pack_into("<I", data, 124, checksum)
    return bytes(data.ljust(CHUNK, b"\0"))
