"""Samples into lines: one column for each counter that ever gave a value, one line a sample."""

from collections import Counter
from typing import NamedTuple

from logpipe.errors import UnreadableError
from logpipe.formats._blg.block import Block, Object, Shown
from logpipe.formats._blg.cook import KINDS, Gap, Times, gap_of
from logpipe.formats._blg.trace import RELOG
from logpipe.formats._counter.path import CounterPath

MOST_COUNTERS, MOST_KEPT, MOST_KINDS = 200_000, 1_000_000, 1000
PROCESS_ID = 784  # title of the counter that tells one svchost from the next
UNTITLED = "counters that the log does not name"
Key = tuple[str, int, str | None]  # host, object, instance


class Series(NamedTuple):
    """The counters of one instance, as one sample had them, and whose they are."""

    shown: tuple[Shown, ...]
    values: tuple[int, ...]
    processes: frozenset[int]
    times: Times

    def goes_on(self, before: "Series") -> bool:
        """Return whether what was counted before is in these numbers still.

        A process that ended leaves its name to another, and takes what it did out of ``_Total``.
        """
        return before.shown == self.shown and before.processes <= self.processes


class Table:
    """The counters found so far, and the sample before, which rates are reckoned from."""

    def __init__(self, names: dict[str, dict[int, str]]) -> None:
        """Begin with the titles of objects and counters, by host and number."""
        self.counters: list[CounterPath] = []
        self.left_out: Counter[str] = Counter()
        self._names = names
        self._columns: dict[tuple[Key, tuple[Shown, ...]], list[int | None]] = {}
        self._kept = 0  # counters in all those lists
        self._places: dict[tuple[Key, Shown], int] = {}
        self._paths: Counter[str] = Counter()
        self._before: dict[Key, Series] = {}

    def line(self, blocks: list[Block], stamp: str) -> str:
        """Return one sample as a line: its time, then a cell for each counter."""
        if len(self.left_out) > MOST_KINDS:
            raise UnreadableError(f"counters of more than {MOST_KINDS:,} types: {RELOG}")
        cells: dict[int, float] = {}
        now: dict[Key, Series] = {}
        for block in blocks:
            for object_ in block.objects:
                self._take(block, object_, cells, now)
        self._before = now
        row = [""] * (max(cells, default=-1) + 1)
        for column, value in cells.items():
            row[column] = repr(value)
        return '"' + '","'.join([stamp, *row]) + '"'

    def _take(
        self, block: Block, object_: Object, cells: dict[int, float], now: dict[Key, Series]
    ) -> None:
        """Work out the values of one object."""
        self.left_out.update(object_.left_out)
        layout = object_.layout
        times = Times(
            block.ticks, block.frequency, block.filetime, object_.ticks, object_.frequency
        )
        slot = layout.slots.get(PROCESS_ID)
        every = frozenset(() if slot is None else (values[slot] for _, values in object_.instances))
        gaps: dict[Times, Gap | None] = {}
        for instance, values in object_.instances:
            key = (block.host.upper(), object_.title, instance)
            whose = every if slot is None or instance == "_Total" else frozenset((values[slot],))
            series = now[key] = Series(layout.shown, values, whose, times)
            before, gap = self._before.get(key), None
            if before and series.goes_on(before):
                if before.times not in gaps:
                    gaps[before.times] = gap_of(before.times, times)
                gap = gaps[before.times]
            for column, one in zip(self._columns_of(key, layout.shown), layout.shown, strict=True):
                value = _value(one, series, before, gap)
                if column is None:
                    self.left_out[UNTITLED] += 1
                elif value is not None:
                    cells[column] = value

    def _columns_of(self, key: Key, shown: tuple[Shown, ...]) -> list[int | None]:
        """Return the columns of an instance's counters; None where a title is not told."""
        columns = self._columns.get((key, shown))
        if columns is None:
            columns = self._columns[key, shown] = [self._column(key, one) for one in shown]
            self._kept += len(shown) + 1
            if len(self.counters) > MOST_COUNTERS or self._kept > MOST_KEPT:
                raise UnreadableError(f"more than {MOST_COUNTERS:,} counters: {RELOG}")
        return columns

    def _column(self, key: Key, one: Shown) -> int | None:
        """Return the column of a counter; a second counter of the same name is ``path [2]``."""
        host, object_, instance = key
        names = self._names.get(host, {})
        if object_ not in names or one.title not in names:
            return None
        if (key, one) not in self._places:
            bracket = "" if instance is None else f"({instance})"
            path = f"\\\\{host}\\{names[object_]}{bracket}\\{names[one.title]}"
            self._paths[path] += 1
            path += f" [{self._paths[path]}]" if self._paths[path] > 1 else ""
            self._places[key, one] = len(self.counters)
            named = (names[object_], instance, names[one.title])
            self.counters.append(CounterPath(path, host, *named))
        return self._places[key, one]


def _value(one: Shown, after: Series, before: Series | None, gap: Gap | None) -> float | None:
    """Work out one value; what was added is known only where nothing began anew."""
    kind = KINDS[one.type]
    value, base = after.values[one.slot], 0 if one.base is None else after.values[one.base]
    if kind.now:
        return kind.now(value, base, after.times)
    if not (kind.between and before and gap):
        return None
    added = value - before.values[one.slot]
    base -= 0 if one.base is None else before.values[one.base]
    return kind.between(added, base, gap) if added >= 0 else None
