"""A night as it is delivered: the text and the HTML of a mail, lines for chats, a summary."""

from collections.abc import Iterator, Sequence
from typing import Any

from logpipe.report import _facts
from logpipe.report._words import list_words, span_words
from logpipe.report.explained import split_command
from logpipe.report.html import page
from logpipe.report.letter import letter_lines
from logpipe.report.nights import outcome_words, scheduler_line, worst
from logpipe.report.text import clean, clip, fold
from logpipe.words import count_words

MOST_ROWS = 40  # incidents in a mail's table
MOST_TOLD = 10  # incidents of which a mail says more, or a chat anything
MOST_SENT = 500  # incidents in a summary
MOST_FILES = 5
TRIAL = "This is a test of the delivery of logpipe; nothing was analysed."
# what would call people or open addresses in a chat
CALM = str.maketrans({"@": "\uff20", "<": "\u2039", ">": "\u203a", "`": "'", "|": "/"})
COLOURS = {
    "critical": "#7f1d1d", "high": "#b42318", "medium": "#9a5b00", "low": "#175cd3",
    "info": "#475467",
}  # fmt: skip
SENT = (
    "state", "known_as", "rule", "host", "service", "severity", "title", "messages", "started_at",
    "ended_at", "seen", "suppressed",
)  # fmt: skip
Row = dict[str, Any]


def subject_words(report: Row) -> str:
    """Return a night in so few words that they fit a subject."""
    if "trial" in report:
        return "test of the delivery"
    night = report["night"]
    rows = [row for row in night["incidents"] if not row["suppressed"]]
    silent = "".join(f"; {words}" for words in _facts.silence_words(night, 1))
    hosts = sorted({str(row["host"]) for row in rows if row["host"]})
    where = f" on {list_words(hosts, 2)}" if hosts else ""
    return f"{night['began'][:10]}: {outcome_words(report)}{where}{silent}"


def mail_text(report: Row, place: str, *, attached: bool) -> str:
    """Return the text of a mail, 72 columns wide but for places."""
    if "trial" in report:
        return f"{TRIAL}\n{report['trial']}\n"
    lines = [*letter_lines(report), "", *_where(place, attached=attached)]
    return "".join(f"{clean(line)}\n" for line in lines)


def _where(place: str, *, attached: bool) -> Iterator[str]:
    """Yield where the whole report is."""
    yield f"The whole report: {place}"
    yield "It is attached." if attached else "It is not attached."


def mail_html(
    report: Row, place: str, *, attached: bool, charts: Sequence[tuple[str, str]] = ()
) -> str:
    """Return the HTML of a mail: tables and colours of its own, as mail programs know no more.

    ``charts`` are the ids of pictures that the mail brings, and what each shows.
    """
    loud = _facts.above_info(report) if "trial" not in report else []
    link = place if place.startswith(("https://", "http://")) else None
    return page("mail.html.j2").render(
        trial=TRIAL if "trial" in report else None,
        subject=subject_words(report),
        headline=_facts.headline(report) if "trial" not in report else "",
        rows=[] if "trial" in report else _rows(report["night"]["incidents"]),
        left=0 if "trial" in report else max(len(report["night"]["incidents"]) - MOST_ROWS, 0),
        nothing="" if "trial" in report else _facts.nothing_new(report["night"]),
        silent=[] if "trial" in report else _facts.silence_words(report["night"]),
        since="" if "trial" in report else (report["night"]["since"] or "")[:16].replace("T", " "),
        loud=[_told(one) for one in loud[:MOST_TOLD]],
        loud_left=max(len(loud) - MOST_TOLD, 0),
        notes=[] if "trial" in report else _notes(report),
        place=place,
        link=link,
        attached=attached,
        charts=charts,
    )


def _rows(rows: list[Row]) -> list[Row]:
    return [
        {
            **row,
            "colour": COLOURS.get(row["severity"], COLOURS["low"]),
            "span": span_words(row["started_at"], row["ended_at"]),
            "note": _facts.night_note(row),
        }
        for row in rows[:MOST_ROWS]
    ]


def _told(one: Row) -> Row:
    return {
        "colour": COLOURS[_facts.severity(one)],
        "severity": _facts.severity(one),
        "title": fold(one.get("title") or one.get("rule")),
        "id": one.get("id"),
        "summary": fold(one.get("summary")),
        "known": fold(one.get("known_problem_title") or one.get("known_problem")),
        "verdict": one.get("verdict"),
        "todo": fold(one.get("todo")),
        "missing": [
            split_command(item) for item in (one.get("missing_evidence") or [])[:MOST_FILES]
        ],
    }


def _notes(report: Row) -> list[str]:
    """Return what was read, what was not, and what cannot be judged for want of it."""
    files = [*_facts.unread(report), *_facts.in_part(report)]
    notes = [f"{_facts.reading_words(report)}.", *_facts.lacking(report)]
    notes += [
        f"{clip(str(one.get('path')), 200)}: {fold(one.get('note') or one.get('status'))}"
        for one in files[:MOST_FILES]
    ]
    if left := len(files) - MOST_FILES:
        notes += [f"and {left:,} more"] if left > 0 else []
    return notes


def chat_lines(report: Row, place: str) -> Iterator[str]:
    """Yield a night for a chat: nobody is called by it, and no address of a log opens."""
    if "trial" in report:
        yield TRIAL
        return
    rows = [row for row in report["night"]["incidents"] if not row["suppressed"]]
    for row in rows[:MOST_TOLD]:
        host = f" ({row['host']})" if row["host"] else ""
        said = f"{row['state']}, {row['severity']}: {fold(row['title'])}{host}"
        yield clip(_calm(said), 200)
    if left := len(rows[MOST_TOLD:]):
        yield f"and {left:,} more"
    if not rows:
        yield f"{_facts.nothing_new(report['night']) or 'no incident'}.".capitalize()
    yield from map(_calm, _facts.silence_words(report["night"], MOST_TOLD))
    files = _facts.unread(report)
    if files:
        yield f"{count_words(len(files), 'file')} could not be read."
    yield f"Report: {clean(place)}"


def _calm(text: str) -> str:
    return clean(text).translate(CALM).replace("://", ":/ /").replace("www.", "www ")


def summary(report: Row, place: str) -> Row:
    """Return a night as JSON for other programs: its one line, its counts, its incidents."""
    if "trial" in report:
        return {"logpipe": "test", "text": TRIAL}
    night = report["night"]
    states = [row["state"] for row in night["incidents"] if not row["suppressed"]]
    return {
        "logpipe": report["logpipe"],
        "text": scheduler_line(report, place),
        "night": night["began"],
        "since": night["since"],
        "worst": worst(one["severity"] for one in report["incidents"]) or None,
        "states": {state: states.count(state) for state in sorted(set(states))},
        "files": night["files"],
        "records": night["records"],
        "unchanged": night.get("unchanged"),
        "silent": night.get("silent") or [],
        "unread": len(_facts.unread(report)),
        "report": place,
        "incidents": [{name: row[name] for name in SENT} for row in night["incidents"][:MOST_SENT]],
        "incidents_left": max(len(night["incidents"]) - MOST_SENT, 0),
    }
