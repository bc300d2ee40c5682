"""Writes a binary counter log of whole objects, as Performance Monitor does: raw counters."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from struct import pack
from typing import NamedTuple

from logpipe.formats._blg.trace import CATALOG, EPOCH, NAMES, PROVIDER, SAMPLE

SIZE = 8192  # bytes of a buffer; real ones have 65,536
START = datetime(2007, 9, 3, 5, tzinfo=UTC)
BOOT = datetime(2007, 8, 27, 6, tzinfo=UTC)
BIAS, SUMMER = -60, -60  # W. Europe Daylight Time
SECOND = 10_000_000  # units of 100 ns
FREQUENCY = 3_579_545
LONGEST = 2000  # bytes of a piece; real ones have 8,000
RAW, LARGE, FRACTION, ELAPSED = 0x00010000, 0x00010100, 0x20020400, 0x30240500
RATE, BULK, TIMER, IDLE = 0x10410400, 0x10410500, 0x20510500, 0x21510500
PRECISE, QUEUE, MEAN_TIME, MEAN = 0x20570500, 0x00550500, 0x30020400, 0x40020500
OF_FRACTION, OF_MEAN, OF_PRECISE = 0x40030403, 0x40030402, 0x40030500
MULTI = 0x22410500  # a type that the reader does not know
FOUR = {RAW, FRACTION, RATE, OF_FRACTION, OF_MEAN}  # bytes; the others have eight
TITLES = {
    2: "System", 4: "Memory", 6: "% Processor Time", 24: "Available Bytes",
    174: "Virtual Bytes", 180: "Working Set", 186: "Private Bytes", 200: "% Disk Time",
    206: "Avg. Disk sec/Transfer", 212: "Disk Transfers/sec", 214: "Disk Reads/sec",
    216: "Disk Writes/sec", 218: "Disk Bytes/sec", 220: "Disk Read Bytes/sec",
    222: "Disk Write Bytes/sec", 224: "Avg. Disk Bytes/Transfer", 230: "Process",
    236: "LogicalDisk", 238: "Processor", 408: "% Free Space", 674: "System Up Time",
    784: "ID Process", 1380: "Available KBytes", 1382: "Available MBytes",
    1400: "Avg. Disk Queue Length", 4000: "SMTP Server", 4002: "Remote Queue Length",
    4004: "Messages Refused/sec",
}  # fmt: skip
MEMORY = ((24, LARGE), (1380, LARGE), (1382, LARGE))
PROCESS = ((6, TIMER), (180, LARGE), (186, LARGE), (174, LARGE), (784, RAW))
DISK = (
    (408, FRACTION), (408, OF_FRACTION), (200, PRECISE), (200, OF_PRECISE), (1400, QUEUE),
    (206, MEAN_TIME), (206, OF_MEAN), (212, RATE), (214, RATE), (216, RATE),
    (218, BULK), (220, BULK), (222, BULK), (224, MEAN), (224, OF_MEAN),
)  # fmt: skip


class Object(NamedTuple):
    """An object: its title, its counters (title, type), its instances and their values."""

    title: int
    counters: Sequence[tuple[int, int]]
    instances: dict[str | None, Sequence[int]]


def write(folder: Path) -> None:
    """Write a log of five minutes, in which one process ends and another takes its name."""
    (folder / "GW1_000001.blg").write_bytes(log([objects(minute) for minute in range(6)]))


def log(samples: Sequence[Sequence[Object]], seconds: int = 60) -> bytes:
    """Return a log of samples, one after another."""
    titles = "\0".join(f"{number}\0{title}" for number, title in TITLES.items())
    events = [*pieces(NAMES, START, f"\\\\GW1\0{titles}\0".encode("utf-16-le"))]
    for number, objects in enumerate(samples):
        moment = START + timedelta(seconds=seconds * number)
        events += pieces(SAMPLE, moment, sample(objects, moment))
    last = START + timedelta(seconds=seconds * (len(samples) - 1))
    catalog = pack("<QQII", _local(START), _local(last), len(samples), len(samples[0]))
    events += pieces(CATALOG, last, catalog + bytes(32))
    return b"".join([_buffer(START, _header()), *_buffers(events, last)])


def sample(objects: Iterable[Object], moment: datetime, kind: int = 0x0503) -> bytes:
    """Return the data of one sample: a block for each object."""
    data = b"".join(
        pack("<HHI", 0x4C42, kind, 8 + len(block)) + block
        for block in (_block(one, moment) for one in objects)
    )
    return pack("<HHI", 0x4C42, 3, 8 + len(data)) + data


def pieces(sort: int, moment: datetime, data: bytes) -> Iterator[bytes]:
    """Yield an event as the records it is divided into."""
    parts = [data[at : at + LONGEST] for at in range(0, len(data), LONGEST)]
    for number, part in enumerate(parts, 1):
        head = pack("<HBBBxH8xQ", 72 + len(part), 10, 0xC0, sort, 60, _local(moment))
        yield head + PROVIDER + bytes(24) + pack("<II", number, len(parts)) + part


def _buffers(records: Iterable[bytes], moment: datetime) -> Iterator[bytes]:
    """Yield records in as many buffers as they need."""
    filled = b""
    for record in (record.ljust((len(record) + 7) & ~7, b"\0") for record in records):
        if 72 + len(filled) + len(record) > SIZE:
            yield _buffer(START, filled)
            filled = b""
        filled += record
    yield _buffer(moment, filled)


def _buffer(moment: datetime, records: bytes) -> bytes:
    head = pack("<I12xQ24xI20x", SIZE, _filetime(moment), 72 + len(records))
    return (head + records).ljust(SIZE, b"\xff")


def _header() -> bytes:
    """Return the header of the log: Windows, size of a pointer, and the zone."""
    head = pack("<HBBHH24x", 280, 1, 0xC0, 280, 0)
    log_header = pack("<IBBBBI32xII12x", SIZE, 5, 2, 0, 0, 3790, 4, 0)
    return (head + log_header + pack("<i80xi80xi", BIAS, 0, SUMMER)).ljust(280, b"\0")


def _filetime(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1) * 10


def _local(moment: datetime) -> int:
    return _filetime(moment) - (BIAS + SUMMER) * 60 * SECOND


def _block(one: Object, moment: datetime) -> bytes:
    """Return an object in a block of its own."""
    host, filetime = "GW1\0".encode("utf-16-le"), _filetime(moment)
    ticks = (filetime - _filetime(BOOT)) * FREQUENCY // SECOND
    body = _object(one, filetime)
    length = 88 + len(host) + len(body)
    numbers = pack("<6I24x", 1, 1, 1, length, 88 + len(host), 1)
    times = pack("<qqqII", ticks, FREQUENCY, filetime, len(host), 88)
    return "PERF".encode("utf-16-le") + numbers + times + host + body


def _object(one: Object, filetime: int) -> bytes:
    definitions, at = b"", 8
    for title, type_ in one.counters:
        size = 4 if type_ in FOUR else 8
        definitions += pack("<II20xIII", 40, title, type_, size, at)
        at += 8
    body = b"".join(
        _instance(name) + pack("<I4x", at) + b"".join(pack("<q", value) for value in values)
        for name, values in one.instances.items()
    )
    number = -1 if None in one.instances else len(one.instances)
    head = (64 + len(definitions) + len(body), 64 + len(definitions), 64, one.title)
    counts = pack("<IIII16xI4xiIqq", *head, len(one.counters), number, 0, filetime, SECOND)
    return counts + definitions + body


def _instance(name: str | None) -> bytes:
    """Return the head of an instance; ``svchost#1`` is written as svchost."""
    if name is None:
        return b""
    text = (name.partition("#")[0] + "\0").encode("utf-16-le")
    text = text.ljust((len(text) + 7) & ~7, b"\0")
    return pack("<IIIiII", 24 + len(text), 0, 0, -1, 24, len(text)) + text


