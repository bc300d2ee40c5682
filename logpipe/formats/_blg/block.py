"""Blocks of raw counters, as Windows gives them to any programme that asks (``winperf.h``).

A sample is a record ``BL 3`` of records ``BL 0x503``; in each lies one ``PERF_DATA_BLOCK``: times,
the host, and objects. An object lists its counters (title, type, size, place), then its instances,
each followed by the bytes of its counters. Everything tells its length, and all must add up.
"""

import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from struct import Struct
from typing import NamedTuple

from logpipe.formats._blg.cook import BASES, KINDS

RECORD = Struct("<HHI")
BL, WHOLE, BLOCK = 0x4C42, 0x0003, 0x0503
HEAD = Struct("<8s6I24xqqqII")  # PERF, 1, version 1, revision, length, header, objects; times; name
OBJECT = Struct("<IIII16xI4xiIqq")  # lengths, title; counters, instances, code page, time
COUNTER = Struct("<II20xIII")  # length, title; type, size, place
INSTANCE = Struct("<II8xII")  # length, parent; place and length of the name
LENGTH = Struct("<I")
CODES = {4: "I", 8: "q"}
NO_INSTANCES = -1
AT_FILETIME = 2 * RECORD.size + 72  # in a sample, that of its first block
LONGEST_DEFINITION = 1 << 20
LONGEST_NAME = 4096  # bytes


class BrokenSampleError(Exception):
    """A sample whose bytes do not add up, or whose sums do not."""


class Shown(NamedTuple):
    """A counter that gives values: its title, its type, where its value and its base are."""

    title: int
    type: int
    slot: int
    base: int | None


@dataclass(frozen=True, slots=True)
class Layout:
    """What the bytes of an instance mean."""

    values: Struct
    shown: tuple[Shown, ...]
    slots: dict[int, int]  # where the value of each title is
    left_out: Counter[str]  # types that are not understood


class Object(NamedTuple):
    """One object of a block, with the values of each instance; None is the name of the only one."""

    title: int
    ticks: int
    frequency: int
    layout: Layout
    instances: list[tuple[str | None, tuple[int, ...]]]
    left_out: Counter[str]


class Block(NamedTuple):
    """One block: the host, the times at which it was taken, and its objects."""

    host: str
    ticks: int
    frequency: int
    filetime: int
    objects: list[Object]


def blocks_of(sample: bytes) -> list[Block]:
    """Return the blocks of a sample; raises BrokenSampleError where it is none."""
    try:
        return [_block(data) for data in _records(sample)]
    except (struct.error, UnicodeDecodeError) as error:
        raise BrokenSampleError("lengths in the sample do not add up") from error


def filetime_of(beginning: bytes) -> int | None:
    """Return the time of the first block of a sample, if so much of it is there."""
    time = beginning[AT_FILETIME : AT_FILETIME + 8]
    return int.from_bytes(time, "little", signed=True) if len(time) == 8 else None  # noqa: PLR2004


def _records(sample: bytes) -> Iterator[memoryview]:
    mark, kind, length = RECORD.unpack_from(sample)
    if (mark, kind, length) != (BL, WHOLE, len(sample)):
        raise BrokenSampleError("it does not begin as a sample does")
    at = RECORD.size
    while at < length:
        mark, kind, size = RECORD.unpack_from(sample, at)
        if mark != BL or not RECORD.size < size <= length - at:
            raise BrokenSampleError("lengths in the sample do not add up")
        if kind != BLOCK:
            raise BrokenSampleError(
                f"single counters (record {kind:#06x}), which only whole objects prove"
            )
        yield memoryview(sample)[at + RECORD.size : at + size]
        at += size


def _block(data: memoryview) -> Block:
    mark, little, version, _, length, header, number, *rest = HEAD.unpack_from(data)
    ticks, frequency, filetime, name_length, name_at = rest
    if (bytes(mark), little, version) != ("PERF".encode("utf-16-le"), 1, 1):
        raise BrokenSampleError("it holds no block of counters")
    if length != len(data) or header < HEAD.size:
        raise BrokenSampleError("lengths in the sample do not add up")
    host = _text(data, name_at, name_length)
    objects, at = [], header
    for _ in range(number):
        size = OBJECT.unpack_from(data, at)[0]
        if not OBJECT.size <= size <= length - at:
            raise BrokenSampleError("lengths in the sample do not add up")
        objects.append(_object(data[at : at + size]))
        at += size
    if at != length:
        raise BrokenSampleError("lengths in the sample do not add up")
    return Block(host, ticks, frequency, filetime, objects)


