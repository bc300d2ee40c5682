"""Where an incident's timeline has its marks: lanes by host and role, lines of queue and memory."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from logpipe.report._steps import KINDS, Run, runs, series_of
from logpipe.report._words import (
    DAY,
    HOUR,
    MINUTE,
    MONTHS,
    moment,
    number_words,
    to_minute,
    to_second,
)

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

LANES = ("symptom", "restart", "release", "other")
PANELS = ("queue", "memory")  # what is drawn beneath
MOST_MARKS = 300
MOST_HOSTS = 6
MOST_PANELS = 4
MANY = 100  # from which on a value is told without its fraction
MOST_ROWS = 60  # bars on top of one another in a lane
MOST_GUIDES = 20
MOST_STEPS = 7
HOST, LABEL, TICK, GAP, AXIS, PANEL = 20, 17, 12, 9, 20, 46  # pixels
STEPS = (
    *(1, 5, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE),
    *(HOUR, 2 * HOUR, 4 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 4 * DAY, 7 * DAY, 14 * DAY),
    *(30 * DAY, 90 * DAY, 365 * DAY),
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Dated = tuple[datetime, datetime | None, dict[str, Any]]


def lane_of(finding: dict[str, Any]) -> str:
    """Return the lane a finding is drawn in."""
    role = finding.get("role")
    return role if role in LANES else "other"


def fair_shares(sizes: dict[K, int], total: int) -> dict[K, int]:
    """Share a total among groups: none gets more than it has, small ones get all of theirs."""
    shares = {}
    for place, name in enumerate(sorted(sizes, key=lambda name: sizes[name])):
        shares[name] = min(sizes[name], total // (len(sizes) - place))
        total -= shares[name]
    return shares


def spread(items: Sequence[T], count: int) -> list[T]:
    """Return so many of the items, evenly spread, with the first and the last."""
    if len(items) <= count:
        return list(items)
    last = len(items) - 1
    return [items[index * last // max(count - 1, 1)] for index in range(count)]


class Scale:
    """Turns moments into percent of the width."""

    def __init__(self, start: datetime, end: datetime) -> None:
        """Cover the span, widened when it is a single moment."""
        pad = timedelta(minutes=30) if end - start < timedelta(seconds=1) else timedelta()
        early = datetime.min.replace(tzinfo=UTC) + pad
        late = datetime.max.replace(tzinfo=UTC) - pad
        self.start = max(start, early) - pad
        self.seconds = (min(end, late) + pad - self.start).total_seconds()

    def percent(self, at: datetime) -> float:
        """Return where the moment is, from 0.5 to 99.5 so that marks at the ends are seen."""
        share = (at - self.start).total_seconds() / self.seconds
        return round(0.5 + 99 * min(max(share, 0), 1), 4)

    def bar(self, start: datetime, end: datetime) -> tuple[float, float]:
        """Return where a bar starts and how wide it is; its rim makes the shortest one seen."""
        left = self.percent(start)
        width = max(self.percent(end) - left, 0.001)
        return round(min(left, 99.5 - width), 4), round(width, 4)

    def step(self) -> int:
        """Return how many seconds apart the marks of the axis are."""
        fits = (step for step in STEPS if self.seconds / step <= MOST_STEPS)
        return next(fits, -(-int(self.seconds) // MOST_STEPS))

    def steps(self) -> list[dict[str, Any]]:
        """Return the marks of the axis, at round moments, with their labels."""
        step = self.step()
        first = (self.start - EPOCH).total_seconds()
        offset = -(-first // step) * step - first
        marks: list[dict[str, Any]] = []
        while offset <= self.seconds:
            at = self.start + timedelta(seconds=offset)
            x, label = self.percent(at), _axis_label(at, step, first=not marks)
            marks.append({"at": at, "x": x, "label": label, "edge": _edge(x)})
            offset += step
        return marks


def _axis_label(at: datetime, step: float, *, first: bool) -> str:
    day = f"{at.day} {MONTHS[at.month - 1]}"
    if step >= 365 * DAY:
        return f"{at:%Y-%m-%d}"
    if step >= DAY:
        return f"{day} {at.year:04}" if first or (at.month == 1 and at.day <= step / DAY) else day
    time = at.strftime("%H:%M:%S" if step < MINUTE else "%H:%M")
    midnight = at.hour == at.minute == at.second == 0
    return f"{day} {time}" if first else day if midnight else time


def _edge(x: float) -> str:
    """Return which way a label leans so that it stays inside."""
    near = 11  # half of a label on a phone
    return "start" if x < near else "end" if x > 100 - near else "middle"


def _stack(bars: list[Dated]) -> list[int]:
    """Return the row of each bar: the first one that is free when it starts."""
    ends: list[datetime] = []
    rows = []
    for start, end, _ in bars:
        row = next((r for r, busy in enumerate(ends) if busy <= start), len(ends))
        ends[row : row + 1] = [end or start]
        rows.append(row)
    return rows


def _pitch(rows: int) -> int:
    """Return how far apart rows of bars are: few may be thick, many must be thin."""
    return next(pixels for most, pixels in ((4, 11), (24, 5), (MOST_ROWS, 3)) if rows <= most)


def _lane(name: str, dated: list[Dated], scale: Scale, top: float) -> dict[str, Any]:
    """Place the ticks of one lane in one strip and its bars below, all from this pixel down."""
    ticks = [entry for entry in dated if not entry[1]]
    bars = [entry for entry in dated if entry[1]]
    rows = _stack(bars)
    if max(rows, default=0) >= MOST_ROWS:
        bars = spread(bars, MOST_ROWS)
        rows = _stack(bars)
    pitch = _pitch(max(rows, default=0) + 1)
    y = top + LABEL
    marks = [_mark(finding, scale.percent(at), None, y, TICK) for at, _, finding in ticks]
    y += TICK + 3 if ticks else 0
    for (start, end, finding), row in zip(bars, rows, strict=True):
        left, width = scale.bar(start, end or start)
        marks.append(_mark(finding, left, width, y + row * pitch, max(pitch - 3, 1)))
    y += (max(rows) + 1) * pitch if rows else 0
    return {"name": name, "marks": marks, "label_y": top + 11, "bottom": y}


def _mark(
    finding: dict[str, Any], x: float, width: float | None, y: float, height: float
) -> dict[str, Any]:
    end = f" to {to_second(finding['ts_end'])}" if finding.get("ts_end") else ""
    said = f"{to_second(finding.get('ts'))}{end}: {str(finding.get('text'))[:160]}"
    place = {"x": x, "width": width, "y": y, "height": height}
    return place | {"title": said, "row": finding.get("row")}


def _dated(findings: list[dict[str, Any]], host: object) -> dict[tuple[str, str], list[Dated]]:
    """Return the findings that have a time, by host (or else the incident's) and lane."""
    lanes: dict[tuple[str, str], list[Dated]] = defaultdict(list)
    for finding in findings:
        if at := moment(finding.get("ts")):
            until = moment(finding.get("ts_end"))
            where = str(finding.get("host") or host or "unknown host")
            lanes[where, lane_of(finding)].append(
                (at, until if until and until > at else None, finding)
            )
    return lanes


def _hosts(lanes: dict[tuple[str, str], list[Dated]], host: object) -> list[str]:
    """Return the hosts to draw: the incident's own first; of too many those with most findings."""
    sizes: Counter[str] = Counter()
    for (where, _), dated in lanes.items():
        sizes[where] += len(dated)
    order = sorted(sizes, key=lambda where: (where != host, -sizes[where], where))
    return order[:MOST_HOSTS]


def _panel(series: dict[str, Any], found: list[Run], scale: Scale, top: float) -> dict[str, Any]:
    """Place a line of queue or memory, in runs, below the lanes."""
    (peak_at, peak) = max(
        (point for run in found for point in run), key=lambda p: (p[1], -p[0].timestamp())
    )
    most = peak or 1
    paths = []
    for run in found:
        points = [(scale.percent(at) * 10, PANEL - PANEL * value / most) for at, value in run]
        first, *rest = points
        path = f"M{first[0]:.6g} {first[1]:.4g}" + "".join(f"H{x:.6g}V{y:.4g}" for x, y in rest)
        paths.append({"line": path, "area": f"{path}V{PANEL}H{first[0]:.6g}Z"})
    unit = str(series.get("unit") or "")
    known = "" if unit in str(series.get("name")) else f" {unit}"
    return {
        "kind": series.get("kind") if series.get("kind") in KINDS else "other",
        "name": series.get("name"),
        "host": series.get("host"),
        "unit": known.strip(),
        "peak": peak,
        "most": f"at most {number_words(_short(peak))}{known}",
        "peak_at": to_minute(peak_at.isoformat()),
        "paths": paths,
        "label_y": top + 11,
        "y": top + LABEL,
        "height": PANEL,
        "bottom": top + LABEL + PANEL,
    }


def _short(value: float) -> float:
    return round(value) if value == int(value) or value >= MANY else value


def draw(
    findings: list[dict[str, Any]], incident: dict[str, Any], most: int = MOST_MARKS
) -> dict[str, Any] | None:
    """Return the drawing of an incident, or None when there is no more than one thing to draw.

    A finding whose ``row`` says where the page tells of it gets a mark that leads there.
    """
    host = incident.get("host")
    lanes = _dated(findings, host)
    sizes = {key: len(dated) for key, dated in lanes.items()}
    lines = [(one, runs(one)) for kind in PANELS for one in series_of(incident, kind)]
    lines = [(one, found) for one, found in lines if found][:MOST_PANELS]
    if sum(sizes.values()) + len(lines) <= 1:
        return None
    moments = [at for dated in lanes.values() for entry in dated for at in entry[:2] if at]
    moments += [
        at for at in map(moment, (incident.get("started_at"), incident.get("ended_at"))) if at
    ]
    moments += [run[end][0] for _, found in lines for run in found for end in (0, -1)]
    scale = Scale(min(moments), max(moments))
    hosts = _hosts(lanes, host)
    shares = fair_shares({key: size for key, size in sizes.items() if key[0] in hosts}, most)
    drawn: list[dict[str, Any]] = []
    top: float = 0
    for where in hosts:
        drawn.append({"name": where, "label_y": top + 11, "lanes": []})
        top += HOST
        for name in LANES:
            if (where, name) in lanes:
                dated = sorted(lanes[where, name], key=lambda e: (e[0], e[1] or e[0]))
                lane = _lane(name, spread(dated, shares[where, name]), scale, top)
                drawn[-1]["lanes"].append(lane | {"count": sizes[where, name]})
                top = lane["bottom"] + GAP
    panels = []
    for one, found in lines:
        panels.append(_panel(one, found, scale, top))
        top = panels[-1]["bottom"] + GAP
    restarts = [e for (_, name), dated in lanes.items() if name == "restart" for e in dated]
    guides = sorted({scale.percent(entry[0]) for entry in restarts})
    return {
        "hosts": drawn,
        "hosts_left": len({where for where, _ in lanes}) - len(hosts),
        "panels": panels,
        "guides": guides if len(guides) <= MOST_GUIDES else [],
        "steps": scale.steps(),
        "axis_y": top,
        "height": top + AXIS,
        "drawn": sum(len(lane["marks"]) for one in drawn for lane in one["lanes"]),
        "total": sum(sizes.values()),
        "start": int((scale.start - EPOCH).total_seconds() * 1000),
        "span": int(scale.seconds * 1000),
    }
