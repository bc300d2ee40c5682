"""Series of a report as lines to draw: runs of what is known, with nothing between them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from logpipe.report._words import moment

KINDS = ("queue", "memory", "late")

LAST = datetime.max.replace(tzinfo=UTC)

Run = list[tuple[datetime, float]]


def series_of(entry: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Return the series of a kind that an incident or a whole report has."""
    return [one for one in entry.get("series") or [] if one.get("kind") == kind]


def runs(series: dict[str, Any]) -> list[Run]:
    """Return a series cut where nothing is known; each run ends where its last step does."""
    step = timedelta(hours=_step(series))
    found: list[Run] = []
    for at, value in _points(series):
        if not found or found[-1][-1][0] < at:
            found.append([])
        else:
            found[-1].pop()
        found[-1] += [(at, value), (_later(at, step), value)]
    return found


def bars(series: dict[str, Any]) -> list[tuple[datetime, datetime, float]]:
    """Return each point of a series as a bar: from when to when, and how much."""
    step = timedelta(hours=_step(series))
    return [(at, _later(at, step), value) for at, value in _points(series)]


def _later(at: datetime, step: timedelta) -> datetime:
    return at + step if at < LAST - step else LAST


def _step(series: dict[str, Any]) -> int:
    step = series.get("step_h")
    most = 24 * 366 * 100
    return min(step, most) if isinstance(step, int) and step > 0 else 1


def _points(series: dict[str, Any]) -> list[tuple[datetime, float]]:
    """Return the points that have a time and a number, in order of time, one a time."""
    known = {}
    for at, value in series.get("points") or []:
        if (when := moment(at)) and isinstance(value, int | float) and 0 <= value < float("inf"):
            known[when] = float(value)
    return sorted(known.items())
