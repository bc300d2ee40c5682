"""A night beside the night before: its report, text, a line for schedulers, a page of nights."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from logpipe.config import Config
from logpipe.offers import Offer
from logpipe.report._facts import night_note, nothing_new, silence_words
from logpipe.report._words import list_words, span_words
from logpipe.report.html import page
from logpipe.report.text import clean, fold, hang
from logpipe.words import count_words

STATES = ("new", "reopened", "worse", "continuing", "better", "gone")
SEVERITIES = ("info", "low", "medium", "high", "critical")
MOST_FILES = 20
MOST_NOTED = 5  # hosts without logs, on the page of all nights
STATED = 10  # characters that the longest state takes
Row = dict[str, Any]


def night_report(
    report: Row, night: Row, last: Row | None, rows: Sequence[Row], paths: set[str]
) -> Row:
    """Return the report of one night: what needs attention now, and the files that were new.

    ``rows`` are those of table night_incident, ``paths`` the files of this night's run. In key
    ``night`` stands what became of each incident since the night before, the suppressed ones too.
    """
    told = {row["incident_id"]: row for row in rows if not row["suppressed"]}
    newest = {one["path"]: one for one in report["sources"] if one["path"] in paths}
    return {
        "logpipe": report["logpipe"],
        "night": {
            **{name: _time(night[name]) for name in ("night_id", "began", "from_ts", "to_ts")},
            "since": _time(last["began"]) if last else None,
            "files": night["files"],
            "records": night["records"],
            "unchanged": night["unchanged"],
            "formats": sorted({one["format"] for one in report["sources"] if one["rows"]}),
            "silent": [
                {name: _time(value) for name, value in row.items() if name != "night_id"}
                for row in night["silent"]
            ],
            "incidents": [
                {name: _time(value) for name, value in row.items() if name != "night_id"}
                for row in rows
            ],
        },
        "sources": list(newest.values()),
        "incidents": [
            {**one, "night": told[one["id"]]["state"]}
            for one in report["incidents"]
            if one["id"] in told
        ],
        "series": report["series"],
    }


def _time(value: Any) -> Any:
    return value.isoformat() + "Z" if isinstance(value, datetime) else value


def counted_words(rows: Sequence[Row]) -> str:
    """Return how many incidents are in each state, those of no concern apart."""
    states = Counter(row["state"] for row in rows if not row["suppressed"])
    quiet = sum(1 for row in rows if row["suppressed"])
    parts = [f"{states[state]:,} {state}" for state in STATES if states[state]]
    parts += [f"{quiet:,} suppressed"] if quiet else []
    return ", ".join(parts) or "no incident"


def outcome_words(report: Row) -> str:
    """Return how many incidents are in each state and the worst, or why nothing can be said."""
    night = report["night"]
    nothing = nothing_new(night)
    counted = counted_words(night["incidents"]) if night["incidents"] or not nothing else ""
    gravest = worst(one["severity"] for one in report["incidents"])
    counted += f", worst {gravest}" if gravest else ""
    return "; ".join(filter(None, (counted, nothing)))


def scheduler_line(report: Row, folder: object) -> str:
    """Return a night as one line, for the log of a scheduler."""
    night = report["night"]
    read = f"{count_words(night['files'], 'file')}, {count_words(night['records'], 'record')}"
    parts = [f"nightly {night['began'][:10]}: {outcome_words(report)}"]
    parts += silence_words(night)
    parts += [read] if night["files"] else []
    return clean("; ".join([*parts, f"report {folder}"]))


def night_lines(report: Row, width: int = 80) -> Iterator[str]:
    """Yield what became of each incident since the night before, the new ones first."""
    night = report["night"]
    since = night["since"]
    before = f"the night of {since[:16].replace('T', ' ')}" if since else ""
    yield f"Since {before}:" if since else "The first night:"
    if not night["incidents"]:
        yield f"  {nothing_new(night) or 'no incident, and none that went'}"
    for row in night["incidents"]:
        yield from _incident_lines(row, width)
    for words in silence_words(night):
        yield from hang(words, width, 2, 4)


def _incident_lines(row: Row, width: int) -> Iterator[str]:
    """Yield the lines of one incident."""
    indent = STATED + 12
    head = f"{row['state']:{STATED}}  {row['severity']:8}  {fold(row['title'])}"
    yield from hang(head, width, 0, indent)
    facts = [row["host"] or "", span_words(row["started_at"], row["ended_at"])]
    facts += [count_words(row["messages"], "message")] if row["messages"] else []
    facts.append(night_note(row))
    yield from hang(", ".join(filter(None, facts)), width, indent, indent)
    yield clean(f"{'':{indent}}{row['known_as']}")  # whole, as it is pasted


def night_rows(
    nights: Sequence[Row],
    incidents: Sequence[Row],
    silences: Sequence[Row],
    kept: AbstractSet[str],
) -> list[Row]:
    """Return what a page of all nights shows of each, the latest first.

    ``silences`` are rows of table night_silence, ``kept`` the folders of reports that are still
    there.
    """
    told, silent = _by_night(incidents), _by_night(silences)
    ordered = sorted(nights, key=lambda night: night["night_id"], reverse=True)
    return [
        _night_row(night, told[night["night_id"]], silent[night["night_id"]], kept)
        for night in ordered
    ]


def _by_night(rows: Sequence[Row]) -> defaultdict[int, list[Row]]:
    """Return rows by the number of their night."""
    told = defaultdict(list)
    for row in rows:
        told[row["night_id"]].append({name: _time(value) for name, value in row.items()})
    return told


def _night_row(
    night: Row, rows: Sequence[Row], silent: Sequence[Row], kept: AbstractSet[str]
) -> Row:
    """Return what the page shows of one night."""
    notes = silence_words({"silent": silent}, MOST_NOTED)
    notes += [] if night["to_ts"] else ["no log was read"]
    return {
        "day": f"{night['began']:%Y-%m-%d %H:%M:%S}",
        "number": night["report"][len("2007-09-13-") :],
        "notes": notes,
        "report": night["report"],
        "kept": night["report"] in kept,
        "counts": counted_words(rows),
        "hosts": list_words(sorted({row["host"] for row in rows if row["host"]}), 6),
        "worst": worst(row["severity"] for row in rows if not row["suppressed"]),
        "files": night["files"],
        "records": night["records"],
    }


def worst(severities: Iterable[str]) -> str:
    """Return the gravest of some severities, nothing of none."""
    return max(severities, key=SEVERITIES.index, default="")


def plan_lines(
    config: Config, plan: tuple[Sequence[Offer], int, Row | None], told: Iterable[str]
) -> Iterator[str]:
    """Yield what a night would do now: what it would read, where it would write.

    ``plan`` are the files that it would read, how many have not changed, and the night before;
    ``told`` are who would be told of it.
    """
    offers, unchanged, last = plan
    if offers:
        yield f"{count_words(len(offers), 'file')} to read, new or changed:"
    else:
        yield f"{nothing_new({'files': 0, 'unchanged': unchanged})}".capitalize()
    for offer in offers[:MOST_FILES]:
        yield clean(f"  {offer.shown} ({offer.bytes:,} bytes)")
    if len(offers) > MOST_FILES:
        yield f"  and {len(offers) - MOST_FILES:,} more"
    before = f"{last['began']:%Y-%m-%d %H:%M} UTC" if last else "none, so that all is looked at"
    yield f"The night before: {before}"
    yield clean(f"Store: {config.store}")
    yield clean(f"Reports: {config.reports}")
    for one in config.suppress:
        what = ", ".join(filter(None, (one.rule, one.host, one.incident)))
        yield clean(f"Suppression, until {one.until}: {what} ({one.reason})")
    for words in told:
        yield clean(f"Delivery: {words}")


def index_page(
    nights: Sequence[Row],
    incidents: Sequence[Row],
    silences: Sequence[Row],
    kept: AbstractSet[str],
) -> str:
    """Return a page of all nights, the latest first, each with a way to its report."""
    return page("nights.html.j2").render(nights=night_rows(nights, incidents, silences, kept))
