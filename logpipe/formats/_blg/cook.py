"""Values of raw counters, by the type that Windows gives each (``winperf.h``).

Only types are here that one real log proves against other counters (see the page of the format). A
type of ``NOW`` is worked out from one sample, of ``BETWEEN`` from two, by what was added meanwhile.
"""

from collections.abc import Callable
from typing import NamedTuple


class Times(NamedTuple):
    """When a block was taken: by the counter of ticks, by the clock, by the clock of the object."""

    ticks: int
    frequency: int
    filetime: int
    object_ticks: int
    object_frequency: int


class Gap(NamedTuple):
    """The time between two samples."""

    seconds: float
    filetime: int
    frequency: int


Now = Callable[[int, int, Times], float | None]
Between = Callable[[int, int, Gap], float | None]


class Kind(NamedTuple):
    """How values of one type are made; ``base`` is the type of the counter that must follow it."""

    base: int | None
    now: Now | None = None
    between: Between | None = None


def _raw(value: int, _base: int, _times: Times) -> float:
    return value


def _percent(value: int, base: int, _times: Times) -> float | None:
    return 100 * value / base if base > 0 else None


def _elapsed(value: int, _base: int, times: Times) -> float | None:
    if times.object_frequency <= 0 or times.object_ticks < value:
        return None
    return (times.object_ticks - value) / times.object_frequency


def _rate(value: int, _base: int, gap: Gap) -> float:
    return value / gap.seconds


def _timer(value: int, _base: int, gap: Gap) -> float:
    return 100 * value / gap.filetime


def _idle_timer(value: int, _base: int, gap: Gap) -> float:
    return max(0.0, 100 - 100 * value / gap.filetime)  # two clocks: idle time can be a bit too long


def _precise_timer(value: int, base: int, _gap: Gap) -> float | None:
    return 100 * value / base if base > 0 else None


def _queue(value: int, _base: int, gap: Gap) -> float:
    return value / gap.filetime


def _mean_time(value: int, base: int, gap: Gap) -> float | None:
    return value / gap.frequency / base if base > 0 else None


def _mean(value: int, base: int, _gap: Gap) -> float | None:
    return value / base if base > 0 else None


FRACTION_BASE, AVERAGE_BASE, PRECISE_BASE = 0x40030403, 0x40030402, 0x40030500
BASES = {FRACTION_BASE, AVERAGE_BASE, PRECISE_BASE}
KINDS = {
    0x00010000: Kind(None, now=_raw),  # PERF_COUNTER_RAWCOUNT
    0x00010100: Kind(None, now=_raw),  # PERF_COUNTER_LARGE_RAWCOUNT
    0x20020400: Kind(FRACTION_BASE, now=_percent),  # PERF_RAW_FRACTION
    0x30240500: Kind(None, now=_elapsed),  # PERF_ELAPSED_TIME
    0x10410400: Kind(None, between=_rate),  # PERF_COUNTER_COUNTER
    0x10410500: Kind(None, between=_rate),  # PERF_COUNTER_BULK_COUNT
    0x20510500: Kind(None, between=_timer),  # PERF_100NSEC_TIMER
    0x21510500: Kind(None, between=_idle_timer),  # PERF_100NSEC_TIMER_INV
    0x20570500: Kind(PRECISE_BASE, between=_precise_timer),  # PERF_PRECISION_100NS_TIMER
    0x00550500: Kind(None, between=_queue),  # PERF_COUNTER_100NS_QUEUELEN_TYPE
    0x30020400: Kind(AVERAGE_BASE, between=_mean_time),  # PERF_AVERAGE_TIMER
    0x40020500: Kind(AVERAGE_BASE, between=_mean),  # PERF_AVERAGE_BULK
}


def gap_of(before: Times, after: Times) -> Gap | None:
    """Return the time between two samples; None where a clock stood still or was set back."""
    ticks, filetime = after.ticks - before.ticks, after.filetime - before.filetime
    if ticks <= 0 or filetime <= 0 or after.frequency <= 0 or after.frequency != before.frequency:
        return None
    return Gap(ticks / after.frequency, filetime, after.frequency)
