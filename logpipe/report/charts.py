"""Charts of a report as SVG or PNG files: one Vega-Lite specification each, no network.

Drawing needs the extra ``charts``; what there is to draw is known without it.
"""

import json
import re
from collections import defaultdict
from datetime import datetime
from typing import Any, Literal

from logpipe.errors import LogpipeError
from logpipe.report import _facts
from logpipe.report._lanes import Scale, spread
from logpipe.report._steps import bars, runs, series_of
from logpipe.report._words import DAY, lasted, moment
from logpipe.report.text import clean, clip, fold

Form = Literal["svg", "png"]
Spec = dict[str, Any]
Row = dict[str, Any]

TITLES = {
    "incidents": "Incidents above info",
    "queue": "Messages waiting in the queue, counted at full hours",
    "late": "Messages late by more than an hour, by the time they came",
    "memory": "Memory of mail processes",
}
MOST_BARS = 25  # incidents in one chart
MOST_TIMELINES = 10  # incidents with a chart of their own
MOST_HOSTS = 8
MOST_MARKS = 1000  # findings in one chart
MOST_RESTARTS = 100  # of one host
WIDTH, PNG_SCALE = 700, 2
LABEL = 56  # characters

SEVERITY_COLORS = {
    "critical": "#8c1233",
    "high": "#b3261e",
    "medium": "#a86400",
    "low": "#3b5b85",
}
ROLES = ("symptom", "restart", "release", "cause, sign, context")
ROLE_COLORS = ("#0b6a76", "#1c2126", "#5aa6ae", "#98a1ab")
LINE_COLORS = ("#0b6a76", "#a86400", "#3b5b85", "#8c1233")
SOFT, GRID = "#59636e", "#e1e4e8"
CONFIG = {
    "background": "#ffffff",
    "font": "sans-serif",
    "padding": 14,
    "view": {"stroke": None},
    "title": {"anchor": "start", "fontSize": 15, "color": "#1c2126", "offset": 12},
    "axis": {
        "labelColor": SOFT,
        "titleColor": SOFT,
        "gridColor": GRID,
        "domainColor": "#98a1ab",
        "tickColor": "#98a1ab",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelLimit": 420,
    },
    "legend": {"labelColor": SOFT, "orient": "bottom", "labelFontSize": 12, "title": None},
}


def chart_names(report: dict[str, Any]) -> list[str]:
    """Return the charts that a report has data for: those of the whole first, the gravest next."""
    names = [name for name in TITLES if _has(report, name)]
    worst = _facts.above_info(report)[:MOST_TIMELINES]
    return names + [f"timeline-{one['id']}" for one in worst if _span(one) and _is_name(one)]


def chart_title(report: dict[str, Any], name: str) -> str:
    """Return what a chart shows, in one line fit for a heading or for those who cannot see it."""
    if name in TITLES:
        return TITLES[name]
    incident = _incident(report, name)
    title = _label(incident.get("title") or incident.get("rule"), 2 * LABEL)
    host = _label(incident.get("host"))
    return title if host in title else f"{title}, {host}"


def charts(report: dict[str, Any], form: Form = "svg") -> list[tuple[str, str, bytes]]:
    """Return every chart of a report: its name, title and file."""
    return [
        (name, chart_title(report, name), render_chart(report, name, form))
        for name in chart_names(report)
    ]


def render_chart(report: dict[str, Any], name: str, form: Form = "svg") -> bytes:
    """Return one chart as a file; raises LogpipeError where the extra is not installed."""
    try:
        import vl_convert  # noqa: PLC0415 - 84 MB that most commands do not need
    except ImportError as error:
        raise LogpipeError(
            "charts need vl-convert-python: run 'uv sync --extra charts'"
            " or 'pip install vl-convert-python'"
        ) from error
    text = json.dumps(chart_spec(report, name), ensure_ascii=False).encode("utf-8", "replace")
    if form == "png":
        return bytes(vl_convert.vegalite_to_png(text.decode(), scale=PNG_SCALE))
    return str(vl_convert.vegalite_to_svg(text.decode())).encode()


