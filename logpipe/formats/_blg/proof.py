"""Sums that counters of Windows must satisfy, whatever the machine: asked of every sample.

The titles have these numbers on every Windows, in every language.
"""

from collections.abc import Callable, Iterable

from logpipe.formats._blg.block import Object

MEMORY, PROCESS, LOGICAL_DISK, PHYSICAL_DISK = 4, 230, 236, 234
AVAILABLE, AVAILABLE_KIB, AVAILABLE_MIB = 24, 1380, 1382
TOTALLED = {180: "Working Set", 186: "Private Bytes", 174: "Virtual Bytes"}
DIVIDED = {212: (214, 216), 218: (220, 222)}  # transfers and bytes: all, reads, writes
WRAP = {212: 1 << 32, 218: 1 << 63}


def contradiction(objects: Iterable[Object]) -> str | None:
    """Return which sum does not hold, if any."""
    return next(filter(None, (ASKED[o.title](o) for o in objects if o.title in ASKED)), None)


def _memory(memory: Object) -> str | None:
    """Available Bytes come in three units."""
    slots = memory.layout.slots
    for _, values in memory.instances:
        for title, unit in ((AVAILABLE_KIB, 1 << 10), (AVAILABLE_MIB, 1 << 20)):
            if slots.keys() >= {AVAILABLE, title} and (
                values[slots[AVAILABLE]] // unit != values[slots[title]]
            ):
                return "Available Bytes is not what it is in KBytes and MBytes"
    return None


def _process(process: Object) -> str | None:
    """The last instance is the sum of all others."""
    if not process.instances or process.instances[-1][0] != "_Total":
        return None
    *parts, (_, total) = process.instances
    for title, name in TOTALLED.items():
        slot = process.layout.slots.get(title)
        if slot is not None and sum(values[slot] for _, values in parts) != total[slot]:
            return f"{name} of all processes is not that of _Total"
    return None


def _disk(disk: Object) -> str | None:
    """Reads and writes are all transfers."""
    slots = disk.layout.slots
    for whole, parts in DIVIDED.items():
        if not slots.keys() >= {whole, *parts}:
            continue
        for _, values in disk.instances:
            if (sum(values[slots[part]] for part in parts) - values[slots[whole]]) % WRAP[whole]:
                return "reads and writes of a disk are not its transfers"
    return None


ASKED: dict[int, Callable[[Object], str | None]] = {
    MEMORY: _memory,
    PROCESS: _process,
    LOGICAL_DISK: _disk,
    PHYSICAL_DISK: _disk,
}