def objects(minute: int) -> list[Object]:
    """Return what a small relay shows at one minute."""
    free = 300_000_000 - 4_096 * minute
    queue = (minute, 7)
    idle = (50 * SECOND * minute,)
    return [
        Object(4, MEMORY, {None: (free, free >> 10, free >> 20)}),
        Object(230, PROCESS, _processes(minute)),
        Object(236, DISK, {"C:": _disk(minute), "_Total": _disk(minute)}),
        Object(238, ((6, IDLE),), {"0": idle, "_Total": idle}),
        Object(2, ((674, ELAPSED),), {None: (_filetime(BOOT),)}),
        Object(4000, ((4002, RAW), (4004, MULTI)), {"_Total": queue, "SMTP 1": queue}),
    ]


def _processes(minute: int) -> dict[str | None, Sequence[int]]:
    """Return processor time, memory and id of processes; after minute 2 one svchost is another."""
    second = (SECOND * minute, 972) if minute < 3 else (SECOND * minute // 9, 2044)
    found: dict[str | None, Sequence[int]] = {
        "Idle": (50 * SECOND * minute, 28_672, 0, 0, 0),
        "inetinfo": (6 * SECOND * minute, 41_943_040 + 204_800 * minute, 36_000_000, 1 << 28, 1644),
        "svchost": (3 * SECOND * minute, 9_000_000, 8_000_000, 1 << 26, 820),
        "svchost#1": (second[0], 4_000_000, 3_000_000, 1 << 25, second[1]),
    }
    total = (sum(values[place] for values in found.values()) for place in range(4))
    return found | {"_Total": (*total, 0)}


def _disk(minute: int) -> tuple[int, ...]:
    reads, writes = 100 + 60 * minute, 40 + 30 * minute
    every, busy = reads + writes, 12 * SECOND * minute
    return (
        *(40_000, 60_000, busy, minute * 60 * SECOND, busy, busy * FREQUENCY // SECOND, every),
        *(every, reads, writes, 4096 * every, 4096 * reads, 4096 * writes, 4096 * every, every),
    )