def chart_spec(report: dict[str, Any], name: str) -> Spec:
    """Return the Vega-Lite specification of a chart; all data is in it."""
    if name not in chart_names(report):
        raise LogpipeError(f"{clean(name)}: this report has no such chart")
    draw = {"incidents": _incidents, "queue": _queue, "late": _late, "memory": _memory}
    body = draw[name](report) if name in draw else _timeline(_incident(report, name))
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": chart_title(report, name),
        "config": CONFIG,
        **body,
    }


def _has(report: dict[str, Any], name: str) -> bool:
    if name == "incidents":
        return any(map(_span, _facts.above_info(report)))
    return any(one["points"] for one in series_of(report, name))


def _is_name(incident: Row) -> bool:
    """Return whether an incident's id may name a file."""
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", str(incident.get("id"))) is not None


def _incident(report: dict[str, Any], name: str) -> Row:
    wanted = name.removeprefix("timeline-")
    found = (one for one in report["incidents"] if one.get("id") == wanted)
    incident: Row | None = next(found, None)
    if incident is None:
        raise LogpipeError(f"{clean(name)}: this report has no such chart")
    return incident


def _span(incident: Row) -> tuple[datetime, datetime] | None:
    """Return from when to when an incident is drawn; an ongoing one until its last finding."""
    start = moment(incident.get("started_at"))
    if start is None:
        return None
    findings = incident.get("findings") or []
    told = [moment(found.get(key)) for found in findings for key in ("ts", "ts_end")]
    end = moment(incident.get("ended_at")) or max(filter(None, [*told, start]))
    return start, max(start, end)


def _label(text: object, limit: int = LABEL) -> str:
    """Return text fit for a chart: one short line without unseen characters."""
    return clip(clean(fold(text)[: limit + 1]), limit)


def _iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _time(field: str, domain: tuple[datetime, datetime]) -> Spec:
    """Return an axis of time with marks at round moments, as the page has them."""
    drawn = Scale(*domain)
    return {
        "field": field,
        "type": "temporal",
        "scale": {"type": "utc", "domain": [_iso(at) for at in domain], "nice": False},
        "title": "UTC",
        "axis": {
            "values": [_iso(mark["at"]) for mark in drawn.steps()],
            "format": "%-d %b %Y" if drawn.step() >= DAY else "%-d %b %H:%M",
        },
    }


def _incidents(report: dict[str, Any]) -> Spec:
    """Draw the gravest incidents as bars over time, named on the left."""
    loud = [one for one in _facts.above_info(report) if _span(one)]
    rows = []
    spans = [span for one in loud[:MOST_BARS] if (span := _span(one))]
    covered = _facts.period(report) or spans[0]
    first = min(covered[0], *(start for start, _ in spans))
    domain = (first, max(covered[1], *(end for _, end in spans)))
    for place, (one, (start, end)) in enumerate(zip(loud, spans, strict=False), 1):
        host, title = str(one.get("host") or ""), fold(one.get("title"))
        named = _label(title if host in title else f"{host}: {title}", LABEL + 8)
        # two incidents may have one name: the number keeps them apart
        rows.append(
            {
                "name": f"{place}. {named}",
                "from": _iso(start),
                "to": _iso(end),
                "severity": _facts.severity(one),
            }
        )
    shown = {row["severity"] for row in rows}
    found = {name: color for name, color in SEVERITY_COLORS.items() if name in shown}
    color = {
        "field": "severity",
        "type": "nominal",
        "scale": {"domain": list(found), "range": list(found.values())},
    }
    names = {"field": "name", "type": "nominal", "sort": None, "title": None}
    shared = {"y": names, "color": color}
    return {
        "width": WIDTH - 220,
        "height": {"step": 26},
        "data": {"values": rows},
        "layer": [
            {
                "mark": {"type": "bar", "height": 13, "cornerRadius": 2},
                "encoding": {"x": _time("from", domain), "x2": {"field": "to"}, **shared},
            },
            {  # what lasted a moment only is seen, too
                "mark": {"type": "tick", "height": 13, "thickness": 3, "opacity": 1},
                "encoding": {"x": _time("from", domain), **shared},
            },
        ],
    }