def _object(data: memoryview) -> Object:
    _, end, header, title, counters, number, page, ticks, frequency = OBJECT.unpack_from(data)
    if not OBJECT.size <= header <= end <= len(data) or end > LONGEST_DEFINITION:
        raise BrokenSampleError("lengths in the sample do not add up")
    layout = layout_of(bytes(data[header:end]), counters)
    instances: list[tuple[str | None, tuple[int, ...]]] = []
    left_out: Counter[str] = Counter()
    names: Counter[str] = Counter()
    at = end
    for _ in range(1 if number == NO_INSTANCES else max(number, 0)):
        name = None
        if number != NO_INSTANCES:
            size, parent, place, length = INSTANCE.unpack_from(data, at)
            name = None if parent or page else _numbered(_text(data, at + place, length), names)
            at += max(size, INSTANCE.size)
        size = LENGTH.unpack_from(data, at)[0]
        if size < layout.values.size:
            raise BrokenSampleError("lengths in the sample do not add up")
        if number == NO_INSTANCES or name:
            instances.append((name, layout.values.unpack_from(data, at)))
        else:
            left_out["instances with a parent or without a name"] += len(layout.shown)
        at += size
    if at != len(data):
        raise BrokenSampleError("lengths in the sample do not add up")
    for kind, times in layout.left_out.items():
        left_out[kind] += times * (1 if number == NO_INSTANCES else max(number, 0))
    return Object(title, ticks, frequency, layout, instances, left_out)


def _text(data: memoryview, at: int, length: int) -> str:
    """Return a text in UTF-16 with a zero at its end."""
    if length > LONGEST_NAME or at + length > len(data):
        raise BrokenSampleError("lengths in the sample do not add up")
    return str(data[at : at + length], "utf-16-le").partition("\0")[0]


def _numbered(name: str, names: Counter[str]) -> str:
    """Return the name of an instance as Windows shows it: the second svchost is svchost#1."""
    times = names[name.lower()]
    names[name.lower()] += 1
    return f"{name}#{times}" if times and name else name


@lru_cache(maxsize=64)
def layout_of(definitions: bytes, number: int) -> Layout:
    """Return what the counters of an object are and where their values lie."""
    counters, at = [], 0
    for _ in range(number):
        length, *counter = COUNTER.unpack_from(definitions, at)
        counters.append(counter)
        at += max(length, COUNTER.size)
    if at != len(definitions):
        raise BrokenSampleError("lengths in the sample do not add up")
    known = [c for c in counters if (c[1] in KINDS or c[1] in BASES) and c[2] in CODES]
    places = sorted({(place, size) for _, _, size, place in known})
    slots = {place: slot for slot, (place, _) in enumerate(places)}
    shown, left_out = [], Counter[str]()
    for (title, type_, size, place), following in pairwise([*counters, (0, 0, 0, 0)]):
        if type_ in BASES:
            continue
        base = KINDS[type_].base if type_ in KINDS else None
        based = base is None or (following[1] == base and following[2] in CODES)
        if type_ in KINDS and size in CODES and based:
            shown.append(Shown(title, type_, slots[place], slots[following[3]] if base else None))
        else:
            left_out[f"type {type_:#010x}"] += 1
    if LENGTH.size * (len(shown) + 1) > (values := _values(places)).size:
        raise BrokenSampleError("more counters than their bytes can hold")
    titles = {one.title: one.slot for one in shown}
    return Layout(values, tuple(shown), titles, left_out)


def _values(places: list[tuple[int, int]]) -> Struct:
    """Return how to take values from their places; the first bytes are the length."""
    code, end = "<4x", LENGTH.size
    for place, size in places:
        if not 0 <= place - end <= LONGEST_DEFINITION:
            raise BrokenSampleError("counters lie upon each other")
        code += f"{place - end}x{CODES[size]}"
        end = place + size
    return Struct(code)
