"""The report as one page that needs no network, and no script but the one that it brings."""

import base64
import hashlib
import re
from collections import Counter, defaultdict
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from logpipe.report import _facts, _lanes, _words
from logpipe.report._shown import told_in_full
from logpipe.report.explained import split_command
from logpipe.report.text import PLAIN_NAME, clean, clip, fold
from logpipe.words import count_words

MOST_LISTED = 3000  # incidents in the overview
MOST_FILES = 1000  # in one group
PAGE_MARKS = 6000  # drawn findings, from which on an incident has no more than
LEAST_MARKS = 40
MOST_CHOICES = 500  # hosts to choose from
MOST_COVERED = 100  # rows of coverage
MOST_LINKS = 8  # incidents that lack one thing
SEEN_GAP = 0.15  # percent of the width
MOST_ITEMS = 100  # measures, signs, references
OPEN_EVIDENCE = 12  # a table no longer than this is open from the start
LONG, QUOTE, SHORT = 2000, 400, 300  # characters

BOOKS = ("records", "rows", "duplicates", "rejects")

VERDICTS = {
    "confirmed": "confirmed",
    "supported": "supported by the logs, not yet proven",
    "possible": "possible",
    "ruled-out": "ruled out",
    "not-assessable": "not assessable with these logs",
}
LANE_TITLES = {
    "symptom": "Symptom",
    "restart": "Restart",
    "release": "Release",
    "other": "Cause, sign, context",
}


def _fit(text: object, limit: int) -> str:
    """Return text that is clean and no longer than the limit; the rest is not even looked at."""
    return clip(clean(str(text)[: limit + 1]), limit)


def _finalize(value: object) -> object:
    """Make whatever the template shows fit for a page: no unseen characters, no endless text."""
    if value is None:
        return ""
    if isinstance(value, str) and not isinstance(value, Markup):
        return _fit(value, LONG)
    return value


def _path(path: object) -> Markup:
    """Return a path that may wrap where a folder or an archive ends."""
    return Markup("<wbr>").join(re.split(r"(?<=[/\\!])", _fit(path, SHORT)))


def _whole(text: object) -> Markup:
    """Return a path of a drawing, which is made of numbers alone, however long it is."""
    if not re.fullmatch(r"[MHVZ0-9. e+-]*", str(text)):
        raise ValueError(f"no path of a drawing: {text!r}")
    return Markup(text)  # noqa: S704 - letters and digits


class Sealed(NamedTuple):
    """Our own style or script, and what the page's policy knows it by."""

    text: Markup
    hash: str


@cache
def sealed(*names: str) -> Sealed:
    """Return files of ours to be put in a page, with the hash of exactly those bytes."""
    folder = files("logpipe.report")
    text = "".join((folder / name).read_text("utf-8") for name in names)
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Sealed(Markup(text), f"sha256-{digest}")  # noqa: S704 - nothing of a log is in it