def _by_host(series: list[Row]) -> dict[str, list[Row]]:
    hosts: dict[str, list[Row]] = defaultdict(list)
    for one in series:
        hosts[str(one.get("host"))].append(one)
    return dict(list(hosts.items())[:MOST_HOSTS])


def _domain(series: list[Row]) -> tuple[datetime, datetime]:
    ends = [at for one in series for start, end, _ in bars(one) for at in (start, end)]
    return min(ends), max(ends)


def _stepped(series: list[Row]) -> list[Row]:
    """Return rows of lines; a row without a value is where nothing is known."""
    rows: list[Row] = []
    for one in series:
        name = _label(one.get("name"))
        for run in runs(one):
            rows += [{"at": _iso(at), "value": value, "name": name} for at, value in run]
            rows.append({"at": _iso(run[-1][0]), "value": None, "name": name})
    return rows


def _restarts(incidents: list[Row], host: str) -> list[Row]:
    """Return the restarts of a host that findings tell of, each once."""
    found = (
        f for one in incidents for f in one.get("findings") or [] if f.get("role") == "restart"
    )
    times = {at for f in found if str(f.get("host")) == host and (at := moment(f.get("ts")))}
    return [{"at": _iso(at)} for at in spread(sorted(times), MOST_RESTARTS)]


def _rules(rows: list[Row], domain: tuple[datetime, datetime]) -> list[Spec]:
    """Return dashed lines at restarts, where there are any in the time that is drawn."""
    within = [row for row in rows if _iso(domain[0]) <= row["at"] <= _iso(domain[1])]
    if not within:
        return []
    mark = {"type": "rule", "strokeDash": [4, 3], "color": "#1c2126", "opacity": 0.7}
    return [{"data": {"values": within}, "mark": mark, "encoding": {"x": _time("at", domain)}}]


def _panel(series: list[Row], domain: tuple[datetime, datetime], restarts: list[Row]) -> Spec:
    """Draw lines of one host on one pair of axes: a queue as an area, memory as lines."""
    unit = _label(series[0].get("unit"))
    is_area = series[0].get("kind") != "memory"
    area = {"type": "area", "interpolate": "step-after", "line": {"strokeWidth": 1.5}}
    mark = area | {"fillOpacity": 0.25} if is_area else {"type": "line", "strokeWidth": 2}
    names = [_label(one.get("name")) for one in series]
    scale = {"domain": names, "range": list(LINE_COLORS[: len(names)])}
    legend = {} if len(names) > 1 or not is_area else {"legend": None}
    value = {
        "field": "value",
        "type": "quantitative",
        "axis": {"tickCount": 4, "tickMinStep": 1, "title": unit},
        "scale": {"zero": is_area, "nice": True},
    }
    drawn = {
        "data": {"values": _stepped(series)},
        "mark": mark,
        "encoding": {
            "x": _time("at", domain),
            "y": value,
            "color": {"field": "name", "type": "nominal", "scale": scale, **legend},
        },
    }
    return {"width": WIDTH, "height": 130, "layer": [drawn, *_rules(restarts, domain)]}


def _panels(report: dict[str, Any], kind: str) -> Spec:
    """Draw the lines of a kind host by host on one axis of time, restarts as dashed lines."""
    hosts = _by_host([one for one in series_of(report, kind) if one["points"]])
    domain = _domain([one for lines in hosts.values() for one in lines])
    return {
        "vconcat": [
            {"title": {"text": _label(host), "fontSize": 12, "offset": 4}}
            | _panel(lines[: len(LINE_COLORS)], domain, _restarts(report["incidents"], host))
            for host, lines in hosts.items()
        ],
        "resolve": {"scale": {"color": "independent"}},
    }


