"""Where the marks of an incident's timeline stand: swim lanes by role, in percent and pixels."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from logpipe.report._words import DAY, HOUR, MINUTE, MONTHS, moment, to_second

T = TypeVar("T")

LANES = ("symptom", "restart", "release", "other")
MOST_MARKS = 300
MOST_ROWS = 60  # bars on top of one another in a lane
MOST_GUIDES = 20
MOST_STEPS = 7
LABEL, TICK, GAP, AXIS = 17, 12, 9, 20  # pixels
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


def fair_shares(sizes: dict[str, int], total: int) -> dict[str, int]:
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
        return round(0.5 + 99 * min(max(share, 0), 1), 2)

    def bar(self, start: datetime, end: datetime) -> tuple[float, float]:
        """Return where a bar starts and how wide it is, never too thin to be seen."""
        left = self.percent(start)
        width = max(self.percent(end) - left, 0.4)
        return min(left, 99.5 - width), round(width, 2)

    def steps(self) -> list[dict[str, Any]]:
        """Return the marks of the axis, at round moments, with their labels."""
        fits = (step for step in STEPS if self.seconds / step <= MOST_STEPS)
        step = next(fits, -(-int(self.seconds) // MOST_STEPS))
        first = (self.start - EPOCH).total_seconds()
        offset = -(-first // step) * step - first
        marks: list[dict[str, Any]] = []
        while offset <= self.seconds:
            at = self.start + timedelta(seconds=offset)
            x, label = self.percent(at), _axis_label(at, step, first=not marks)
            marks.append({"x": x, "label": label, "edge": _edge(x)})
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
    near = 6
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
        marks.append(_mark(finding, left, width, y + row * pitch, max(pitch - 2, 2)))
    y += (max(rows) + 1) * pitch if rows else 0
    return {"name": name, "marks": marks, "label_y": top + 11, "bottom": y}


def _mark(
    finding: dict[str, Any], x: float, width: float | None, y: float, height: float
) -> dict[str, Any]:
    end = f" to {to_second(finding['ts_end'])}" if finding.get("ts_end") else ""
    said = f"{to_second(finding.get('ts'))}{end}: {str(finding.get('text'))[:160]}"
    return {"x": x, "width": width, "y": y, "height": height, "title": said}


def draw(findings: list[dict[str, Any]], start: object, end: object) -> dict[str, Any] | None:
    """Return the drawing of an incident's findings, or None when fewer than two have a time."""
    lanes: dict[str, list[Dated]] = defaultdict(list)
    for finding in findings:
        if at := moment(finding.get("ts")):
            until = moment(finding.get("ts_end"))
            lanes[lane_of(finding)].append((at, until if until and until > at else None, finding))
    sizes = {name: len(dated) for name, dated in lanes.items()}
    if sum(sizes.values()) <= 1:
        return None
    moments = [at for dated in lanes.values() for entry in dated for at in entry[:2] if at]
    moments += [at for at in map(moment, (start, end)) if at]
    scale = Scale(min(moments), max(moments))
    shares = fair_shares(sizes, MOST_MARKS)
    drawn: list[dict[str, Any]] = []
    top: float = 0
    for name in LANES:
        if name in lanes:
            dated = sorted(lanes[name], key=lambda entry: (entry[0], entry[1] or entry[0]))
            drawn.append(_lane(name, spread(dated, shares[name]), scale, top))
            drawn[-1]["count"] = sizes[name]
            top = drawn[-1]["bottom"] + GAP
    guides = sorted({scale.percent(entry[0]) for entry in lanes.get("restart", [])})
    return {
        "lanes": drawn,
        "guides": guides if len(guides) <= MOST_GUIDES else [],
        "steps": scale.steps(),
        "axis_y": top,
        "height": top + AXIS,
        "drawn": sum(len(lane["marks"]) for lane in drawn),
        "total": sum(sizes.values()),
    }