@cache
def page(name: str) -> Template:
    """Return a page's template; whatever it shows is escaped and kept to a length."""
    environment = Environment(
        loader=PackageLoader("logpipe.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clip"] = lambda text: _fit(text, SHORT)
    environment.filters["long"] = lambda text: _fit(text, QUOTE)
    environment.filters["path"] = _path
    environment.filters["parts"] = split_command
    environment.filters["whole"] = _whole
    environment.globals["sealed"] = sealed
    environment.filters["number"] = _words.number_words
    return environment.get_template(name)


def _evidence(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the findings that are shown as the rows of a table."""
    return [
        {
            "id": one["row"],
            "from": _words.to_second(one.get("ts")),
            "to": one.get("ts_end") and _words.to_second(one["ts_end"]),
            "role": one.get("role") or "finding",
            "host": one.get("host"),
            "text": one.get("text"),
            "raw": one.get("raw"),
            "source": one.get("source"),
            "record": one.get("record"),
        }
        for one in findings
    ]


def _reference(text: object) -> dict[str, Any]:
    """Return a reference, with a link when it is a plain https address and nothing else."""
    words = fold(text)
    is_link = re.fullmatch(r"https://[A-Za-z0-9.-]+(:\d+)?(/[!-~]*)?", words) is not None
    return {"text": words, "href": words if is_link else None}


def _signs(incident: dict[str, Any]) -> list[dict[str, Any]]:
    order = {"present": 0, "absent": 1}
    signs = [
        {
            "id": sign.get("id"),
            "title": fold(sign.get("title")),
            "state": sign.get("state") if sign.get("state") in order else "unknown",
            "text": fold(sign.get("text")),
        }
        for sign in incident.get("signs") or []
    ]
    return sorted(signs, key=lambda sign: order.get(str(sign["state"]), 2))[:MOST_ITEMS]


def _considered(incident: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the known problems that were thought of and do not name the incident."""
    return [
        {
            "title": fold(other.get("title") or other.get("problem")),
            "verdict": VERDICTS.get(str(other.get("verdict")), other.get("verdict")),
            "reason": fold(other.get("reason")),
            "look_alikes": [fold(item) for item in other.get("look_alikes") or []][:MOST_ITEMS],
        }
        for other in (incident.get("considered") or [])[:MOST_ITEMS]
    ]


def _brief(incident: dict[str, Any], bar: _lanes.Scale | None) -> dict[str, Any]:
    """Return what the overview says of an incident."""
    start, end = incident.get("started_at"), incident.get("ended_at")
    first, last = _words.moment(start), _words.moment(end)
    messages = (incident.get("measures") or {}).get("messages")
    return {
        "severity": _facts.severity(incident),
        "title": fold(incident.get("title") or incident.get("rule")),
        "host": incident.get("host"),
        "service": incident.get("service"),
        "span": _words.span_parts(start, end),
        "lasted": _words.lasted(start, end),
        "ongoing": end is None and start is not None,
        "messages": None if messages is None else _words.value_words(messages),
        "bar": bar.bar(first, last or _facts.NEVER) if bar and first else None,
    }


def _command(name: object) -> str:
    """Return the command that quotes the raw lines; none for an id that is not to be pasted."""
    fit = PLAIN_NAME.fullmatch(str(name)) and not str(name).startswith("-")
    return f"logpipe explain {name} --db STORE" if fit else ""


def _whole_incident(
    incident: dict[str, Any],
    findings: list[dict[str, Any]],
    shown: list[int],
    *,
    number: int,
    marks: int,
) -> dict[str, Any]:
    """Return all that the page says of an incident: these findings of it, and so many marks."""
    told: list[dict[str, Any]] = [{**finding, "row": None} for finding in findings]
    for place in shown:  # so that its mark can lead there
        told[place]["row"] = f"finding-{number}-{place + 1}"
    rows = _evidence([told[place] for place in shown])
    drawing = _lanes.draw(told, incident, min(_lanes.MOST_MARKS, max(LEAST_MARKS, marks)))
    measures = list((incident.get("measures") or {}).items())[:MOST_ITEMS]
    return _brief(incident, None) | {
        "number": number,
        "id": incident.get("id"),
        "rule": incident.get("rule"),
        "known_problem": incident.get("known_problem_title") or incident.get("known_problem"),
        "verdict": VERDICTS.get(str(incident.get("verdict")), incident.get("verdict")),
        "summary": fold(incident.get("summary")),
        "why": fold(incident.get("why")),
        "todo": fold(incident.get("todo")),
        "measures": [_words.measure_words(str(name), value) for name, value in measures],
        "signs": _signs(incident),
        "considered": _considered(incident),
        "missing": [fold(item) for item in incident.get("missing_evidence") or []][:MOST_ITEMS],
        "references": [_reference(item) for item in incident.get("references") or []][:MOST_ITEMS],
        "drawing": drawing,
        "rows": rows,
        "command": "" if all(row["raw"] for row in rows) else _command(incident.get("id")),
        "rows_left": len(findings) - len(rows),
        "files": len({finding.get("source") for finding in findings if finding.get("source")}),
    }


def _source(source: dict[str, Any]) -> dict[str, Any]:
    recovered = _words.whole(source.get("recovered"))
    zone = source.get("zone")
    notes = [
        fold(source.get("note")),
        "" if _facts.balances(source) else "the books do not balance",
        f"{count_words(recovered, 'record')} recovered" if recovered else "",
        f"times in {zone}" if zone and zone != "UTC" else "",
    ]
    first, last = source.get("first_ts"), source.get("last_ts")
    return {
        "path": source.get("path"),
        "format": " ".join(str(source[key]) for key in ("format", "generation") if source.get(key)),
        "host": source.get("host"),
        "known_by": source.get("host_known_by") if source.get("host") else None,
        "span": _words.span_parts(first, last or first) if first else [],
        "counts": [_words.whole(source.get(key)) for key in BOOKS],
        "status": source.get("status"),
        "notes": list(filter(None, notes)),
    }


def _source_groups(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the files by what became of them, problems first."""
    grouped = defaultdict(list)
    for source in sorted(report["sources"], key=lambda s: str(s.get("path"))):
        grouped[_facts.group_of(source)].append(source)
    return [
        {
            "name": name,
            "title": title,
            "todo": todo,
            "count": len(grouped[name]),
            "files": [_source(source) for source in grouped[name][:MOST_FILES]],
            "left": max(len(grouped[name]) - MOST_FILES, 0),
            "problem": bool(todo),
            "counted": any(any(_source(source)["counts"]) for source in grouped[name]),
        }
        for name, title, todo in _facts.GROUPS
        if name in grouped
    ]


def _overview(report: dict[str, Any], loud: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the incidents above info as one table with a common axis of time."""
    covered = _facts.period(report)
    ends = [i.get(key) for i in loud for key in ("started_at", "ended_at")]
    known = [*(covered or ()), *filter(None, map(_words.moment, ends))]
    scale = _lanes.Scale(min(known), max(known)) if known else None
    return {
        "from": f"{min(known):%Y-%m-%d}" if known else "",
        "to": f"{max(known):%Y-%m-%d}" if known else "",
        "incidents": [_brief(incident, scale) for incident in loud[:MOST_LISTED]],
        "left": max(len(loud) - MOST_LISTED, 0),
    }


def _coverage(report: dict[str, Any]) -> dict[str, Any] | None:
    """Return from when to when the files of each host and kind of log reach, on one axis."""
    spans: dict[tuple[str, str], list[tuple[datetime, datetime]]] = defaultdict(list)
    for one in filter(_facts.is_log, report["sources"]):
        first, last = _words.moment(one.get("first_ts")), _words.moment(one.get("last_ts"))
        if first and one.get("format") and one.get("status") in ("loaded", "partial"):
            host = str(one.get("host") or "unknown host")
            spans[host, str(one["format"])].append((first, max(first, last or first)))
    if not spans:
        return None
    ends = [at for reach in spans.values() for span in reach for at in span]
    scale = _lanes.Scale(min(ends), max(ends))
    rows = [
        {
            "host": host,
            "format": name,
            "files": len(reach),
            "span": _words.span_parts(
                min(reach)[0].isoformat(), max(e for _, e in reach).isoformat()
            ),
            "bars": _joined([scale.bar(*span) for span in sorted(reach)]),
        }
        for (host, name), reach in sorted(spans.items())
    ]
    return {
        "rows": rows[:MOST_COVERED],
        "left": max(len(rows) - MOST_COVERED, 0),
        "from": f"{min(ends):%Y-%m-%d}",
        "to": f"{max(ends):%Y-%m-%d}",
    }


def _joined(bars: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return bars in order, those that touch, as far as one can see, as one."""
    joined: list[tuple[float, float]] = []
    for left, width in bars:
        if joined and left - sum(joined[-1]) < SEEN_GAP:
            begun, before = joined.pop()
            joined.append((begun, round(max(before, left + width - begun), 4)))
        else:
            joined.append((left, width))
    return joined


def _wanted(full: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what is missing to prove incidents above info, each once, and for which of them."""
    wanted: dict[str, list[int]] = {}
    for entry in full:
        if entry["severity"] != "info":
            for item in entry["missing"]:
                wanted.setdefault(item, []).append(entry["number"])
    return [
        {"text": text, "numbers": numbers[:MOST_LINKS], "left": max(len(numbers) - MOST_LINKS, 0)}
        for text, numbers in list(wanted.items())[:MOST_ITEMS]
    ]


def _night(night: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return what became of incidents since the night before, for a report of a night."""
    if night is None:
        return None
    rows = [
        {
            **row,
            "note": _facts.night_note(row),
            "span": _words.span_parts(row["started_at"], row["ended_at"]),
        }
        for row in night["incidents"][:MOST_LISTED]
    ]
    left = len(night["incidents"]) - len(rows)
    since = (night["since"] or "")[:16].replace("T", " ")
    nothing = _facts.nothing_new(night)
    silent = _facts.silence_words(night)
    return {"since": since, "rows": rows, "left": left, "nothing": nothing, "silent": silent}


def render_html(report: dict[str, Any]) -> str:
    """Return the report as one self-contained page; every value in it is taken to be hostile."""
    loud, quiet = _facts.above_info(report), _facts.only_info(report)
    full: list[dict[str, Any]] = []
    marks = PAGE_MARKS
    for number, told in enumerate(told_in_full(report), 1):
        full.append(_whole_incident(*told, number=number, marks=marks))
        marks -= full[-1]["drawing"]["drawn"] if full[-1]["drawing"] else 0
    groups = _source_groups(report)
    covered = _facts.period(report)
    sums = [sum(_words.whole(source.get(key)) for source in report["sources"]) for key in BOOKS]
    severities = Counter(_facts.severity(incident) for incident in loud)
    return page("report.html.j2").render(
        headline=_facts.headline(report),
        outcome=_facts.outcome(report),
        worst=full[0] if loud else None,
        severities=[(name, severities[name]) for name in _facts.SEVERITIES if severities[name]],
        hosts=_words.list_words(
            _facts.hosts_of([*filter(_facts.is_log, report["sources"]), *report["incidents"]]), 6
        ),
        covered=[f"{at:%Y-%m-%d}" for at in covered] if covered else None,
        reading=_facts.reading_words(report),
        lacking=_facts.lacking(report),
        problems=sum(group["count"] for group in groups if group["problem"]),
        night=_night(report.get("night")),
        overview=_overview(report, loud),
        loud=[entry for entry in full if entry["severity"] != "info"],
        quiet=[entry for entry in full if entry["severity"] == "info"],
        quiet_total=len(quiet),
        in_brief=len(loud) + len(quiet) - len(full),
        filter_hosts=_facts.hosts_of([*loud, *quiet])[:MOST_CHOICES],
        filter_severities=[
            name for name in _facts.SEVERITIES if severities[name] or (quiet and name == "info")
        ],
        groups=groups,
        wanted=_wanted(full),
        coverage=_coverage(report),
        sums=sums,
        balanced=all(map(_facts.balances, report["sources"])),
        version=report.get("logpipe"),
        lane_titles=LANE_TITLES,
        open_evidence=OPEN_EVIDENCE,
    )