def _queue(report: dict[str, Any]) -> Spec:
    return _panels(report, "queue")


def _memory(report: dict[str, Any]) -> Spec:
    return _panels(report, "memory")


def _late(report: dict[str, Any]) -> Spec:
    """Draw late messages host by host as bars, as wide as the hours that they count."""
    hosts = _by_host([one for one in series_of(report, "late") if one["points"]])
    domain = _domain([one for lines in hosts.values() for one in lines])
    panels = []
    for host, lines in hosts.items():
        step = lines[0].get("step_h")
        title = "messages an hour" if step == 1 else f"messages in {step} hours"
        told = [bar for one in lines for bar in bars(one)]
        rows = [{"at": _iso(at), "to": _iso(to), "value": value} for at, to, value in told]
        axis = {"tickCount": 4, "tickMinStep": 1, "title": title}
        value = {"field": "value", "type": "quantitative", "axis": axis}
        panels.append(
            {
                "title": {"text": _label(host), "fontSize": 12, "offset": 4},
                "width": WIDTH,
                "height": 130,
                "data": {"values": rows},
                "mark": {"type": "bar", "color": LINE_COLORS[1]},
                "encoding": {
                    "x": _time("at", domain),
                    "x2": {"field": "to"},
                    "y": value,
                    "y2": {"datum": 0},
                },
            }
        )
    return {"vconcat": panels}


def _timeline(incident: Row) -> Spec:
    """Draw an incident: its findings host by host and role by role, queue and memory beneath."""
    findings = [one for one in incident.get("findings") or [] if moment(one.get("ts"))]
    rows = []
    for one in spread(findings, MOST_MARKS):
        start = moment(one.get("ts")) or _facts.NEVER
        end = moment(one.get("ts_end"))
        role = one.get("role") if one.get("role") in ROLES else ROLES[-1]
        lane = f"{_label(one.get('host') or incident.get('host') or 'unknown host', 24)}: {role}"
        last = end if end and end > start else None
        rows.append({"lane": lane, "role": role, "from": _iso(start), "to": _iso(last or start)})
    rows.sort(
        key=lambda row: (row["lane"].rsplit(":", 1)[0], ROLES.index(row["role"]), row["from"])
    )
    lines = [one for one in incident.get("series") or [] if one.get("points")]
    ends = [at for row in rows for at in (moment(row["from"]), moment(row["to"])) if at]
    ends += [*(_span(incident) or ()), *(_domain(lines) if lines else ())]
    domain = (min(ends), max(ends))
    color = {
        "field": "role",
        "type": "nominal",
        "scale": {"domain": list(ROLES), "range": list(ROLE_COLORS)},
        "legend": None,
    }
    faint = max(0.06, min(0.5, 6 / max(len(rows), 1)))  # where many overlap, it is darker
    lanes = {"field": "lane", "type": "nominal", "sort": None, "title": None}
    shared = {"y": lanes, "color": color}
    drawn = {
        "width": WIDTH,
        "height": {"step": 30},
        "data": {"values": rows},
        "layer": [
            {
                "mark": {"type": "bar", "height": 12, "opacity": faint},
                "encoding": {"x": _time("from", domain), "x2": {"field": "to"}, **shared},
            },
            {
                "mark": {"type": "tick", "height": 16, "thickness": 2},
                "encoding": {"x": _time("from", domain), **shared},
            },
        ],
    }
    restarts = _restarts([incident], str(incident.get("host")))
    below = [
        {"title": {"text": TITLES[kind], "fontSize": 12, "offset": 4}}
        | _panel(found[: len(LINE_COLORS)], domain, restarts)
        for kind in ("queue", "memory")
        if (found := series_of({"series": lines}, kind))
    ]
    took = lasted(incident.get("started_at"), incident.get("ended_at"))
    return {
        "vconcat": [drawn, *below] if rows else below,
        "resolve": {"scale": {"color": "independent"}},
        **({"description": took} if took else {}),
    }
